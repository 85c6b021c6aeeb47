"""The moments of calendars that are still to come: when each really leaves, and why not as written.

Pure. The same arithmetic as the planner's; nothing of it is stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from bot.playbook.hours import Hours
from bot.playbook.patience import opening
from bot.playbook.recurring import Planned, audiences, plan
from bot.playbook.timing import audience
from config.book import Book
from config.phrases import EveryWorkday, MonthFirstWorkday, MonthLastWorkday
from config.rules import Quieted
from config.sop import GiveTask, Node

_BY_WORKDAY = (EveryWorkday, MonthFirstWorkday, MonthLastWorkday)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One moment of one calendar step, or one look at an audience."""

    sop: str
    step: str
    kind: Literal["step", "audience"]
    planned: datetime
    at: datetime
    """When it leaves; later than ``planned`` where ``note`` says so."""
    note: str = ""
    left_out: bool = False
    estimated: bool = False
    """Nobody has announced the holidays of its year, and its day depends on them."""


def foreseen(book: Book, since: datetime, until: datetime) -> Iterator[Foreseen]:
    """Everything in (since, until] that comes by the calendar alone, of SOPs that are on."""
    hours = Hours.of(book)
    for one in (*plan(book), *audiences(book)):
        if one.enabled:
            for moment in one.between(since, until):
                yield _of(one, moment, hours)


def _of(one: Planned, moment: datetime, hours: Hours) -> Foreseen:
    day = moment.astimezone(one.tz).date()
    by_workday = isinstance(one.when, _BY_WORKDAY) or one.off_day != "照常"
    found = {
        "sop": one.sop.name,
        "step": one.name,
        "kind": one.kind,
        "planned": moment,
        "estimated": by_workday and hours.calendar.estimated(day),
    }
    if one.kind == "audience":
        return Foreseen(**found, at=moment)  # type: ignore[arg-type]  # as they are named
    if one.sop.calendar.long_holiday == "跳过" and hours.is_holiday(moment):
        return Foreseen(**found, at=moment, note="法定长假，按设置跳过", left_out=True)  # type: ignore[arg-type]
    at, note = leaves(one, one.sop.flow()[one.name], moment, hours)
    return Foreseen(**found, at=at, note=note)  # type: ignore[arg-type]


def leaves(one: Planned, node: Node, moment: datetime, hours: Hours) -> tuple[datetime, str]:
    """When what is planned for ``moment`` may leave, and why that is later."""
    who: Quieted = audience(node)
    windows = () if _is_only_for_staff(node) else one.sop.calendar.windows
    if not windows:
        free = hours.free_after(who, moment)
        return free, f"原定 {_clock(moment, one.tz)}，{who}免打扰" if free != moment else ""
    opens = opening(windows, one.tz, who, moment, hours)
    if opens is None:
        return moment, "可发时段都在免打扰里，发不出去"
    shown = "、".join(map(str, windows))
    return opens, f"原定 {_clock(moment, one.tz)}，可发时段 {shown}" if opens != moment else ""


def _is_only_for_staff(node: Node) -> bool:
    return any(isinstance(action, GiveTask) for action in node.step.actions)


def _clock(moment: datetime, tz: ZoneInfo) -> str:
    return f"{moment.astimezone(tz):%H:%M}"
