"""Lines of YAML: two spaces, quotes only where they are needed."""

import json
import re
from collections.abc import Iterable

_SAFE = r"[\w（）《》【】“”‘’、，。！？；…·—～+./%-]+"
#: Words and addresses that stand for themselves: no sign YAML or our checker looks at.
_PLAIN = re.compile(rf"{_SAFE}(?: {_SAFE})*|https?://[\w.~/%?=+&-]+")
_SPECIAL = re.compile(r"(?:null|true|false|yes|no|on|off|[-+.]?\d[\d.,_:eE+-]*|[-.%—·+/].*)", re.I)


class Lines:
    """Lines of a file, each with its depth."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, depth: int, line: str) -> None:
        self._lines.append("  " * depth + line if line else "")

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def quoted(text: str) -> str:
    """In quotes when it would not be read as it stands."""
    if _PLAIN.fullmatch(text) and not _SPECIAL.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def listed(texts: Iterable[str]) -> str:
    """[甲, 乙]; a comma inside one of them is quoted."""
    return f"[{', '.join(quoted(text) for text in texts)}]"


def texted(key: str, text: str, depth: int, lines: Lines) -> None:
    """A text of one line beside its key, a longer one as a block below it."""
    if "\n" not in text:
        lines.add(depth, f"{key}: {quoted(text)}")
        return
    lines.add(depth, f"{key}: |")
    for line in text.split("\n"):
        lines.add(depth + 1, line.rstrip())
