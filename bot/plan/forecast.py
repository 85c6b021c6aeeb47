"""What a rehearsal of the coming days comes to, per day, kind and member of staff.  Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.model import Task
from bot.playbook.hours import Hours
from bot.rehearse.record import Later, Push

DAYS = 7
WELCOME, STAFF, MOMENTS = "欢迎语", "员工", "朋友圈"
_CAPPED, _QUIET = "频控", "免打扰"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day."""

    day: date
    service: int = 0
    marketing: int = 0
    welcomes: int = 0
    groups: int = 0
    moments: int = 0  # 发朋友圈: one for each of its people
    told: int = 0  # 发给员工
    tasks: int = 0
    confirmations: int = 0  # mass messages and moments staff have to confirm


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One member of staff over all the days."""

    staff: str
    tasks: int
    busiest: int
    busiest_day: date
    confirmations: int
    most_confirmations: int
    tasks_by_day: tuple[int, ...] = ()
    confirmations_by_day: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """So many were put off, or dropped, for one reason; ``against`` took most of their places."""

    why: str
    count: int
    step: str  # of whom most
    against: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    days: tuple[Day, ...]
    loads: tuple[Load, ...]  # busiest first
    staff_cap: int | None
    tasks_put_off: int
    postponed: tuple[Clash, ...]
    dropped: tuple[Clash, ...]
    newcomers_per_day: float
    rehearsed: int  # customers
    population: int  # of so many
    before: tuple[Day, ...] = ()  # the same days with what is live
    stuck: int = 0

    @property
    def sampled(self) -> bool:
        return self.rehearsed < self.population

    @property
    def service(self) -> int:
        return sum(day.service for day in self.days)

    @property
    def marketing(self) -> int:
        return sum(day.marketing for day in self.days)

    @property
    def tasks(self) -> int:
        return sum(day.tasks for day in self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a rehearsal left behind."""

    pushes: Sequence[Push]
    tasks: Iterable[Task]
    put_off: Sequence[Later]
    confirmations: Sequence[tuple[datetime, str, str]] = ()  # made at, staff, sending
    stuck: Sequence[tuple[str, str]] = ()  # journey, error: a mistake of ours


@dataclass(frozen=True, slots=True)
class Frame:
    """The days looked at, and by how much a sample is to be multiplied."""

    since: datetime
    hours: Hours
    scale: float = 1.0

    @property
    def until(self) -> datetime:
        return self.since + timedelta(days=DAYS)

    @property
    def dates(self) -> list[date]:
        """The first one begins now, the last one is over."""
        first = self.day_of(self.since)
        return [first + timedelta(days=n) for n in range(DAYS)]

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.hours.tz).date()

    def holds(self, at: datetime | None) -> bool:
        return at is not None and at >= self.since and self.day_of(at) <= self.dates[-1]

    def whole(self, count: int) -> int:
        return round(count * self.scale)


def days(run: Run, frame: Frame) -> tuple[Day, ...]:
    """Every day, also those on which nothing happens."""
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for push in sent(run, frame):
        counts[frame.day_of(push.at)][_kind(push)] += 1
    for at, _, _ in run.confirmations:
        if frame.holds(at):
            counts[frame.day_of(at)]["confirmations"] += 1
    for task in run.tasks:
        if frame.holds(task.given_at) and task.given_at:
            counts[frame.day_of(task.given_at)]["tasks"] += 1
    return tuple(
        Day(day=day, **{kind: frame.whole(count) for kind, count in counts[day].items()})
        for day in frame.dates
    )


def _kind(push: Push) -> str:
    if push.to == STAFF:
        return "told"
    if push.cls == WELCOME:
        return "welcomes"
    if push.to == "客户群":
        return "groups"
    if push.to == MOMENTS:
        return "moments"
    return "marketing" if push.cls == "营销" else "service"


def sent(run: Run, frame: Frame) -> Iterable[Push]:
    """What reached somebody within the days looked at."""
    return (p for p in run.pushes if p.state == "delivered" and frame.holds(p.at))


