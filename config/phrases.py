"""Times and durations as people write them ("第3天 10:00", "2个工作日后 10:00"), as frozen values.

What a phrase means on the calendar is decided elsewhere (bot/playbook/calendar.py).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TypeAlias, TypeVar, assert_never


class Unreadable(ValueError):
    """Not a phrase of this language."""


@dataclass(frozen=True, slots=True)
class Immediately:
    """立即: the moment the step before has let go."""


@dataclass(frozen=True, slots=True)
class After:
    """2小时后: counted from the moment the step before has let go."""

    span: timedelta


@dataclass(frozen=True, slots=True)
class AfterDays:
    """3天后 [10:00]: without a time exactly so many times 24 hours."""

    days: int
    at: time | None = None


@dataclass(frozen=True, slots=True)
class AfterWorkdays:
    """2个工作日后 [10:00]."""

    days: int
    at: time | None = None


@dataclass(frozen=True, slots=True)
class OnDay:
    """第3天 10:00, counted from entry: the day of entry is day 1 (当天)."""

    day: int
    at: time


@dataclass(frozen=True, slots=True)
class NextWorkday:
    """下个工作日 09:30: the first workday after the day on which the step before let go."""

    at: time


@dataclass(frozen=True, slots=True)
class On:
    """2026-12-12 10:00."""

    day: date
    at: time


@dataclass(frozen=True, slots=True)
class Daily:
    """每天 10:00."""

    at: time


@dataclass(frozen=True, slots=True)
class EveryWorkday:
    """每个工作日 10:00."""

    at: time


@dataclass(frozen=True, slots=True)
class Weekly:
    """每周三 20:30; weekday 0 is Monday, as in Python."""

    weekday: int
    at: time


@dataclass(frozen=True, slots=True)
class MonthDay:
    """每月1日 10:00; a month without that day is left out."""

    day: int
    at: time


@dataclass(frozen=True, slots=True)
class MonthLastDay:
    """每月最后一天 10:00."""

    at: time


@dataclass(frozen=True, slots=True)
class MonthFirstWorkday:
    """每月第一个工作日 10:00."""

    at: time


@dataclass(frozen=True, slots=True)
class MonthLastWorkday:
    """每月最后一个工作日 16:00."""

    at: time


@dataclass(frozen=True, slots=True)
class Span:
    """8小时, 1天, 2周: time on any clock."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class Workdays:
    """1个工作日: only days of the workday calendar count."""

    days: int


Single: TypeAlias = Immediately | After | AfterDays | AfterWorkdays | OnDay | NextWorkday | On
Recurring: TypeAlias = (
    Daily | EveryWorkday | Weekly | MonthDay | MonthLastDay | MonthFirstWorkday | MonthLastWorkday
)
When: TypeAlias = Single | Recurring
Duration: TypeAlias = Span | Workdays

RECURRING = (
    Daily,
    EveryWorkday,
    Weekly,
    MonthDay,
    MonthLastDay,
    MonthFirstWorkday,
    MonthLastWorkday,
)
WEEKDAYS = "一二三四五六日"
_ENGLISH_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {
    "秒": timedelta(seconds=1),
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "天": timedelta(days=1),
    "周": timedelta(weeks=1),
}
_ENGLISH_UNITS = {
    "second": "秒",
    "minute": "分钟",
    "hour": "小时",
    "day": "天",
    "week": "周",
    "workday": "个工作日",
}
_LARGEST_NUMBER = 9999
_P = TypeVar("_P")
_Build: TypeAlias = Callable[[re.Match[str]], _P]


def when(text: str) -> When:
    """Read a time phrase; raise :class:`Unreadable` when it is none."""
    for pattern, build in _WHEN:
        if found := pattern.fullmatch(text.strip()):
            return _within_reason(text, build, found)
    raise Unreadable(text)


def duration(text: str) -> Duration:
    """Read a duration ("24小时", "1个工作日"); raise :class:`Unreadable` when it is none."""
    for pattern, build in _DURATION:
        if found := pattern.fullmatch(text.strip()):
            return _within_reason(text, build, found)
    raise Unreadable(text)


def clock(text: str) -> time:
    """Read "21:30"."""
    found = re.fullmatch(r"(\d{1,2}):(\d\d)", text.strip())
    if not found:
        raise Unreadable(text)
    try:
        return time(int(found[1]), int(found[2]))
    except ValueError as error:
        raise Unreadable(text) from error


def in_words(phrase: When | Duration) -> str:
    """The phrase in Chinese, in its one canonical spelling."""
    match phrase:
        case Immediately():
            return "立即"
        case After(span):
            return f"{_length(span)}后"
        case AfterDays(days, at):
            return f"{days}天后{_at(at)}"
        case AfterWorkdays(days, at):
            return f"{days}个工作日后{_at(at)}"
        case OnDay(day, at):
            return f"{'当天' if day == 1 else f'第{day}天'}{_at(at)}"
        case On(day=day, at=at):
            return f"{day:%Y-%m-%d}{_at(at)}"
        case Weekly(weekday, at):
            return f"每周{WEEKDAYS[weekday]}{_at(at)}"
        case MonthDay(day, at):
            return f"每月{day}日{_at(at)}"
        case Span(length):
            return _length(length)
        case Workdays(days):
            return f"{days}个工作日"
        case NextWorkday(at):
            return f"下个工作日{_at(at)}"
        case Daily(at):
            return f"每天{_at(at)}"
        case EveryWorkday(at):
            return f"每个工作日{_at(at)}"
        case MonthLastDay(at):
            return f"每月最后一天{_at(at)}"
        case MonthFirstWorkday(at):
            return f"每月第一个工作日{_at(at)}"
        case MonthLastWorkday(at):
            return f"每月最后一个工作日{_at(at)}"
        case _:
            assert_never(phrase)


