"""Another chance for many: callbacks nobody could handle, and calls that were not made."""

from collections.abc import Mapping
from typing import Any

from bot.actions.again import again
from bot.context import Context
from bot.store.outbox_list import Asked
from bot.work import Job, Result

_PIECE = 200
_MOST_COUNTED = 100_000
_BAD = ("failed", "unknown")


async def callbacks(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """``args``: why, the cause, or None for all. One that dies again takes hours to do so."""
    inbox, why, done = ctx.store.inbox_list, args["why"], 0
    total = await inbox.count_dead(why, _MOST_COUNTED)
    while ids := await inbox.dead_ids(why, _PIECE):
        await job.told(done, max(total, done))
        done += await inbox.revive(ids, ctx.now())
        ctx.hints.ring("inbox", "urgent inbox")
    return Result(
        says=f"放回了 {done} 条，正在重新处理", see="/console/running/inbox?which=waiting"
    )


async def calls(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """``args``: kind and staff, "" for any. The ids are read on from where the last piece ended."""
    wanted = Asked(_BAD, (args["kind"],) if args["kind"] else (), args["staff"])
    total = await ctx.store.outbox_list.count(wanted, _MOST_COUNTED)
    looked, made, kept, after = 0, 0, 0, ""
    while True:
        await job.told(looked, max(total, looked))
        found = await ctx.store.outbox_list.ids(wanted, after, _PIECE)
        repeated = await again(ctx, [row["_id"] for row in found.rows])
        looked += len(found.rows)
        made += repeated.count
        kept += len(repeated.kept)
        after = found.after
        if not after:
            break
    says = f"再调 {made} 条，{kept} 条不能重发"
    return Result(says=says, see="/console/running/outbox?which=waiting")
