"""One step of an SOP: when it comes, on which conditions, and what it does."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, PlainValidator, ValidationInfo, model_validator

from config import phrases
from config.conditions import Condition
from config.content import SendCustomer, SendGroup, TellStaff, Welcome
from config.experiments import Split, SplitArm
from config.guess import time_cure
from config.moments import PostMoment
from config.moves import AddTags, End, Invite, RemoveTags, Wait
from config.nesting import Arm, Branch, Loop, WaitEvent
from config.phrase_table import Unreadable, when
from config.phrasebook import WHEN
from config.phrases import When
from config.reading import (
    Items,
    Map,
    Reading,
    Strict,
    Text,
    Use,
    key,
    marked,
    named,
    one_or_more,
    refused,
    word,
)
from config.tasks import GiveTask

__all__ = [
    "OFF_DAYS",
    "Action",
    "AddTags",
    "Arm",
    "Branch",
    "End",
    "Formerly",
    "Invite",
    "Loop",
    "Missed",
    "OffDay",
    "PostMoment",
    "RemoveTags",
    "Split",
    "SplitArm",
    "Step",
    "Wait",
    "WaitEvent",
    "all_steps",
    "nested_steps",
]

Missed: TypeAlias = Literal["立即补发", "顺延到下个可发时段", "跳过"]
OffDay: TypeAlias = Literal["照常", "顺延", "提前", "跳过"]

TIME_EXAMPLES = "写法示例：立即、2小时后、当天 20:00、第3天 10:00、2个工作日后 10:00、每周三 20:30"
OFF_DAYS = word(as_usual="照常", postpone="顺延", bring_forward="提前", skip="跳过")
_CRON = re.compile(r"[\d*/,\-?]+(?: +[\d*/,\-?LW#a-zA-Z]+){4,5}")


def _when(value: Any, info: ValidationInfo) -> When:
    if isinstance(value, Map | Items):
        raise refused("“何时”只能写一个时间", f"几个时间就分成几步。{TIME_EXAMPLES}")
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]  # built by a test
    if _CRON.fullmatch(value.strip()):
        raise refused(
            "这里不支持 cron 数字写法（数字星期容易差一天）",
            "改用中文：例如“每个工作日 10:00”“每周一 10:00”",
        )
    try:
        found = when(value)
    except Unreadable as error:
        if error.why:
            cure = "换成日历上有的日子，例如：每年3月8日 10:00、农历腊月二十三 10:00"
            raise refused(f"“{value}”：{error.why}", cure) from error
        cure = time_cure(value) + TIME_EXAMPLES
        raise refused(f"看不懂时间“{value}”", cure) from error
    if (
        isinstance(found, phrases.AttributeDate)
        and isinstance(value, Text)
        and isinstance(info.context, Reading)
    ):
        info.context.uses.append(Use("客户属性", found.name, value.at))
    return found


WhenText: TypeAlias = Annotated[When, PlainValidator(_when), WHEN]


Formerly: TypeAlias = Annotated[tuple[str, ...], one_or_more]


Action: TypeAlias = Annotated[
    Welcome
    | GiveTask
    | TellStaff
    | SendCustomer
    | SendGroup
    | PostMoment
    | AddTags
    | RemoveTags
    | Invite
    | Wait
    | WaitEvent
    | Branch
    | Loop
    | Split
    | End,
    Field(discriminator="do"),
]

#: English key and, for actions written without a block, the field their value stands for.
ACTIONS: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "发欢迎语": ("send_welcome", None),
        "派任务": ("give_task", None),
        "发给员工": ("tell_staff", None),
        "发给客户": ("send_customer", None),
        "发到群": ("send_group", None),
        "发朋友圈": ("post_moment", None),
        "打标签": ("add_tags", "标签"),
        "去标签": ("remove_tags", "标签"),
        "邀请入主题群": ("invite", "主题"),
        "等待": ("wait", "时长"),
        "等事件": ("wait_for", None),
        "分支": ("branch", "分支"),
        "循环": ("loop", None),
        "分流试验": ("split", None),
        "结束": ("end", "原因"),
    }
)
_CHINESE_ACTION = {english: chinese for chinese, (english, _) in ACTIONS.items()}
_HOLDING = (Wait, WaitEvent, Branch, Loop, Split, End)


class Step(Strict):
    """One step: a name that stays, a moment, conditions, and what to do, in the written order."""

    block = "步骤"
    name: Annotated[str, named("步骤名")] = key(
        "步骤",
        "step",
        min_length=1,
        max_length=60,
        description="步骤名，一个 SOP 里不要重复；改名时写曾用名",
    )
    formerly: Formerly = key(
        "曾用名", "formerly", (), description="改名前的步骤名，正在进行的客户才接得上"
    )
    when: WhenText | None = key("何时", "when", None, description="不写就是上一步一做完马上开始")
    """None: as soon as the step before has let go."""
    missed: Annotated[
        Missed,
        word(catch_up="立即补发", postpone="顺延到下个可发时段", skip="跳过"),
    ] = key(
        "错过时",
        "missed",
        "立即补发",
        description="轮到时已经过了时间怎么办：立即补发（默认）、顺延到下个可发时段、跳过",
    )
    off_day: Annotated[OffDay | None, OFF_DAYS] = key(
        "遇非工作日", "off_day", None, description="照常、顺延、提前、跳过；不写就按“日历”"
    )
    """None: as the SOP's 日历 says; :class:`Node` has the answer."""
    conditions: tuple[Condition, ...] = key(
        "如果", "if", (), description="都满足才做，不满足就跳过这一步"
    )
    actions: tuple[Action, ...] = ()

    @property
    def recurring(self) -> bool:
        return isinstance(self.when, phrases.RECURRING)

    @property
    def of_calendar(self) -> bool:
        """In an SOP of groups: each of its moments, or its one date, is for every group."""
        return self.recurring or isinstance(self.when, phrases.On)

    @classmethod
    def written_keys(cls) -> dict[str, str]:
        return super().written_keys() | {name: pair[0] for name, pair in ACTIONS.items()}

    @classmethod
    def unfold(cls, data: dict[str, Any]) -> dict[str, Any]:
        if "actions" in data:
            return data
        actions: list[Any] = []
        rest = Map(data.at) if isinstance(data, Map) else {}
        for name, value in data.items():
            kind = _CHINESE_ACTION.get(name, name)
            if kind in ACTIONS:
                actions.append(_unfold_action(kind, value))
            else:
                rest[name] = value
        return rest | {"actions": actions}

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.actions:
            raise refused(f"步骤“{self.name}”没写要做什么", f"加上一项：{'、'.join(ACTIONS)}")
        for action in self.actions[:-1]:
            if isinstance(action, _HOLDING):
                raise refused(f"“{action.do}”要写在这一步的最后", "把后面的动作移到新的一步")
        return self


