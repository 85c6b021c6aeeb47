"""立即核对: compare everything with WeCom now, and not only at night."""

from collections.abc import Mapping
from typing import Any

from bot.actions.news import tell_news
from bot.context import Context
from bot.sync import sync_everything
from bot.work import Job, Result
from scheduler.upkeep import hand_on


async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """Read and compared, as every night: doing it twice finds nothing the second time."""
    counts = await sync_everything(ctx, job.told)
    await hand_on(ctx, counts.left)
    await tell_news(ctx)
    says = (
        f"员工 {counts.staff}、标签 {counts.tags}、群 {counts.groups}、客户 {counts.contacts}："
        f"更正了 {counts.changed} 处"
    )
    if counts.failed:
        says += f"，{counts.failed} 处没有读到（{counts.problems[0]}）"
    return Result(says=says + "。", figures={"problems": list(counts.problems)})
