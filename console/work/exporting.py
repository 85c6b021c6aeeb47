"""Make a file for spreadsheets of a list of tasks, however long it is."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.context import Context
from bot.work import CannotWork, File, Job, Result
from console.sheets import KINDS, MOST_ROWS
from console.task_list import from_args
from console.task_table import TITLE, lines_of


async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """``args`` are those of :func:`console.task_list.as_args`, with ``as``."""
    wanted, kind = from_args(args), KINDS[args["as"]]
    total = await ctx.store.task_lists.count(wanted, MOST_ROWS + 1)
    if total > MOST_ROWS:
        raise CannotWork(f"超过 {MOST_ROWS} 行，一个文件放不下：请按门店、员工或 SOP 分开导出。")
    book = (await ctx.releases.head()).book
    sheet, done = kind.begin(TITLE), 0
    async for tasks in ctx.store.task_lists.stream(wanted):
        await job.told(done, max(total, done))
        sheet.add(await lines_of(ctx, book, tasks))
        done += len(tasks)
    await job.told(done, done)
    data = await asyncio.to_thread(sheet.done)
    name = f"任务-{ctx.now().astimezone(ctx.settings.tz):%Y%m%d-%H%M}.{kind.name}"
    return Result(
        says=f"{done} 行。", file=File(name=name, content_type=kind.content_type, data=data)
    )