_SENT = "{kind}:\n  素材: {value}\n  由: "
#: What an action looks like, for those who wrote a text behind it.
_EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "发欢迎语": "{kind}:\n  素材: {value}",
        "发给客户": f"{_SENT}跟进人",
        "发到群": f"{_SENT}群主",
        "发朋友圈": f"{_SENT}群主",
        "发给员工": "{kind}:\n  素材: {value}\n  给: 跟进人",
        "派任务": (
            "{kind}:\n  标题: {value}\n  给: 跟进人\n"
            "  完成依据:\n    - 按钮: 已完成\n  期限: 1个工作日"
        ),
        "等事件": "{kind}:\n  当: {value}\n  最多等: 3天",
        "循环": "{kind}:\n  到: {value}\n  步骤:\n    - 步骤: 每周一次\n      何时: 每周一 10:00",
    }
)


def _unfold_action(kind: str, value: Any) -> Any:
    _, shorthand = ACTIONS[kind]
    if shorthand is None:
        if not isinstance(value, dict):
            at = getattr(value, "at", None)
            example = _EXAMPLES.get(kind, "{kind}:\n  设置项: 值")
            written = value if isinstance(value, str) else "…"
            cure = "写成：\n" + example.replace("{kind}", kind).replace("{value}", written)
            raise refused(f"“{kind}”下面要换行写设置项", cure, at=at)
        return marked(value, kind)
    return {"do": kind, shorthand: value}


for _model in (WaitEvent, Arm, Branch, Loop, SplitArm, Split, Step):
    _model.model_rebuild(_types_namespace={"Step": Step})


def nested_steps(step: Step) -> Iterator[tuple[Step, ...]]:
    """The lists of steps written inside this one."""
    for action in step.actions:
        if isinstance(action, WaitEvent):
            yield from (action.came, action.timed_out)
        elif isinstance(action, Branch):
            yield from (arm.steps for arm in action.arms)
        elif isinstance(action, Loop):
            yield action.steps
        elif isinstance(action, Split):
            yield from (arm.then for arm in action.arms)


def all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps and everything nested in them, in the order written."""
    for step in steps:
        yield step
        for nested in nested_steps(step):
            yield from all_steps(nested)
