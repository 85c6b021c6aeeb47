"""What staff are asked to do, and what proves that it is done."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from config.content import MaterialName, ReceiverText
from config.guess import closest, did_you_mean
from config.reading import (
    Flag,
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

CUSTOMER_REPLIED = "客户已回复"  # the button by which staff tell of a 客户回复


class Button(Strict):
    """按钮: the person taps one of these on the card."""

    block = "完成依据"
    do: Literal["按钮"]
    labels: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=10)], ...], one_or_more
    ] = key("按钮", "button", min_length=1, max_length=6, description="员工在卡片上点其中一个")


class CustomerTagged(Strict):
    """客户被打上标签: seen in WeCom after the task was given."""

    block = "完成依据"
    do: Literal["客户被打上标签"]
    tag: Annotated[str, named("标签")] = key(
        "客户被打上标签", "customer_tagged", description="派任务后客户身上出现这个标签"
    )


class CustomerTaggedInGroup(Strict):
    """客户被打上标签组: any tag of this group."""

    block = "完成依据"
    do: Literal["客户被打上标签组"]
    tag_group: Annotated[str, named("标签组")] = key(
        "客户被打上标签组", "customer_tagged_in", description="派任务后客户身上出现这一组的任一标签"
    )


class ChecklistDone(Strict):
    """清单全部勾选."""

    do: Literal["清单全部勾选"]


class JoinedGroup(Strict):
    """入群: the customer is seen in a group (of ``theme``, if written)."""

    block = "完成依据"
    do: Literal["入群"]
    theme: Annotated[str, named("主题")] | None = key(
        "入群", "joined_group", None, description="客户进了这个主题的群；不写主题就是任何群"
    )


class MassSent(Strict):
    """群发已发出: WeCom says the member confirmed the mass message."""

    do: Literal["群发已发出"]


class FilledIn(Strict):
    """填写: the person answers this on the card's page; their own word."""

    block = "完成依据"
    do: Literal["填写"]
    label: str = key("填写", "fill_in", min_length=1, max_length=20, description="要填什么")


class DataChecked(Strict):
    """数据核对: a posted business event says so."""

    block = "完成依据"
    do: Literal["数据核对"]
    event: str = key(
        "数据核对",
        "data_checked",
        min_length=1,
        description="下单、到店、互动，或业务系统传来的事件名",
    )


class CustomerReplied(Strict):
    """客户回复: known only through a source of 客户回复来源."""

    do: Literal["客户回复"]


class AnyEvidence(Strict):
    """任一: one of these is enough."""

    block = "完成依据"
    do: Literal["任一"]
    of: "tuple[Evidence, ...]" = key("任一", "any_of", min_length=1, description="其中一项满足就行")


EVIDENCE = {
    "button": "按钮",
    "customer_tagged": "客户被打上标签",
    "customer_tagged_in": "客户被打上标签组",
    "checklist done": "清单全部勾选",
    "joined group": "入群",
    "joined_group": "入群",
    "mass message sent": "群发已发出",
    "fill_in": "填写",
    "data_checked": "数据核对",
    "customer replied": "客户回复",
    "any_of": "任一",
}
_BARE_EVIDENCE = ("清单全部勾选", "入群", "群发已发出", "客户回复")


def _unfold_evidence(value: Any) -> Any:
    """ "清单全部勾选" or {按钮: 已问到} → the fields of one model."""
    if isinstance(value, dict) and len(value) == 1:
        (name,) = value
    elif isinstance(value, str):
        name = value
    else:
        return value
    kind = EVIDENCE.get(name, str(name))
    if kind not in EVIDENCE.values():
        known = list(dict.fromkeys(EVIDENCE.values()))
        guess = did_you_mean(closest(kind, known))
        raise refused(f"完成依据里不认识“{name}”", f"{guess}可以写：{'、'.join(known)}")
    if isinstance(value, str):
        if kind not in _BARE_EVIDENCE:
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
        | FilledIn
        | DataChecked
        | CustomerReplied
        | AnyEvidence,
        Field(discriminator="do"),
    ],
    BeforeValidator(_unfold_evidence),
]


class GiveTask(Strict):
    """派任务: a card for one person, done only when every evidence holds."""

    block = "派任务"
    do: Literal["派任务"]
    title: Prose = key("标题", "title", description="要做的一件事，三句话以内，可以用变量")
    to: ReceiverText = key("给", "to", description="跟进人、群主、店长、角色/名称，或员工姓名")
    material: MaterialName | None = key(
        "素材", "material", None, description="给员工参考或转发的素材"
    )
    checklist: tuple[str, ...] = key(
        "检查清单", "checklist", (), max_length=20, description="逐项勾选的清单"
    )
    evidence: Annotated[tuple[Evidence, ...], one_or_more] = key(
        "完成依据", "evidence", min_length=1, description="都满足才算做完；任一 里满足一个就行"
    )
    due: Length = key("期限", "due", description="多久以内做完")
    ladder: Annotated[str, named("催办")] | None = key(
        "催办", "ladder", None, description="按全局规则里的哪一套催办"
    )
    result_tags: dict[str, TagNames] = key(
        "结果打标签", "result_tags", {}, description="点了哪个按钮就打哪个标签"
    )
    wait: Flag = key("等完成", "wait", False, description="是：等任务完成、逾期或取消后才走下一步")
    reason: str = key("为什么发", "reason", "", description="一句话，员工看得到")

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
