"""What a rehearsal comes to: by day, by SOP, per customer, per member of staff, per rule."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.rehearse.record import Push
from bot.rehearse.rehearsal import Rehearsal

_BUCKETS = ((0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 12), (13, 9999))
_RULE = "频控:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day."""

    day: date
    welcomes: int = 0
    service: int = 0
    marketing: int = 0
    groups: int = 0
    moments: int = 0
    to_staff: int = 0
    tasks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One SOP."""

    sop: str
    entered: int
    under_way: int
    reached: int
    negative: int
    finished: int
    left: int
    turned_away: int
    pushes: int
    tasks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one member of staff had to do."""

    staff: str
    tasks: int
    tasks_most: int
    tasks_most_on: date | None
    days_full: int
    confirmations: int
    confirmations_most: int
    put_off: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    since: datetime
    until: datetime
    customers: int
    newcomers: int
    days: list[Day]
    courses: list[Course]
    per_customer: dict[str, int]
    most_in_a_week: int
    most_in_a_month: int
    month_days: int
    loads: list[Load]
    staff_days: int
    task_cap: int | None
    not_sent: dict[str, int]
    unconfirmed: int
    put_off: dict[str, int]
    waiting: int
    tasks: dict[str, int]
    experiments: list[dict[str, Any]]
    stuck: dict[str, str]
    steps: int
    hash: str

    def as_json(self) -> dict[str, Any]:
        """Plain values; days as ISO dates."""
        return _plain(asdict(self))  # type: ignore[no-any-return]


def figures_of(rehearsal: Rehearsal, since: datetime, newcomers: int = 0) -> Figures:
    """Everything since ``since``."""
    stage, pushes = rehearsal.stage, rehearsal.pushes
    tz = stage.hours.tz
    months, weeks = _heaviest(pushes, tz)
    decided = [push for push in pushes if push.state != "waiting"]
    lost = [push for push in decided if push.state != "delivered"]
    return Figures(
        since=since,
        until=rehearsal.now,
        customers=len(stage.contacts),
        newcomers=newcomers,
        days=_days(rehearsal, pushes, since, tz),
        courses=_courses(rehearsal, pushes),
        per_customer=_histogram(rehearsal, pushes),
        most_in_a_week=weeks,
        most_in_a_month=months,
        month_days=28,
        loads=_loads(rehearsal, tz),
        staff_days=max(1, (rehearsal.now - since).days),
        task_cap=next((cap.limit for cap in stage.book.rules.caps.staff if cap.days == 1), None),
        not_sent=dict(Counter(push.reason for push in lost).most_common()),
        unconfirmed=sum(push.reason == "员工未确认" for push in lost),
        put_off=dict(Counter(_reason(later.why) for later in rehearsal.later).most_common()),
        waiting=len(pushes) - len(decided),
        tasks=dict(Counter(task.state for task in rehearsal.tasks).most_common()),
        experiments=_experiments(rehearsal),
        stuck=dict(rehearsal.stuck),
        steps=stage.steps,
        hash=rehearsal.hash(),
    )


def _days(rehearsal: Rehearsal, pushes: Iterable[Push], since: datetime, tz: ZoneInfo) -> list[Day]:
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    day, last = since.astimezone(tz).date(), rehearsal.now.astimezone(tz).date()
    while day <= last:
        counts[day] = Counter()
        day += timedelta(days=1)
    for push in pushes:
        if push.state == "delivered":
            counts[push.at.astimezone(tz).date()][_column(push)] += 1
    for task in rehearsal.tasks:
        if task.given_at:
            counts[task.given_at.astimezone(tz).date()]["tasks"] += 1
    days = [Day(day=day, **counted) for day, counted in sorted(counts.items())]
    empty = days and rehearsal.now.astimezone(tz).time().hour == 0 and not counts[last]
    return days[:-1] if empty else days


def _column(push: Push) -> str:
    if push.cls == "欢迎语":
        return "welcomes"
    if push.to == "员工":
        return "to_staff"
    if push.to == "客户群":
        return "groups"
    if push.to == "朋友圈":
        return "moments"
    return "marketing" if push.cls == "营销" else "service"


