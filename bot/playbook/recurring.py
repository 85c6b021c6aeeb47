"""What recurs by itself, steps of group calendars and looks at an audience: when, and for whom.

Pure.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.model import Group, Occurrence
from bot.playbook import situation
from bot.playbook.audience import all_hold
from bot.playbook.calendar import WorkCalendar, occurrences
from config.book import Book
from config.phrases import RECURRING, On, Recurring, in_words
from config.sop import OffDay, Sop
from config.triggers import AUDIENCE

LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Planned:
    """One recurring step of a calendar SOP, or its look at an audience."""

    sop: Sop
    name: str
    when: Recurring | On
    tz: ZoneInfo
    calendar: WorkCalendar
    off_day: OffDay
    kind: Literal["step", "audience"] = "step"

    @property
    def enabled(self) -> bool:
        return self.sop.state == "启用"

    @property
    def mark(self) -> str:
        """Where the planner stands; another time, or another day off, begins anew."""
        timing = f"{in_words(self.when)}|{self.off_day}|{self.tz.key}"
        digest = hashlib.sha256(timing.encode()).hexdigest()[:12]
        return f"plan:{self.sop.name}/{self.name}@{digest}"

    def between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """The moments in (since, until]."""
        return occurrences(
            self.when, since, until, tz=self.tz, calendar=self.calendar, off_day=self.off_day
        )

    def at(self, moment: datetime, now: datetime) -> Occurrence:
        return Occurrence(
            id=f"{self.sop.name}/{self.name}@{moment:%Y-%m-%dT%H:%MZ}",
            sop=self.sop.name,
            step=self.name,
            kind=self.kind,
            scheduled_at=moment,
            late=moment < now - LATE,
            due_at=moment,
        )


def plan(book: Book) -> list[Planned]:
    """Every recurring or dated step of the folder's group calendars."""
    zone, calendar = ZoneInfo(book.rules.timezone), WorkCalendar.of(book.rules)
    found = []
    for sop in book.sops.values():
        flow = sop.flow()
        tz = ZoneInfo(sop.calendar.timezone) if sop.calendar.timezone else zone
        for name in flow.recurring:
            node = flow[name]
            if isinstance(node.step.when, (*RECURRING, On)):
                found.append(Planned(sop, name, node.step.when, tz, calendar, node.off_day))
    return found


def audiences(book: Book) -> list[Planned]:
    """Every SOP that looks for its customers by itself (检查人群)."""
    zone, calendar = ZoneInfo(book.rules.timezone), WorkCalendar.of(book.rules)
    found = []
    for sop in book.sops.values():
        if sop.entry.kind == AUDIENCE and sop.entry.every:
            tz = ZoneInfo(sop.calendar.timezone) if sop.calendar.timezone else zone
            every, off_day = sop.entry.every, sop.calendar.off_day
            found.append(Planned(sop, AUDIENCE, every, tz, calendar, off_day, "audience"))
    return found


def nobody_asks(sop: Sop | None) -> str:
    """Why an audience is not looked at although its moment was noted; "" when it is."""
    if sop is None:
        return "SOP 已不在配置里"
    if sop.state != "启用":
        return f"SOP {sop.state}"
    return "" if sop.entry.kind == AUDIENCE else "不再检查人群"


def goes_on_at(one: Planned, occurrence: Occurrence, now: datetime) -> datetime | None:
    """Today is full: when the rest may come; None when the next look takes them anyway."""
    clock = occurrence.scheduled_at.astimezone(one.tz).time()
    tomorrow = now.astimezone(one.tz).date() + timedelta(days=1)
    again = datetime.combine(tomorrow, clock, one.tz).astimezone(UTC)
    return None if next(one.between(now, again), None) else again


def not_any_more(sop: Sop | None, occurrence: Occurrence) -> str:
    """What head says about a moment that was noted under an earlier release; "" when it stands."""
    if sop is None:
        return "SOP 已不在配置里"
    if sop.state != "启用":
        return f"SOP {sop.state}"
    if occurrence.step not in sop.flow().recurring:
        return "步骤已不在日历里"
    return ""


def takes_part(sop: Sop, group: Group, now: datetime) -> bool:
    """Whether a group of the theme walks through a moment of the calendar."""
    return bool(group.owner) and all_hold(sop.entry.conditions, situation.of_group(group), now)