def loads(run: Run, frame: Frame, name_of: Callable[[str], str]) -> tuple[Load, ...]:
    """Everybody who has something to do, whoever has most on one day first."""
    tasks: defaultdict[str, Counter[date]] = defaultdict(Counter)
    sendings: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for task in run.tasks:
        if task.given_at and frame.holds(task.given_at):
            tasks[task.staff][frame.day_of(task.given_at)] += 1
    for at, staff, _ in run.confirmations:
        if frame.holds(at):
            sendings[staff][frame.day_of(at)] += 1
    found = []
    for staff in {*tasks, *sendings}:
        busiest = max(frame.dates, key=lambda day: (tasks[staff][day], -day.toordinal()))
        confirmed = sendings[staff].values()
        found.append(
            Load(
                staff=name_of(staff),
                tasks=frame.whole(tasks[staff].total()),
                busiest=frame.whole(tasks[staff][busiest]),
                busiest_day=busiest,
                confirmations=frame.whole(sum(confirmed)),
                most_confirmations=frame.whole(max(confirmed, default=0)),
                tasks_by_day=tuple(frame.whole(tasks[staff][day]) for day in frame.dates),
                confirmations_by_day=tuple(
                    frame.whole(sendings[staff][day]) for day in frame.dates
                ),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.busiest, -one.confirmations, one.staff)))


# ---- collisions ---------------------------------------------------------------------------------


def postponed(run: Run, frame: Frame) -> tuple[Clash, ...]:
    """Pushes put off, each once, by why."""
    first: dict[tuple[str, str, str], Later] = {}
    for late in run.put_off:
        if not late.task and frame.holds(late.at):
            first.setdefault((late.subject, late.step, _reason(late.why)), late)
    by_why: defaultdict[str, list[Later]] = defaultdict(list)
    for (_, _, why), late in first.items():
        by_why[why].append(late)
    taken = _places(run, frame)
    clashes = [_clash(why, lates, taken, frame) for why, lates in by_why.items()]
    return tuple(sorted(clashes, key=lambda clash: (-clash.count, clash.why)))


def _clash(
    why: str, lates: list[Later], taken: dict[tuple[str, date], list[Push]], frame: Frame
) -> Clash:
    against: Counter[tuple[str, date]] = Counter()
    for late in lates if why.startswith(_CAPPED) else ():
        day = frame.day_of(late.at)
        for push in taken.get((late.subject, day), ()):
            if push.step != late.step:
                against[push.step, day] += 1
    most = against.most_common(1)
    return Clash(
        why=why,
        count=frame.whole(len(lates)),
        step=Counter(late.step for late in lates).most_common(1)[0][0],
        against=most[0][0][0] if most else "",
        day=most[0][0][1] if most else None,
    )


def _places(run: Run, frame: Frame) -> dict[tuple[str, date], list[Push]]:
    """Who got what on which day."""
    found: dict[tuple[str, date], list[Push]] = {}
    for push in sent(run, frame):
        if push.to not in (STAFF, MOMENTS) and push.cls != WELCOME:
            found.setdefault((push.subject, frame.day_of(push.at)), []).append(push)
    return found


def dropped(run: Run, frame: Frame) -> tuple[Clash, ...]:
    """Pushes never sent, by why."""
    reasons: defaultdict[str, list[Push]] = defaultdict(list)
    for push in run.pushes:
        if push.state in ("suppressed", "expired") and frame.holds(push.at):
            reasons[_reason(push.reason or "过期")].append(push)
    clashes = [
        Clash(
            why=why,
            count=frame.whole(len(pushes)),
            step=Counter(push.step for push in pushes).most_common(1)[0][0],
        )
        for why, pushes in reasons.items()
    ]
    return tuple(sorted(clashes, key=lambda clash: (-clash.count, clash.why)))


def _reason(why: str) -> str:
    """频控:每天1条 from 频控:每天1条，顺延到 …"""
    for known in ("频控", "免打扰", "让位", "可发时段"):
        if known in why:
            start = why.index(known)
            return why[start:].split("，")[0].split("（")[0]
    return why.split("，")[0]


def tasks_put_off(run: Run, frame: Frame) -> int:
    """Tasks that wait for another day because their person has enough for this one."""
    late = {
        (one.subject, one.step)
        for one in run.put_off
        if one.task and _QUIET not in one.why and frame.holds(one.at)
    }
    return frame.whole(len(late))
