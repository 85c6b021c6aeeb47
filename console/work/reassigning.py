"""Give every task of a list to somebody else; begun again, those already given stay given."""

from collections.abc import Mapping
from typing import Any

from bot.actions.arranging import Moved, reassign
from bot.context import Context
from bot.work import CannotWork, Job, Result
from console.task_list import from_args

_AT_ONCE = 100  # at most so many are on their way when somebody cancels


async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """``args`` are those of :func:`console.task_list.as_args`, with ``to``."""
    wanted, to = from_args(args), str(args["to"])
    if to and not ((known := await ctx.store.staff.get(to)) and known.active):
        raise CannotWork("要接手的同事已不在职，没有改派。请换一位再试。")
    total, seen, done = await ctx.store.task_lists.count(wanted), 0, Moved()
    async for tasks in ctx.store.task_lists.stream(wanted):
        for start in range(0, len(tasks), _AT_ONCE):
            await job.told(seen, max(total, seen), f"已改派 {done.moved} 项")
            some = tasks[start : start + _AT_ONCE]
            done += await reassign(ctx, some, to)
            seen += len(some)
    await job.told(seen, seen, f"已改派 {done.moved} 项")
    return Result(says=_told(done), see="/console/tasks")


def _told(done: Moved) -> str:
    reasons = {
        "本来就在接手的人那里": done.theirs,
        "已经结束或员工已确认": done.over,
        "没有店长可接手": done.nobody,
    }
    rest = "；".join(f"{why} {count} 项" for why, count in reasons.items() if count)
    return f"改派了 {done.moved} 项" + (f"；没有动的：{rest}。" if rest else "。")
