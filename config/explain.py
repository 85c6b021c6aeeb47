"""What pydantic found, said in Chinese at the place where it was written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from config import newcomers
from config.guess import closest, date_phrase, did_you_mean
from config.reading import Items, Map, Place, Reading, Text, Unknown

#: What the design knows and this version does not: what to do instead.
LATER = {
    "跳到": "用“分支”：要走的步骤写在“则”里，不要走的不写",
    "优先级": "先删掉；同一天撞上时，先到的先发，其余按频控顺延",
    "频控": "先删掉；频控写在“全局规则”里，对所有 SOP 有效",
    "放行条件": "用“如果”，或用“等事件”等到条件发生",
}

_EXAMPLES = {
    "进入": "进入:\n  当: 添加好友",
    "步骤": "步骤:\n  - 步骤: 第一步\n    何时: 立即",
    "完成依据": "完成依据:\n  - 按钮: 已完成",
    "对象": "对象: 客户",
    "负责人": "负责人: 姓名",
    "当": "当: 添加好友",
    "期限": "期限: 1个工作日",
    "给": "给: 跟进人",
    "标题": "标题: 要做的事",
    "由": "由: 跟进人（发到群写 由: 群主）",
    "群": "群: {名称包含: 0-6月龄}",
    "顺序": "顺序: [第一篇素材, 第二篇素材]",
    "占比": "占比: 50%",
    "看什么": "看什么: 7天内下单率",
    "观察期": "观察期: 7天",
    "升到": "升到: 20分",
    "现在": "现在: 2026-11-21 21:50",
    "发生": "发生: [添加好友, {3天后: 下单}]",
    "期望": "期望:\n  - 到: 2026-11-30 00:00\n    有: [步骤名]",
}
#: What a block looks like, for those who wrote a text in its place.
_BLOCKS = {
    "进入": "进入:\n  当: 添加好友",
    "退出": "退出:\n  - 当: 下单",
    "人员": "人员:\n  王芳: wangfang",
    "角色": "角色:\n  私域主管: [王芳]",
    "标签": "标签:\n  管理: [勿扰, 员工]",
    "免打扰": "免打扰:\n  客户: 21:30-08:30",
    "频控": "频控:\n  每位客户: {每天: 1条}",
    "群": "群: {名称包含: 0-6月龄}",
    "结果打标签": "结果打标签:\n  很满意: 新客-满意",
    "日历": "日历:\n  遇非工作日: 顺延",
    "客户属性": "客户属性:\n  预产期: 日期",
}
#: (block, missing key) → what to say instead of 缺少必填项.
_MISSING = {
    ("等事件", "最多等"): (
        "“等事件”没写“最多等”，客户可能永远停在这一步",
        "加上：最多等: 3天，并写清“超时”以后怎么办",
    ),
    ("派任务", "完成依据"): ("任务没写“完成依据”，系统不知道怎样算做完", None),
    ("发朋友圈", "由"): (
        "“发朋友圈”没写由谁来发",
        "加上：由: 群主，或店长、角色/名称、部门/门店、员工姓名",
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A mistake without its file."""

    at: Place
    text: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where an error's path leads in what was written."""

    key: str
    key_at: Place
    value: Any
    value_at: Place


def explain(
    error: ErrorDetails, root: Map, aliases: Mapping[str, Sequence[str]], notes: Reading
) -> Found | None:
    """``aliases``: a key in one language → its spellings in the other.

    None when another mistake, already noted, is the reason: a misspelt key is also a missing one.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        spot = _walk(error["loc"][:-1], root, aliases)
        name = str(error["loc"][-1])
        return None if _misspelt(name, spot, notes) else _missing(name, spot)
    spot = _walk(error["loc"], root, aliases)
    if kind == "refused":
        if "没写" in context["text"] and _misspelt("", spot, notes):
            return None
        if context["at"]:
            return Found(context["at"], str(context["text"]), str(context["cure"]))
        at = spot.value_at if isinstance(spot.value, Text) else spot.key_at
        if isinstance(spot.value, Map):
            names = (context["key"], *aliases.get(context["key"], ()))
            at = next((spot.value.keys_at[n] for n in names if n in spot.value.keys_at), at)
        return Found(at, str(context["text"]), str(context["cure"]))
    if spot.value is None:
        return None if spot.key_at in notes.empty else empty(spot.key, spot.key_at)
    if kind == "too_short":
        return _too_few(spot, context)
    if kind == "literal_error":
        return _not_one_of(spot, str(context["expected"]))
    return Found(spot.value_at, *_ordinary(kind, spot, context))


def _too_few(spot: _Spot, context: Mapping[str, Any]) -> Found | None:
    """None when enough is written, and what is wrong with each is told anyway."""
    written = len(spot.value) if isinstance(spot.value, list | dict) else 1
    least = int(context["min_length"])
    if isinstance(spot.value, Items | Text) and not spot.value:
        return Found(spot.value_at, *_ordinary("too_short", spot, context))
    if written >= least:
        return None
    return Found(spot.key_at, f"“{spot.key}”至少要 {least} 项", "再加一项，或者换一种写法")


def empty(name: str, at: Place, line: str = "") -> Found:
    """``line``: as written, to see what a # has hidden."""
    if hidden := re.match(r"\s*[^\s#]+: +(#\S.*)", line):
        text = f"“{name}”后面以“#”开头，会被当成注释"
        return Found(at, text, f'文字要加英文双引号：{name}: "{hidden[1].rstrip()}"')
    return Found(at, f"“{name}”后面没有写内容", f"写成 {name}: 内容，或删掉这一行")


