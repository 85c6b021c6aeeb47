"""What happened, as pages show it: the newest first, and nothing said twice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.story import Line

_ALIKE = re.compile(r"[（）：\s]")  # 提醒（张丽） and 提醒 张丽


@dataclass(frozen=True, slots=True)
class Told:
    at: datetime
    what: str


def newest_first(lines: Iterable[Line], title: str = "") -> list[Told]:
    """``title``: of the task whose page it is, which need not stand in every line."""
    told: dict[tuple[datetime, str], Told] = {}
    for line in lines:
        words = _without(line.what, title) if title else line.what
        told.setdefault((line.at, _ALIKE.sub("", words)), Told(line.at, words))
    return list(reversed(told.values()))


def _without(what: str, title: str) -> str:
    given = what.replace(f"派任务“{title}”", "派任务")
    return given.replace(f"任务“{title}”的", "").replace(f"任务“{title}”", "").lstrip("：")
