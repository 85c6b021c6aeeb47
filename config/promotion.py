"""Rewrite the file of an SOP so that one arm takes the place of its experiment.

What is outside the experiment stays byte for byte, and comments inside the arm move with it. Only
where steps were written in one line ({…}, […]) is the document written anew, by ruamel, which keeps
comments too.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from config.reading import Items, Map, Place, Text
from config.sop import Arm, Branch, Loop, Sop, Split, SplitArm, Step, WaitEvent
from config.yaml_guard import tree

_CHINESE = ("步骤", "曾用名", "分流试验", "名称", "方案", "则", "分支", "否则")
_ENGLISH = ("step", "formerly", "split", "name", "arms", "then", "branch", "else")
_BOM = "\ufeff"
_PLAIN = re.compile(r"[^\W\d_][\w（）—]*(?:-[\w（）—]+)*")


class NotThere(Exception):
    """No file holds this experiment, or the experiment has no such arm."""


class _OneLine(Exception):
    """Something on the way is not written as lines of their own."""


def promoted(files: Mapping[str, str], experiment: str, arm: str) -> dict[str, str]:
    """The files with the arm's steps instead of the experiment; raises NotThere."""
    for path, text in files.items():
        parts = _parts(text)
        for number, part in enumerate(parts):
            if "分流试验" not in part and "split" not in part:
                continue
            if found := _find(tree(part.removeprefix(_BOM))[0], experiment):
                mark = _BOM if part.startswith(_BOM) else ""
                parts[number] = mark + _rewritten(part.removeprefix(_BOM), found, arm)
                return {**files, path: "".join(parts)}
    raise NotThere(f"没有试验“{experiment}”")


def with_arm(sop: Sop, experiment: str, arm: str) -> Sop:
    """The same on the model: what the rewritten file must say."""
    return sop.model_copy(update={"steps": tuple(_steps(sop.steps, experiment, arm))})


# ---- on the model -------------------------------------------------------------------------------


def _steps(steps: tuple[Step, ...], experiment: str, arm: str) -> Iterator[Step]:
    for step in steps:
        last = step.actions[-1]
        if not isinstance(last, Split) or last.name != experiment:
            yield _deeper(step, experiment, arm)
            continue
        chosen = last.arm(arm)
        if chosen is None:
            raise NotThere(f"试验“{experiment}”没有方案“{arm}”")
        if _is_bare(step):
            first, *rest = chosen.then
            names = tuple(dict.fromkeys((*first.formerly, step.name, *step.formerly)))
            yield first.model_copy(update={"formerly": names})
            yield from rest
        else:
            only = Branch.model_validate({"do": "分支", "分支": [{"否则": chosen.then}]})
            yield step.model_copy(update={"actions": (*step.actions[:-1], only)})


def _is_bare(step: Step) -> bool:
    """Nothing but the experiment: no moment, no condition, no other action to keep."""
    written = {name for name in Step.model_fields if name in step.model_fields_set}
    return len(step.actions) == 1 and written <= {"name", "formerly", "actions"}