def _at(at: time | None) -> str:
    return f" {at:%H:%M}" if at else ""


def _length(length: timedelta) -> str:
    """In the largest unit that fits, weeks and days only when they are whole and plain."""
    for unit in ("天", "小时", "分钟"):
        if length >= _UNITS[unit] and not length % _UNITS[unit]:
            return f"{length // _UNITS[unit]}{unit}"
    return f"{int(length.total_seconds())}秒"


def _time(found: re.Match[str]) -> time:
    return time(int(found["hour"]), int(found["minute"]))


def _time_or_none(found: re.Match[str]) -> time | None:
    return _time(found) if found["hour"] else None


def _number(found: re.Match[str]) -> int:
    return int(found["n"])


def _span(found: re.Match[str]) -> timedelta:
    unit = found["unit"]
    if not _number(found):
        raise Unreadable(found[0])
    return _number(found) * _UNITS[_ENGLISH_UNITS.get(unit, unit)]


def _weekday(found: re.Match[str]) -> int:
    name = found["weekday"]
    if name in _ENGLISH_WEEKDAYS:
        return _ENGLISH_WEEKDAYS.index(name)
    return WEEKDAYS.index("日" if name == "天" else name)


def _month_day(found: re.Match[str]) -> MonthDay:
    if not 1 <= _number(found) <= 31:
        raise Unreadable(found[0])
    return MonthDay(_number(found), _time(found))


def _day(found: re.Match[str]) -> OnDay:
    if _number(found) < 1:
        raise Unreadable(found[0])
    return OnDay(_number(found), _time(found))


def _within_reason(text: str, build: _Build[_P], found: re.Match[str]) -> _P:
    """25:00, 2026-02-30 and a thousand years are not meant."""
    number = found.groupdict().get("n")
    if number and not (number.isascii() and int(number) <= _LARGEST_NUMBER):
        raise Unreadable(text)
    try:
        return build(found)
    except (ValueError, OverflowError) as error:
        raise Unreadable(text) from error


_AT = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)"
_MAYBE_AT = rf"(?: {_AT})?"


def _table(*rows: tuple[str, str, _Build[_P]]) -> tuple[tuple[re.Pattern[str], _Build[_P]], ...]:
    """One pattern for both languages: Chinese | English."""
    return tuple(
        (re.compile(spelling), build)
        for chinese, english, build in rows
        for spelling in (chinese, english)
    )


_WHEN: tuple[tuple[re.Pattern[str], _Build[When]], ...] = _table(
    ("立即", "immediately", lambda _: Immediately()),
    (
        r"(?P<n>\d+)(?P<unit>分钟|小时)后",
        r"after (?P<n>\d+) (?P<unit>minute|hour)s?",
        lambda m: After(_span(m)),
    ),
    (
        rf"(?P<n>\d+)天后{_MAYBE_AT}",
        rf"after (?P<n>\d+) days?{_MAYBE_AT}",
        lambda m: AfterDays(_number(m), _time_or_none(m)),
    ),
    (
        rf"(?P<n>\d+)个工作日后{_MAYBE_AT}",
        rf"after (?P<n>\d+) workdays?{_MAYBE_AT}",
        lambda m: AfterWorkdays(_number(m), _time_or_none(m)),
    ),
    (rf"当天 {_AT}", rf"same day {_AT}", lambda m: OnDay(1, _time(m))),
    (rf"第(?P<n>\d+)天 {_AT}", rf"day (?P<n>\d+) {_AT}", _day),
    (rf"下个工作日 {_AT}", rf"next workday {_AT}", lambda m: NextWorkday(_time(m))),
    (rf"每天 {_AT}", rf"daily {_AT}", lambda m: Daily(_time(m))),
    (rf"每个工作日 {_AT}", rf"every workday {_AT}", lambda m: EveryWorkday(_time(m))),
    (
        rf"每周(?P<weekday>[一二三四五六日天]) {_AT}",
        rf"weekly (?P<weekday>mon|tue|wed|thu|fri|sat|sun) {_AT}",
        lambda m: Weekly(_weekday(m), _time(m)),
    ),
    (rf"每月(?P<n>\d+)日 {_AT}", rf"monthly (?P<n>\d+) {_AT}", _month_day),
    (rf"每月最后一天 {_AT}", rf"monthly last day {_AT}", lambda m: MonthLastDay(_time(m))),
    (
        rf"每月第一个工作日 {_AT}",
        rf"monthly first workday {_AT}",
        lambda m: MonthFirstWorkday(_time(m)),
    ),
    (
        rf"每月最后一个工作日 {_AT}",
        rf"monthly last workday {_AT}",
        lambda m: MonthLastWorkday(_time(m)),
    ),
    (
        rf"(?P<day>\d{{4}}-\d\d-\d\d) {_AT}",
        rf"on (?P<day>\d{{4}}-\d\d-\d\d) {_AT}",
        lambda m: On(date.fromisoformat(m["day"]), _time(m)),
    ),
)
_DURATION: tuple[tuple[re.Pattern[str], _Build[Duration]], ...] = _table(
    (
        r"(?P<n>\d+)(?P<unit>秒|分钟|小时|天|周)",
        r"(?P<n>\d+) (?P<unit>second|minute|hour|day|week)s?",
        lambda m: Span(_span(m)),
    ),
    (r"(?P<n>\d+)个工作日", r"(?P<n>\d+) workdays?", lambda m: Workdays(_number(m))),
)
