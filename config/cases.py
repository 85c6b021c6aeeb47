"""测试: what must come of an SOP when this happens to somebody, told beside the SOP itself."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, PlainValidator

from config.conditions import Happening
from config.guess import closest, did_you_mean
from config.happens import HappensText, MomentText
from config.phrase_table import Unreadable, clock, duration
from config.phrasebook import AGO, NOW
from config.phrases import Span
from config.reading import (
    Strict,
    TagNames,
    as_items,
    key,
    named,
    number,
    one_or_more,
    refused,
    word,
)


def _now(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    day, _, at = str(value).strip().partition(" ")
    try:
        return datetime.combine(date.fromisoformat(day), clock(at))
    except (ValueError, Unreadable) as error:
        raise refused(f"看不懂时间“{value}”", "写成 现在: 2026-11-21 21:50") from error


_AGO = re.compile(r"(.+)前|(.+) ago")


def _ago(value: Any) -> Span:
    if isinstance(value, Span):
        return value
    found = _AGO.fullmatch(str(value).strip())
    try:
        length = duration((found[1] or found[2]) if found else "")
    except Unreadable:
        length = None
    if not isinstance(length, Span):
        raise refused(f"看不懂“{value}”", "写成 3天前、2小时前")
    return length


AgoText: TypeAlias = Annotated[Span, PlainValidator(_ago), AGO]
_HAPPENING = word(visit="到店", order="下单", interaction="互动", reply="客户回复")


class Customer(Strict):
    """Who the case is about, as they are at 现在; by default nobody special."""

    block = "客户"
    name: str = key("昵称", "name", "小鱼", description="客户昵称")
    tags: TagNames = key("标签", "tags", (), description="已经带着的标签")
    shop: Annotated[str, named("门店")] | None = key("门店", "shop", None, description="哪个门店")
    channel: Annotated[str, named("渠道")] | None = key(
        "渠道", "channel", None, description="从哪个渠道来"
    )
    friend_days: Annotated[int, number("天", "days", bare=True)] = key(
        "好友天数", "friend_days", 0, description="已经加了多少天好友"
    )
    attributes: dict[str, date] = key(
        "属性", "attributes", {}, description="客户身上的日期，例如 {预产期: 2027-01-05}"
    )
    scores: dict[str, Annotated[int, number("分")]] = key(
        "KOC分", "scores", {}, description="例如 {母婴KOC: 62}"
    )
    stages: dict[str, str] = key(
        "阶段", "stages", {}, description="正处在哪个阶段，例如 {母婴KOC: 活跃}"
    )
    lately: dict[Annotated[Happening, _HAPPENING], Annotated[tuple[AgoText, ...], one_or_more]] = (
        key("近期", "lately", {}, description="以前发生过什么，例如 {下单: [40天前, 3天前]}")
    )


#: What an expectation names besides the step: an action of it, or just the step.
SEEN_ACTIONS = {
    "send_welcome": "发欢迎语",
    "give_task": "派任务",
    "tell_staff": "发给员工",
    "send_customer": "发给客户",
    "invite": "邀请入主题群",
    "add_tags": "打标签",
    "remove_tags": "去标签",
}


class Seen(Strict):
    """到店礼 · {派任务: 问需求}: this step came, and did this."""

    block = "期望"
    action: str | None = None
    """None: whatever the step does."""
    step: Annotated[str, named("用例步骤")]


def _seen(item: Any) -> Any:
    if isinstance(item, Seen) or (isinstance(item, dict) and "step" in item):
        return item
    if isinstance(item, str):
        return {"step": item}
    if isinstance(item, dict) and len(item) == 1:
        ((action, step),) = item.items()
        chinese = SEEN_ACTIONS.get(action, action)
        if chinese in SEEN_ACTIONS.values():
            return {"action": chinese, "step": step}
        cure = f"{did_you_mean(closest(action, SEEN_ACTIONS.values()))}或者只写步骤名"
        raise refused(f"期望里不认识“{action}”", cure)
    raise refused("期望的每一项写步骤名，或 {动作: 步骤名}", "例如：[{派任务: 问需求}, 到店礼]")


SeenText: TypeAlias = Annotated[Seen, BeforeValidator(_seen)]


class Expect(Strict):
    """What is to be true when ``until`` has come, of everything since 现在."""

    block = "期望"
    until: MomentText = key("到", "until", description="看到什么时候为止")
    has: Annotated[tuple[SeenText, ...], BeforeValidator(as_items)] = key(
        "有", "has", (), description="这些步骤已经做了"
    )
    hasnt: Annotated[tuple[SeenText, ...], BeforeValidator(as_items)] = key(
        "没有", "hasnt", (), description="这些步骤没有做"
    )
    outcome: Annotated[
        Literal["达成", "负面", "进行中", "走完", "退出"] | None,
        word(reached="达成", negative="负面", under_way="进行中", finished="走完", left="退出"),
    ] = key("结果", "outcome", None, description="达成、负面、进行中、走完 或 退出")


class Case(Strict):
    block = "用例"
    name: str = key("名称", "name", min_length=1, max_length=60, description="这个用例说明什么")
    now: Annotated[datetime, PlainValidator(_now), NOW] = key(
        "现在", "now", description="从什么时候开始，例如 2026-11-21 21:50"
    )
    """Local time of the SOP, without a zone."""
    customer: Customer = key("客户", "customer", Customer(), description="什么样的客户")
    happens: Annotated[tuple[HappensText, ...], BeforeValidator(as_items)] = key(
        "发生", "happens", min_length=1, description="发生什么，例如 [添加好友, {3天后: 下单}]"
    )
    expects: Annotated[tuple[Expect, ...], one_or_more] = key(
        "期望", "expects", min_length=1, description="应该有什么结果"
    )


class CaseFile(Strict):
    """测试."""

    block = "测试"
    sop: Annotated[str, named("SOP")] = key("测试", "test", description="测哪个 SOP")
    cases: tuple[Case, ...] = key("用例", "cases", min_length=1, description="一个用例讲一件事")

    @property
    def name(self) -> str:
        return self.sop
