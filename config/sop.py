"""The shape of an SOP: who it is for, how one enters and leaves, what happens step by step."""

from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from config.content import Content, Receiver, SendCustomer, SendGroup, TellStaff, Welcome
from config.flow import Flow, Node, flow_of
from config.reading import Person, Strict, Zone, key, one_or_more, word
from config.steps import (
    OFF_DAYS,
    Action,
    AddTags,
    Arm,
    Branch,
    End,
    Formerly,
    Invite,
    Missed,
    OffDay,
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
    CustomerTagged,
    CustomerTaggedInGroup,
    Evidence,
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
    "CustomerTagged",
    "CustomerTaggedInGroup",
    "End",
    "Entry",
    "Evidence",
    "Exit",
    "Flow",
    "GiveTask",
    "Invite",
    "JoinedGroup",
    "LongHoliday",
    "MassSent",
    "Missed",
    "Node",
    "OffDay",
    "Receiver",
    "SendCustomer",
    "SendGroup",
    "Sop",
    "SopCalendar",
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

State: TypeAlias = Literal["草稿", "启用", "暂停", "停用"]
Subject: TypeAlias = Literal["客户", "客户群"]
LongHoliday: TypeAlias = Literal["照常", "换成 假期版", "跳过"]


class SopCalendar(Strict):
    block = "日历"
    timezone: Zone | None = key("时区", "timezone", None)
    off_day: Annotated[OffDay, OFF_DAYS] = key("遇非工作日", "off_day", "照常")
    long_holiday: Annotated[
        LongHoliday, word(as_usual="照常", holiday_version="换成 假期版", skip="跳过")
    ] = key("法定长假", "long_holiday", "照常")


class Sop(Strict):
    """One SOP file."""

    block = "SOP"
    name: str = key("SOP", "sop", min_length=1, max_length=60)
    formerly: Formerly = key("曾用名", "formerly", ())
    note: str = key("版本说明", "note", "")
    owner: Person = key("负责人", "owner")
    state: Annotated[State, word(draft="草稿", enabled="启用", paused="暂停", stopped="停用")] = (
        key("状态", "state", "草稿")
    )
    subject: Annotated[Subject, word(customer="客户", group="客户群")] = key("对象", "subject")
    entry: Entry = key("进入", "entry")
    exits: Annotated[tuple[Exit, ...], one_or_more] = key("退出", "exits", ())
    calendar: SopCalendar = key("日历", "calendar", SopCalendar())
    steps: tuple[Step, ...] = key("步骤", "steps", min_length=1)

    def flow(self) -> Flow:
        """The compiled form, made once."""
        return self._compiled

    @cached_property
    def _compiled(self) -> Flow:
        groups = self.subject == "客户群"
        return flow_of(self.steps, off_day=self.calendar.off_day, of_groups=groups)