def _deeper(step: Step, experiment: str, arm: str) -> Step:
    def inside(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(_steps(steps, experiment, arm))

    last = step.actions[-1]
    change: dict[str, Any]
    match last:
        case WaitEvent():
            change = {"came": inside(last.came), "timed_out": inside(last.timed_out)}
        case Loop():
            change = {"steps": inside(last.steps)}
        case Branch():
            change = {"arms": tuple(_in_arm(one, inside) for one in last.arms)}
        case Split():
            change = {"arms": tuple(_in_way(one, inside) for one in last.arms)}
        case _:
            return step
    return step.model_copy(update={"actions": (*step.actions[:-1], last.model_copy(update=change))})


def _in_arm(arm: Arm, inside: Callable[[tuple[Step, ...]], tuple[Step, ...]]) -> Arm:
    return arm.model_copy(update={"then": inside(arm.then), "otherwise": inside(arm.otherwise)})


def _in_way(way: SplitArm, inside: Callable[[tuple[Step, ...]], tuple[Step, ...]]) -> SplitArm:
    return way.model_copy(update={"then": inside(way.then)})


# ---- in the tree --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """Where an experiment stands: the list, its step in it, and its words."""

    path: tuple[str | int, ...]  # from the root to the step
    step: Map
    split: Map
    words: tuple[str, ...]  # _CHINESE or _ENGLISH

    def word(self, chinese: str) -> str:
        return self.words[_CHINESE.index(chinese)]

    def then(self, arm: str) -> tuple[int, Map]:
        """The arm's place among the arms, and its block."""
        arms = self.split[self.word("方案")]
        name = "方案" if self.words is _CHINESE else "arm"
        for number, one in enumerate(arms):
            if one[name] == arm:
                return number, one
        raise NotThere(f"没有方案“{arm}”")

    @property
    def bare(self) -> bool:
        return set(self.step) <= {self.word("步骤"), self.word("曾用名"), self.word("分流试验")}


def _find(node: Any, experiment: str, path: tuple[str | int, ...] = ()) -> _Found | None:
    if isinstance(node, Map):
        for words in (_CHINESE, _ENGLISH):
            split = node.get(words[2])
            if isinstance(split, Map) and split.get(words[3]) == experiment:
                return _Found(path, node, split, words)
        inside: Any = node.items()
    elif isinstance(node, Items):
        inside = enumerate(node)
    else:
        return None
    for key, value in inside:
        if found := _find(value, experiment, (*path, key)):
            return found
    return None


def _parts(text: str) -> list[str]:
    """The documents of a file with what stands between them; together they are the text."""
    parts, lines = [""], text.splitlines(keepends=True)
    for line in lines:
        if line.rstrip() == "---":
            parts += [line, ""]
        else:
            parts[-1] += line
    return parts


def _rewritten(part: str, found: _Found, arm: str) -> str:
    try:
        return _in_lines(part, found, arm)
    except _OneLine:
        return _anew(part, found, arm)


# ---- line by line -------------------------------------------------------------------------------


def _in_lines(part: str, found: _Found, arm: str) -> str:
    lines = part.split("\n")
    _, block = found.then(arm)
    then = found.word("则")
    last = block[then][-1]
    body = lines[block.keys_at[then].line : _end(lines, last.at.line, _dash(lines, last))]
    written = _dash(lines, block[then][0])
    names = [found.step[found.word("步骤")], *_list(found.step.get(found.word("曾用名")))]
    if found.bare:
        start, column = found.step.at.line - 1, _dash(lines, found.step)
        end = _end(lines, start + 1, column)
        offset = block.keys_at[then].line
        body = _with_names(body, block[then][0], offset, found, names)
        return "\n".join([*lines[:start], *_moved(body, column - written), *lines[end:]])
    if lines[found.step.at.line - 1][found.step.at.column - 1] == "{":
        raise _OneLine
    key = found.step.keys_at[found.word("分流试验")]
    start, column = key.line - 1, key.column - 1
    end = _end(lines, key.line, column)
    pad, ending = " " * column, "\r" if lines[start].endswith("\r") else ""
    head = [f"{pad}{found.word('分支')}:{ending}", f"{pad}  - {found.word('否则')}:{ending}"]
    return "\n".join([*lines[:start], *head, *_moved(body, column + 6 - written), *lines[end:]])


def _dash(lines: list[str], item: Any) -> int:
    """The column of an item's dash; raises _OneLine when it has none on its line."""
    if not isinstance(item, Map):
        raise _OneLine
    before = re.fullmatch(r"( *)- +", lines[item.at.line - 1][: item.at.column - 1])
    if before is None:
        raise _OneLine
    return len(before[1])


def _end(lines: list[str], after: int, column: int) -> int:
    """How many lines are up to the end of what begins on line ``after`` at ``column``.

    Comments below it that are not indented deeper belong to what follows.
    """
    end = after
    for number in range(after, len(lines)):
        line = lines[number].strip()
        indent = len(lines[number]) - len(lines[number].lstrip())
        if indent > column and line:
            end = number + 1
        elif line and not line.startswith("#"):
            break
    return end


def _moved(body: list[str], by: int) -> list[str]:
    if by >= 0:
        return [" " * by + line if line.strip() else line for line in body]
    return [line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in body]


def _with_names(
    body: list[str], step: Map, offset: int, found: _Found, names: list[str]
) -> list[str]:
    """The arm's lines, in whose first step the experiment's step lives on as 曾用名."""
    formerly, name = found.word("曾用名"), found.word("步骤")
    names = list(dict.fromkeys([*_list(step.get(formerly)), *names]))
    words = f"{formerly}: {_written(names)}"
    first = step.at.line - 1 - offset
    if body[first][step.at.column - 1] == "{":
        if formerly in step:
            raise _OneLine
        column = step.at.column
        line = f"{body[first][:column]}{words}, {body[first][column:]}"
        return [*body[:first], line, *body[first + 1 :]]
    place = step.keys_at.get(formerly)
    start, end = _lines_of(body, place, offset) if place else (0, 0)
    if not place:
        value = step[name]
        start = end = (value.last_line if isinstance(value, Text) else step.at.line) - offset
    pad = " " * (step.at.column - 1)
    if place and place == step.at:
        raise _OneLine  # 曾用名 stands behind the dash
    ending = "\r" if body[first].endswith("\r") else ""
    return [*body[:start], f"{pad}{words}{ending}", *body[end:]]


def _lines_of(body: list[str], key: Place, offset: int) -> tuple[int, int]:
    start = key.line - 1 - offset
    return start, max(start + 1, _end(body, start + 1, key.column - 1))


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _written(names: list[str]) -> str:
    quoted = [n if _PLAIN.fullmatch(n) else json.dumps(n, ensure_ascii=False) for n in names]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


# ---- by ruamel ----------------------------------------------------------------------------------


def _anew(part: str, found: _Found, arm: str) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    root = yaml.load(part)
    *above, last = found.path
    index = int(last)
    siblings = root
    for key in above:
        siblings = siblings[key]
    step = siblings[index]
    number, _ = found.then(arm)
    steps: list[Any] = list(
        step[found.word("分流试验")][found.word("方案")][number][found.word("则")]
    )
    if found.bare:
        formerly = found.word("曾用名")
        names = [step[found.word("步骤")], *_list(step.get(formerly))]
        names = list(dict.fromkeys([*_list(steps[0].get(formerly)), *names]))
        steps[0].pop(formerly, None)
        steps[0].insert(1, formerly, names[0] if len(names) == 1 else names)
        siblings[index : index + 1] = steps
    else:
        place = list(step).index(found.word("分流试验"))
        del step[found.word("分流试验")]
        step.insert(place, found.word("分支"), [{found.word("否则"): steps}])
    out = StringIO()
    yaml.dump(root, out)
    return out.getvalue()
