"""Say that this process is alive, and what WeCom has refused lately: for people who look."""

from bot.context import Context


async def look(ctx: Context) -> bool:
    """Always False: there is never more of it."""
    await ctx.store.workers.beat()
    await ctx.store.mishaps.write()
    return False
