"""What is checked the same way in every kind of file: names of steps, and texts for people."""

from collections.abc import Iterable, Iterator

from config.explain import Found
from config.guess import closest
from config.reading import Place, Text, Use
from config.variables import VARIABLES, placeholders

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


def text_mistakes(text: Text, lines: list[str]) -> Iterator[Found]:
    """Unknown variables, and more than WeCom takes in one message."""
    size = len(text.encode())
    if size > MAX_TEXT_BYTES:
        limit = f"企业微信群发文字最多 {MAX_TEXT_BYTES} 字节（约 1300 个汉字）"
        cure = f"删去约 {-(-(size - MAX_TEXT_BYTES) // 3) + 1} 个字，或改成图文/小程序素材"
        yield Found(text.at, f"文案太长：{size} 字节，{limit}", cure)
    for one in placeholders(text):
        if one.name in VARIABLES:
            continue
        near = closest(one.name, VARIABLES)
        guess = f"是不是想写“{{{near}}}”？" if near else ""
        listed = "、".join(f"{{{name}}}" for name in VARIABLES)
        wrong = f"不认识的变量“{one.written}”，客户会看到原样文字"
        yield Found(_inside(text, one.written, lines), wrong, f"{guess}可用：{listed}")


def _inside(text: Text, part: str, lines: list[str]) -> Place:
    """Where ``part`` stands, in a text that may have several lines."""
    for number in range(text.at.line, min(text.last_line, len(lines)) + 1):
        start = text.at.column - 1 if number == text.at.line else 0
        column = lines[number - 1].find(part, start)
        if column >= 0:
            return text.at._replace(line=number, column=column + 1)
    return text.at
