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
    away = await unwanted(ctx, [row for row in rows if row.state == "ready"])
    for row in rows:
        if row.id in away:
            ended = Ended("suppressed", away[row.id])
            await ctx.store.outbox.end(owner, row.id, "suppressed", error=ended.why)
            await ctx.store.log.write([log_line(row, ended, ctx.now())])
            OUTBOX.labels(row.kind, "suppressed").inc()
    return set(away)


async def unwanted(ctx: Context, rows: Sequence[Outgoing]) -> dict[str, str]:
    """Row → why nobody wants it any more; without those that are still wanted."""
    asked = [row for row in rows if row.journey or _is_card(row)]
    if not asked:
        return {}
    tasks = await _tasks(ctx, [row.about for row in asked if _is_card(row)])
    known = [task for several in tasks.values() for task in several]
    journeys = {*(row.journey for row in asked), *(task.journey for task in known)} - {""}
    exited = await ctx.store.journeys.exited(journeys)
    book = (await ctx.releases.head()).book
    found = {}
    for row in asked:
        about = tasks.get(row.about)
        why = _unwanted(about, exited, book) if about else _left(row.journey, exited, book)
        if why:
            found[row.id] = why
    return found


async def _tasks(ctx: Context, about: Sequence[str]) -> dict[str, list[Task]]:
    """What each card is about: one task, or all that share it."""
    found = {id: [task] for id, task in (await ctx.store.tasks.many(about)).items()}
    for name in about:
        if name not in found and (sharers := await ctx.store.tasks.shared(name)):
            found[name] = sharers
    return found


def _is_card(row: Outgoing) -> bool:
    return row.kind == "card" and bool(row.about)


def _left(journey: str, exited: set[str], book: Book) -> str:
    """A journey's id begins with its SOP."""
    if journey in exited:
        return "已退出"
    sop = book.sop(journey.partition(":")[0])
    return "已暂停" if sop and sop.state != "启用" else ""


def _unwanted(about: Sequence[Task], exited: set[str], book: Book) -> str:
    """A card that names somebody too many is not sent: the others are given one of their own."""
    for task in about:
        if not task.open:
            return "任务已结束"
        if task.journey in exited:
            return "已退出"
        sop = book.sop(task.sop)
        if sop and sop.state != "启用":
            return "已暂停"
    return ""
