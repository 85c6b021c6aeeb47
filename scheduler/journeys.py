"""The moment of a journey has come: walk it on."""

from bot.actions.walk import walk_due
from bot.context import Context


async def look(ctx: Context) -> bool:
    """Walk one batch; True when there was one."""
    return await walk_due(ctx) > 0
