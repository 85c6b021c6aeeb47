"""What pydantic found, said in Chinese at the place where it was written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from config.guess import closest, did_you_mean
from config.reading import Items, Map, Place, Reading, Text, Unknown

LATER = frozenset(
    [
        "分流试验",
        "去标签",
        "跳到",
        "发朋友圈",
        "变更时",
        "频控",
        "优先级",
        "等完成",
        "放行条件",
        "体系",
        "到达",
    ]
)

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
}
#: (block, missing key) → what to say instead of 缺少必填项.
_MISSING = {
    ("等事件", "最多等"): (
        "“等事件”没写“最多等”，客户可能永远停在这一步",
        "加上：最多等: 3天，并写清“超时”以后怎么办",
    ),
    ("派任务", "完成依据"): ("任务没写“完成依据”，系统不知道怎样算做完", None),
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
        return Found(at, str(context["text"]), str(context["cure"]))
    if spot.value is None:
        return None if spot.key_at in notes.empty else empty(spot.key, spot.key_at)
    if kind == "literal_error":
        return _not_one_of(spot, str(context["expected"]))
    return Found(spot.value_at, *_ordinary(kind, spot, context))


def empty(name: str, at: Place) -> Found:
    return Found(at, f"“{name}”后面没有写内容", f"写成 {name}: 内容，或删掉这一行")


def _misspelt(name: str, spot: _Spot, notes: Reading) -> bool:
    """An unknown key in the same block was probably meant to be ``name`` (or anything)."""
    block_at = getattr(spot.value, "at", None)
    return any(
        unknown.block_at == block_at and (not name or closest(unknown.key, unknown.known) == name)
        for unknown in notes.unknown
    )


def unknown_key(unknown: Unknown) -> Found:
    if unknown.key in LATER:
        text = f"这一版还不支持“{unknown.key}”"
        return Found(unknown.at, text, "先删掉这一项；以后的版本会支持")
    options = unknown.known_english if unknown.key.isascii() else unknown.known
    cure = did_you_mean(closest(unknown.key, options))
    text = f"{unknown.where}里不认识“{unknown.key}”"
    return Found(unknown.at, text, cure or f"可以写：{'、'.join(options)}")


def _missing(name: str, spot: _Spot) -> Found:
    default_cure = f"加上：\n{_EXAMPLES[name]}" if name in _EXAMPLES else f"加上：{name}: …"
    if special := _MISSING.get((_chinese(spot.key), name)):
        text, cure = special
        return Found(spot.key_at, text, cure or default_cure)
    return Found(spot.key_at, f"缺少必填项“{name}”", default_cure)


def _chinese(name: str) -> str:
    return {"wait_for": "等事件", "give_task": "派任务"}.get(name, name)


def _not_one_of(spot: _Spot, expected: str) -> Found:
    options = re.findall(r"'([^']*)'", expected)
    near = closest(str(spot.value), options) if len(options) > 1 else None
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
            return f"“{name}”应该是一个整数", f"例如：{name}: 12"
        case "greater_than_equal" | "less_than_equal":
            limit = context.get("ge", context.get("le"))
            side = "小" if kind == "greater_than_equal" else "大"
            return f"“{name}”太{side}", f"最{side} {limit}"
        case "tuple_type" | "list_type":
            return f"“{name}”应该是几项的列表", f"写成：\n{name}:\n  - 第一项\n  - 第二项"
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"“{name}”下面要换行写设置项", f"写成：\n{name}:\n  设置项: 值"
        case "string_pattern_mismatch":
            return (
                f"“{name}”写得不对：{spot.value}",
                "网址以 https:// 开头，中间没有空格",
            )
        case _ if kind.startswith("date"):
            return f"看不懂日期“{spot.value}”", "写成 年-月-日，例如：2026-12-12"
    return f"“{name}”写得不对", "对照示例改一改"


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
