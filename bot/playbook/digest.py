"""店长日报: when it comes, and what it says to one manager. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.model import Task
from bot.playbook.calendar import day_start
from bot.playbook.ladder import StaffTime
from config.phrases import Workdays
from config.rules import NO_DIGEST, Rules

JUST_TOLD = timedelta(minutes=30)  # what a manager heard so recently is not said again
_LONG = Workdays(2)
_MANY = 5
_SHOWN = 15  # people in one message
_TITLE = 24  # characters of a title
_HOW = "做好了的回复“代为确认”可以勾选；做不了的，请员工在卡片右上角点“做不了”或“转给同事”。"


@dataclass(frozen=True, slots=True)
class Due:
    """What one manager answers for: overdue tasks of their people, and what was passed on to
    them."""

    overdue: Sequence[Task] = ()
    passed_on: Sequence[Task] = ()


def next_after(rules: Rules, at: datetime) -> datetime | None:
    """The next one strictly after ``at``; None: there are none."""
    if rules.manager_digest == NO_DIGEST or not isinstance(rules.manager_digest, time):
        return None
    staff = StaffTime.of(rules)
    day = at.astimezone(staff.tz).date()
    while True:
        day = staff.calendar.workday_from(day)
        local = datetime.combine(day, rules.manager_digest, staff.tz)
        moment = day_start(local, staff.tz) + (local - datetime.combine(day, time(), staff.tz))
        if moment > at:
            return moment
        day += timedelta(days=1)


def untold(overdue: Iterable[Task], manager: str, at: datetime) -> list[Task]:
    """Without what the manager was told a moment ago."""
    since = at - JUST_TOLD

    def just_told(task: Task) -> bool:
        told = (entry for entry in task.log if entry["what"] == "升级")
        return any(entry["at"] >= since and entry.get("who") == manager for entry in told)

    return [task for task in overdue if not just_told(task)]


def words(due: Due, name_of: Callable[[str], str], staff: StaffTime, now: datetime) -> str:
    """The message; "" when there is nothing to say."""
    lines = []
    people: defaultdict[str, list[Task]] = defaultdict(list)
    for task in due.overdue:
        people[task.staff].append(task)
    if people:
        lines.append(f"{len(due.overdue)} 项任务逾期，{len(people)} 人：")
        ranked = sorted(people.items(), key=lambda one: (-len(one[1]), one[0]))
        lines += [
            f"· {_of_person(name_of(id), theirs, staff, now)}" for id, theirs in ranked[:_SHOWN]
        ]
        if len(ranked) > _SHOWN:
            lines.append(f"……还有 {len(ranked) - _SHOWN} 人")
    if due.passed_on:
        first = min(due.passed_on, key=_deadline)
        lines.append(
            f"转到您这里还没完成的 {len(due.passed_on)} 项，最早的到 "
            f"{staff.local(_deadline(first))}：{_short(first.title)}"
        )
    if not lines:
        return ""
    return "\n".join([f"【店长日报 {staff.local(now)[:5]}】", *lines, _HOW])


def _of_person(name: str, theirs: Sequence[Task], staff: StaffTime, now: datetime) -> str:
    oldest = min(theirs, key=_deadline)
    told = sum(task.state == "已升级" for task in theirs)
    escalated = f"，{told} 项已升级给您" if told else ""
    more = f" 等 {len(theirs)} 项" if len(theirs) > 1 else ""
    return (
        f"{name}：“{_short(oldest.title)}”{more}，最早 {staff.local(_deadline(oldest))} 到期"
        f"{escalated}。{_advice(theirs, oldest, staff, now)}"
    )


def _advice(theirs: Sequence[Task], oldest: Task, staff: StaffTime, now: datetime) -> str:
    """What to do about it, in one sentence."""
    if staff.later(_deadline(oldest), _LONG) <= now:
        return "拖了两个工作日以上，请当面问清卡在哪。"
    if len(theirs) >= _MANY:
        return "积得太多，请一起挑出最要紧的先做，其余转给同事。"
    return "请提醒一句，今天补上。"


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"


def _deadline(task: Task) -> datetime:
    return task.deadline or task.created_at
