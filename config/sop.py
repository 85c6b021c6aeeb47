"""The shape of an SOP: who it is for, how one enters and leaves, what happens step by step."""

from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator

from config.content import Content, Receiver, SendCustomer, SendGroup, TellStaff, Welcome
from config.flow import Flow, Node, flow_of
from config.reading import Items, Map, Person, Strict, Zone, key, one_or_more, refused, word
from config.rules import QuietHours, QuietText
from config.steps import (
    OFF_DAYS,
    Action,
    AddTags,
    Arm,
    Branch,
    End,
    Formerly,
    Invite,
    Loop,
    Missed,
    OffDay,
    PostMoment,
    RemoveTags,
    Split,
    SplitArm,
    Step,
    Wait,
    WaitEvent,
    all_steps,
    nested_steps,
)
from config.tasks import (
    AnyEvidence,
    Button,
    ChecklistDone,
    CustomerReplied,
    CustomerTagged,
    CustomerTaggedInGroup,
    DataChecked,
    Evidence,
    FilledIn,
    GiveTask,
    JoinedGroup,
    MassSent,
)
from config.triggers import Entry, Exit, Trigger

__all__ = [
    "Action",
    "AddTags",
    "AnyEvidence",
    "Arm",
    "Branch",
    "Button",
    "ChecklistDone",
    "Content",
    "CustomerReplied",
    "CustomerTagged",
    "CustomerTaggedInGroup",
    "DataChecked",
    "End",
    "Entry",
    "Evidence",
    "Exit",
    "FilledIn",
    "Flow",
    "GiveTask",
    "Invite",
    "JoinedGroup",
    "LongHoliday",
    "Loop",
    "MassSent",
    "Missed",
    "Node",
    "OffDay",
    "OnChange",
    "PostMoment",
    "Receiver",
    "RemoveTags",
    "SendCustomer",
    "SendGroup",
    "Sop",
    "SopCalendar",
    "Split",
    "SplitArm",
    "State",
    "Step",
    "Subject",
    "TellStaff",
    "Trigger",
    "Wait",
    "WaitEvent",
    "Welcome",
    "all_steps",
    "nested_steps",
]

OnChange: TypeAlias = Literal["跟随新版", "按旧版走完"]
State: TypeAlias = Literal["草稿", "启用", "暂停", "停用"]
Subject: TypeAlias = Literal["客户", "客户群"]
LongHoliday: TypeAlias = Literal["照常", "换成 假期版", "跳过"]


def _window(value: QuietHours) -> QuietHours:
    if value.start > value.end:
        text = f"可发时段“{value.start:%H:%M}-{value.end:%H:%M}”不能跨过半夜"
        raise refused(text, "分成两段，例如：[20:00-23:59, 08:00-09:00]")
    return value


class SopCalendar(Strict):
    block = "日历"
    timezone: Zone | None = key("时区", "timezone", None, description="不写就用全局规则的时区")
    off_day: Annotated[OffDay, OFF_DAYS] = key(
        "遇非工作日", "off_day", "照常", description="周末和假期怎么办：照常、顺延、提前、跳过"
    )
    long_holiday: Annotated[
        LongHoliday, word(as_usual="照常", holiday_version="换成 假期版", skip="跳过")
    ] = key(
        "法定长假", "long_holiday", "照常", description="春节、国庆怎么办：照常、换成 假期版、跳过"
    )
    windows: Annotated[tuple[Annotated[QuietText, AfterValidator(_window)], ...], one_or_more] = (
        key(
            "可发时段",
            "windows",
            (),
            description="只在这些时段里发，例如 [11:30-13:00, 18:00-20:00]；其余时间顺延",
        )
    )
    """Pushes of this SOP leave only within one of these; without any, whenever it is not quiet."""


class Sop(Strict):
    """One SOP file."""

    block = "SOP"
    name: str = key("SOP", "sop", min_length=1, max_length=60, description="名字，不要重复")
    formerly: Formerly = key(
        "曾用名", "formerly", (), description="改名前的名字，正在进行的客户才接得上"
    )
    note: str = key("版本说明", "note", "", description="这一版改了什么")
    owner: Person = key("负责人", "owner", description="出了问题找谁")
    state: Annotated[State, word(draft="草稿", enabled="启用", paused="暂停", stopped="停用")] = (
        key("状态", "state", "草稿", description="草稿（默认）、启用、暂停、停用")
    )
    subject: Annotated[Subject, word(customer="客户", group="客户群")] = key(
        "对象", "subject", description="给客户还是给客户群"
    )
    on_change: Annotated[OnChange, word(follow="跟随新版", finish_old="按旧版走完")] = key(
        "变更时",
        "on_change",
        "跟随新版",
        description="改了以后，正在进行的客户：跟随新版（默认）或按旧版走完",
    )
    entry: Entry = key("进入", "entry", description="谁在什么时候进入")
    exits: Annotated[tuple[Exit, ...], one_or_more] = key(
        "退出", "exits", (), description="发生其中一件事就退出"
    )
    calendar: SopCalendar = key(
        "日历", "calendar", SopCalendar(), description="时区、周末和假期怎么办、可发时段"
    )
    steps: tuple[Step, ...] = key("步骤", "steps", min_length=1, description="按先后顺序写")

    @classmethod
    def unfold(cls, data: dict[str, Any]) -> dict[str, Any]:
        """阶段变化 without 体系 is about the system by which one entered."""
        entry = data.get("进入", data.get("entry"))
        system = entry.get("体系", entry.get("system")) if isinstance(entry, dict) else None
        return _with_system(data, str(system)) if system else data

    @property
    def names(self) -> tuple[str, ...]:
        """Today's and all former ones: journeys keep the name they began under."""
        return (self.name, *self.formerly)

    def flow(self) -> Flow:
        """The compiled form, made once."""
        return self._compiled

    @cached_property
    def _compiled(self) -> Flow:
        groups = self.subject == "客户群"
        return flow_of(self.steps, off_day=self.calendar.off_day, of_groups=groups)


def _with_system(node: Any, system: str) -> Any:
    """The same tree, in which every change of stage says in which system."""
    if isinstance(node, list):
        items = [_with_system(item, system) for item in node]
        return Items(node.at, items) if isinstance(node, Items) else items
    if not isinstance(node, dict):
        return node
    copy = node.copied() if isinstance(node, Map) else dict(node)
    for name, value in node.items():
        copy[name] = _with_system(value, system)
    kind = node.get("当", node.get("on"))
    if kind in ("阶段变化", "stage changed") and not {"体系", "system"} & set(node):
        copy["体系" if "当" in node else "system"] = system
    return copy
