"""Rules over everything: quiet hours, caps, reminder ladders, workdays, approval."""

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from config.guess import did_you_mean, digits, hours_phrase
from config.phrase_table import Unreadable, clock
from config.phrasebook import CAPS, DIGEST, HOURS, RECEIVER
from config.phrases import Duration
from config.reading import Length, Map, Place, Strict, Zone, key, named, one_or_more, refused, word

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
        cure = did_you_mean(hours_phrase(str(value))) + "写成 开始-结束，例如：21:30-08:30"
        raise refused(f"看不懂时段“{value}”", cure) from error
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
    if isinstance(value, str):
        found = re.search(r"(每\d*天|每周)\D*(\d+)", digits(value))
        meant = f"{{{found[1].replace('周', '7天')}: {found[2]}条}}" if found else None
        raise refused(f"看不懂频控“{value}”", did_you_mean(meant) + "写成 {每天: 1条, 每7天: 3条}")
    if not isinstance(value, dict):
        return value
    places = value.keys_at if isinstance(value, Map) else {}
    return tuple(_cap(str(name), limit, places.get(name)) for name, limit in value.items())


_OTHER_WINDOWS = {"每周": "每7天", "每月": "每30天", "每日": "每天", "一天": "每天"}


def _cap(name: str, written: Any, at: Place | None) -> Cap:
    limit = str(written)
    window = _CAP.fullmatch(name) or _ENGLISH_CAP.fullmatch(name)
    count = _COUNT.fullmatch(limit.strip())
    if not window:
        meant = next((days for word, days in _OTHER_WINDOWS.items() if word in name), None)
        cure = f"{did_you_mean(meant)}可以写：每天、每7天、其中营销每7天、每天新任务"
        raise refused(f"频控里不认识“{name}”", cure, at=at)
    if not count:
        place = getattr(written, "at", at)
        number = re.search(r"\d+[条个次]?", digits(limit))
        cure = did_you_mean(number[0] if number else None) + f"例如：{name}: 3条"
        raise refused(f"看不懂数量“{limit}”", cure, at=place)
    return Cap(int(window[2] or 1), int(count[1]), bool(window[1]))


CapsText: TypeAlias = Annotated[tuple[Cap, ...], BeforeValidator(_caps), CAPS]


