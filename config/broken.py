"""What ruamel could not parse, in the words of a shop."""

import re

from config import lint
from config.explain import Found
from config.kinds import words
from config.reading import Place
from config.yaml_guard import BadYaml


def broken(error: BadYaml, lines: list[str]) -> Found:
    """ruamel's problem in the words of a shop."""
    if not error.text.isascii():
        return Found(error.at, error.text, error.cure)
    for number in (error.at.line, error.at.line - 1, error.began.line if error.began else 0):
        if 0 < number <= len(lines):
            if slip := lint.full_width_colon(lines[number - 1]):
                return Found(Place(number, slip.at.column), slip.text, slip.cure)
            if found := _needs_quotes(number, lines[number - 1]):
                return found
    number = min(error.at.line, len(lines))
    line = lines[number - 1]
    start = Place(number, len(line) - len(line.lstrip()) + 1)
    began = error.began or error.at
    if "quoted scalar" in error.text or "unexpected end of stream" in error.text:
        return Found(began, "引号没有配对", "在这段文字的结尾补上同样的引号")
    if "',' or" in error.text:
        return Found(began, "括号没有配对", "检查 [ ] 和 { } 是否成对，用的是不是英文括号")
    if "expected ':'" in error.text:
        return _no_colon(began, lines)
    if "cannot start any token" in error.text or "unknown escape" in error.text:
        return Found(error.at, "这里的符号会被误读", "把这段文字加上英文双引号")
    parent = f"。上一级从第 {error.began.line} 行开始" if error.began else ""
    cure = f"同一级的设置项左边要对齐；下一级比上一级多 2 个空格{parent}"
    return Found(start, "这一行的缩进和上面对不齐", cure)


_QUOTED = re.compile(r"""(?P<lead>\s*(?:- +)*[^\s:"']+: +)(?P<value>(["']).*\3\s*[^\s#,\]}].*)""")
_TWO_COLONS = re.compile(
    r"(?P<lead>\s*(?:- +)*[^\s:\"'{}\[\]#]+: +)(?P<value>[^\s\"'\[{|>].*?: .*)"
)


def _needs_quotes(number: int, line: str) -> Found | None:
    """标题: 回访: 满意吗, and 标题: "回访"客户"一下"."""
    if found := _QUOTED.fullmatch(line):
        bare = found["value"].strip()
        bare = bare[1:-1] if bare[0] == bare[-1] else bare
        bare = re.sub(r"""["']([^"']*)["']""", r"“\1”", bare)
        cure = f"里面的引号用中文的：{(found['lead'] + bare).strip().removeprefix('- ')}"
        return Found(Place(number, found.start("value") + 1), "引号后面还有文字", cure)
    if found := _TWO_COLONS.fullmatch(line):
        value = found["value"].replace("\\", "\\\\").replace('"', '\\"')
        cure = f'{found["lead"].strip().removeprefix("- ")} "{value.rstrip()}"'
        text = "文字里有英文冒号加空格，会被当成设置项，整段要加英文双引号"
        return Found(Place(number, found.start("value") + 1), text, cure)
    return None


def _no_colon(began: Place, lines: list[str]) -> Found:
    """状态 启用: the key that began and never got its colon."""
    line = lines[began.line - 1]
    start = Place(began.line, len(line) - len(line.lstrip(" -")) + 1)
    name, space, value = line.strip(" -").partition(" ")
    known = space and name in words()
    return Found(
        start,
        "这一行不是“设置项: 值”",
        f"{name}: {value.strip()}" if known else "补上英文冒号加一个空格",
    )
