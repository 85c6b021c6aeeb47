"""The columns of an exported list of tasks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.context import Context
from bot.model import Task
from config.book import Book
from console.task_list import rows_of

TITLE: Final = (
    "任务",
    "客户或群",
    "员工",
    "门店",
    "SOP",
    "步骤",
    "状态",
    "怎么知道做了",
    "结果",
    "派出",
    "截止",
    "逾期过",
    "提醒次数",
    "升级或转派次数",
    "谁做的",
    "做不了的原因",
    "编号",
)


async def lines_of(ctx: Context, book: Book, tasks: Sequence[Task]) -> list[tuple[str | int, ...]]:
    """One line for each, with the cells of TITLE."""
    tz = ctx.settings.tz
    done_by = await ctx.store.staff.many(task.done_by for task in tasks)
    return [
        (
            row.task.title,
            row.about,
            row.staff,
            row.shop,
            row.task.sop,
            row.task.step,
            row.task.state,
            row.how_sure,
            row.task.result,
            _moment(row.task.given_at, tz),
            _moment(row.task.deadline, tz),
            "是" if row.was_late else "",
            row.reminded,
            row.passed_up,
            known.name if (known := done_by.get(row.task.done_by)) else row.task.done_by,
            row.task.cannot,
            row.task.id,
        )
        for row in await rows_of(ctx, book, tasks)
    ]


def _moment(at: datetime | None, tz: ZoneInfo) -> str:
    return f"{at.astimezone(tz):%Y-%m-%d %H:%M}" if at else ""
