"""今天: how far everybody is, what has changed since last week, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from aiohttp import web

from bot.backlog import age
from bot.playbook.hours import Hours
from bot.reports.quota import quota
from bot.store.day_figures import Pile
from bot.store.task_figures import InHand
from console.advice import Asker, advice
from console.language import marked
from console.pages.calendar import WEEKDAYS
from console.pages.customers import staff_seen
from console.site import Route, Visit, go

_DAY = timedelta(days=1)
_DAYS = 14  # of the small lines
_PUSHES: Final = ("customers", "groups", "moments")
_QUEUES: Final[Mapping[str, str]] = {
    "inbox": marked("回调"),
    "journeys": marked("旅程"),
    "deliveries": marked("推送"),
    "tasks": marked("任务"),
    "outbox": marked("调用企业微信"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """``points``: the same of each of the last days, today the last; none where nobody counts."""

    name: str
    count: int
    points: Sequence[int] = ()
    see: str = ""
    bad: bool = False

    @property
    def last_week(self) -> int | None:
        """Of the same weekday, the whole day."""
        return self.points[-8] if len(self.points) > 7 else None


async def page(visit: Visit) -> web.StreamResponse:
    """A lead sees the figures of their departments' people."""
    ctx, now = visit.ctx, visit.ctx.now()
    hours = Hours.of((await ctx.releases.head()).book)
    today = now.astimezone(hours.tz).date()
    seen = await staff_seen(ctx, visit.who)
    days = await ctx.store.day_figures.days(
        today - (_DAYS - 1) * _DAY, today, zone=hours.tz, now=now, staff=seen
    )
    in_hand = await _in_hand(visit, today, hours, seen)
    used = await quota(ctx) if visit.who.may("operate") else None
    asker = Asker(reader=visit.who, staff=seen, hours=hours, today=today)
    return visit.page(
        "today.html",
        today=today,
        weekday=WEEKDAYS[today.weekday()],
        works=hours.calendar.is_workday(today),
        release=await _published_today(visit, today, hours),
        tasks=_tasks(in_hand, days),
        pushes=_pushes(days),
        why=_reasons(days[today]),
        advice=await advice(ctx, asker, in_hand, used),
        queues=await _queues(visit) if used else [],
        quota=used,
        clock=lambda at: f"{at.astimezone(hours.tz):%m-%d %H:%M}",
    )


async def _in_hand(
    visit: Visit, today: date, hours: Hours, seen: Sequence[str] | None
) -> list[InHand]:
    until = datetime.combine(today + _DAY, time(), hours.tz)
    found = await visit.ctx.store.task_figures.in_hand(visit.ctx.now(), until)
    return [one for one in found if seen is None or one.staff in seen]


async def _published_today(visit: Visit, today: date, hours: Hours) -> dict[str, Any] | None:
    """The release that came today, the last if there were several; None when none did."""
    head = await visit.ctx.store.releases.head()
    if not head:
        return None
    at = await visit.ctx.store.releases.published_at(head)
    return {"n": head, "at": at} if at.astimezone(hours.tz).date() == today else None


def _tasks(in_hand: Sequence[InHand], days: Mapping[date, Sequence[Pile]]) -> list[Figure]:
    overdue = sum(one.overdue for one in in_hand)
    due = sum(one.count for one in in_hand) - overdue
    said = _points(days, ["done"], lambda pile: pile.fate == "said")
    verified = _points(days, ["done"], lambda pile: pile.fate == "verified")
    given = _points(days, ["tasks"], lambda pile: pile.fate != "coming")
    return [
        Figure(name=marked("今天到期，还没做"), count=due, see="/console/tasks"),
        Figure(
            name=marked("已经逾期"),
            count=overdue,
            see="/console/tasks?pile=overdue",
            bad=overdue > 0,
        ),
        _today(marked("今天员工说做好了"), said, "/console/tasks?pile=told"),
        _today(marked("今天系统核实了"), verified, "/console/tasks?pile=verified"),
        _today(marked("今天新派的任务"), given, "/console/tasks?pile=all"),
    ]


def _pushes(days: Mapping[date, Sequence[Pile]]) -> list[Figure]:
    due = _points(days, _PUSHES, lambda pile: pile.fate != "coming")
    confirmed = _points(days, _PUSHES, lambda pile: pile.acted)
    delivered = _points(days, _PUSHES, lambda pile: pile.fate == "delivered")
    failed = _points(days, _PUSHES, lambda pile: pile.fate in ("failed", "expired"))
    new = _points(days, ["new"], lambda pile: True)
    list_of_today = f"/console/calendar?view=list&at={max(days)}#d-{max(days)}"
    return [
        _today(marked("今天应发"), due, list_of_today),
        _today(marked("员工已确认"), confirmed, list_of_today),
        _today(marked("已送达"), delivered, list_of_today),
        Figure(
            name=marked("没送达或过期"),
            count=failed[-1],
            points=failed,
            see=list_of_today,
            bad=failed[-1] > 0,
        ),
        _today(marked("新加好友"), new, "/console/customers"),
    ]


def _today(name: str, points: Sequence[int], see: str) -> Figure:
    return Figure(name=name, count=points[-1], points=points, see=see)


def _points(days: Mapping[date, Sequence[Pile]], kinds: Sequence[str], is_it: Any) -> list[int]:
    return [
        sum(pile.count for pile in days[day] if pile.kind in kinds and is_it(pile))
        for day in sorted(days)
    ]


def _reasons(piles: Sequence[Pile]) -> list[tuple[str, int]]:
    """Why pushes of today were not sent, the most frequent first."""
    found: dict[str, int] = {}
    for pile in piles:
        if (
            pile.kind in _PUSHES
            and pile.reason
            and pile.fate in ("failed", "expired", "suppressed")
        ):
            found[pile.reason] = found.get(pile.reason, 0) + pile.count
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))[:5]


async def _queues(visit: Visit) -> list[tuple[str, str, bool]]:
    """(name, how long the oldest has been due, too long) of every queue; "" when nothing is."""
    now = visit.ctx.now()
    since = await visit.ctx.store.backlog.due_since(list(_QUEUES), now)
    return [
        (name, age(since[queue], now) if queue in since else "", _is_late(since.get(queue), now))
        for queue, name in _QUEUES.items()
    ]


def _is_late(since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since > timedelta(minutes=5)


async def first(visit: Visit) -> web.StreamResponse:
    """Whoever may not look at the shop looks at their own tasks."""
    return go("/console/today" if visit.who.may("look") else "/my")


ROUTES: Final = (
    Route("GET", "/console/", "own tasks", first),
    Route("GET", "/console/today", "look", page),
)
