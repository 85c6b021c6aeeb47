"""What somebody probably meant: near names, and times written in another way."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from difflib import SequenceMatcher

from config.phrase_table import Unreadable, when

_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_NUMERAL = "[零〇一二两三四五六七八九十百]+"
_WEEK = "一二三四五六日"
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")
_LENGTHS = (
    ("秒|s", "秒"),
    ("分|min", "分钟"),
    ("个?小时|个?钟头|h", "小时"),
    ("个?工作日|workday", "个工作日"),
    ("个?星期|个?礼拜|周|week|w", "周"),
    ("天|日|day|d", "天"),
)
_OTHER_TIMES = (
    ("明天|次日|第二日", "从进入那天算写 第2天 {clock}；从上一步算写 1天后 {clock}。"),
    ("周末", "周末分成两步：每周六 {clock}、每周日 {clock}。"),
    (
        r"每隔|隔天|每\d+(天|周|小时|分钟)",
        "没有“每隔几天”：写 每天、每周几，或者分成几步，写 几天后。",
    ),
)
#: Words of a comparison → 不少于 (or 少于), and by how much the number moves.
_BOUNDS = (
    ("不少于|不低于|至少|最少|>=|≥|以上|起", True, 0),
    ("不超过|不多于|最多|至多|<=|≤|以内|以下", False, 1),
    ("大于|多于|超过|高于|>", True, 1),
    ("小于|少于|低于|不到|不足|<", False, 0),
)
_LUNAR_DAY = "初[一二三四五六七八九十]|[十廿]?[一二三四五六七八九]|二?十[一二三四五六七八九]?|三十"
_FESTIVALS = (
    ("除夕|年三十|大年夜", "除夕"),
    ("春节|大年初一", "正月初一"),
    ("元宵", "正月十五"),
    ("端午", "五月初五"),
    ("七夕", "七月初七"),
    ("中秋", "八月十五"),
    ("重阳", "九月初九"),
    ("腊八", "腊月初八"),
)
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


def plain(text: str) -> str:
    """Full-width letters, digits, signs and spaces as everybody types them: ３：００ → 3:00."""
    return unicodedata.normalize("NFKC", text).strip()


def time_phrase(text: str) -> str | None:
    """The phrase of our language nearest to ``text``: 第三天上午10点半 → 第3天 10:30."""
    plainly = digits(text)
    clock = _clock(plainly)
    for candidate in (*_festive(text, plainly, clock), *_candidates(plainly, clock)):
        try:
            when(candidate)
        except Unreadable:
            continue
        return candidate
    return None


def time_cure(text: str) -> str:
    """What to write instead of a time nobody can read; "" when there is no idea."""
    plainly = digits(text)
    clock = _clock(plainly)
    if found := _DATE.search(plainly):
        try:
            date(*(int(part) for part in found.groups()))
        except ValueError:
            return "这一天日历上没有。"
    if "24:00" in plainly or "24点" in plainly:
        return "一天到 23:59 为止：写 23:59，或者写第二天的 00:00。"
    for words, cure in _OTHER_TIMES:
        if re.search(words, plainly):
            return cure.format(clock=clock)
    if re.fullmatch(r"(上午|下午|早上|晚上|中午|凌晨)?\d{1,2}[:点时](\d{0,2}分?|半)", plainly):
        return f"没写哪一天：当天 {clock}、第3天 {clock}，或者每天 {clock}。"
    days = _several_weekdays(plainly)
    if days == list("一二三四五"):
        return did_you_mean(f"每个工作日 {clock}")
    if len(days) > 1:
        phrases = "、".join(f"每周{day} {clock}" for day in days)
        return f"一步只有一个时间，分成 {len(days)} 步：{phrases}。"
    return did_you_mean(time_phrase(text))


def _several_weekdays(plainly: str) -> list[str]:
    """每周一三五, 周一、周三 and 周一到周五."""
    day, between = "[一二三四五六日天]", "[、,，和及/ 到至~-]*(?:周|星期)?"
    found = re.search(rf"(?:周|星期|礼拜)({day}(?:{between}{day})+)", plainly)
    if not found:
        return []
    named = [
        _WEEK.index(char.replace("天", "日")) for char in re.findall("[一二三四五六日天]", found[1])
    ]
    if re.search("[到至~-]", found[1]) and len(named) == 2:
        named = list(range(named[0], named[1] + 1))
    return [_WEEK[index] for index in named]


def date_phrase(text: str) -> str | None:
    """2026-10-08 for 2026年10月8日; None when no such day is meant."""
    found = _DATE.search(plain(text))
    try:
        return date(*(int(part) for part in found.groups())).isoformat() if found else None
    except ValueError:
        return None


def length_phrase(text: str) -> str | None:
    """The duration nearest to ``text``: 两天 → 2天, 24h → 24小时; None when there is none."""
    plainly = digits(text).lower().replace(" ", "")
    found = re.search(r"(\d+)(\D*)", plainly)
    if not found or not found[2] or not int(found[1]):
        return None
    if re.match("个?月", found[2]):
        return f"{30 * int(found[1])}天"
    for words, unit in _LENGTHS:
        if re.match(words, found[2]):
            return f"{int(found[1])}{unit}"
    return None


def percent_phrase(text: str) -> str | None:
    """50% for 0.5, 1/2 and 50; None when it is no share."""
    plainly = plain(text)
    try:
        if found := re.fullmatch(r"(\d+)/(\d+)", plainly):
            share = 100 * int(found[1]) / int(found[2])
        else:
            share = float(plainly.rstrip("%"))
            share = 100 * share if share <= 1 else share
    except (ValueError, ZeroDivisionError):
        return None
    return f"{share:.4g}%" if 0 <= share <= 100 else None


def hours_phrase(text: str) -> str | None:
    """21:30-08:30 for 晚上9点半到早上8点半; None when there are not two clock times."""
    plainly = digits(text).replace("24:00", "00:00").replace("24点", "0点")
    clocks = list(
        re.finditer(
            r"(?:上午|下午|早上|晚上|晚|早|凌晨|中午|傍晚)?\d{1,2}[:点时](?:\d{1,2}|半)?", plainly
        )
    )
    return "-".join(_clock(found[0]) for found in clocks) if len(clocks) == 2 else None


def bound_phrase(text: str) -> str | None:
    """不少于2次 for ≥2, 2次以上 and 大于1次; None when it is no comparison."""
    plainly = digits(text).replace(" ", "")
    number = re.search(r"\d+", plainly)
    if not number:
        return "少于1次" if re.search("没有|没|无|从未", plainly) else None
    unit = next((char for char in plainly[number.end() :] if char in "次人条个篇天分"), "次")
    count = int(number[0])
    for words, least, more in _BOUNDS:
        if re.search(words, plainly):
            return f"{'不少于' if least else '少于'}{count + more}{unit}"
    return None


def named_alike(name: str, options: Iterable[str]) -> str | None:
    """The option that differs only in quotes, spaces, width or case of its letters."""
    bare = _bare(name)
    return next((option for option in options if _bare(option) == bare), None)


def several(name: str) -> list[str]:
    """员工，同行 or 【员工、同行】 written as one text: the single names; [] when it is one."""
    parts = [part.strip() for part in re.split("[，、,；;]", name.strip("【】[]（）()「」"))]
    return [part for part in parts if part] if len(parts) > 1 else []


def _bare(name: str) -> str:
    return re.sub(r"[\s\"'“”‘’「」《》【】_—–-]", "", unicodedata.normalize("NFKC", name)).lower()


def _festive(text: str, plainly: str, clock: str) -> Iterable[str]:
    """农历…, a festival by its name, or days before a date of the customer's own."""
    if found := re.search(rf"(?:农历|阴历|旧历)(.{{0,2}}月)({_LUNAR_DAY})", text):
        yield f"农历{found[1]}{found[2]} {clock}"
    for words, day in _FESTIVALS:
        if re.search(words, text):
            yield f"农历{day} {clock}"
    if found := re.search(r"\{?([^\s{}\d提]{1,10}?)\}? ?提?前 ?(\d+)天", plainly):
        yield f"{{{found[1]}}}前{found[2]}天 {clock}"
    if found := re.search(r"\{([^{}]+)\} ?[之过]?后 ?(\d+)天", plainly):
        yield f"{{{found[1]}}}后{found[2]}天 {clock}"
    if found := re.search(r"\{([^{}]+)\} ?(?:当天|当日|那天)?", plainly):
        yield f"{{{found[1]}}}当天 {clock}"


