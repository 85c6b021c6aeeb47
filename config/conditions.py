"""What may stand under 条件 and 如果: lists of one-key items that must all hold."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field

from config.guess import closest, did_you_mean
from config.reading import (
    Map,
    Strict,
    TagNames,
    Text,
    YesNo,
    as_items,
    key,
    named,
    one_or_more,
    refused,
    word,
)

Happening = Literal["到店", "下单", "互动"]
_HAPPENINGS = {"visits": "到店", "orders": "下单", "interactions": "互动"}


class _Condition(BaseModel, frozen=True, extra="forbid"):
    """Unfolded from one item; admins never see these field names."""


class Bound(_Condition):
    """少于2次 (``least`` False) or 不少于2次 (True)."""

    number: int
    least: bool

    def allows(self, count: int) -> bool:
        return count >= self.number if self.least else count < self.number

    def __str__(self) -> str:
        return f"{'不少于' if self.least else '少于'}{self.number}"


def _bound(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if found := re.fullmatch(r"(不少于|少于) ?(\d+) ?[次人条个篇]?", value.strip()):
        return Bound(number=int(found[2]), least=found[1] == "不少于")
    if found := re.fullmatch(r"(at least|fewer than) (\d+)", value.strip()):
        return Bound(number=int(found[2]), least=found[1] == "at least")
    raise refused(f"看不懂数量“{value}”", "写成“少于1次”或“不少于2次”（群人数写“不少于20人”）")


BoundText = Annotated[Bound, BeforeValidator(_bound)]


class Tagged(_Condition):
    """有标签 (all of them) or 没有标签 (none of them)."""

    kind: Literal["标签"] = "标签"
    tags: TagNames
    wanted: bool
    by: Annotated[Literal["任何人", "跟进人"], word(anyone="任何人", follower="跟进人")] = "任何人"


class InShop(_Condition):
    """门店: 全部 (``shops`` empty) or one of these."""

    kind: Literal["门店"] = "门店"
    shops: tuple[Annotated[str, named("门店")], ...] = ()


class HasShop(_Condition):
    """有门店: 是."""

    kind: Literal["有门店"] = "有门店"
    wanted: YesNo


class Happened(_Condition):
    """近7天到店: 少于1次."""

    kind: Literal["近期"] = "近期"
    what: Happening
    days: int
    count: BoundText


class GroupSize(_Condition):
    """群人数: 不少于20人."""

    kind: Literal["群人数"] = "群人数"
    count: BoundText


class GroupMarketing(_Condition):
    """本群近7天营销消息: 少于2条."""

    kind: Literal["本群营销"] = "本群营销"
    days: int
    count: BoundText


class TaskResult(Strict):
    """任务结果: {步骤: 问需求, 是: 已问到}; holds back until that task is over."""

    block = "任务结果"
    kind: Literal["任务结果"] = "任务结果"
    step: Annotated[str, named("任务步骤")] = key("步骤", "step")
    results: Annotated[tuple[Annotated[str, named("任务结果")], ...], one_or_more] = key(
        "是", "is", min_length=1
    )


class AnyOf(_Condition):
    """任一: at least one of them holds."""

    kind: Literal["任一"] = "任一"
    conditions: Annotated["tuple[Condition, ...]", Field(min_length=1)]


class NoneOf(_Condition):
    """都不: none of them holds."""

    kind: Literal["都不"] = "都不"
    conditions: Annotated["tuple[Condition, ...]", Field(min_length=1)]


_NAMES = {
    "has_tags": "有标签",
    "no_tags": "没有标签",
    "shop": "门店",
    "has_shop": "有门店",
    "group_size": "群人数",
    "task_result": "任务结果",
    "any_of": "任一",
    "none_of": "都不",
}
#: For the checker: a line beginning with one of these was meant as a condition.
KEYS = frozenset(_NAMES.values()) | frozenset(_NAMES)
_EXAMPLES = ("近7天到店", "近7天下单", "近7天互动", "本群近7天营销消息")


def _unfold(item: Any) -> Any:
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
        case "任务结果":
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
    if found := re.fullmatch(r"近(\d{1,3})天(到店|下单|互动)", name):
        return {"kind": "近期", "days": int(found[1]), "what": found[2], "count": value}
    if found := re.fullmatch(r"(visits|orders|interactions)_last_(\d{1,3})_days", name):
        what = _HAPPENINGS[found[1]]
        return {"kind": "近期", "days": int(found[2]), "what": what, "count": value}
    found = re.fullmatch(r"本群近(\d{1,3})天营销消息", name)
    found = found or re.fullmatch(r"group_marketing_last_(\d{1,3})_days", name)
    if found:
        return {"kind": "本群营销", "days": int(found[1]), "count": value}
    known = (*_NAMES.values(), *_EXAMPLES)
    cure = did_you_mean(closest(name, known)) or f"可以写：{'、'.join(known)}"
    raise refused(f"条件里不认识“{name}”", cure)


def _with_kind(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        raise refused("“任务结果”要写清哪一步、什么结果", "任务结果: {步骤: 问需求, 是: 已问到}")
    if isinstance(value, Map):
        value.setdefault("kind", name)
        return value
    return value | {"kind": name}


def _not_one_key(item: Any) -> Any:
    if isinstance(item, _Condition | TaskResult):
        return item
    if isinstance(item, Text):
        raise refused(f"看不懂条件“{item}”", "每个条件写成“名称: 值”，例如：没有标签: [员工, 同行]")
    raise refused("一个条件只能写一项", "分成几行，每行以“- ”开头；几行都满足才算满足")


Condition: TypeAlias = Annotated[
    Annotated[
        Tagged
        | InShop
        | HasShop
        | Happened
        | GroupSize
        | GroupMarketing
        | TaskResult
        | AnyOf
        | NoneOf,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_unfold),
]
Conditions: TypeAlias = Annotated[tuple[Condition, ...], Field(min_length=1)]
