"""docs/sop-language.md, out of the models: `python -m config.reference` writes it.

Every kind, key, trigger, condition, phrase and variable; a test fails when the page is stale.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from config import phrasebook, vocabulary
from config.conditions import LONGEST_LOOK_BACK_DAYS, MOST_COUNTED
from config.grammar import documents, entries_of, keys_of
from config.kinds import KINDS
from config.reading import Strict
from config.shapes import (
    Block,
    Either,
    Fixed,
    Key,
    Many,
    Name,
    OneKey,
    Plain,
    Shape,
    Spelt,
    Table,
)
from config.spelling import Phrase, PhraseTable
from config.steps import ACTIONS, Step
from config.themes import ThemePicker
from config.triggers import TRIGGERS
from config.variables import VARIABLES

PAGE: Final = Path(__file__).parents[1] / "docs" / "sop-language.md"
_HEAD = "\n".join(
    (
        "# SOP 语言",
        "",
        "这一页由 `python -m config.reference` 从读取 YAML 的代码生成，请不要直接改。"
        "怎样开始写，看 [README](../README.zh-CN.md)。",
        "",
        "- 一个文件夹里放 `.yaml` 文件；一个文件可以有几段，段和段之间写一行 `---`，"
        "每一段的第一行说明这是什么。",
        "- 设置项有中英文两种写法，一一对应，一个文件用一种；"
        "`qunce fmt --lang en` 和 `--lang zh` 互相转换，注释都留着。",
        "- 文字以 `{`、`@` 开头，或者里面有英文冒号加空格、空格加 `#`，要加英文双引号。"
        "`10:00`、`是`、`on` 都是文字，不用加。",
        "- `qunce check` 一次列出所有错误和该怎么写；`qunce schema --editor vscode` "
        "让编辑器补全下面的每一项和文件夹里登记的名字。",
    )
)
_KIND_SAYS: Final = {
    "SOP": "谁在什么时候进入、一步一步做什么、什么时候退出。",
    "主题群": "一个主题和它的群；写了“选择”就是分流器：按条件选一个主题。",
    "团队": "门店、角色和员工。",
    "标签": "企业微信里的标签组和标签；文件夹里用到的都要登记。",
    "素材": "能发的内容。",
    "栏目": "轮着发的一串素材，同一个群不重复。",
    "渠道": "客户从哪里加的好友。",
    "规则": "对所有 SOP 都有效的规则，只写一份。",
    "KOC体系": "客户做的事怎样计分，多少分算哪个阶段；分数和阶段先由业务系统传来。",
    "打法": "群里出现什么信号就派什么任务；这一版只读取和检查。",
    "激励": "系统核实的工作给多少分；这一版只读取和检查。",
    "培训": "学什么、答什么题；这一版只读取和检查。",
    "问卷": "客户在答题页上答的题；文案里的变量“答题页”是它的链接。",
    "项目": "几个人按先后做成一件事；这一版只读取和检查。",
    "测试": "写在 SOP 旁边的用例，`qunce test` 运行。",
}


def page() -> str:
    """The whole page."""
    parts = [_HEAD, *_kinds(), *_triggers(), *_conditions(), *_phrases(), *_variables()]
    return "\n".join(parts).rstrip() + "\n"


def _kinds() -> Iterator[str]:
    rows = [
        (f"`{kind}`", f"`{_english(kind)}`", _KIND_SAYS[kind].replace("|", "\\|"))
        for kind in documents()
    ]
    yield "\n## 有哪些段\n"
    yield from _table(("第一行", "英文", "是什么"), rows)
    told: set[type[Strict]] = set()
    for kind, models in documents().items():
        yield f"\n## {kind}\n\n{_KIND_SAYS[kind]}"
        for model in models:
            if len(models) > 1:
                yield f"\n### {_heading(model)}"
            yield from _block(model, told)
        yield from _nested(models, told)


def _english(kind: str) -> str:
    return [name for name, known in KINDS.items() if known == kind][-1]


def _heading(model: type[Strict]) -> str:
    if model is ThemePicker:
        return "分流器"
    first = (model.__doc__ or "").split(":")[0].split(".")[0].strip()
    return first if first and not first.isascii() and len(first) < 12 else model.block


def _nested(models: Iterable[type[Strict]], told: set[type[Strict]]) -> Iterator[str]:
    """The blocks inside, each once, below what they are written in."""
    waiting = [inner for model in models for inner in _inside(model)]
    while waiting:
        model = waiting.pop(0)
        if model in told:
            continue
        yield f"\n### {model.block}"
        yield from _block(model, told)
        waiting = [*_inside(model), *waiting]


def _inside(model: type[Strict]) -> Iterator[type[Strict]]:
    for key in keys_of(model):
        yield from _blocks(key.shape)


def _blocks(shape: Shape) -> Iterator[type[Strict]]:
    match shape:
        case Block(model):
            yield model
        case Many(item=item):
            yield from _blocks(item)
        case Table(values=values):
            yield from _blocks(values)
        case Either(options):
            for option in options:
                yield from _blocks(option)
        case OneKey("发生" | "发生的事" as name):
            for entry in entries_of(name):
                if not isinstance(entry.value, Either):
                    yield from _blocks(entry.value)


def _block(model: type[Strict], told: set[type[Strict]]) -> Iterator[str]:
    told.add(model)
    yield ""
    rows = [(*_names(key), _written(key.shape), _needed(key), key.says) for key in keys_of(model)]
    yield from _table(("设置项", "英文", "写什么", "不写时", "含义"), rows)
    if model is Step:
        actions = "、".join(f"`{action}`" for action in ACTIONS)
        yield f"\n一步里可以写几个动作（{actions}），从上往下做。"
    for one_key in dict.fromkeys(_one_keys(model)):
        if one_key in ("完成依据", "信号", "还需要", "发生", "期望"):
            yield from _entries(one_key)


def _one_keys(model: type[Strict]) -> Iterator[str]:
    for key in keys_of(model):
        yield from _names_of_one_keys(key.shape)


def _names_of_one_keys(shape: Shape) -> Iterator[str]:
    match shape:
        case OneKey(name):
            yield name
        case Many(item=item):
            yield from _names_of_one_keys(item)
        case Either(options):
            for option in options:
                yield from _names_of_one_keys(option)


def _entries(name: str) -> Iterator[str]:
    rows = [
        (
            _example(entry.key),
            _english_example(entry.key),
            _written(entry.value),
            entry.says or entry.key.spellings[0].says,
        )
        for entry in entries_of(name)
    ]
    yield f"\n“{name}”的每一项写一个："
    yield ""
    yield from _table(("写法", "英文", "后面写", "含义"), rows)


def _names(key: Key) -> tuple[str, str]:
    return f"`{key.chinese}`", f"`{key.english}`"


def _needed(key: Key) -> str:
    if key.required:
        return "**必填**"
    return f"`{key.default}`" if key.default else "–"


def _written(shape: Shape) -> str:
    """What stands behind a key, in a few words."""
    match shape:
        case Fixed(words):
            return " · ".join(_word(chinese, english) for chinese, english in words)
        case Name(kind):
            return _OTHER_NAMES.get(kind, f"{kind}的名字")
        case Spelt(phrase):
            return f"{phrase.name}，如 `{phrase.examples('zh')[-1]}`"
        case Plain(kind):
            return {
                "文字": "文字",
                "数字": "整数",
                "日期": "日期，如 `2026-10-01`",
                "不写": "（不写）",
            }[kind]
        case Many(item=item, alone=alone):
            return f"{_written(item)}；{'一个或列表' if alone else '列表'}"
        case Table(keys, values):
            return f"{_written(keys)}: {_written(values)}"
        case PhraseTable(keys, values):
            return f"`{{{keys.examples('zh')[-1]}: {values.examples('zh')[0]}}}`"
        case Block(model):
            return f"下面写“{model.block}”的设置项"
        case OneKey(name):
            return f"见“{name}”"
        case Either(options):
            each = dict.fromkeys(_written(option) for option in options)
            return "接收人" if "接收人" in each else "，或 ".join(each)


_OTHER_NAMES: Final = {
    "步骤名": "文字",
    "试验名": "文字",
    "任务步骤": "步骤的名字",
    "用例步骤": "步骤的名字",
    "任务结果": "按钮，或 `完成` `逾期` `取消`",
    "用例按钮": "按钮",
    "项目节点": "节点的名字",
    "店长": "员工的名字",
    "文件": "文件的位置",
    "接收人": "接收人",
    "接收人或部门": "接收人",
    "核实的事": "文字",
}


def _word(chinese: str, english: str) -> str:
    return f"`{chinese}`" if chinese == english else f"`{chinese}` (`{english}`)"


def _triggers() -> Iterator[str]:
    english = {chinese: spelling for spelling, chinese in TRIGGERS.pairs}
    yield "\n## 触发：当\n"
    yield "只认企业微信、我们自己的页面和卡片、业务系统看得到的事。"
    yield ""
    rows = [
        (f"`{kind}`", f"`{english.get(kind, 'daily 09:00 audience')}`", says, source, delay)
        for kind, (says, source, delay) in vocabulary.TRIGGERS.items()
    ]
    yield from _table(("当", "英文", "什么时候", "从哪里知道", "晚多少"), rows)


def _conditions() -> Iterator[str]:
    yield "\n## 条件\n"
    yield (
        "写在“条件”“如果”里，是一个列表，每一项写一个，都满足才算满足；任一、都不 里面再写列表。"
        f"近N天 最多 {LONGEST_LOOK_BACK_DAYS} 天，次数最多数到 {MOST_COUNTED}。"
    )
    yield ""
    says = {item.key: (item.says, item.source, item.delay) for item in vocabulary.CONDITIONS}
    rows = [
        (
            _example(entry.key),
            _english_example(entry.key),
            _written(entry.value),
            *says[entry.key],
        )
        for entry in entries_of("条件")
    ]
    yield from _table(("条件", "英文", "后面写", "含义", "从哪里知道", "晚多少"), rows)
    told: set[type[Strict]] = set()
    for entry in entries_of("条件"):
        for model in _blocks(entry.value):
            if model not in told:
                yield (
                    f"\n### {model.block}（条件）"
                    if model.block != "标签条件"
                    else "\n### 谁打的标签"
                )
                yield from _block(model, told)


def _phrases() -> Iterator[str]:
    yield "\n## 时间、时长和别的写法\n"
    yield "时间一律是“规则”里的时区；钟点写 24 小时制，`24:00` 写成第二天的 `00:00`。"
    found = (value for value in vars(phrasebook).values() if isinstance(value, Phrase))
    for phrase in found:
        if phrase in (phrasebook.RECURRING, phrasebook.MOMENT):
            continue
        yield f"\n### {phrase.name}\n"
        told = [s for s in phrase.spellings if s.says] or list(phrase.spellings)
        rows = [(f"`{s.example}`", f"`{s.english_example}`", s.says) for s in told]
        yield from _table(("例子", "英文", "含义"), rows)


def _variables() -> Iterator[str]:
    yield "\n## 变量\n"
    yield (
        "写在给人看的文字里：`{客户昵称}`，没有值时用竖线后面的：`{客户昵称|您}`。"
        "除了下面这些，每个标签组和“客户属性”也是变量。"
        "“每人不同”的变量用在 发给客户 里，会变成一位客户一条群发。"
    )
    yield ""
    rows = [
        (f"`{{{name}}}`", variable.says, "是" if variable.per_customer else "–")
        for name, variable in VARIABLES.items()
    ]
    yield from _table(("变量", "是什么", "每人不同"), rows)


def _example(phrase: Phrase) -> str:
    return " · ".join(f"`{example}`" for example in phrase.examples("zh")[:2])


def _english_example(phrase: Phrase) -> str:
    return " · ".join(f"`{example}`" for example in phrase.examples("en")[:2])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
