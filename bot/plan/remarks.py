"""What deserves a look before publishing, in one sentence each."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["错误", "注意", "说明"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """``错误`` blocks publishing, ``注意`` warns, ``说明`` only says how something is meant."""

    level: Level
    text: str


def error(text: str) -> Remark:
    return Remark(level="错误", text=text)


def beware(text: str) -> Remark:
    return Remark(level="注意", text=text)


def note(text: str) -> Remark:
    return Remark(level="说明", text=text)
