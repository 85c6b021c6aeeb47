"""One step of an SOP: when it comes, on which conditions, and what it does."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, PlainValidator, model_validator

from config import phrases
from config.conditions import Condition
from config.content import SendCustomer, SendGroup, TellStaff, Welcome
from config.guess import did_you_mean, time_phrase
from config.phrases import When
from config.reading import (
    Length,
    Map,
    Strict,
    TagNames,
    key,
    marked,
    named,
    one_or_more,
    refused,
    word,
)
from config.tasks import GiveTask
from config.triggers import LATER, TRIGGERS, Trigger

Missed: TypeAlias = Literal["立即补发", "顺延到下个可发时段", "跳过"]
OffDay: TypeAlias = Literal["照常", "顺延", "提前", "跳过"]

TIME_EXAMPLES = "写法示例：立即、2小时后、当天 20:00、第3天 10:00、2个工作日后 10:00、每周三 20:30"
OFF_DAYS = word(as_usual="照常", postpone="顺延", bring_forward="提前", skip="跳过")
_CRON = re.compile(r"[\d*/,\-?]+(?: +[\d*/,\-?LW#a-zA-Z]+){4,5}")


def _when(value: Any) -> When:
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]  # built by a test
    if _CRON.fullmatch(value.strip()):
        raise refused(
            "这里不支持 cron 数字写法（数字星期容易差一天）",
            "改用中文：例如“每个工作日 10:00”“每周一 10:00”",
        )
    if "农历" in value or value.startswith("{"):
        raise refused(f"这一版还不支持时间“{value}”", TIME_EXAMPLES)
    try:
        return phrases.when(value)
    except phrases.Unreadable as error:
        cure = did_you_mean(time_phrase(value)) + TIME_EXAMPLES
        raise refused(f"看不懂时间“{value}”", cure) from error


WhenText: TypeAlias = Annotated[When, PlainValidator(_when)]


Formerly: TypeAlias = Annotated[tuple[str, ...], one_or_more]


class AddTags(Strict):
    """打标签."""

    block = "打标签"
    do: Literal["打标签"]
    tags: TagNames = key("标签", "tags")


class Invite(Strict):
    """邀请入主题群: ``theme`` names a theme or a picker."""

    block = "邀请入主题群"
    do: Literal["邀请入主题群"]
    theme: Annotated[str, named("主题群")] = key("主题", "theme")


class Wait(Strict):
    """等待."""

    block = "等待"
    do: Literal["等待"]
    length: Length = key("时长", "length")


class WaitEvent(Trigger):
    """等事件: the nested steps of what came first are walked, then life goes on after it."""

    block = "等事件"
    do: Literal["等事件"]
    kind: Annotated[Literal["打上标签", "下单", "到店", "入群"], TRIGGERS, LATER] = key("当", "on")
    limit: Length = key("最多等", "limit")
    since: Annotated[
        Literal["进入本步骤", "进入旅程"], word(step="进入本步骤", journey="进入旅程")
    ] = key("从何时算起", "since", "进入本步骤")
    came: "tuple[Step, ...]" = key("等到了", "came", ())
    timed_out: "tuple[Step, ...]" = key("超时", "timed_out", ())


class Arm(Strict):
    """如果…则…, or 否则… (no conditions)."""

    block = "分支"
    conditions: tuple[Condition, ...] = key("如果", "if", ())
    then: "tuple[Step, ...]" = key("则", "then", ())
    otherwise: "tuple[Step, ...]" = key("否则", "else", ())

    @property
    def steps(self) -> "tuple[Step, ...]":
        return self.then or self.otherwise

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        proper = bool(self.conditions and self.then and not self.otherwise)
        if proper or (self.otherwise and not self.conditions and not self.then):
            return self
        raise refused(
            "分支的每一项写“如果”和“则”，最后一项可以写“否则”", "- 如果: [条件]  则: [步骤]"
        )


class Branch(Strict):
    """分支: the first arm whose conditions hold; none of them: straight on."""

    block = "分支"
    do: Literal["分支"]
    arms: tuple[Arm, ...] = key("分支", "arms", min_length=1)

    @model_validator(mode="after")
    def _else_last(self) -> Self:
        if any(arm.otherwise for arm in self.arms[:-1]):
            raise refused("“否则”要写在分支的最后一项", "把“否则”移到最后")
        return self


class End(Strict):
    """结束: the journey is over, for this reason."""

    block = "结束"
    do: Literal["结束"]
    reason: str = key("原因", "reason", min_length=1)


Action: TypeAlias = Annotated[
    Welcome
    | GiveTask
    | TellStaff
    | SendCustomer
    | SendGroup
    | AddTags
    | Invite
    | Wait
    | WaitEvent
    | Branch
    | End,
    Field(discriminator="do"),
]

#: English key and, for actions written without a block, the field their value stands for.
_ACTIONS: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "发欢迎语": ("send_welcome", None),
        "派任务": ("give_task", None),
        "发给员工": ("tell_staff", None),
        "发给客户": ("send_customer", None),
        "发到群": ("send_group", None),
        "打标签": ("add_tags", "标签"),
        "邀请入主题群": ("invite", "主题"),
        "等待": ("wait", "时长"),
        "等事件": ("wait_for", None),
        "分支": ("branch", "分支"),
        "结束": ("end", "原因"),
    }
)
_CHINESE_ACTION = {english: chinese for chinese, (english, _) in _ACTIONS.items()}
_HOLDING = (Wait, WaitEvent, Branch, End)


class Step(Strict):
    """One step: a name that stays, a moment, conditions, and what to do, in the written order."""

    block = "步骤"
    name: Annotated[str, named("步骤名")] = key("步骤", "step", min_length=1, max_length=60)
    formerly: Formerly = key("曾用名", "formerly", ())
    when: WhenText | None = key("何时", "when", None)
    """None: as soon as the step before has let go."""
    missed: Annotated[
        Missed,
        word(catch_up="立即补发", postpone="顺延到下个可发时段", skip="跳过"),
    ] = key("错过时", "missed", "立即补发")
    off_day: Annotated[OffDay | None, OFF_DAYS] = key("遇非工作日", "off_day", None)
    """None: as the SOP's 日历 says; :class:`Node` has the answer."""
    conditions: tuple[Condition, ...] = key("如果", "if", ())
    actions: tuple[Action, ...] = ()

    @property
    def recurring(self) -> bool:
        return isinstance(self.when, phrases.RECURRING)

    @classmethod
    def written_keys(cls) -> dict[str, str]:
        return super().written_keys() | {name: pair[0] for name, pair in _ACTIONS.items()}

    @classmethod
    def unfold(cls, data: dict[str, Any]) -> dict[str, Any]:
        if "actions" in data:
            return data
        actions: list[Any] = []
        rest = Map(data.at) if isinstance(data, Map) else {}
        for name, value in data.items():
            kind = _CHINESE_ACTION.get(name, name)
            if kind in _ACTIONS:
                actions.append(_unfold_action(kind, value))
            else:
                rest[name] = value
        return rest | {"actions": actions}

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.actions:
            raise refused(f"步骤“{self.name}”没写要做什么", f"加上一项：{'、'.join(_ACTIONS)}")
        for action in self.actions[:-1]:
            if isinstance(action, _HOLDING):
                raise refused(f"“{action.do}”要写在这一步的最后", "把后面的动作移到新的一步")
        return self


def _unfold_action(kind: str, value: Any) -> Any:
    _, shorthand = _ACTIONS[kind]
    if shorthand is None:
        if not isinstance(value, dict):
            at = getattr(value, "at", None)
            cure = f"写成：\n{kind}:\n  设置项: 值"
            raise refused(f"“{kind}”下面要换行写设置项", cure, at=at)
        return marked(value, kind)
    return {"do": kind, shorthand: value}


def nested_steps(step: Step) -> Iterator[tuple[Step, ...]]:
    """The lists of steps written inside this one."""
    for action in step.actions:
        if isinstance(action, WaitEvent):
            yield from (action.came, action.timed_out)
        elif isinstance(action, Branch):
            yield from (arm.steps for arm in action.arms)


def all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps and everything nested in them, in the order written."""
    for step in steps:
        yield step
        for nested in nested_steps(step):
            yield from all_steps(nested)
