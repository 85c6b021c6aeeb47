"""What is wrong in a folder of YAML, where, and what to write instead."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["错误", "提醒"]


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

    def __str__(self) -> str:
        if not self.line:
            head = f"{self.file} {self.level}：{self.text}"
            return f"{head}\n    建议：{self.cure}" if self.cure else head
        blank = "".join(_blank(char) for char in self.source[: self.column - 1])
        shown = [
            f"{self.file}:{self.line}:{self.column} {self.level}：{self.text}",
            f"  {self.line:>5} | {self.source}",
            f"        | {blank}^",
        ]
        if self.cure:
            first, *rest = self.cure.split("\n")
            shown += [f"    建议：{first}", *(f"      {line}" for line in rest)]
        return "\n".join(shown)


class Mistakes(Exception):
    """A folder that cannot be used; all its mistakes at once, in the order of the files."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        super().__init__("\n\n".join(str(mistake) for mistake in self.mistakes))

    def __iter__(self) -> Iterator[Mistake]:
        return iter(self.mistakes)


def _blank(char: str) -> str:
    """As wide as ``char``, so that the caret stands under its column."""
    return "　" if unicodedata.east_asian_width(char) in "WFA" and ord(char) > 127 else " "
