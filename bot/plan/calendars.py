"""Group calendars have nobody waiting: what an edit means is when the next moment is.  Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.model import Group
from bot.plan.affected import Affected, Line
from bot.plan.changes import SopChange, StepChange
from bot.playbook.hours import Hours
from bot.playbook.recurring import Planned, plan, takes_part
from config.book import Book
from config.phrases import WEEKDAYS

_AHEAD = timedelta(days=400)


def affected(
    found: SopChange, live: Book, new: Book, groups: Sequence[Group], now: datetime
) -> Affected | None:
    """The next moment of every changed step; None when the SOP has no calendar, or none changed."""
    sop = new.sops.get(found.name)
    if sop is None or not sop.flow().recurring:
        return None
    before = {step.name: step for step in plan(live) if step.sop.name == (found.was or found.name)}
    after = {step.name: step for step in plan(new) if step.sop.name == found.name}
    theirs = [one for one in groups if _theme(new, one) == sop.entry.theme]
    taking_part = [one for one in theirs if takes_part(sop, one, now)] if theirs else []
    count = len(taking_part)
    lines = tuple(_lines(found.steps, before, after, count, Hours.of(new), now))
    return Affected(sop=found.name, of="群日历", total=count, lines=lines) if lines else None


def _theme(book: Book, group: Group) -> str:
    theme = book.theme_of_group(group.id, group.name)
    return theme.name if theme else ""


def _lines(
    steps: Sequence[StepChange],
    before: dict[str, Planned],
    after: dict[str, Planned],
    count: int,
    hours: Hours,
    now: datetime,
) -> Iterator[Line]:
    for step in steps:
        was, then = before.get(step.was or step.name), after.get(step.name)
        if not step.matters or not (was or then):
            continue
        old, new = _next(was, hours, now), _next(then, hours, now)
        if then is None:
            what = f"不再发（原定 {old}）"
        elif was is None or old == new:
            what = f"下一次 {new}"
        else:
            what = f"下一次 {new}（原定 {old}）"
        yield Line(where=step.name, count=count, then=(what,))


def _next(step: Planned | None, hours: Hours, now: datetime) -> str:
    coming = next(step.between(now, now + _AHEAD), None) if step else None
    if coming is None:
        return "没有"
    local = coming.astimezone(hours.tz)
    return f"{local:%m-%d} 周{WEEKDAYS[local.weekday()]} {local:%H:%M}"
