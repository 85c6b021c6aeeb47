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
    asked = [row for row in rows if row.state == "ready" and (row.journey or _is_card(row))]
    if not asked:
        return set()
    tasks = await ctx.store.tasks.many(row.about for row in asked if _is_card(row))
    journeys = {*(row.journey for row in asked), *(task.journey for task in tasks.values())} - {""}
    exited = await ctx.store.journeys.exited(journeys)
    book = (await ctx.releases.head()).book
    away = set()
    for row in asked:
        task = tasks.get(row.about)
        why = _unwanted(task, exited, book) if task else _left(row.journey, exited, book)
        if why:
            ended = Ended("suppressed", why)
            await ctx.store.outbox.end(owner, row.id, "suppressed", error=why)
            await ctx.store.log.write([log_line(row, ended, ctx.now())])
            OUTBOX.labels(row.kind, "suppressed").inc()
            away.add(row.id)
    return away


def _is_card(row: Outgoing) -> bool:
    return row.kind == "card" and bool(row.about)


def _left(journey: str, exited: set[str], book: Book) -> str:
    """A journey's id begins with its SOP."""
    if journey in exited:
        return "已退出"
    sop = book.sop(journey.partition(":")[0])
    return "已暂停" if sop and sop.state != "启用" else ""


def _unwanted(task: Task, exited: set[str], book: Book) -> str:
    if not task.open:
        return "任务已结束"
    if task.journey in exited:
        return "已退出"
    sop = book.sop(task.sop)
    return "已暂停" if sop and sop.state != "启用" else ""
