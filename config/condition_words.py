"""How conditions are written: one item of a list → the fields of one model of conditions.py."""

import re
from typing import Any, Final

from pydantic import BaseModel

from config.guess import bound_phrase, closest, did_you_mean
from config.reading import Map, Text, as_items, refused

_HAPPENINGS = {
    "visits": "到店",
    "orders": "下单",
    "interactions": "互动",
    "replies": "客户回复",
}
_CHINESE_HAPPENINGS = "|".join(_HAPPENINGS.values())
_ENGLISH_HAPPENINGS = "|".join(_HAPPENINGS)

_NAMES = {
    "has_tags": "有标签",
    "no_tags": "没有标签",
    "shop": "门店",
    "has_shop": "有门店",
    "friend_days": "添加好友",
    "channel": "渠道",
    "koc_score": "KOC分",
    "stage": "阶段",
    "group_size": "群人数",
    "task_result": "任务结果",
    "any_of": "任一",
    "none_of": "都不",
}
#: For the checker: a line beginning with one of these was meant as a condition.
KEYS: Final = frozenset(_NAMES.values()) | frozenset(_NAMES)
_EXAMPLES = (
    "近7天到店",
    "近7天下单",
    "近7天互动",
    "近7天客户回复",
    "本旅程内互动",
    "本群近7天营销消息",
)
_BLOCKS = {
    "任务结果": ("“任务结果”要写清哪一步、什么结果", "任务结果: {步骤: 问需求, 是: 已问到}"),
    "KOC分": ("“KOC分”要写清哪个体系、多少分", "KOC分: {体系: 母婴KOC, 不低于: 60}"),
    "阶段": ("“阶段”要写清哪个体系、哪些阶段", "阶段: {体系: 母婴KOC, 是: [活跃]}"),
}


def unfold(item: Any) -> Any:
    """{没有标签: [员工]} → the fields of one condition model."""
    if not isinstance(item, dict) or len(item) != 1:
        return _not_one_key(item)
    ((written, value),) = item.items()
    name = _NAMES.get(str(written), str(written))
    match name:
        case "有标签" | "没有标签":
            return _tagged(name == "有标签", value)
        case "门店":
            return {"kind": name, "shops": () if value in ("全部", "all") else as_items(value)}
        case "有门店":
            return {"kind": name, "wanted": value}
        case "群人数":
            return {"kind": name, "count": value}
        case "添加好友":
            return {"kind": "好友天数", "count": value}
        case "渠道":
            return {"kind": name, "channels": as_items(value)}
        case "任务结果" | "KOC分" | "阶段":
            return _with_kind(name, value)
        case "任一" | "都不":
            return {"kind": name, "conditions": value}
    return _counted(name, value)


def _tagged(wanted: bool, value: Any) -> dict[str, Any]:
    tags: Any = value
    by: Any = "任何人"
    if isinstance(value, dict):
        tags = value.get("标签", value.get("tags", ()))
        by = value.get("谁打的", value.get("by", by))
        if strange := set(value) - {"标签", "tags", "谁打的", "by"}:
            raise refused(f"条件里不认识“{strange.pop()}”", "可以写：标签、谁打的")
    return {"kind": "标签", "wanted": wanted, "tags": tags, "by": by}


def _counted(name: str, value: Any) -> dict[str, Any]:
    if found := re.fullmatch(rf"近(\d{{1,4}})天({_CHINESE_HAPPENINGS})", name):
        return {"kind": "近期", "days": int(found[1]), "what": found[2], "count": value}
    if found := re.fullmatch(rf"({_ENGLISH_HAPPENINGS})_last_(\d{{1,4}})_days", name):
        what = _HAPPENINGS[found[1]]
        return {"kind": "近期", "days": int(found[2]), "what": what, "count": value}
    if found := re.fullmatch(rf"本旅程内?({_CHINESE_HAPPENINGS})", name):
        return {"kind": "本旅程", "what": found[1], "count": value}
    if found := re.fullmatch(rf"({_ENGLISH_HAPPENINGS})_in_journey", name):
        return {"kind": "本旅程", "what": _HAPPENINGS[found[1]], "count": value}
    found = re.fullmatch(r"本群近(\d{1,4})天营销消息", name)
    found = found or re.fullmatch(r"group_marketing_last_(\d{1,4})_days", name)
    if found:
        return {"kind": "本群营销", "days": int(found[1]), "count": value}
    known = (*_NAMES.values(), *_EXAMPLES)
    cure = did_you_mean(closest(name, known)) or f"可以写：{'、'.join(known)}"
    raise refused(f"条件里不认识“{name}”", cure)


def _with_kind(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        raise refused(*_BLOCKS[name])
    if isinstance(value, Map):
        copy = value.copied()
        copy.add("kind", name, None)
        return copy
    return value | {"kind": name}


def _not_one_key(item: Any) -> Any:
    if isinstance(item, BaseModel):
        return item
    if isinstance(item, Text):
        cure = did_you_mean(_meant(item)) + "每个条件写成“名称: 值”，例如：没有标签: [员工, 同行]"
        raise refused(f"看不懂条件“{item}”", cure)
    raise refused("一个条件只能写一项", "分成几行，每行以“- ”开头；几行都满足才算满足")


def _meant(sentence: str) -> str | None:
    """近7天没到店 → 近7天到店: 少于1次; None when there is no idea."""
    found = re.search(rf"近(\d{{1,4}})天(.*?)({_CHINESE_HAPPENINGS})(.*)", sentence)
    if not found:
        return None
    bound = bound_phrase(found[2] + found[4]) or "不少于1次"
    return f"近{found[1]}天{found[3]}: {bound}"
