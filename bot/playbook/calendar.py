"""All time arithmetic: what a phrase means on the calendar, so that plan and production agree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger  # noqa: TID251  # this file owns the arithmetic

from bot.playbook.lunar import anniversaries, lunar_days
from bot.playbook.workdays import WorkCalendar
from config.phrases import (
    RECURRING,
    After,
    AfterDays,
    AfterWorkdays,
    AttributeDate,
    Daily,
    Duration,
    EveryWorkday,
    Immediately,
    Lunar,
    MonthDay,
    MonthFirstWorkday,
    MonthLastDay,
    MonthLastWorkday,
    NextWorkday,
    On,
    OnDay,
    Recurring,
    Span,
    Weekly,
    When,
    Workdays,
    YearDay,
)
from config.rules import AttributeKind, QuietHours
from config.sop import OffDay

__all__ = [
    "Quiet",
    "WorkCalendar",
    "add",
    "day_start",
    "moment",
    "occurrences",
    "working_after",
]

_DAY = timedelta(days=1)
_FARTHEST_SHIFT = timedelta(days=15)
_HORIZON = timedelta(days=366 * 9)  # the 29th of February may be eight years away
_LONGEST_YEAR = timedelta(days=385)  # a lunar one with a leap month
_Regular: TypeAlias = (
    Daily
    | EveryWorkday
    | Weekly
    | MonthDay
    | MonthLastDay
    | MonthFirstWorkday
    | MonthLastWorkday
    | YearDay
)
_CRON_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours on a clock; without hours it is never quiet."""

    hours: QuietHours | None
    tz: ZoneInfo

    def contains(self, moment: datetime) -> bool:
        """The start is quiet, the end is not."""
        if self.hours is None:
            return False
        start, end = self.hours.start, self.hours.end
        clock = moment.astimezone(self.tz).time()
        if start < end:
            return start <= clock < end
        return clock >= start or clock < end

    def end_after(self, moment: datetime) -> datetime:
        """The end of the quiet hours around ``moment``; ``moment`` itself when it is not quiet."""
        if self.hours is None or not self.contains(moment):
            return moment
        return _clock_after(moment, self.hours.end, self.tz)

    def start_after(self, moment: datetime) -> datetime | None:
        """The next time quiet hours begin strictly after ``moment``."""
        return None if self.hours is None else _clock_after(moment, self.hours.start, self.tz)


def moment(
    when: When | None,
    *,
    entered_at: datetime,
    released_at: datetime,
    tz: ZoneInfo,
    calendar: WorkCalendar,
    off_day: OffDay = "照常",
    attributes: Mapping[str, date] = MappingProxyType({}),
    kinds: Mapping[str, AttributeKind] = MappingProxyType({}),
) -> datetime | None:
    """The planned moment of a step, in UTC, which may lie in the past.

    None: 遇非工作日 跳过, or the customer has no such attribute. ``entered_at`` is when the
    journey began, ``released_at`` when the step before let go. A recurring phrase, or one
    counted from an attribute that comes back, means its first occurrence after ``released_at``.
    """
    if when is None or isinstance(when, Immediately):
        return released_at.astimezone(UTC)
    if isinstance(when, AttributeDate):
        if (known := attributes.get(when.name)) is None:
            return None
        kind = kinds.get(when.name, "日期")
        days = _around(known, when.days * _DAY, kind, released_at.astimezone(tz).date())
        moved = (calendar.shifted(day, off_day) for day in days)
        moments = (_utc(day, when.at, tz) for day in moved if day)
        return next((at for at in moments if kind == "日期" or at > released_at), None)
    if isinstance(when, RECURRING):
        until = released_at + _HORIZON
        found = occurrences(when, released_at, until, tz=tz, calendar=calendar, off_day=off_day)
        return next(found, None)
    planned = _planned(when, entered_at.astimezone(tz), released_at.astimezone(tz), calendar)
    day = calendar.shifted(planned.date(), off_day)
    if day is None:
        return None
    return planned.astimezone(UTC) if day == planned.date() else _utc(day, planned.time(), tz)


def _around(known: date, distance: timedelta, kind: AttributeKind, since: date) -> Iterator[date]:
    """The days at this distance from a date, or from each time it comes back about ``since``."""
    if kind == "日期":
        yield known + distance
        return
    first = since - distance - _FARTHEST_SHIFT
    for back in anniversaries(known, first, first + 2 * _LONGEST_YEAR, lunar=kind == "农历每年"):
        yield back + distance


def _planned(
    when: After | AfterDays | AfterWorkdays | OnDay | NextWorkday | On,
    entered: datetime,
    released: datetime,
    calendar: WorkCalendar,
) -> datetime:
    """The moment in local time, before 遇非工作日."""
    match when:
        case After(span):
            return (released.astimezone(UTC) + span).astimezone(released.tzinfo)
        case AfterDays(days, at):
            return _local(released.date() + days * _DAY, at, released)
        case AfterWorkdays(days, at):
            return _local(calendar.workday_after(released.date(), days), at, released)
        case OnDay(day, at):
            return _local(entered.date() + (day - 1) * _DAY, at, entered)
        case NextWorkday(at):
            return _local(calendar.workday_after(released.date()), at, released)
        case On(day, at):
            return _local(day, at, released)
        case _:
            assert_never(when)


