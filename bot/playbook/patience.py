"""May this be sent now, later or never? Validity, quiet hours and caps, with reasons to show. Pure.

遇非工作日 moved the planned moment already; it is asked again only about another day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.model import CapWindow, Class, Delivery, Full, SubjectType
from bot.playbook.calendar import Quiet, day_start
from bot.playbook.hours import Hours
from config.content import SendCustomer, SendGroup
from config.rules import Cap, Quieted, QuietHours, Rules
from config.sop import OffDay, Sop, SopCalendar, State, Step

GATHERING = timedelta(seconds=60)  # how long a mass message stays open for more members
ASK_AFTER = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
)
QUIET = "免打扰"
OFF_DAY = "非工作日"
TOO_LATE = "过期"
STOPPED = "客户停止推送"
_WECOMS = "企业微信"  # its own limits begin with this
REMIND_AFTER = (timedelta(hours=1), timedelta(hours=3))
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Go:
    why: str = ""


@dataclass(frozen=True, slots=True)
class Postpone:
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Drop:
    state: Literal["expired", "suppressed"]
    reason: str
    """For counters: 客户停止推送 | 已退出 | 已暂停 | 频控:… | 过期."""
    why: str


Decision = Go | Postpone | Drop


def decide(
    delivery: Delivery,
    *,
    now: datetime,
    hours: Hours,
    exited: bool,
    state: State | None,
    calendar: SopCalendar | None = None,
    off_day: OffDay = "照常",
    stopped: bool = False,
) -> Decision:
    """Everything but caps; ``state`` and ``calendar`` are its SOP's, None when that is gone.

    ``off_day`` is its step's 遇非工作日, see :func:`off_day_of`.
    """
    what = f"“{delivery.step}”"
    if stopped:
        return Drop("suppressed", STOPPED, f"{what}不发了：客户要求停止推送")
    if exited:
        return Drop("suppressed", "已退出", f"{what}不发了：旅程已退出")
    if state != "启用" and not _asked_by_theme(delivery):
        return Drop("suppressed", "已暂停", f"{what}不发了：SOP {state or '已删除'}")
    if not delivery.staff:
        return Drop("suppressed", "没有跟进人", f"{what}不发了：没有可以发送的员工")
    if now >= delivery.expires_at:
        return Drop("expired", "过期", f"{what}时效到 {hours.local(delivery.expires_at)}，已过期")
    free_at = hours.free_after(audience(delivery.subject_type), now)
    windows = calendar.windows if calendar and not delivery.seat else ()
    if windows and calendar:
        tz = ZoneInfo(calendar.timezone) if calendar.timezone else hours.tz
        opens_at = opening(windows, tz, audience(delivery.subject_type), now, hours)
        if opens_at != now:
            shown = "、".join(str(window) for window in windows)
            why = f"不在可发时段（{shown}）"
            return _later(delivery, opens_at or delivery.expires_at, why, hours, off_day)
    if free_at > now:
        return _later(delivery, free_at, QUIET, hours, off_day)
    if _is_off(delivery, now, hours, off_day):
        return _later(delivery, now, OFF_DAY, hours, off_day)
    return Go()


def _asked_by_theme(delivery: Delivery) -> bool:
    """An accepted move into another group: no journey and no SOP asked for it."""
    return bool(delivery.seat) and delivery.journey == delivery.seat


def off_day_of(sop: Sop | None, delivery: Delivery) -> OffDay:
    """遇非工作日 of the step it comes from; an invitation answers the customer on any day."""
    node = sop.flow().nodes.get(delivery.step) if sop and not delivery.seat else None
    return node.off_day if node else "照常"


def opening(
    windows: Sequence[QuietHours], tz: ZoneInfo, who: Quieted, now: datetime, hours: Hours
) -> datetime | None:
    """``now``, or the first moment after it inside a window and outside the quiet hours.

    None: every window lies in the quiet hours.
    """
    spans = [Quiet(window, tz) for window in windows]
    at = now
    for _ in range(2 * len(spans) + 2):
        if not any(span.contains(at) for span in spans):
            at = min(start for span in spans if (start := span.start_after(at)))
        if (free_at := hours.free_after(who, at)) == at:
            return at
        at = free_at
    return None


def when_full(delivery: Delivery, full: Full, hours: Hours, off_day: OffDay = "照常") -> Decision:
    """The caps leave no room: move to the first free slot, or give up."""
    return _later(delivery, full.free_at, f"频控:{full.rule}", hours, off_day)


def weighed(hits: Sequence[Mapping[str, Any]], windows: Sequence[CapWindow], cls: Class) -> str:
    """How full each of our own windows is with this one: 每天1条已用1，每7天3条已用2."""
    counted = [
        f"{window.rule}已用{_inside(hits, window)}"
        for window in windows
        if window.cls in (None, cls) and not window.rule.startswith(_WECOMS)
    ]
    return f"频控 {'、'.join(counted)}" if counted else "没有频控"


def _inside(hits: Sequence[Mapping[str, Any]], window: CapWindow) -> int:
    return sum(h["at"] >= window.since and window.cls in (None, h["cls"]) for h in hits)


def give_way(delivery: Delivery, now: datetime, hours: Hours, off_day: OffDay = "照常") -> Decision:
    """A 营销 delivery that would take the place a 服务 one needs later today."""
    return _later(delivery, day_end(now, hours.tz), "让位给当天稍后的服务消息", hours, off_day)


def room_for_both(
    hits: Sequence[Mapping[str, Any]], windows: Sequence[CapWindow], service_later: int
) -> bool:
    """Whether one more leaves enough places for the 服务 messages still to come."""
    return all(
        sum(hit["at"] >= window.since for hit in hits) + 1 + service_later <= window.limit
        for window in windows
        if window.cls is None
    )


def sends_service(step: Step) -> bool:
    """Whether this step sends something of class 服务 to a customer or group."""
    return any(
        isinstance(action, SendCustomer | SendGroup) and action.category == "服务"
        for action in step.actions
    )


def _later(
    delivery: Delivery, until: datetime, reason: str, hours: Hours, off_day: OffDay
) -> Decision:
    """Put off past midnight, it may come to a day on which its step says nothing is sent."""
    what = f"“{delivery.step}”"
    until = hours.free_after(audience(delivery.subject_type), until)
    if _is_off(delivery, until, hours, off_day):
        shown = f"{until.astimezone(hours.tz):%m-%d}是非工作日"
        if off_day == "跳过":
            why = f"{what}不发了：{reason}，{shown}（遇非工作日: 跳过）"
            return Drop("suppressed", OFF_DAY, why)
        until = _next_workday(delivery, until, hours)
        reason = shown if reason == OFF_DAY else f"{reason}、{shown}"
    if until < delivery.expires_at:
        return Postpone(until, f"{what}{reason}，顺延到 {hours.local(until)}")
    ends = hours.local(delivery.expires_at)
    return Drop("suppressed", reason, f"{what}不发了：{reason}，下个空档在时效（到 {ends}）之后")


def _is_off(delivery: Delivery, at: datetime, hours: Hours, off_day: OffDay) -> bool:
    """Of the planned day itself 遇非工作日 has decided before."""
    if off_day == "照常" or hours.is_workday(at):
        return False
    planned = delivery.planned_at.astimezone(hours.tz).date()
    return at.astimezone(hours.tz).date() != planned


def _next_workday(delivery: Delivery, at: datetime, hours: Hours) -> datetime:
    """提前 cannot be done any more, so it is put off, too."""
    day = hours.calendar.workday_from(at.astimezone(hours.tz).date())
    opens = datetime.combine(day, time(), hours.tz).astimezone(UTC)
    return hours.free_after(audience(delivery.subject_type), opens)


def audience(subject_type: SubjectType) -> Quieted:
    """Whose quiet hours they are."""
    return "客户" if subject_type == "contact" else "客户群"


def together(delivery: Delivery, tz: ZoneInfo) -> tuple[object, ...]:
    """Deliveries for which this is equal may share one mass message."""
    offered = delivery.due_at or delivery.planned_at
    return (
        delivery.staff,
        delivery.subject_type,
        delivery.content_hash,
        offered.astimezone(tz).date(),
        delivery.expires_at.replace(minute=0, second=0, microsecond=0),
    )


def class_of(delivery: Delivery) -> Class:
    """An invitation answers what the customer is waiting for, whatever its SOP says."""
    return "服务" if delivery.seat else delivery.cls


# ---- caps ---------------------------------------------------------------------------------------


def ledger_of(subject: str, subject_type: SubjectType) -> str:
    """Under which name a customer or group stands in the caps."""
    return f"cust:{subject}" if subject_type == "contact" else f"chat:{subject}"


def windows(rules: Rules, subject_type: SubjectType, at: datetime) -> tuple[CapWindow, ...]:
    """What customers or groups may receive around ``at``: our rules, then WeCom's own."""
    tz = ZoneInfo(rules.timezone)
    own = rules.caps.customer if subject_type == "contact" else rules.caps.group
    return (*(_window(cap, at, tz) for cap in own), _monthly(at, tz))


