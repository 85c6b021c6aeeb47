"""Rules over everything: quiet hours, caps, reminder ladders, workdays, approval."""

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from config.phrases import Duration, Unreadable, clock
from config.reading import Length, Strict, Zone, key, named, one_or_more, refused, word

Quieted: TypeAlias = Literal["客户", "客户群", "员工"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` up to, not including, ``end``; may cross midnight."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"


def _quiet(value: Any) -> QuietHours:
    if isinstance(value, QuietHours):
        return value
    start, _, end = str(value).replace("–", "-").partition("-")
    try:
        hours = QuietHours(clock(start), clock(end))
    except Unreadable as error:
        raise refused(f"看不懂时段“{value}”", "写成 开始-结束，例如：21:30-08:30") from error
    if hours.start == hours.end:
        raise refused(f"时段“{value}”的开始和结束一样", "写成 开始-结束，例如：21:30-08:30")
    return hours


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``limit`` within ``days`` days; of marketing only, or of everything."""

    days: int
    limit: int
    marketing_only: bool = False


_CAP = re.compile(r"(其中营销)?每(\d{0,3})天(?:新任务)?")
_ENGLISH_CAP = re.compile(r"(marketing_)?per_(\d{0,3})_?days?(?:_new_tasks)?")
_COUNT = re.compile(r"(\d{1,4}) ?(?:条|个|次|tasks?|messages?)?")


def _caps(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return tuple(_cap(str(name), str(limit)) for name, limit in value.items())


def _cap(name: str, limit: str) -> Cap:
    window = _CAP.fullmatch(name) or _ENGLISH_CAP.fullmatch(name)
    count = _COUNT.fullmatch(limit.strip())
    if not window:
        raise refused(f"频控里不认识“{name}”", "可以写：每天、每7天、其中营销每7天、每天新任务")
    if not count:
        raise refused(f"看不懂数量“{limit}”", f"例如：{name}: 3条")
    return Cap(int(window[2] or 1), int(count[1]), bool(window[1]))


CapsText: TypeAlias = Annotated[tuple[Cap, ...], BeforeValidator(_caps)]


class Caps(Strict):
    block = "频控"
    customer: CapsText = key("每位客户", "per_customer", ())
    group: CapsText = key("每个群", "per_group", ())
    staff: CapsText = key("每位员工", "per_staff", ())
    """New tasks per member of staff."""
    when_full: Annotated[
        Literal["优先级低的顺延，超过时效就放弃"],
        word(postpone_until_expired="优先级低的顺延，超过时效就放弃"),
    ] = key("超出时", "when_full", "优先级低的顺延，超过时效就放弃")


@dataclass(frozen=True, slots=True)
class Elapsed:
    """过了: so long after the task was given."""

    length: Duration


@dataclass(frozen=True, slots=True)
class AtDue:
    """到期."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """逾期: so long after it was due."""

    length: Duration


Reminded: TypeAlias = Annotated[Literal["本人", "店长"], word(self="本人", manager="店长")]


class Rung(Strict):
    """One rung of a ladder: when, and who is reminded or takes over."""

    block = "催办"
    may_be_empty = frozenset({"到期", "at_due"})
    elapsed: Length | None = key("过了", "elapsed", None)
    at_due: bool = key("到期", "at_due", False)
    overdue: Length | None = key("逾期", "overdue", None)
    remind: Annotated[tuple[Reminded, ...], one_or_more] = key("提醒", "remind", ())
    reassign: Annotated[Literal["店长"] | None, word(manager="店长")] = key(
        "转派", "reassign", None
    )

    @classmethod
    def unfold(cls, data: dict[str, Any]) -> dict[str, Any]:
        """到期 is written without a value."""
        for name in cls.may_be_empty:
            if name in data and data[name] in (None, ""):
                return data | {name: True}
        return data

    @model_validator(mode="after")
    def _one_moment(self) -> "Rung":
        moments = [self.elapsed is not None, self.at_due, self.overdue is not None]
        if sum(moments) != 1:
            raise refused("催办的每一级要写一个时间：过了、到期、逾期", "例如：- 过了: 2小时")
        if not self.remind and not self.reassign:
            raise refused("催办的这一级没写做什么", "加上：提醒: 本人，或 转派: 店长")
        return self

    @property
    def after(self) -> Elapsed | AtDue | Overdue:
        if self.elapsed is not None:
            return Elapsed(self.elapsed)
        return Overdue(self.overdue) if self.overdue is not None else AtDue()


Dates: TypeAlias = Annotated[tuple[date, ...], one_or_more]
Ladder: TypeAlias = Annotated[tuple[Rung, ...], one_or_more, Field(min_length=1)]
Approvers: TypeAlias = Annotated[tuple[Annotated[str, named("接收人")], ...], one_or_more]


class Workdays(Strict):
    block = "工作日历"
    source: Annotated[Literal["国务院公告"], word(state_council="国务院公告")] = key(
        "来源", "source", "国务院公告"
    )
    extra_work: Dates = key("额外上班", "extra_work", ())
    extra_rest: Dates = key("额外休息", "extra_rest", ())


class Approval(Strict):
    block = "审批"
    marketing: Approvers = key("营销内容", "marketing", ())
    other: Approvers = key("其他内容", "other", ())


QuietText: TypeAlias = Annotated[QuietHours, PlainValidator(_quiet)]
_QUIET_KEY = word(customer="客户", group="客户群", staff="员工")


class Rules(Strict):
    """规则: 全局."""

    block = "规则"
    name: Annotated[Literal["全局"], word(**{"global": "全局"})] = key("规则", "rules", "全局")
    timezone: Zone = key("时区", "timezone", "Asia/Shanghai")
    quiet: dict[Annotated[Quieted, _QUIET_KEY], QuietText] = key("免打扰", "quiet", {})
    caps: Caps = key("频控", "caps", Caps())
    ladders: dict[str, Ladder] = key("催办", "ladders", {})
    workdays: Workdays = key("工作日历", "workdays", Workdays())
    approval: Approval = key("审批", "approval", Approval())
