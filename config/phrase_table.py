"""The spellings of times and durations, in Chinese and English: from text to config/phrases.py."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import TypeAlias, TypeVar

from config.phrases import (
    LUNAR_DAYS,
    LUNAR_MONTHS,
    UNITS,
    WEEKDAYS,
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
    Span,
    Weekly,
    When,
    Workdays,
    YearDay,
)


class Unreadable(ValueError):
    """Not a phrase of this language; ``why``: more than 看不懂, when we know more."""

    def __init__(self, text: str, why: str = "") -> None:
        super().__init__(text)
        self.why = why


_ENGLISH_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENGLISH_UNITS = {
    "second": "秒",
    "minute": "分钟",
    "hour": "小时",
    "day": "天",
    "week": "周",
}
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MOST_DIGITS = 4
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
    return _number(found) * UNITS[_ENGLISH_UNITS.get(unit, unit)]


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


def _year_day(found: re.Match[str]) -> YearDay:
    month, day = int(found["month"]), int(found["d"])
    if not 1 <= month <= 12:
        raise Unreadable(found[0], f"没有{month}月")
    if not 1 <= day <= _LONGEST_MONTHS[month - 1]:
        raise Unreadable(found[0], f"{month}月没有{day}日")
    return YearDay(month, day, _time(found))


def _lunar(found: re.Match[str]) -> Lunar:
    month, day = found["month"], found["d"]
    if month.isdigit():
        number, count = int(month), int(day)
    else:
        number = LUNAR_MONTHS.index(_OTHER_MONTHS.get(month, month)) + 1
        count = LUNAR_DAYS.index(_usual_day(day)) + 1
    if not (1 <= number <= 12 and 1 <= count <= 30):
        raise Unreadable(found[0], "农历一年最多 12 个月，一个月最多 30 天（闰月不算）")
    return Lunar(number, count, _time(found))


def _usual_day(day: str) -> str:
    """廿三 is 二十三."""
    return day.replace("廿", "二十")


def _from_attribute(found: re.Match[str]) -> AttributeDate:
    days, side = int(found.groupdict().get("n") or 0), found.groupdict().get("side")
    days = -days if side in ("前", "before") else days
    return AttributeDate(found["name"].strip(), days, _time(found))


def _within_reason(text: str, build: _Build[_P], found: re.Match[str]) -> _P:
    """25:00, 2026-02-30 and a thousand years are not meant."""
    number = found.groupdict().get("n")
    if number and len(number) > _MOST_DIGITS:
        raise Unreadable(text)
    try:
        return build(found)
    except Unreadable:
        raise
    except (ValueError, OverflowError) as error:
        raise Unreadable(text) from error


_AT = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)"
_MAYBE_AT = rf"(?: {_AT})?"
_NAME = r"\{(?P<name>[^{}|]+)\}"
_OTHER_MONTHS = {"一月": "正月", "十一月": "冬月", "十二月": "腊月"}
_LUNAR_MONTH = "|".join(sorted((*LUNAR_MONTHS, *_OTHER_MONTHS), key=len, reverse=True))
_LUNAR_DAY = "|".join((*LUNAR_DAYS, *(f"廿{one}" for one in "一二三四五六七八九")))


def _table(*rows: tuple[str, str, _Build[_P]]) -> tuple[tuple[re.Pattern[str], _Build[_P]], ...]:
    """One pattern for both languages: Chinese | English."""
    return tuple(
        (re.compile(spelling, re.ASCII), build)
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
        rf"每年(?P<month>\d{{1,2}})月(?P<d>\d{{1,2}})日 {_AT}",
        rf"yearly (?P<month>\d{{1,2}})-(?P<d>\d{{1,2}}) {_AT}",
        _year_day,
    ),
    (
        rf"农历(?P<month>{_LUNAR_MONTH})(?P<d>{_LUNAR_DAY}) {_AT}",
        rf"lunar (?P<month>\d{{1,2}})-(?P<d>\d{{1,2}}) {_AT}",
        _lunar,
    ),
    (rf"农历除夕 {_AT}", rf"lunar new year's eve {_AT}", lambda m: Lunar(12, 30, _time(m))),
    (
        rf"{_NAME}(?P<side>前|后)(?P<n>\d+)天 {_AT}",
        rf"(?P<n>\d+) days? (?P<side>before|after) {_NAME} {_AT}",
        _from_attribute,
    ),
    (rf"{_NAME}当天 {_AT}", rf"on {_NAME} {_AT}", _from_attribute),
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
