"""Times and durations as people mean them ("第3天 10:00", "2个工作日后 10:00"), as frozen values.

config/phrase_table.py reads them; what they mean on the calendar is decided elsewhere
(bot/playbook/calendar.py).
"""

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TypeAlias, assert_never


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
class AttributeDate:
    """{预产期}前7天 10:00: counted from a date kept with the customer; ``days`` < 0 is before."""

    name: str
    days: int
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
class YearDay:
    """每年3月8日 10:00; a year without that day (29 February) is left out."""

    month: int
    day: int
    at: time


@dataclass(frozen=True, slots=True)
class Lunar:
    """农历腊月二十三 10:00, every year, never in a leap month.

    Day 30 of a month that has only 29 is its last day, so that 腊月三十 is always 除夕.
    """

    month: int
    day: int
    at: time


@dataclass(frozen=True, slots=True)
class Span:
    """8小时, 1天, 2周: time on any clock."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class Workdays:
    """1个工作日: only days of the workday calendar count."""

    days: int


Single: TypeAlias = (
    Immediately | After | AfterDays | AfterWorkdays | OnDay | NextWorkday | On | AttributeDate
)
Recurring: TypeAlias = (
    Daily
    | EveryWorkday
    | Weekly
    | MonthDay
    | MonthLastDay
    | MonthFirstWorkday
    | MonthLastWorkday
    | YearDay
    | Lunar
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
    YearDay,
    Lunar,
)
WEEKDAYS = "一二三四五六日"
LUNAR_MONTHS = tuple(f"{month}月" for month in "正二三四五六七八九十冬腊")
LUNAR_DAYS = (
    *(f"初{one}" for one in "一二三四五六七八九十"),
    *(f"十{one}" for one in "一二三四五六七八九"),
    "二十",
    *(f"二十{one}" for one in "一二三四五六七八九"),
    "三十",
)
UNITS = {
    "秒": timedelta(seconds=1),
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "天": timedelta(days=1),
    "周": timedelta(weeks=1),
}


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
        case YearDay(month, day, at):
            return f"每年{month}月{day}日{_at(at)}"
        case Lunar(month, day, at):
            return f"农历{lunar_day(month, day)}{_at(at)}"
        case AttributeDate(name, days, at):
            return f"{{{name}}}{_distance(days)}{_at(at)}"
        case _:
            assert_never(phrase)


def lunar_day(month: int, day: int) -> str:
    """腊月二十三, 正月初一, 除夕."""
    if (month, day) == (12, 30):
        return "除夕"
    return f"{LUNAR_MONTHS[month - 1]}{LUNAR_DAYS[day - 1]}"


def _distance(days: int) -> str:
    if not days:
        return "当天"
    return f"前{-days}天" if days < 0 else f"后{days}天"


def _at(at: time | None) -> str:
    return f" {at:%H:%M}" if at else ""


def _length(length: timedelta) -> str:
    """In the largest unit that fits, weeks and days only when they are whole and plain."""
    for unit in ("天", "小时", "分钟"):
        if length >= UNITS[unit] and not length % UNITS[unit]:
            return f"{length // UNITS[unit]}{unit}"
    return f"{int(length.total_seconds())}秒"