def day_end(at: datetime, tz: ZoneInfo) -> datetime:
    """The local midnight after ``at``."""
    return day_start(day_start(at, tz) + timedelta(hours=36), tz)


def _window(cap: Cap, at: datetime, tz: ZoneInfo) -> CapWindow:
    """每天 is a day of the calendar; 每7天 are the last 7 × 24 hours."""
    cls: Class | None = "营销" if cap.marketing_only else None
    kind = "其中营销" if cap.marketing_only else ""
    days = "" if cap.days == 1 else str(cap.days)
    rule = f"{kind}每{days}天{cap.limit}条"
    if cap.days == 1:
        start, end = day_start(at, tz), day_end(at, tz)
        return CapWindow(rule=rule, limit=cap.limit, cls=cls, since=start, until=end)
    span = timedelta(days=cap.days)
    return CapWindow(rule=rule, limit=cap.limit, cls=cls, since=at - span, span=span)


def _monthly(at: datetime, tz: ZoneInfo) -> CapWindow:
    """ "每位客户/每个客户群每月最多可接收条数为当月天数"
    https://developer.work.weixin.qq.com/document/path/92135
    """
    local = at.astimezone(tz)
    first = day_start(local.replace(day=1, hour=12), tz)
    next_month = (local.replace(day=28) + timedelta(days=4)).replace(day=1, hour=12)
    until = day_start(next_month, tz)
    days = round((until - first) / _ONE_DAY)
    return CapWindow(rule=f"{_WECOMS}每月{days}条", limit=days, since=first, until=until)


