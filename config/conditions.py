"""What may stand under 条件 and 如果: lists of one-key items that must all hold."""

import re
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationInfo,
    model_validator,
)

from config.condition_words import unfold
from config.guess import bound_phrase, did_you_mean
from config.reading import (
    Strict,
    TagNames,
    YesNo,
    key,
    named,
    note_stage,
    number,
    one_or_more,
    refused,
)

Happening: TypeAlias = Literal["到店", "下单", "互动", "客户回复"]
MOST_COUNTED = 20  # so many last times of each happening are kept with a customer
LONGEST_LOOK_BACK_DAYS = 366


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
    if found := re.fullmatch(r"(不少于|少于) ?(\d{1,6}) ?[次人条个篇天分]?", value.strip()):
        return Bound(number=int(found[2]), least=found[1] == "不少于")
    if found := re.fullmatch(r"(at least|fewer than) (\d{1,6})(?: [a-z]+)?", value.strip()):
        return Bound(number=int(found[2]), least=found[1] == "at least")
    cure = "写成“少于1次”或“不少于2次”（群人数写“不少于20人”）"
    raise refused(f"看不懂数量“{value}”", did_you_mean(bound_phrase(value)) + cure)


def _few(bound: Bound) -> Bound:
    if bound.number > MOST_COUNTED:
        text = f"次数最多数到 {MOST_COUNTED}，这里写了 {bound.number}"
        raise refused(text, f"写成“不少于{MOST_COUNTED}次”以内，或改用标签来标记")
    return bound


Points: TypeAlias = Annotated[int, number("分"), Field(ge=0)]
BarePoints: TypeAlias = Annotated[int, number("分", bare=True), Field(ge=0)]
BoundText: TypeAlias = Annotated[Bound, BeforeValidator(_bound)]
FewText: TypeAlias = Annotated[Bound, BeforeValidator(_bound), AfterValidator(_few)]


def _days(days: int) -> int:
    if not 1 <= days <= LONGEST_LOOK_BACK_DAYS:
        raise refused(
            f"“近{days}天”超出范围",
            f"写 1 到 {LONGEST_LOOK_BACK_DAYS} 之间的天数，例如：近30天下单",
        )
    return days


Days: TypeAlias = Annotated[int, AfterValidator(_days)]


_BY = {"anyone": "任何人", "follower": "跟进人"}


def _by(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _BY.get(value, value.removesuffix("打的").removeprefix("本"))
    if found not in _BY.values():
        at = getattr(value, "at", None)
        raise refused(f"“谁打的”不能写“{value}”", "可以写：任何人打的、本跟进人打的", at=at)
    return found


TaggedBy: TypeAlias = Annotated[Literal["任何人", "跟进人"], BeforeValidator(_by)]


class Tagged(_Condition):
    """有标签 (all of them) or 没有标签 (none of them)."""

    kind: Literal["标签"] = "标签"
    tags: TagNames
    wanted: bool
    by: TaggedBy = "任何人"
    """Whose tags count: 任何人打的, or only 本跟进人打的."""


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
    days: Days
    count: FewText


class InJourney(_Condition):
    """本旅程内互动: 少于1次, counted since the journey was entered."""

    kind: Literal["本旅程"] = "本旅程"
    what: Happening
    count: FewText


class FriendDays(_Condition):
    """添加好友: 不少于30天, counted from the newest friendship."""

    kind: Literal["好友天数"] = "好友天数"
    count: BoundText


class FromChannel(_Condition):
    """渠道: [徐汇店-门口海报], by which the customer was added."""

    kind: Literal["渠道"] = "渠道"
    channels: Annotated[tuple[Annotated[str, named("渠道")], ...], one_or_more, Field(min_length=1)]


class GroupSize(_Condition):
    """群人数: 不少于20人."""

    kind: Literal["群人数"] = "群人数"
    count: BoundText


class GroupMarketing(_Condition):
    """本群近7天营销消息: 少于2条."""

    kind: Literal["本群营销"] = "本群营销"
    days: Days
    count: BoundText


class TaskResult(Strict):
    """任务结果: {步骤: 问需求, 是: 已问到}; holds back until that task is over."""

    block = "任务结果"
    kind: Literal["任务结果"] = "任务结果"
    step: Annotated[str, named("任务步骤")] = key("步骤", "step", description="哪一步派的任务")
    results: Annotated[tuple[Annotated[str, named("任务结果")], ...], one_or_more] = key(
        "是", "is", min_length=1, description="点了哪个按钮，或 完成、逾期、取消"
    )


class KocScore(Strict):
    """KOC分: {体系: 母婴KOC, 不低于: 60}, or 低于."""

    block = "KOC分"
    kind: Literal["KOC分"] = "KOC分"
    system: Annotated[str, named("体系")] = key("体系", "system", description="哪个KOC体系")
    at_least: BarePoints | None = key("不低于", "at_least", None, description="不低于多少分")
    below: BarePoints | None = key("低于", "below", None, description="低于多少分")

    @property
    def count(self) -> Bound:
        least = self.at_least is not None
        return Bound(number=(self.at_least if least else self.below) or 0, least=least)

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.below is None):
            raise refused("“KOC分”要写一个界限", "KOC分: {体系: 母婴KOC, 不低于: 60}，或者写 低于")
        return self


class InStage(Strict):
    """阶段: {体系: 母婴KOC, 是: [活跃, 表达分享]}."""

    block = "阶段"
    kind: Literal["阶段"] = "阶段"
    system: Annotated[str, named("体系")] = key("体系", "system", description="哪个KOC体系")
    stages: Annotated[tuple[str, ...], one_or_more] = key(
        "是", "is", min_length=1, description="正处在其中一个阶段"
    )

    @model_validator(mode="before")
    @classmethod
    def _note_stages(cls, data: Any, info: ValidationInfo) -> Any:
        note_stage(data, info, "是", "is")
        return data


class AnyOf(_Condition):
    """任一: at least one of them holds."""

    kind: Literal["任一"] = "任一"
    conditions: Annotated["tuple[Condition, ...]", Field(min_length=1)]


class NoneOf(_Condition):
    """都不: none of them holds."""

    kind: Literal["都不"] = "都不"
    conditions: Annotated["tuple[Condition, ...]", Field(min_length=1)]


Condition: TypeAlias = Annotated[
    Annotated[
        Tagged
        | InShop
        | HasShop
        | Happened
        | InJourney
        | FriendDays
        | FromChannel
        | KocScore
        | InStage
        | GroupSize
        | GroupMarketing
        | TaskResult
        | AnyOf
        | NoneOf,
        Field(discriminator="kind"),
    ],
    BeforeValidator(unfold),
]
Conditions: TypeAlias = Annotated[tuple[Condition, ...], Field(min_length=1)]
