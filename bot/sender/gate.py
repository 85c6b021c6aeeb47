"""Before anything is sent: is it still wanted? Asked for a whole batch at once."""

from collections.abc import Sequence

from bot.context import Context
from bot.model import Outgoing, Task
from bot.sender.attempt import OUTBOX
from bot.sender.hand import Ended
from bot.sender.words import log_line
from config.book import Book


async def turned_away(ctx: Context, owner: str, rows: Sequence[Outgoing]) -> set[str]:
    """End the cards whose task or journey is over, or whose SOP is paused; their ids.

    A row that may have been sent is not asked: first its outcome has to be known.
    """
    cards = [row for row in rows if row.kind == "card" and row.state == "ready" and row.about]
    if not cards:
        return set()
    tasks = await ctx.store.tasks.many(row.about for row in cards)
    exited = await ctx.store.journeys.exited(t.journey for t in tasks.values() if t.journey)
    book = (await ctx.releases.head()).book
    away = set()
    for row in cards:
        task = tasks.get(row.about)
        why = _unwanted(task, exited, book) if task else ""
        if why:
            ended = Ended("suppressed", why)
            await ctx.store.outbox.end(owner, row.id, "suppressed", error=why)
            await ctx.store.log.write([log_line(row, ended, ctx.now())])
            OUTBOX.labels(row.kind, "suppressed").inc()
            away.add(row.id)
    return away


def _unwanted(task: Task, exited: set[str], book: Book) -> str:
    if not task.open:
        return "任务已结束"
    if task.journey in exited:
        return "已退出"
    sop = book.sop(task.sop)
    return "已暂停" if sop and sop.state != "启用" else ""
