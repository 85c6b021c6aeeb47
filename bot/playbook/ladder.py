"""When a task is due and who hears of it: the rungs of 催办, in staff working time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model import CapWindow, Task
from bot.playbook.calendar import Quiet, WorkCalendar, add, day_start, working_after
from config.phrase_table import duration
from config.phrases import Duration, Span, Workdays
from config.rules import AtDue, Elapsed, Overdue, Rules, Rung

GRACE = Workdays(1)  # after the last rung a task may still be done late
LATE = ("已逾期", "已升级")


@dataclass(frozen=True, slots=True)
class StaffTime:
    """When members of staff work and may be disturbed."""

    calendar: WorkCalendar
    quiet: Quiet

    @classmethod
    def of(cls, rules: Rules) -> "StaffTime":
        quiet = Quiet(rules.quiet.get("员工"), ZoneInfo(rules.timezone))
        return cls(WorkCalendar.of(rules), quiet)

    @property
    def tz(self) -> ZoneInfo:
        return self.quiet.tz

    def free(self, at: datetime) -> datetime:
        """``at``, or the end of the quiet hours around it."""
        return self.quiet.end_after(at)

    def later(self, start: datetime, length: Duration) -> datetime:
        """When so much working time has passed."""
        return working_after(start, length, calendar=self.calendar, quiet=self.quiet)

    def deadline(self, start: datetime, limit: str) -> datetime:
        """期限 as written, from ``start``."""
        return add(duration(limit), start, tz=self.tz, calendar=self.calendar)

    def next_day(self, at: datetime) -> datetime:
        """The start of work on the next working day."""
        tomorrow = day_start(day_start(at, self.tz) + timedelta(hours=36), self.tz)
        return self.later(tomorrow, Span(timedelta()))

    def local(self, at: datetime) -> str:
        """As people read it: 11-23 10:00."""
        return f"{at.astimezone(self.tz):%m-%d %H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """What an open task calls for now, and when to look again."""

    rung: int
    overdue: bool  # the deadline has just passed
    remind: frozenset[str]  # 本人, 店长
    reassign: bool
    over: bool  # nobody did it and nobody will be asked again
    next_at: datetime
    since: datetime | None = None  # when the first of these rungs came
    woken: bool = False  # the time of its 稍后 has come


def climb(task: Task, ladder: Sequence[Rung], staff: StaffTime, now: datetime) -> Climb:
    """Every rung that has come by ``now`` taken as one, so that downtime never nags in bursts.

    Until its 稍后 is over no rung comes; then its person is reminded in any case.
    """
    asleep = task.later_until is not None and now < task.later_until
    woken = task.later_until is not None and not asleep
    passed = task.rung
    while not asleep and passed < len(ladder) and rung_at(ladder[passed], task, staff) <= now:
        passed += 1
    taken = ladder[task.rung : passed]
    came = [rung_at(rung, task, staff) for rung in taken]
    ends = closes_at(task, ladder, staff)
    nexts = [ends]
    if asleep and task.later_until:
        nexts.append(task.later_until)
    elif passed < len(ladder):
        nexts.append(rung_at(ladder[passed], task, staff))
    if task.deadline and now < task.deadline:
        nexts.append(task.deadline)
    return Climb(
        rung=passed,
        overdue=bool(task.deadline) and not is_late(task) and now >= _deadline(task),
        remind=frozenset({*(who for rung in taken for who in rung.remind), *["本人"] * woken}),
        reassign=any(rung.reassign for rung in taken),
        over=passed == len(ladder) and not taken and not asleep and not woken and now >= ends,
        next_at=min(nexts),
        since=min(
            [*came, *([task.later_until] if woken and task.later_until else [])], default=None
        ),
        woken=woken,
    )


def first_look(task: Task, ladder: Sequence[Rung], staff: StaffTime) -> datetime:
    """When a task just given is looked at for the first time."""
    first = [rung_at(ladder[0], task, staff)] if ladder else []
    return min([_deadline(task), *first])


def rung_at(rung: Rung, task: Task, staff: StaffTime) -> datetime:
    """The moment of a rung, outside staff quiet hours."""
    match rung.after:
        case Elapsed(length):
            return staff.later(task.given_at or task.created_at, length)
        case AtDue():
            return staff.free(_deadline(task))
        case Overdue(length):
            return staff.later(_deadline(task), length)


def closes_at(task: Task, ladder: Sequence[Rung], staff: StaffTime) -> datetime:
    """When the task is given up: a working day after its deadline and its last rung."""
    last = [rung_at(ladder[-1], task, staff)] if ladder and task.state != "已转派" else []
    return staff.later(max([_deadline(task), *last]), GRACE)


def later_by(task: Task, staff: StaffTime, at: datetime) -> dict[str, datetime]:
    """The moments 稍后 offers who asks at ``at``, by name; none when the deadline is too near.

    Never later than the deadline: then others are told.
    """
    ten = day_start(staff.next_day(at), staff.tz) + timedelta(hours=10)
    wanted = {"hour": staff.later(at, Span(timedelta(hours=1))), "tomorrow": staff.free(ten)}
    deadline = _deadline(task)
    if wanted["hour"] >= deadline:
        return {}
    return {name: min(moment, deadline) for name, moment in wanted.items()}


def rungs_by_clock(ladder: Sequence[Rung]) -> int:
    """How many rungs at its foot count from when the task was given, not from its deadline."""
    counted = (n for n, rung in enumerate(ladder) if not isinstance(rung.after, Elapsed))
    return next(counted, len(ladder))


def is_late(task: Task) -> bool:
    """Its deadline has been seen to pass."""
    return task.state in LATE


def staff_windows(rules: Rules, now: datetime, tz: ZoneInfo) -> list[CapWindow]:
    """每位员工: how many new tasks one person may be given."""
    windows = []
    for cap in rules.caps.staff:
        since = now - timedelta(days=cap.days)
        until = None
        if cap.days == 1:
            since = day_start(now, tz)
            until = day_start(since + timedelta(hours=36), tz)
        name = "每天" if cap.days == 1 else f"每{cap.days}天"
        windows.append(
            CapWindow(
                rule=f"{name}新任务{cap.limit}个",
                limit=cap.limit,
                since=since,
                until=until,
                span=None if until else timedelta(days=cap.days),
            )
        )
    return windows


def _deadline(task: Task) -> datetime:
    return task.deadline or task.created_at
