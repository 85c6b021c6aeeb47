"""What is checked the same way in every kind of file: names of steps, and texts for people."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from config.explain import Found
from config.guess import closest, named_alike
from config.reading import Place, Text, Use
from config.variables import Variable, placeholders

MOST_LISTED = 8
_OTHER_BRACES = re.compile(
    r"｛([^｛｝\n]*)｝|\$\{([^{}\n]*)\}|\{\{([^{}\n]*)\}\}|[\[【<《]([^\[\]【】<>《》{}\n]*)[\]】>》]"
)
MAX_TEXT_BYTES = 4000  # of one message, says WeCom's add_msg_template


def step_names(uses: Iterable[Use]) -> Iterator[Found]:
    """Names given twice in one SOP, and results asked of steps that have none."""
    first: dict[str, Use] = {}
    for use in uses:
        if use.kind != "步骤名":
            continue
        if use.name in first:
            text = f"步骤名“{use.name}”重复了（第 {first[use.name].at.line} 行已用过）"
            yield Found(use.at, text, f"改个名字，例如“{use.name}2”")
        first.setdefault(use.name, use)


def text_mistakes(
    text: Text, lines: list[str], known: Mapping[str, Variable] | None
) -> Iterator[Found]:
    """Unknown variables (``known`` None: nobody can tell), and more than WeCom takes at once."""
    size = len(text.encode())
    if size > MAX_TEXT_BYTES:
        limit = f"企业微信群发文字最多 {MAX_TEXT_BYTES} 字节（约 1300 个汉字）"
        cure = f"删去约 {-(-(size - MAX_TEXT_BYTES) // 3) + 1} 个字，或改成图文/小程序素材"
        yield Found(text.at, f"文案太长：{size} 字节，{limit}", cure)
    yield from _other_braces(text, lines, known or {})
    for one in placeholders(text) if known is not None else ():
        if known is None or one.name in known:
            continue
        near = named_alike(one.name, known) or closest(one.name, known)
        guess = f"是不是想写“{{{near}}}”？" if near else ""
        listed = "、".join(f"{{{name}}}" for name in islice(known, MOST_LISTED))
        listed += "…" if len(known) > MOST_LISTED else ""
        wrong = f"不认识的变量“{one.written}”，客户会看到原样文字"
        yield Found(inside(text, one.written, lines), wrong, f"{guess}可用：{listed}")


def hidden_by_hash(text: Text, lines: list[str]) -> Found | None:
    """领券 #双11 without quotes: YAML takes what is behind the # for a comment."""
    if not text.plain or text.at.line != text.last_line:
        return None
    behind = lines[text.at.line - 1][text.at.column - 1 + len(text) :]
    if found := re.match(r"\s+(#[^\s#].*)$", behind):
        cure = f'文字里的就加英文双引号："{text} {found[1].strip()}"；注释就在“#”后面空一格'
        wrong = f"“{found[1].strip()}”会被当成注释，不会发出去"
        return Found(
            text.at._replace(column=text.at.column + len(text) + found.start(1)), wrong, cure
        )
    return None


def _other_braces(text: Text, lines: list[str], known: Mapping[str, Variable]) -> Iterator[Found]:
    """｛门店名｝, {{门店名}}, ${门店名} and [门店名] of other systems."""
    for found in _OTHER_BRACES.finditer(text):
        name = next(name for name in found.groups() if name is not None).strip()
        if found[0][0] in "[【<《" and name not in known:
            continue  # words in brackets
        at = inside(text, found[0], lines)
        yield Found(at, f"“{found[0]}”不是变量的写法，客户会看到原样文字", f"写成 {{{name}}}")


def inside(text: Text, part: str, lines: list[str]) -> Place:
    """Where ``part`` stands, in a text that may have several lines."""
    for number in range(text.at.line, min(text.last_line, len(lines)) + 1):
        start = text.at.column - 1 if number == text.at.line else 0
        column = lines[number - 1].find(part, start)
        if column >= 0:
            return text.at._replace(line=number, column=column + 1)
    return text.at