def _courses(rehearsal: Rehearsal, pushes: Iterable[Push]) -> list[Course]:
    sent = Counter(push.sop for push in pushes if push.state == "delivered")
    given = Counter(task.sop for task in rehearsal.tasks if task.given_at)
    ends: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for journey in rehearsal.journeys.values():
        end = ends[journey.sop]
        end["entered"] += 1
        if journey.state == "active":
            end["under_way"] += 1
        elif journey.goal == "达成":
            end["reached"] += 1
        elif journey.goal == "负面":
            end["negative"] += 1
        elif journey.exit_reason == "走完":
            end["finished"] += 1
        else:
            end["left"] += 1
    away = rehearsal.stage.turned_away
    names = ("entered", "under_way", "reached", "negative", "finished", "left")
    return [
        Course(
            sop=sop,
            turned_away=away[sop],
            pushes=sent[sop],
            tasks=given[sop],
            **{name: ends[sop][name] for name in names},
        )
        for sop in rehearsal.stage.book.sops
    ]


def _histogram(rehearsal: Rehearsal, pushes: Iterable[Push]) -> dict[str, int]:
    """How many customers got how many messages, the welcome not counted."""
    counts = Counter(p.subject for p in _received(pushes))
    found = Counter(counts[id] for id in rehearsal.stage.contacts)
    rows = {}
    for least, most in _BUCKETS:
        name = str(least) if least == most else f"{least}–{most}" if most < 9999 else f"{least}以上"
        rows[name] = sum(n for times, n in found.items() if least <= times <= most)
    return rows


def _heaviest(pushes: Iterable[Push], tz: ZoneInfo) -> tuple[int, int]:
    """The most anybody received in a calendar month, and in any seven days."""
    months: Counter[tuple[str, str]] = Counter()
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for push in _received(pushes):
        months[push.subject, f"{push.at.astimezone(tz):%Y-%m}"] += 1
        times[push.subject].append(push.at)
    week = timedelta(days=7)
    most = 0
    for moments in times.values():
        first = 0
        for last, at in enumerate(moments):
            while moments[first] <= at - week:
                first += 1
            most = max(most, last - first + 1)
    return max(months.values(), default=0), most


def _received(pushes: Iterable[Push]) -> Iterable[Push]:
    return (p for p in pushes if p.state == "delivered" and p.to == "客户" and p.cls != "欢迎语")


def _loads(rehearsal: Rehearsal, tz: ZoneInfo) -> list[Load]:
    stage = rehearsal.stage
    tasks: defaultdict[str, Counter[date]] = defaultdict(Counter)
    presses: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for task in rehearsal.tasks:
        if task.given_at:
            first = next((e["from"] for e in task.log if "from" in e), task.staff)
            tasks[first][task.given_at.astimezone(tz).date()] += 1
    for at, staff, _ in stage.confirmations:
        presses[staff][at.astimezone(tz).date()] += 1
    put_off = Counter(one.staff for one in rehearsal.later if one.task and "新任务" in one.why)
    cap = next((c.limit for c in stage.book.rules.caps.staff if c.days == 1), 0)
    loads = []
    for staff in {*tasks, *presses}:
        busiest = max(tasks[staff].items(), key=lambda item: item[1], default=(None, 0))
        loads.append(
            Load(
                staff=_name(stage.staff, staff),
                tasks=tasks[staff].total(),
                tasks_most=busiest[1],
                tasks_most_on=busiest[0],
                days_full=sum(cap > 0 and n >= cap for n in tasks[staff].values()),
                confirmations=presses[staff].total(),
                confirmations_most=max(presses[staff].values(), default=0),
                put_off=put_off[staff],
            )
        )
    return sorted(loads, key=lambda load: (-load.tasks - load.confirmations, load.staff))


def _name(staff: Mapping[str, Any], id: str) -> str:
    return staff[id].name if id in staff and staff[id].name else id


def _reason(why: str) -> str:
    """“育儿测评”频控:每天1条，顺延到 … → 频控:每天1条."""
    words = why.partition("”")[2] or why
    return words.partition("，")[0]


def _experiments(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    return [
        {
            "name": one.id,
            "state": one.state,
            "finding": one.finding,
            "why": one.why,
            "verdict": one.verdict,
            "counts": [dict(count) for count in one.counts],
        }
        for one in rehearsal.stage.experiments.values()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value
