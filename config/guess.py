"""What somebody probably meant: near names, and times written in another way."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from config.phrases import Unreadable, when

_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_NUMERAL = "[零〇一二两三四五六七八九十]+"
_AFTERNOON = re.compile("下午|晚上|晚|傍晚")


def closest(name: str, options: Iterable[str]) -> str | None:
    """The option most like ``name``, or None when nothing is near."""
    best, likeness = None, 0.45
    for option in options:
        ratio = SequenceMatcher(None, name, option).ratio()
        if name and (name in option or option in name):
            ratio += 0.2
        if ratio > likeness:
            best, likeness = option, ratio
    return best


def did_you_mean(guess: str | None, ending: str = "？") -> str:
    """是不是想写…, or nothing."""
    return f"是不是想写“{guess}”{ending}" if guess else ""


def time_phrase(text: str) -> str | None:
    """The phrase of our language nearest to ``text``: 第三天上午10点半 → 第3天 10:30."""
    plain = _digits(text.strip().translate(str.maketrans("０１２３４５６７８９：", "0123456789:")))
    clock = _clock(plain)
    for candidate in _candidates(plain, clock):
        try:
            when(candidate)
        except Unreadable:
            continue
        return candidate
    return None


def _candidates(plain: str, clock: str) -> Iterable[str]:
    if found := re.search(r"(\d+)\s*(分钟|个?小时|天|个?工作日)\s*[之以]?后", plain):
        unit = found[2].replace("个小时", "小时").replace("工作日", "个工作日")
        unit = unit.replace("个个", "个")
        yield f"{found[1]}{unit}后 {clock}"
        yield f"{found[1]}{unit}后"
    if found := re.search(r"第\s*(\d+)\s*[天日]", plain):
        yield f"第{found[1]}天 {clock}"
    if found := re.search(r"(?:周|星期|礼拜)([1-7一二三四五六日天])", plain):
        day = "一二三四五六日"[int(found[1]) - 1] if found[1].isdigit() else found[1]
        yield f"每周{day.replace('天', '日')} {clock}"
    if "每月" in plain or "月底" in plain:
        if "工作日" in plain:
            yield f"每月{'第一个' if '第' in plain else '最后一个'}工作日 {clock}"
        if found := re.search(r"每月\s*(\d+)", plain):
            yield f"每月{found[1]}日 {clock}"
        yield f"每月最后一天 {clock}"
    for word, phrase in (
        ("每个工作日", "每个工作日"),
        ("工作日", "下个工作日"),
        ("每天", "每天"),
        ("每日", "每天"),
        ("当天", "当天"),
        ("当日", "当天"),
        ("今天", "当天"),
    ):
        if word in plain:
            yield f"{phrase} {clock}"
    if re.search("马上|立刻|即时|现在", plain):
        yield "立即"


def _clock(plain: str) -> str:
    found = re.search(r"(\d{1,2})\s*[:点时]\s*(半|\d{1,2})?", plain)
    if not found:
        return "10:00"
    hour = int(found[1])
    minute = 30 if found[2] == "半" else int(found[2] or 0)
    if hour < 12 and _AFTERNOON.search(plain):
        hour += 12
    return f"{hour:02}:{minute:02}"


def _digits(text: str) -> str:
    """第十二天 → 第12天; weekdays keep their characters."""

    def number(found: re.Match[str]) -> str:
        tens, ten, ones = found[0].rpartition("十")
        if not ten:
            return "".join(str(_DIGITS[char]) for char in ones)
        first = _DIGITS.get(tens, 1) if tens else 1
        return str(first * 10 + (_DIGITS.get(ones, 0) if ones else 0))

    return re.sub(rf"(?<![周期拜]){_NUMERAL}(?=[个天日点时分小])", number, text)
