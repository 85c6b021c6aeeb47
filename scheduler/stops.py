"""Finish what a 停止推送 began and could not withdraw at once, or was cut short in."""

from bot.actions import opting
from bot.context import Context

BATCH = 20


async def look(ctx: Context) -> bool:
    """See to every due change; False when none was due."""
    _, due = await ctx.store.stops.claim(ctx.now(), BATCH)
    for asked in due:
        await opting.settle(ctx, asked)
    return bool(due)