def _candidates(plain: str, clock: str) -> Iterable[str]:
    if found := _DATE.search(plain):
        yield f"{found[1]}-{int(found[2]):02}-{int(found[3]):02} {clock}"
    if found := re.search(r"(?:每年)?(\d{1,2})月(\d{1,2})[日号]", plain):
        yield f"每年{found[1]}月{found[2]}日 {clock}"
    if found := re.fullmatch(r"(\d+)(分钟|个?小时|天|个?工作日)", plain):
        unit = found[2].replace("个小时", "小时").replace("个工作日", "工作日")
        yield f"{found[1]}{unit.replace('工作日', '个工作日')}后"
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


def digits(text: str) -> str:
    """第十二天 → 第12天, ３：００ → 3:00; weekdays keep their characters."""

    def number(found: re.Match[str]) -> str:
        hundreds, hundred, rest = found[0].rpartition("百")
        if hundred:
            value = _DIGITS.get(hundreds, 1) * 100 + (int(number_of(rest)) if rest else 0)
            return str(value)
        return number_of(found[0])

    def number_of(numeral: str) -> str:
        tens, ten, ones = numeral.rpartition("十")
        if not ten:
            return "".join(str(_DIGITS[char]) for char in ones)
        first = _DIGITS.get(tens, 1) if tens else 1
        return str(first * 10 + (_DIGITS.get(ones, 0) if ones else 0))

    behind = "个天日点时分小次人条篇秒周年月号"
    return re.sub(rf"(?<![周期拜一二三四五六日]){_NUMERAL}(?=[{behind}])", number, plain(text))