def occurrences(
    when: Recurring | On,
    since: datetime,
    until: datetime,
    *,
    tz: ZoneInfo,
    calendar: WorkCalendar,
    off_day: OffDay = "照常",
) -> Iterator[datetime]:
    """Every occurrence in (since, until], in UTC and in order, after 遇非工作日."""
    last: datetime | None = None
    for day in _days(when, since - _FARTHEST_SHIFT, until + _FARTHEST_SHIFT, tz):
        moved = _moved(when, day, calendar, off_day)
        if moved is None:
            continue
        found = _utc(moved, when.at, tz)
        if found > until:
            return
        if since < found and found != last:
            yield found
            last = found


def _moved(when: Recurring | On, day: date, calendar: WorkCalendar, off_day: OffDay) -> date | None:
    match when:
        case EveryWorkday():
            return calendar.shifted(day, "跳过")
        case MonthFirstWorkday():
            return calendar.workday_from(day)
        case MonthLastWorkday():
            return calendar.workday_until(day)
        case Daily() | Weekly() | MonthDay() | MonthLastDay() | YearDay() | Lunar() | On():
            return calendar.shifted(day, off_day)
        case _:
            assert_never(when)


def _days(when: Recurring | On, since: datetime, until: datetime, tz: ZoneInfo) -> Iterator[date]:
    """The nominal days, by APScheduler's cron arithmetic at noon, where no clock ever jumps."""
    if isinstance(when, On):
        yield when.day
        return
    if isinstance(when, Lunar):
        first, last = since.astimezone(tz).date(), until.astimezone(tz).date()
        yield from lunar_days(when.month, when.day, first, last)
        return
    trigger = CronTrigger(hour=12, timezone=tz, **_cron_fields(when))
    fire = trigger.get_next_fire_time(None, since)
    while fire and fire <= until:
        yield fire.date()
        fire = trigger.get_next_fire_time(fire, fire)


def _cron_fields(when: _Regular) -> dict[str, str]:
    """Weekdays by name only: in APScheduler 0 is Monday, in crontab Sunday."""
    match when:
        case Daily() | EveryWorkday():
            return {}
        case Weekly(weekday):
            return {"day_of_week": _CRON_WEEKDAYS[weekday]}
        case MonthDay(day):
            return {"day": str(day)}
        case YearDay(month, day):
            return {"month": str(month), "day": str(day)}
        case MonthLastDay() | MonthLastWorkday():
            return {"day": "last"}
        case MonthFirstWorkday():
            return {"day": "1"}
        case _:
            assert_never(when)


def add(length: Duration, start: datetime, *, tz: ZoneInfo, calendar: WorkCalendar) -> datetime:
    """When ``length`` is over; workdays keep the hour of the start."""
    match length:
        case Span(span):
            return start + span
        case Workdays(days):
            local = start.astimezone(tz)
            return _utc(calendar.workday_after(local.date(), days), local.time(), tz)
        case _:
            assert_never(length)


def working_after(
    start: datetime, length: Duration, *, calendar: WorkCalendar, quiet: Quiet
) -> datetime:
    """When ``length`` of staff working time has passed: workdays, outside staff quiet hours.

    Whole days are workdays at the same hour; what is left is counted in working hours.
    """
    tz, rest = quiet.tz, timedelta()
    if isinstance(length, Span):
        days, rest = divmod(length.length, _DAY)
        length = Workdays(days)
    if length.days:
        start = add(length, start, tz=tz, calendar=calendar)
    now = _next_working(start, calendar, quiet)
    while rest:
        pause = min(filter(None, (quiet.start_after(now), _utc_midnight_after(now, tz))))
        if now + rest <= pause:
            return now + rest
        rest -= pause - now
        now = _next_working(pause, calendar, quiet)
    return now


def _next_working(now: datetime, calendar: WorkCalendar, quiet: Quiet) -> datetime:
    """This moment, or the first one after it in which staff work."""
    while True:
        local = now.astimezone(quiet.tz)
        day = calendar.workday_from(local.date())
        if day != local.date():
            now = _utc(day, time(), quiet.tz)
        if not quiet.contains(now):
            return now.astimezone(UTC)
        now = quiet.end_after(now)


def day_start(moment: datetime, tz: ZoneInfo) -> datetime:
    """Local midnight before ``moment``, in UTC."""
    return _utc(moment.astimezone(tz).date(), time(), tz)


def _utc_midnight_after(moment: datetime, tz: ZoneInfo) -> datetime:
    return _utc(moment.astimezone(tz).date() + _DAY, time(), tz)


def _clock_after(moment: datetime, clock: time, tz: ZoneInfo) -> datetime:
    """The first time strictly after ``moment`` at which local clocks show ``clock``."""
    day = moment.astimezone(tz).date()
    found = _utc(day, clock, tz)
    return found if found > moment else _utc(day + _DAY, clock, tz)


def _local(day: date, at: time | None, like: datetime) -> datetime:
    """``day`` at this clock time, or at that of ``like``, in its zone."""
    return datetime.combine(day, at or like.time(), like.tzinfo)


def _utc(day: date, clock: time, tz: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tz).astimezone(UTC)
