"""Slips of the pen that YAML itself would report in a language nobody in a shop speaks.

Works line by line before parsing, and heals what it reports, so that the mistakes behind it show
in the same run.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from config.guess import bound_phrase
from config.reading import Place

_KEY = re.compile(r"(?P<lead>\s*+(?:- ++)*+)(?P<key>[^\s:：#\"'\[\]{},|>&*!%@`-][^:：#\"'{}]*?)")
_FULL_WIDTH = re.compile(_KEY.pattern + r" ?：\s*(?P<value>.*)")
_NO_SPACE = re.compile(_KEY.pattern + r":(?P<value>[^\s/].*)")
_VALUE = re.compile(
    r"(?P<lead>\s*+(?:- ++)*+(?:[^\s:\"'{}\[\]#][^:\"'{}#]*: +)?)(?P<value>[@{`%].*)"
)
_BULLET = re.compile(
    r"(?P<lead> *)(?P<sign>[—–－•·●◦▪]+|[*+]|\d{1,2}[.、)）]|-(?=[^\s-])) *(?P<rest>\S.*)"
)
_EQUALS = re.compile(
    r"(?P<lead>\s*+(?:- ++)*+)(?P<key>[^\s=＝:：]+)\s*(?P<sign>[=＝])\s*(?P<value>\S.*)"
)
_BARE_KEY = re.compile(r"\s*+(?:- ++)*+(?P<key>[^\s:#\"'{}\[\]]+):\s*")
_GREATER = re.compile(
    r"(?P<lead>\s*+(?:- ++)*+[^\s:#\"'{}]+: +)(?P<value>>=? *\d+ *[次人条个篇天分]?)\s*"
)
_HASH_ITEM = re.compile(r"(?<=[\[,] )#(?=\S)|(?<=[\[,])#(?=\S)")
_UNSEEN = {
    "\u200b": "零宽空格",
    "\u2060": "零宽字符",
    "\ufeff": "字节顺序标记",
    "\u00a0": "不换行空格",
    "\u3000": "全角空格",
}
_BLANKS = "\u00a0\u3000"  # seen as a blank, but not by YAML
_ANY_UNSEEN = re.compile(f"[{_BLANKS}\u200b\u2060\ufeff]")
_BLOCK = re.compile(r"(?:: |- |^)[|>][-+\d]{0,2}\s*(?:#.*)?$")
_COMMENT = re.compile(r"(?<!\s)\s++#.*$")


@dataclass(frozen=True, slots=True)
class Slip:
    at: Place
    text: str
    cure: str


def lint(
    lines: list[str], known: Collection[str], enough: int = 100
) -> tuple[list[Slip], list[str]]:
    """The slips, and the lines as they were probably meant; ``known`` are the language's keys.

    Ends early when there are more than ``enough`` slips.
    """
    healed = list(lines)
    slips = _texts_without_indent(healed)
    for index in structure(healed):
        if len(slips) > enough:
            break
        for look in _LOOKS:
            found = look(healed[index], known)
            if found:
                column, text, cure, healed[index] = found
                slips.append(Slip(Place(index + 1, column), text, cure))
    return slips, healed


def full_width_colon(line: str) -> Slip | None:
    """For a line YAML could not read: a full-width colon after a word we do not know."""
    found = _full_width_colon(line, None)
    return Slip(Place(0, found[0]), found[1], found[2]) if found else None


def structure(lines: list[str]) -> Iterator[int]:
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
        if _BLOCK.search(lines[index]):  # which may have been healed meanwhile
            block_indent = len(line) - len(line.lstrip(" -"))


_Found = tuple[int, str, str, str]


def _tab(line: str, known: Collection[str] | None) -> _Found | None:
    lead = line[: len(line) - len(line.lstrip())]
    if "\t" not in lead:
        return _tab_within(line)
    healed = lead.replace("\t", "  " if lead.strip("\t") else "    ") + line.lstrip()
    cure = "删掉 Tab，换成 2 个空格（编辑器里可设“Tab 转空格”）"
    return lead.index("\t") + 1, "缩进用了 Tab 键，YAML 只认空格", cure, healed


def _tab_within(line: str) -> _Found | None:
    """Behind a colon, before a comment or at the end, where a blank was meant."""
    for found in re.finditer(r"[ \t]+", _quoted_away(line)):
        before, behind = line[: found.start()], line[found.end() :]
        if "\t" in found[0] and (before.endswith(":") or not behind or behind[0] == "#"):
            healed = before + ("  " if behind[:1] == "#" else " " if behind else "") + behind
            column = found.start() + found[0].index("\t") + 1
            cure = f"换成空格：{_bare(healed).strip()}"
            return column, "这里是 Tab 键，YAML 只认空格", cure, healed
    return None


def _unseen(line: str, known: Collection[str] | None) -> _Found | None:
    """Characters nobody sees where YAML wants a blank or nothing: indents, edges, behind colons."""
    if not _ANY_UNSEEN.search(line):
        return None
    lead = line[: len(line) - len(line.lstrip())]
    content, told = line.rstrip(), _bare(line)
    found = (
        re.search(rf"^[ \t]*([{_BLANKS}])", line)
        or re.search("([\u200b\u2060\ufeff])", told)
        or re.search(rf"^\s*+(?:- ++)*+[^\s:#\"']+:[ ]*([{_BLANKS}])", line)
        or re.search(rf"^[ ]*-[ ]*([{_BLANKS}])", line)
        or (re.compile(rf"([{_BLANKS}])").search(line, len(content)) if told == line else None)
    )
    if not found:
        return None
    healed = lead.replace("\u3000", "  ").replace("\u00a0", " ") + line.lstrip()
    healed = re.sub("[\u200b\u2060\ufeff]", "", healed)
    healed = re.sub(rf"(:|^ *-)[ {_BLANKS}]+", r"\1 ", healed).rstrip()
    text = f"这里有一个{_UNSEEN[found[1]]}，YAML 认不出来"
    cure = (
        "删掉它，需要空格就用英文输入法打"
        if found[1] in _BLANKS
        else "删掉它：把这一行重新输入一遍"
    )
    return found.start(1) + 1, text, cure, healed


def _bullet(line: str, known: Collection[str] | None) -> _Found | None:
    """-步骤: …, — 步骤: … and 1. 步骤: … for "- 步骤: …"."""
    found = _BULLET.fullmatch(line)
    if not found or line.startswith("---"):
        return None
    key, colon, _ = found["rest"].partition(":")
    if not colon or (known is not None and key.rstrip("：") not in known):
        return None
    what = (
        "“-”后面要空一格"
        if found["sign"] == "-"
        else f"列表的每一项前面写“- ”，不写“{found['sign']}”"
    )
    blanks = " " * max(1, found.start("rest") - found.start("sign") - 1)  # keys below stay aligned
    healed = f"{found['lead']}-{blanks}{found['rest']}"
    return len(found["lead"]) + 1, what, _bare(f"- {found['rest']}"), healed


def _equals(line: str, known: Collection[str] | None) -> _Found | None:
    found = _EQUALS.fullmatch(line)
    if not found or known is None or found["key"] not in known:
        return None
    fixed = f"{found['key']}: {found['value']}"
    return (
        found.start("sign") + 1,
        "设置项和值之间写英文冒号，不写等号",
        _bare(fixed),
        found["lead"] + fixed,
    )


def _greater_than(line: str, known: Collection[str] | None) -> _Found | None:
    """近7天下单: >=2 would begin a text in several lines."""
    found = _GREATER.fullmatch(line)
    meant = bound_phrase(found["value"]) if found else None
    if not found or not meant:
        return None
    text = f"看不懂数量“{found['value'].strip()}”"
    return found.start("value") + 1, text, f"数量写成文字：{meant}", f"{found['lead']}{meant}"


def _hash_in_list(line: str, known: Collection[str] | None) -> _Found | None:
    """[#员工, 同行] would end at the #."""
    found = _HASH_ITEM.search(_quoted_away(line))
    if not found or "[" not in line[: found.start()]:
        return None
    healed = _HASH_ITEM.sub("", line)
    cure = f"去掉“#”：{healed.strip().removeprefix('- ')}"
    return found.start() + 1, "“#”后面会被当成注释", cure, healed


def _quoted_away(line: str) -> str:
    return re.sub(r""""[^"]*"|'[^']*'""", lambda found: "x" * len(found[0]), line)


def _texts_without_indent(lines: list[str]) -> list[Slip]:
    """文案: | with its text at the left; 文案: with a text of several lines that begins with {."""
    slips: list[Slip] = []
    for index in structure(lines):
        key = lines[index]
        below = next((n for n in range(index + 1, len(lines)) if lines[n].strip()), None)
        if below is None:
            continue
        indent, deep = _indent(key), _indent(lines[below])
        name = key.strip(" -").partition(":")[0]
        if _BLOCK.search(key) and deep <= indent and not _looks_like_yaml(lines[below]):
            end = below
            while end < len(lines) and lines[end].strip() and not _looks_like_yaml(lines[end]):
                lines[end] = " " * (indent + 2) + lines[end].strip()
                end += 1
            text = f"“{name}: |”下面的文字没有缩进"
            cure = f"每一行前面空 {indent + 2} 格，比“{name}”多 2 格"
            slips.append(Slip(Place(below + 1, deep + 1), text, cure))
        elif _BARE_KEY.fullmatch(key) and deep > indent and _is_prose(lines[below].strip()):
            lines[index] = f"{key.rstrip()} |"
            column = len(key.rstrip())
            text = f"“{name}”的文字另起一行写时，冒号后面要写 |"
            slips.append(Slip(Place(index + 1, column), text, f"{name}: |"))
    return slips


def _indent(line: str) -> int:
    """Of the key, behind any dash."""
    return len(line) - len(line.lstrip(" -"))


def _looks_like_yaml(line: str) -> bool:
    bare = line.strip()
    return bare.startswith(("- ", "#", "---")) or bool(re.match(r"[^\s:{]+:(\s|$)", bare))


def _is_prose(line: str) -> bool:
    """A text that begins with {变量}: neither a block in one line nor a quoted text."""
    return line.startswith(("{", "@")) and not _is_block(line)


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


_LOOKS = (
    _unseen,
    _tab,
    _bullet,
    _full_width_colon,
    _equals,
    _missing_space,
    _greater_than,
    _hash_in_list,
    _needs_quotes,
)


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