def _misspelt(name: str, spot: _Spot, notes: Reading) -> bool:
    """An unknown key in the same block was probably meant to be ``name`` (or anything)."""
    block_at = getattr(spot.value, "at", None)
    return any(
        unknown.block_at == block_at and (not name or _meant(unknown, name))
        for unknown in notes.unknown
    )


def _meant(unknown: Unknown, name: str) -> bool:
    called = newcomers.KEYS.get(unknown.key, ())
    english = dict(zip(unknown.known_english, unknown.known, strict=True))
    options = unknown.known_english if unknown.key.isascii() else unknown.known
    near = closest(unknown.key, options)
    return name in called or (near is not None and english.get(near, near) == name)


def unknown_key(unknown: Unknown) -> Found:
    if unknown.key in LATER:
        text = f"这一版还不支持“{unknown.key}”"
        return Found(unknown.at, text, LATER[unknown.key])
    options = unknown.known_english if unknown.key.isascii() else unknown.known
    called = next((key for key in newcomers.KEYS.get(unknown.key, ()) if key in options), None)
    cure = did_you_mean(called or closest(unknown.key, options))
    text = f"{unknown.where}里不认识“{unknown.key}”"
    return Found(unknown.at, text, cure or f"可以写：{'、'.join(options)}")


def _missing(name: str, spot: _Spot) -> Found:
    default_cure = f"加上：\n{_EXAMPLES[name]}" if name in _EXAMPLES else f"加上：{name}: …"
    if special := _MISSING.get((_chinese(spot.key), name)):
        text, cure = special
        return Found(spot.key_at, text, cure or default_cure)
    return Found(spot.key_at, f"缺少必填项“{name}”", default_cure)


def _chinese(name: str) -> str:
    english = {"wait_for": "等事件", "give_task": "派任务", "post_moment": "发朋友圈"}
    return english.get(name, name)


def _not_one_of(spot: _Spot, expected: str) -> Found:
    options = re.findall(r"'([^']*)'", expected)
    called = newcomers.WORDS.get(str(spot.value).lower())
    near = called if called in options else closest(str(spot.value), options)
    near = near if len(options) > 1 else None
    cure = f"只能是：{'、'.join(options)}"
    if near:
        cure += f"。{did_you_mean(near)}"
    return Found(spot.value_at, f"“{spot.key}”不能写“{spot.value}”", cure)


def _ordinary(kind: str, spot: _Spot, context: Mapping[str, Any]) -> tuple[str, str]:
    name = spot.key
    match kind:
        case "string_type":
            return f"“{name}”后面应该是一段文字", f"写成 {name}: 文字"
        case "string_too_long":
            longest = context["max_length"]
            return f"“{name}”太长：{len(str(spot.value))} 个字，最多 {longest} 个字", "缩短一些"
        case "string_too_short" | "too_short":
            return f"“{name}”后面没有写内容", f"至少写一项；不需要就删掉“{name}”"
        case "too_long":
            return f"“{name}”太多，最多 {context['max_length']} 项", "删去一些，或分成两步"
        case "int_parsing" | "int_type":
            what = "企业微信后台“通讯录”里的部门编号，一个整数" if name == "部门" else "一个整数"
            return f"“{name}”应该是{what}", f"例如：{name}: 12"
        case "greater_than_equal" | "less_than_equal":
            limit = context.get("ge", context.get("le"))
            side = "小" if kind == "greater_than_equal" else "大"
            return f"“{name}”太{side}", f"最{side} {limit}"
        case "tuple_type" | "list_type":
            return _no_list(name, spot.value)
        case "model_type" | "dict_type" | "model_attributes_type" if _is_list(spot):
            more = "；几种进入的方式就写几个 SOP" if name == "进入" else ""
            return f"“{name}”不是列表，只写一份", f"去掉“- ”，设置项往左对齐{more}"
        case "model_type" | "dict_type" | "model_attributes_type":
            example = _BLOCKS.get(_chinese(name), f"{name}:\n  设置项: 值")
            if name in ("进入", "退出") and isinstance(spot.value, str):
                example = example.partition("当: ")[0] + f"当: {spot.value}"
            return f"“{name}”下面要换行写设置项", f"写成：\n{example}"
        case "string_pattern_mismatch":
            return (
                f"“{name}”写得不对：{spot.value}",
                _url_cure(str(spot.value)),
            )
        case _ if kind.startswith("date"):
            cure = did_you_mean(date_phrase(str(spot.value))) + "写成 年-月-日，例如：2026-12-12"
            return f"看不懂日期“{spot.value}”", cure
    return f"“{name}”写得不对", "对照示例改一改"