# ---- a mass message waiting for its member of staff ---------------------------------------------


def next_poll(created_at: datetime, polls: int) -> datetime:
    """When to ask WeCom again what became of it, having asked ``polls`` times."""
    if polls < len(ASK_AFTER):
        return created_at + ASK_AFTER[polls]
    return created_at + ASK_AFTER[-1] + timedelta(hours=polls - len(ASK_AFTER) + 1)


def next_look(
    created_at: datetime,
    polls: int,
    expires_at: datetime,
    now: datetime,
    hours: Hours,
    subject_type: SubjectType,
) -> datetime:
    """The next poll, or the moment it must be withdrawn if that is earlier.

    Polls whose time passed while nobody looked are not made up for: the last answer holds them.
    """
    quiet = hours.quiet[audience(subject_type)].start_after(now)
    while (at := next_poll(created_at, polls)) <= now:
        polls += 1
    moments = [at, expires_at]
    return min(moments if quiet is None else [*moments, quiet])


def must_withdraw(
    expires_at: datetime, now: datetime, hours: Hours, subject_type: SubjectType
) -> Literal["", "免打扰", "过期"]:
    """Why an unconfirmed mass message may not stay in the hands of staff."""
    if now >= expires_at:
        return "过期"
    return "免打扰" if hours.quiet[audience(subject_type)].contains(now) else ""


def reminder_due(created_at: datetime, reminds: int, now: datetime, hours: Hours) -> bool:
    """Whether it is time to ask the member of staff once more to confirm."""
    if reminds >= len(REMIND_AFTER) or hours.quiet["员工"].contains(now):
        return False
    return now >= created_at + REMIND_AFTER[reminds]


def first_served(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """服务 before 营销, then who was planned first: the order in which slots are given out."""
    return sorted(deliveries, key=lambda d: (class_of(d) == "营销", d.planned_at, d.id))