class Caps(Strict):
    block = "频控"
    customer: CapsText = key(
        "每位客户",
        "per_customer",
        (),
        description="例如 {每天: 1条, 每7天: 3条, 其中营销每7天: 1条}",
    )
    group: CapsText = key(
        "每个群", "per_group", (), description="例如 {每天: 2条, 其中营销每7天: 2条}"
    )
    staff: CapsText = key("每位员工", "per_staff", (), description="例如 {每天新任务: 8个}")
    """New tasks per member of staff."""
    when_full: Annotated[
        Literal["优先级低的顺延，超过时效就放弃"],
        word(postpone_until_expired="优先级低的顺延，超过时效就放弃"),
    ] = key("超出时", "when_full", "优先级低的顺延，超过时效就放弃", description="到了上限怎么办")


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
    elapsed: Length | None = key("过了", "elapsed", None, description="派出任务多久以后")
    at_due: bool = key("到期", "at_due", False, description="到期那一刻，后面不用写内容")
    overdue: Length | None = key("逾期", "overdue", None, description="到期以后又过了多久")
    remind: Annotated[tuple[Reminded, ...], one_or_more] = key(
        "提醒", "remind", (), description="提醒本人、店长，或两个都提醒"
    )
    reassign: Annotated[Literal["店长"] | None, word(manager="店长")] = key(
        "转派", "reassign", None, description="改派给店长"
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


def _in_chinese(value: Any) -> Any:
    """role/法务 and 角色/法务 are the same."""
    return RECEIVER.translated(value, "zh") if isinstance(value, str) else value


Approvers: TypeAlias = Annotated[
    tuple[Annotated[str, BeforeValidator(_in_chinese), named("接收人"), RECEIVER], ...], one_or_more
]


class Workdays(Strict):
    block = "工作日历"
    source: Annotated[Literal["国务院公告"], word(state_council="国务院公告")] = key(
        "来源", "source", "国务院公告", description="国务院公布的放假安排"
    )
    extra_work: Dates = key("额外上班", "extra_work", (), description="自己另加的上班日")
    extra_rest: Dates = key("额外休息", "extra_rest", (), description="自己另加的休息日")


class Approval(Strict):
    block = "审批"
    marketing: Approvers = key("营销内容", "marketing", (), description="营销内容由谁批准")
    other: Approvers = key("其他内容", "other", (), description="其他内容由谁批准")


QuietText: TypeAlias = Annotated[QuietHours, PlainValidator(_quiet), HOURS]
AttributeKind: TypeAlias = Annotated[
    Literal["日期", "每年", "农历每年"],
    word(date="日期", yearly="每年", lunar_yearly="农历每年"),
]
#: WeCom itself never tells an app what customers write.
ReplySource: TypeAlias = Annotated[
    Literal["获客助手", "微信客服", "会话存档", "业务系统"],
    word(
        acquisition_link="获客助手",
        customer_service="微信客服",
        chat_archive="会话存档",
        posted_event="业务系统",
    ),
]
_QUIET_KEY = word(customer="客户", group="客户群", staff="员工")


NO_DIGEST = "不发"
_NEVER = ("never", "关", "关闭", "off", "false", "无", "没有", "不要")


def _digest(value: Any) -> Any:
    """不发, or a time of day."""
    if isinstance(value, time) or value == NO_DIGEST:
        return value
    word = str(value).strip()
    if word.lower() == "never":
        return NO_DIGEST
    try:
        return clock(word)
    except Unreadable as error:
        cure = did_you_mean(NO_DIGEST if word.lower() in _NEVER else _time_in(word))
        example = "写成几点几分，例如：09:30；不要日报就写：不发"
        raise refused(f"看不懂店长日报的时间“{word}”", cure + example) from error


def _time_in(text: str) -> str | None:
    """09:30 for 早上9点半; None when there is no such time of day."""
    guessed = (hours_phrase(f"{text}-{text}") or "").partition("-")[0]
    try:
        clock(guessed)
    except Unreadable:
        return None
    return guessed


DigestText: TypeAlias = Annotated[time | Literal["不发"], PlainValidator(_digest), DIGEST]


class Rules(Strict):
    """规则: 全局."""

    block = "规则"
    name: Annotated[Literal["全局"], word(**{"global": "全局"})] = key(
        "规则", "rules", "全局", description="写 全局"
    )
    timezone: Zone = key("时区", "timezone", "Asia/Shanghai", description="默认 Asia/Shanghai")
    quiet: dict[Annotated[Quieted, _QUIET_KEY], QuietText] = key(
        "免打扰", "quiet", {}, description="客户、客户群、员工各自不打扰的时段，例如 21:30-08:30"
    )
    caps: Caps = key("频控", "caps", Caps(), description="多久最多发多少条")
    ladders: dict[str, Ladder] = key(
        "催办", "ladders", {}, description="任务没做完时，按什么节奏提醒和转派"
    )
    manager_digest: DigestText = key(
        "店长日报",
        "manager_digest",
        time(9, 30),
        description="工作日几点把逾期和升级的任务汇总给店长，默认 09:30；写 不发 就没有",
    )
    workdays: Workdays = key("工作日历", "workdays", Workdays(), description="哪些天算工作日")
    approval: Approval = key("审批", "approval", Approval(), description="发布前由谁批准")
    attributes: dict[str, AttributeKind] = key(
        "客户属性",
        "attributes",
        {},
        description="客户身上的日期，例如 预产期: 日期、生日: 每年、生日: 农历每年",
    )
    reply_sources: Annotated[tuple[ReplySource, ...], one_or_more] = key(
        "客户回复来源",
        "reply_sources",
        (),
        description="“客户回复”从哪里知道；一个都没有就不会发生",
    )
