"""What is wrong in a folder of YAML, where, and what to write instead."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["错误", "提醒"]
#: What an editor may sort by: the file as a whole, how YAML is written, a key, a value, a name that
#: must be declared, a text for people, or what the rules of SOPs say about it all.
Code: TypeAlias = Literal["file", "syntax", "key", "value", "name", "text", "rule"]

_SHOWN = 160  # characters of a line; more would not fit on a screen
_BEFORE = 60  # of them before the caret
_TOKEN = re.compile(
    r""""(?:[^"\\]|\\.)*"|'[^']*'|[^\s,，:：\[\]{}#"']+(?: +[^\s,:：\[\]{}#"']+)*"""
)


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake; ``line`` and ``column`` count from 1, 0 means the file as a whole."""

    file: str
    line: int
    column: int
    level: Level
    text: str
    source: str = ""
    """The line as it stands in the file."""
    cure: str = ""
    code: Code = "rule"

    @property
    def end_column(self) -> int:
        """Behind the last character of the word, quoted text or phrase at ``column``."""
        found = _TOKEN.match(self.source, max(self.column - 1, 0))
        return (found.end() if found else self.column) + 1

    def __str__(self) -> str:
        if not self.line:
            head = f"{self.file} {self.level}：{self.text}"
            return f"{head}\n    建议：{self.cure}" if self.cure else head
        shown = [f"{self.file}:{self.line}:{self.column} {self.level}：{self.text}", *self._line()]
        if self.cure:
            first, *rest = self.cure.split("\n")
            shown += [f"    建议：{first}", *(f"      {line}" for line in rest)]
        return "\n".join(shown)

    def _line(self) -> tuple[str, str]:
        """The line and its caret; of a line wider than a screen only what is around the caret."""
        before, behind = self.source[: self.column - 1], self.source[self.column - 1 :]
        if len(self.source) > _SHOWN:
            if len(before) > _BEFORE:
                before = "…" + before[-_BEFORE:]
            room = _SHOWN - len(before)
            behind = behind[:room] + "…" if len(behind) > room else behind
        blank = "".join(_blank(char) for char in before)
        return f"  {self.line:>5} | {_visible(before + behind)}", f"        | {blank}^"


class Mistakes(Exception):
    """A folder that cannot be used; all its mistakes at once, in the order of the files."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        super().__init__("\n\n".join(str(mistake) for mistake in self.mistakes))

    def __iter__(self) -> Iterator[Mistake]:
        return iter(self.mistakes)


def width(text: str) -> int:
    """How many columns of a terminal a text fills."""
    return sum(2 if _blank(char) == "　" else len(_blank(char)) for char in text)


def _blank(char: str) -> str:
    """As wide as ``char``, so that the caret stands under its column."""
    if char == "\t":
        return char
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return ""  # drawn over the character before it, or not at all
    return "　" if unicodedata.east_asian_width(char) in "WFA" and ord(char) > 127 else " "


def _visible(line: str) -> str:
    """Control characters would move the cursor of the terminal, or worse."""
    return "".join("�" if unicodedata.category(c) == "Cc" and c != "\t" else c for c in line)
