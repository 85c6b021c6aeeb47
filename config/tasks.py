"""What staff are asked to do, and what proves that it is done."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from config.content import MaterialName, ReceiverText
from config.reading import (
    Length,
    Prose,
    Strict,
    TagNames,
    key,
    marked,
    named,
    one_or_more,
    refused,
)


class Button(Strict):
    """按钮: the person taps one of these on the card."""

    block = "完成依据"
    do: Literal["按钮"]
    labels: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=10)], ...], one_or_more
    ] = key("按钮", "button", min_length=1, max_length=6)


class CustomerTagged(Strict):
    """客户被打上标签: seen in WeCom after the task was given."""

    block = "完成依据"
    do: Literal["客户被打上标签"]
    tag: Annotated[str, named("标签")] = key("客户被打上标签", "customer_tagged")


class CustomerTaggedInGroup(Strict):
    """客户被打上标签组: any tag of this group."""

    block = "完成依据"
    do: Literal["客户被打上标签组"]
    tag_group: Annotated[str, named("标签组")] = key("客户被打上标签组", "customer_tagged_in")


class ChecklistDone(Strict):
    """清单全部勾选."""

    do: Literal["清单全部勾选"]


class JoinedGroup(Strict):
    """入群: the customer is seen in a group (of ``theme``, if written)."""

    block = "完成依据"
    do: Literal["入群"]
    theme: Annotated[str, named("主题")] | None = key("入群", "joined_group", None)


class MassSent(Strict):
    """群发已发出: WeCom says the member confirmed the mass message."""

    do: Literal["群发已发出"]


class AnyEvidence(Strict):
    """任一: one of these is enough."""

    block = "完成依据"
    do: Literal["任一"]
    of: "tuple[Evidence, ...]" = key("任一", "any_of", min_length=1)


_EVIDENCE = {
    "button": "按钮",
    "customer_tagged": "客户被打上标签",
    "customer_tagged_in": "客户被打上标签组",
    "checklist done": "清单全部勾选",
    "joined group": "入群",
    "joined_group": "入群",
    "mass message sent": "群发已发出",
    "any_of": "任一",
}
_LATER_EVIDENCE = {"填写", "数据核对", "回复"}


def _unfold_evidence(value: Any) -> Any:
    """ "清单全部勾选" or {按钮: 已问到} → the fields of one model."""
    if isinstance(value, dict) and len(value) == 1:
        (name,) = value
    elif isinstance(value, str):
        name = value
    else:
        return value
    kind = _EVIDENCE.get(name, str(name))
    if kind in _LATER_EVIDENCE:
        raise refused(f"这一版还不支持完成依据“{kind}”", "可以写：- 按钮: 已完成")
    if kind not in _EVIDENCE.values():
        known = list(dict.fromkeys(_EVIDENCE.values()))
        raise refused(f"完成依据里不认识“{name}”", f"可以写：{'、'.join(known)}")
    if isinstance(value, str):
        if kind not in ("清单全部勾选", "入群", "群发已发出"):
            raise refused(f"完成依据“{name}”后面要写内容", f"例如：- {name}: 已完成")
        return {"do": kind}
    return marked(value, kind)


Evidence: TypeAlias = Annotated[
    Annotated[
        Button
        | CustomerTagged
        | CustomerTaggedInGroup
        | ChecklistDone
        | JoinedGroup
        | MassSent
        | AnyEvidence,
        Field(discriminator="do"),
    ],
    BeforeValidator(_unfold_evidence),
]


class GiveTask(Strict):
    """派任务: a card for one person, done only when every evidence holds."""

    block = "派任务"
    do: Literal["派任务"]
    title: Prose = key("标题", "title")
    to: ReceiverText = key("给", "to")
    material: MaterialName | None = key("素材", "material", None)
    checklist: tuple[str, ...] = key("检查清单", "checklist", (), max_length=20)
    evidence: Annotated[tuple[Evidence, ...], one_or_more] = key(
        "完成依据", "evidence", min_length=1
    )
    due: Length = key("期限", "due")
    ladder: Annotated[str, named("催办")] | None = key("催办", "ladder", None)
    result_tags: dict[str, TagNames] = key("结果打标签", "result_tags", {})
    reason: str = key("为什么发", "reason", "")

    @property
    def buttons(self) -> tuple[str, ...]:
        """The labels on the card, in the order written."""
        found = (e.labels for e in self.all_evidence() if isinstance(e, Button))
        return tuple(dict.fromkeys(label for labels in found for label in labels))

    def all_evidence(self) -> Iterator[Evidence]:
        """Every rule, those under 任一 too."""
        waiting = list(self.evidence)
        while waiting:
            rule = waiting.pop(0)
            yield rule
            if isinstance(rule, AnyEvidence):
                waiting[:0] = rule.of

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for result in self.result_tags:
            if result not in self.buttons:
                raise refused(
                    f"“结果打标签”里的“{result}”不是这个任务的按钮",
                    f"按钮有：{'、'.join(self.buttons) or '（没有）'}",
                )
        ticks = any(isinstance(rule, ChecklistDone) for rule in self.all_evidence())
        if ticks and not self.checklist:
            raise refused(
                "完成依据是“清单全部勾选”，但没写“检查清单”", "加上：检查清单: [第一件事]"
            )
        return self