def _url_cure(value: str) -> str:
    cure = "网址以 https:// 开头，中间没有空格"
    bare = "".join(value.split()).replace("：", ":").replace("／", "/")
    if "." in bare and not bare.startswith(("http://", "https://")):
        return f"{did_you_mean('https://' + bare.rpartition('//')[2])}{cure}"
    return cure


def _no_list(name: str, value: Any) -> tuple[str, str]:
    """What was written instead of a list, as the list it was meant to be."""
    if isinstance(value, Map) and value:
        text = f"“{name}”是列表，每一项前面要写“- ”"
        first, *more = list(value)
        if name in ("步骤", "steps") and all(isinstance(v, Map) for v in value.values()):
            return text, f"写成：\n{name}:\n" + _named_steps(name, value)
        each = "  - " if name in _CONDITION_LISTS else "    "
        lines = [f"  - {_in_short(first, value[first])}"]
        lines += [f"{each}{_in_short(key, value[key])}" for key in more[:1]]
        return text, f"写成：\n{name}:\n" + "\n".join(lines)
    if isinstance(value, str) and (example := _LIST_EXAMPLES.get(_chinese(name))):
        return f"“{name}”是列表", f"写成：\n{name}:\n  - {example}"
    if isinstance(value, str):
        parts = [part for part in re.split("[，、,；; ]+", value.strip("【】（）() ")) if part]
        return f"“{name}”是列表", f"写成：{name}: [{', '.join(parts)}]"
    return f"“{name}”应该是几项的列表", f"写成：\n{name}:\n  - 第一项\n  - 第二项"


def _named_steps(name: str, steps: Map) -> str:
    """第一步: {…} as - 步骤: 第一步."""
    key = "步骤" if name == "步骤" else "step"
    lines = []
    for step, body in list(steps.items())[:2]:
        lines.append(f"  - {key}: {step}")
        lines += [f"    {_in_short(first, body[first])}" for first in list(body)[:1]]
    return "\n".join(lines)


def _is_list(spot: _Spot) -> bool:
    """A list where one block is meant; tables of names have an example of their own."""
    table = spot.key in _BLOCKS and spot.key not in ("进入", "退出")
    return isinstance(spot.value, list) and not table


_ONE_STEP = "步骤: 这一步的名字\n    结束: 原因"
#: Lists of more than names: what one item looks like.
_LIST_EXAMPLES = {
    "步骤": _ONE_STEP,
    "则": _ONE_STEP,
    "否则": _ONE_STEP,
    "等到了": _ONE_STEP,
    "超时": _ONE_STEP,
    "如果": "没有标签: [员工, 同行]",
    "条件": "没有标签: [员工, 同行]",
    "分支": "如果:\n      - 有门店: 是\n    则:\n      - 步骤: 这一步的名字\n        结束: 原因",
    "催办": "过了: 2小时\n    提醒: 本人",
}
_CONDITION_LISTS = ("如果", "条件", "if", "conditions", "任一", "都不", "any_of", "none_of")


def _in_short(key: str, value: Any) -> str:
    return f"{key}: {value}" if isinstance(value, str) else f"{key}: …"


def _walk(path: Sequence[int | str], root: Map, aliases: Mapping[str, Sequence[str]]) -> _Spot:
    """Follow a path as far as it is written; tags of unions and unfolded fields are not."""
    node: Any = root
    key, key_at, value_at = next(iter(root), ""), root.at, root.at
    for part in path:
        if isinstance(node, Map):
            written = next((n for n in (part, *aliases.get(str(part), ())) if n in node), None)
            if written is None:
                continue
            key, key_at = str(written), node.keys_at.get(str(written), node.at)
            node = node[key]
            value_at = getattr(node, "at", key_at)
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node):
            node = node[part]
            key_at = value_at = getattr(node, "at", key_at)
    if isinstance(node, Map) and len(node) == 1 and path and path[-1] in ("count", "shops", "tags"):
        ((key, node),) = node.items()  # a condition: its one value is what was meant
        value_at = getattr(node, "at", value_at)
    return _Spot(key, key_at, node, value_at)
