"""Dates that are only estimated, because nobody has announced that year's holidays yet.  Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from bot.plan.remarks import Remark, beware
from bot.playbook.hours import Hours
from config.book import Book
from config.phrases import (
    AfterWorkdays,
    EveryWorkday,
    MonthFirstWorkday,
    MonthLastWorkday,
    NextWorkday,
    Workdays,
)
from config.sop import GiveTask, Node, Sop, Wait
from config.steps import WaitEvent

AHEAD = timedelta(days=400)
_WORTH_SAYING = timedelta(days=60)  # whoever enters later is spoken of later
_BY_WORKDAY = (AfterWorkdays, NextWorkday, EveryWorkday, MonthFirstWorkday, MonthLastWorkday)
_DAY = timedelta(days=1)


def remarks(book: Book, hours: Hours, now: datetime) -> Iterator[Remark]:
    """One per year nobody announced into which dates of the coming 400 days fall."""
    today = now.astimezone(hours.tz).date()
    for year in range(today.year, (today + AHEAD).year + 1):
        first = date(year, 1, 1)
        unknown = max(first, today)
        if first > today + AHEAD or not hours.calendar.estimated(unknown):
            continue
        begin, sop = _first_entry(book, hours, unknown, today)
        if sop and begin - today <= _WORTH_SAYING:
            yield beware(_sentence(year, begin, today, sop))


def _sentence(year: int, begin: date, today: date, sop: str) -> str:
    when = "现在" if begin <= today else f"{begin.month}月{begin.day}日以后"
    return (
        f"{year} 年放假安排尚未载入：{when}进入“{sop}”的，部分日期按“周一到周五上班”估算；"
        "国务院公布后升级 chinesecalendar"
    )


def _first_entry(book: Book, hours: Hours, unknown: date, today: date) -> tuple[date, str]:
    """The first day on which one who enters walks into the unknown, and of which SOP ("": none)."""
    found = []
    for sop in book.sops.values():
        if sop.state == "启用" and _asks_for_workdays(sop):
            longest = _days_long(sop, hours, unknown)
            found.append((max(today, unknown - timedelta(days=longest)), sop.name))
    return min(found, key=lambda one: one[0], default=(unknown, ""))


def _asks_for_workdays(sop: Sop) -> bool:
    if sop.calendar.long_holiday != "照常":
        return True
    return any(_by_workday(node) for node in sop.flow().nodes.values())


def _by_workday(node: Node) -> bool:
    lengths = [
        getattr(action, field, None)
        for action in node.step.actions
        if isinstance(action, GiveTask | Wait | WaitEvent)
        for field in ("due", "length", "limit")
    ]
    return (
        isinstance(node.step.when, _BY_WORKDAY)
        or node.off_day != "照常"
        or any(isinstance(length, Workdays) for length in lengths)
    )


def _days_long(sop: Sop, hours: Hours, end: date) -> int:
    """How many days after entering the last step comes, when nobody is kept waiting in vain."""
    entered = datetime.combine(end, time(9), hours.tz)
    released = entered
    for node in sop.flow().nodes.values():
        if node.step.recurring:
            continue
        planned = hours.moment(node.step.when, entered, released, node.off_day)
        released = max(released, planned or released)
        last = node.step.actions[-1]
        if isinstance(last, Wait):
            released = hours.add(last.length, released)
        elif isinstance(last, WaitEvent):
            released = hours.add(last.limit, released)
    return (released.astimezone(hours.tz).date() - end) // _DAY
