"""Slips of the pen that YAML itself would report in a language nobody in a shop speaks.

Works line by line before parsing, and heals what it reports, so that the mistakes behind it show
in the same run.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from config.reading import Place

_KEY = re.compile(r"(?P<lead>\s*(?:- +)*)(?P<key>[^\s:：#\"'\[\]{},|>&*!%@`-][^:：#\"'{}]*?)")
_FULL_WIDTH = re.compile(_KEY.pattern + r" ?：\s*(?P<value>.*)")
_NO_SPACE = re.compile(_KEY.pattern + r":(?P<value>[^\s/].*)")
_VALUE = re.compile(r"(?P<lead>\s*(?:- +)*(?:[^\s:\"'{}\[\]#][^:\"'{}#]*: +)?)(?P<value>[@{`%].*)")
_BLOCK = re.compile(r"(?:: |- |^)[|>][-+\d]{0,2}\s*(?:#.*)?$")
_COMMENT = re.compile(r"\s+#.*$")


@dataclass(frozen=True, slots=True)
class Slip:
    at: Place
    text: str
    cure: str


def lint(lines: list[str], known: Collection[str]) -> tuple[list[Slip], list[str]]:
    """The slips, and the lines as they were probably meant; ``known`` are the language's keys."""
    slips: list[Slip] = []
    healed = list(lines)
    for index in _structure(lines):
        for look in (_tab, _full_width_colon, _missing_space, _needs_quotes):
            found = look(healed[index], known)
            if found:
                column, text, cure, healed[index] = found
                slips.append(Slip(Place(index + 1, column), text, cure))
    return slips, healed


def full_width_colon(line: str) -> Slip | None:
    """For a line YAML could not read: a full-width colon after a word we do not know."""
    found = _full_width_colon(line, None)
    return Slip(Place(0, found[0]), found[1], found[2]) if found else None


def _structure(lines: list[str]) -> Iterator[int]:
    """The lines that are not comments, not empty and not inside a text block."""
    block_indent: int | None = None
    for index, line in enumerate(lines):
        bare = line.strip()
        indent = len(line) - len(line.lstrip())
        if block_indent is not None:
            if not bare or indent > block_indent:
                continue
            block_indent = None
        if not bare or bare.startswith("#"):
            continue
        yield index
        if _BLOCK.search(line):
            block_indent = len(line) - len(line.lstrip(" -"))


_Found = tuple[int, str, str, str]


def _tab(line: str, known: Collection[str] | None) -> _Found | None:
    lead = line[: len(line) - len(line.lstrip())]
    if "\t" not in lead:
        return None
    healed = lead.replace("\t", "  " if lead.strip("\t") else "    ") + line.lstrip()
    cure = "删掉 Tab，换成 2 个空格（编辑器里可设“Tab 转空格”）"
    return lead.index("\t") + 1, "缩进用了 Tab 键，YAML 只认空格", cure, healed


def _full_width_colon(line: str, known: Collection[str] | None) -> _Found | None:
    found = _FULL_WIDTH.fullmatch(line)
    if not found or (known is not None and found["key"] not in known):
        return None
    column = found.end("key") + line[found.end("key") :].index("：") + 1
    fixed = f"{found['key']}: {found['value']}".rstrip()
    text = "这里用了中文冒号“：”，系统认不出这是一个设置项"
    return column, text, f"改成英文冒号加一个空格：{_bare(fixed)}", found["lead"] + fixed


def _missing_space(line: str, known: Collection[str] | None) -> _Found | None:
    found = _NO_SPACE.fullmatch(line)
    if not found or (known is not None and found["key"] not in known):
        return None
    fixed = f"{found['key']}: {found['value']}"
    return found.end("key") + 2, "冒号后面要空一格", _bare(fixed), found["lead"] + fixed


def _needs_quotes(line: str, known: Collection[str] | None) -> _Found | None:
    found = _VALUE.fullmatch(line)
    if not found or _is_block(found["value"]):
        return None
    comment = _COMMENT.search(found["value"])
    value = found["value"][: comment.start()] if comment else found["value"]
    quoted = value.rstrip().replace("\\", "\\\\").replace('"', '\\"')
    fixed = f'{found["lead"]}"{quoted}"'
    column = len(found["lead"]) + 1
    text = f"以“{value[0]}”开头的文字必须加英文双引号"
    return column, text, fixed.strip().removeprefix("- "), fixed


def _is_block(value: str) -> bool:
    """{每天: 1条} is a block in one line; {客户昵称} and {客户昵称} 您好 are texts."""
    if not value.startswith("{"):
        return False
    inner, closed, behind = value[1:].partition("}")
    if not closed or "{" in inner:
        return True
    return ":" in inner and not _COMMENT.sub("", f" {behind}").strip(" ]},")


def _bare(text: str) -> str:
    return _COMMENT.sub("", text)
