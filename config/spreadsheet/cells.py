"""What the cells of a spreadsheet calendar mean: days, times of day, and who is spoken to."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypeAlias

from config.guess import digits
from config.phrases import (
    WEEKDAYS,
    Daily,
    EveryWorkday,
    MonthDay,
    MonthLastDay,
    On,
    OnDay,
    Weekly,
    When,
)

Mode: TypeAlias = Literal["客户", "客户群", "任务"]
#: A day without its time of day.
Day: TypeAlias = Callable[[time], When]

DAY_CURE = "写成 2026-12-01、第3天、D3、每周三、每天 或 每月1日，一行一天"
TIME_CURE = "写成 10:00、上午10点 或 晚上8点半"


class Unread(ValueError):
    """Why a cell cannot be read, and what to write instead."""

    def __init__(self, text: str, cure: str) -> None:
        super().__init__(text)
        self.text, self.cure = text, cure


@dataclass(frozen=True, slots=True)
class Read:
    """What a cell says, and what was assumed to read it so; "" when nothing was."""

    days: tuple[Day, ...] = ()
    at: time | None = None
    assumed: str = ""


_EXCEL_DAY_ZERO = date(1899, 12, 30)
_A_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_NO_YEAR = re.compile(r"(\d{1,2})月(\d{1,2})[日号]?|^(\d{1,2})[/.](\d{1,2})$")
_LATER = re.compile(r"[dt]\s*\+\s*(\d+)|(\d+)\s*天[之以]?后|第?(\d+)天后|\+(\d+)天?", re.I)
_NTH = re.compile(r"第\s*(\d+)\s*[天日]|^\s*(\d+)\s*[天日]?\s*$|(?:day|\bd)\s*\.?\s*(\d+)", re.I)
_WEEK = re.compile(r"(?:周|星期|礼拜)(?:[1-7一二三四五六日天](?:[、,和及/ ]*(?:周|星期)?))+")
_WORKWEEK = re.compile(r"(?:周|星期)[1一]?\s*(?:至|到|-|~)\s*(?:周|星期)?[5五]|工作日")
_MONTHLY = re.compile(r"每月\s*(\d{1,2})\s*[日号]")
_WORDS = (
    ("每天|每日|天天", Daily),
    ("月底|每月最后一天", MonthLastDay),
)
_FIRST_DAY = re.compile("当天|当日|首日|即时|立即|添加后|加好友后|入群后|通过后")
_NEXT_DAY = re.compile("次日|隔天")
_CLOCK = re.compile(
    r"(凌晨|早上|上午|早|中午|下午|傍晚|晚上|晚|夜里|am|pm)?\s*"
    r"(\d{1,2})\s*(?:[:点时]\s*(半|[1一3三]\s*刻|\d{1,2})?\s*分?|(?=\s*(?:am|pm)))(?::\d\d)?\s*(am|pm)?",
    re.I,
)
_UNTIL = re.compile(r"^\s*(?:-|~|—|–|至|到)+\s*")
_PART_OF_DAY = (
    ("凌晨", time(7)),
    ("早上|早晨|早间|早", time(9)),
    ("上午|午前", time(10)),
    ("中午|午间", time(12)),
    ("下午|午后", time(15)),
    ("傍晚", time(18)),
    ("晚上|晚间|夜|晚", time(20)),
)


def day_in(value: Any, *, counted: bool, today: date) -> Read:
    """The day a cell names; ``counted``: its column counts days, so that 3 is the third.

    Nothing read when the cell names none. Raises Unread when it tries to and fails.
    """
    match value:
        case datetime():
            at = value.time().replace(second=0, microsecond=0)
            return Read((_on(value.date()),), at if value.time() != time(0) else None)
        case date():
            return Read((_on(value),))
        case bool() | None | time() | timedelta():
            return Read()
        case int() | float():
            return _numbered(value, counted)
    return _worded(digits(str(value)), counted, today)


def time_in(value: Any) -> Read:
    """The time of day a cell names, as :func:`day_in` does."""
    match value:
        case datetime():
            return Read(at=value.time().replace(second=0, microsecond=0))
        case time():
            return Read(at=value.replace(second=0, microsecond=0))
        case timedelta() if value < timedelta(days=1):
            return _fraction(value / timedelta(days=1))
        case bool() | None | date() | timedelta():
            return Read()
        case int() | float():
            return _fraction(value)
    return _clock(digits(str(value)))


def mode_in(channel: str, audience: str, sheet: str) -> Mode | None:
    """To whom it goes; None when nothing says it. Raises Unread for ways we do not go."""
    if found := re.search("朋友圈|短信|公众号|视频号|小红书|抖音|直播|邮件|微博|海报墙", channel):
        text = f"不能发到“{found[0]}”"
        raise Unread(text, "只能发给客户（私聊）、发到群，或者派任务给员工；这一行请另外安排")
    if re.search("任务|电话|回访|提醒员工|员工|内部", channel):
        return "任务"
    for said in (channel, audience, sheet):
        if re.search("群发|私聊|单聊|一对一|1对1|1v1|私信|个人", said, re.I):
            return "客户"
        if "群" in said:
            return "客户群"
    return None


def _on(day: date) -> Day:
    return lambda at: On(day, at)


def _nth(number: int) -> Day:
    if not 1 <= number <= 9999:
        raise Unread(f"没有“第{number}天”", "加好友当天写第1天")
    return lambda at: OnDay(number, at)


def _numbered(value: float, counted: bool) -> Read:
    """Excel keeps dates as numbers, and not every sheet says which ones are."""
    if not counted and 36526 <= value <= 73050:
        day = _EXCEL_DAY_ZERO + timedelta(days=int(value))
        return Read((_on(day),), assumed=f"数字 {value:g} 是 Excel 的日期 {day}")
    if value != int(value):
        raise Unread(f"看不懂第几天“{value:g}”", DAY_CURE)
    return _from_adding(int(value), "" if counted else f"数字 {value:g} 是第{value:g}天")


def _from_adding(number: int, assumed: str) -> Read:
    if number == 0:
        return Read((_nth(1),), assumed="第0天就是加好友当天（第1天）")
    return Read((_nth(number),), assumed=assumed)


def _worded(text: str, counted: bool, today: date) -> Read:
    bare = _without_clock(text).strip()
    if not bare:
        return Read()
    for look in (_as_date, _as_week, _as_count, _as_word):
        if found := look(bare, today):
            read, rest = found
            if re.search(r"\d", rest):
                raise Unread(f"“{text}”写了不止一天", "一行只写一天，拆成几行")
            return read
    if counted or re.search(r"\d|周|星期|天|月", bare):
        raise Unread(f"看不懂日期“{text}”", DAY_CURE)
    return Read()


_Found: TypeAlias = "tuple[Read, str] | None"


def _as_date(text: str, today: date) -> _Found:
    if found := _A_DATE.search(text):
        day = _date(text, *(int(part) for part in found.groups()))
        return Read((_on(day),)), text[: found.start()] + text[found.end() :]
    if not (found := _NO_YEAR.search(text)) or "每" in text[: found.start()]:
        return None
    month, number = (int(part) for part in found.groups() if part)
    day = _date(text, today.year, month, number)
    if day < today - timedelta(days=60):
        day = _date(text, today.year + 1, month, number)
    read = Read((_on(day),), assumed=f"“{text}”没写年份，按 {day.year} 年")
    return read, text[: found.start()] + text[found.end() :]


def _date(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Unread(f"日历上没有“{text}”这一天", DAY_CURE) from error


def _as_week(text: str, today: date) -> _Found:
    if found := _WORKWEEK.search(text):
        read = Read((EveryWorkday,), assumed="" if "工作日" in text else f"“{text}”按每个工作日")
        return read, text[: found.start()] + text[found.end() :]
    if re.search(r"第\s*\d+\s*周", text) or not (found := _WEEK.search(text)):
        return None
    rest = text[: found.start()] + text[found.end() :]
    if _UNTIL.match(rest):
        raise Unread(f"“{text}”写了不止一天", "写成 周一、周二、周三，或者 工作日")
    names = re.sub("[周星期礼拜、,和及/ ]", "", found[0])
    days = tuple(_weekly(name) for name in dict.fromkeys(names))
    return Read(days), rest


def _weekly(name: str) -> Day:
    number = int(name) - 1 if name.isdigit() else WEEKDAYS.index(name.replace("天", "日"))
    return lambda at: Weekly(number, at)


def _as_count(text: str, today: date) -> _Found:
    if found := _MONTHLY.search(text):
        number = int(found[1])
        if not 1 <= number <= 31:
            raise Unread(f"没有“{text}”", DAY_CURE)
        return Read((lambda at: MonthDay(number, at),)), text[found.end() :]
    if found := _LATER.search(text):
        days = int(next(part for part in found.groups() if part))
        read = Read((_nth(days + 1),), assumed=f"“{text}”按加好友当天算第1天，即第{days + 1}天")
        return read, text[: found.start()] + text[found.end() :]
    if found := _NTH.search(text):
        days = int(next(part for part in found.groups() if part))
        return _from_adding(days, ""), text[: found.start()] + text[found.end() :]
    return None


def _as_word(text: str, today: date) -> _Found:
    for words, make in _WORDS:
        if re.search(words, text):
            return Read((make,)), re.sub(words, "", text)
    if _FIRST_DAY.search(text):
        return Read((_nth(1),)), ""
    if _NEXT_DAY.search(text):
        return Read((_nth(2),)), ""
    return None


def _without_clock(text: str) -> str:
    """12月1日 上午10点 → 12月1日; a date is no time of day, though 10 may stand in both."""
    kept = _A_DATE.sub(lambda m: "年".join(m.groups()[:1]) + f"年{m[2]}月{m[3]}日 ", text)
    return re.sub(r"\s{2,}", " ", _CLOCK.sub(" ", kept))


def _fraction(value: float) -> Read:
    """Excel keeps 10:30 as 0.4375."""
    if 0 <= value < 1:
        minutes = round(value * 24 * 60) % (24 * 60)
        return Read(at=time(minutes // 60, minutes % 60))
    if value == int(value) and 1 <= value <= 23:
        return Read(at=time(int(value)), assumed=f"数字 {value:g} 是 {int(value)} 点")
    raise Unread(f"看不懂时间“{value:g}”", TIME_CURE)


def _clock(text: str) -> Read:
    found = _CLOCK.search(_A_DATE.sub(" ", text))
    if not found:
        for words, at in _PART_OF_DAY:
            if re.search(words, text):
                return Read(at=at, assumed=f"“{text}”没写几点，按 {at:%H:%M}")
        return Read()
    at = _hour(text, found)
    rest = text[text.index(found[0].strip()) + len(found[0].strip()) :]
    several = _UNTIL.match(rest) and _CLOCK.search(rest)
    return Read(at=at, assumed=f"“{text}”取开始的 {at:%H:%M}" if several else "")


def _hour(text: str, found: re.Match[str]) -> time:
    part, hour, minute = (found[1] or found[4] or "").lower(), int(found[2]), found[3] or "0"
    if part in ("下午", "傍晚", "晚上", "晚", "夜里", "pm") and hour < 12:
        hour += 12
    elif part in ("晚上", "晚", "夜里") and hour == 12:
        raise Unread(f"“{text}”是哪一天的半夜？", "写成 23:59，或者第二天的 00:00")
    elif part == "中午" and hour < 3:
        hour += 12
    elif part in ("凌晨", "am") and hour == 12:
        hour = 0
    if "刻" in minute:
        past = 45 if minute[0] in "3三" else 15
    else:
        past = 30 if minute == "半" else int(minute)
    try:
        return time(hour, past)
    except ValueError as error:
        raise Unread(f"看不懂时间“{text}”", TIME_CURE) from error


def names_apart(text: str) -> Iterator[str]:
    """海报1.jpg、视频.mp4 → the single names."""
    return (part.strip() for part in re.split(r"[、,，;；\n]+", text) if part.strip())
