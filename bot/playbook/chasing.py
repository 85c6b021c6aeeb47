"""What one look at a person's task calls for: give it, wait, remind, hand it over, end it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.model import Contact, Full, Group, Staff, Task
from bot.playbook.evidence import Verdict, judge
from bot.playbook.ladder import Climb, StaffTime, climb, first_look, is_late
from config.book import Book
from config.phrases import Span
from config.rules import Rung
from config.team import Shop

# ---- giving -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Later:
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Dealt:
    """The task as it is once its card is given at this moment."""

    task: Task
    first_look: datetime


def disturbs(staff: StaffTime, now: datetime) -> Later | None:
    """No card in the quiet hours of staff; None when one may come now."""
    free = staff.free(now)
    return Later(free, "员工免打扰") if free > now else None


def no_room(full: Full, staff: StaffTime, now: datetime) -> Later:
    """Too many new tasks today: tomorrow's work, or when the ledger has room."""
    return Later(max(staff.next_day(now), full.free_at), full.rule)


def dealt(task: Task, ladder: Sequence[Rung], staff: StaffTime, now: datetime) -> Dealt:
    """期限 and 催办 run from the card."""
    given = replace(task, deadline=staff.deadline(now, task.limit), given_at=now)
    return Dealt(given, first_look(given, ladder, staff))


# ---- looking after ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Close:
    state: Literal["已完成", "已过期"]
    evidence: str
    what: str


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


@dataclass(frozen=True, slots=True)
class Remind:
    """``own``: its person; ``manager``: who answers for it is told besides.

    ``reassign``: rather give it to who answers for it, where there is somebody.
    """

    to: Climb
    own: bool
    manager: bool
    reassign: bool


@dataclass(frozen=True, slots=True)
class Look:
    task: Task
    """As it stands: 已逾期 once its deadline has been seen to pass."""
    overdue: bool  # that was noticed just now
    late: bool  # whoever asked for the result need not wait any longer
    then: Close | Wait | Remind


def look_at(task: Task, ladder: Sequence[Rung], staff: StaffTime, now: datetime) -> Look:
    """An open task with all its proofs in."""
    to = climb(task, ladder, staff, now)
    verdict = judge(task)
    told = verdict.told
    if told and (to.overdue or is_late(task)):
        what = f"已完成：{task.result or '完成'}，系统没有看到旁证"
        return Look(task, overdue=False, late=False, then=Close("已完成", verdict.evidence, what))
    seen = replace(task, state="已逾期") if to.overdue else task
    then: Close | Wait | Remind
    if to.over:
        then = Close("已过期", task.evidence, "已过期：没有人完成")
    elif (to.remind or to.reassign) and (free := staff.free(now)) > now:
        then = Wait(free)
    else:
        then = Remind(
            to,
            own="本人" in to.remind,
            manager="店长" in to.remind and not told,
            reassign=to.reassign and not told,
        )
    return Look(seen, overdue=to.overdue, late=is_late(seen), then=then)


# ---- one message for several --------------------------------------------------------------------

TOGETHER = Span(timedelta(minutes=30))  # reminders of one person within this come as one


def pending(
    task: Task, ladder: Sequence[Rung], staff: StaffTime, at: datetime, *, manager: bool
) -> datetime | None:
    """Since when its person (or who answers for it) is to be reminded, looked at ``at``.

    None: they are not.
    """
    then = look_at(task, ladder, staff, at).then
    if not isinstance(then, Remind) or then.reassign:
        return None
    return then.to.since if (then.manager if manager else then.own) else None


def together_at(
    since: datetime, now: datetime, others: Iterable[tuple[datetime, datetime]], staff: StaffTime
) -> datetime:
    """When a reminder due since ``since`` goes out: now, or with others that are soon to come.

    ``others``: since when each of the same person's is pending, and when it is looked at. Whoever
    waits longest waits no more than half an hour of staff time.
    """
    coming = list(others)
    waiting = [since, *(pending for pending, _ in coming if pending <= now)]
    ends = staff.later(min(waiting), TOGETHER)
    return max((due for _, due in coming if now < due <= ends), default=now)


# ---- who and how --------------------------------------------------------------------------------


def ends_as(verdict: Verdict) -> Literal["已核实", "已完成"]:
    """The state of a task whose every proof is in."""
    return "已核实" if verdict.evidence == "verified" else "已完成"


def result_of(task: Task) -> str:
    """任务结果 of a task that has ended, as conditions ask for it."""
    return {"已取消": "取消", "已过期": "逾期"}.get(task.state, task.result or "完成")


def is_on_hold(book: Book, task: Task) -> bool:
    """Its SOP is paused, or a draft again: nobody is asked for anything meanwhile."""
    sop = book.sop(task.sop)
    return sop is not None and sop.state in ("暂停", "草稿")


def shop_of(book: Book, own: Staff | None) -> Shop | None:
    """The shop a member of staff works in."""
    return book.team.shop(book.team.shop_of(own.departments) or "") if own else None


def answering(
    book: Book, task: Task, own: Staff | None, leaders: Iterable[Staff]
) -> tuple[str, ...]:
    """Who answers for a task, best first: the 店长 of its person's shop, then its SOP's owner.

    ``own`` is the task's person, ``leaders`` those who lead the department of their shop.
    """
    shop = shop_of(book, own)
    candidates: list[str] = []
    if shop and (named := book.team.manager_of(shop.name)):
        candidates.append(named)
    elif shop:
        candidates += [leader.id for leader in leaders]
    if (sop := book.sop(task.sop)) and sop.owner in book.team.people:
        candidates.append(book.team.userid(sop.owner))
    return tuple(candidates)


LEFT = "原负责人已离职"
FOLLOWED = "跟着客户转给新的跟进人"
COLLEAGUE = "同事接手"
ARRANGED = "后台改派"
BY_WISH = (COLLEAGUE, ARRANGED)  # whoever gets it then is reminded like who had it first


def was_left(task: Task) -> bool:
    """It went to who answers for it because its person left the company, and is still to be done:
    whoever gets to know the customer takes it on."""
    last = next((entry for entry in reversed(task.log) if entry.get("from")), None)
    return last is not None and last["what"] == LEFT and not judge(task).told


def follows(task: Task, about: Contact | Group | None, people: Mapping[str, Staff]) -> str:
    """Who looks after the customer or group now that the person of a task is gone; "" for nobody.

    Of a customer's friends the newest who works here, of a group its owner.
    """
    if isinstance(about, Group):
        friends = [about.owner]
    else:
        known = about.relations if about else ()
        newest = sorted((r for r in known if not r.lost), key=lambda r: (r.since, r.staff))
        friends = [relation.staff for relation in reversed(newest)]
    return takes_over(friends, task, people)


def takes_over(candidates: Iterable[str], task: Task, people: Mapping[str, Staff]) -> str:
    """The first of them who works here and has not got it already; "" when nobody does.

    A manager's own task so goes to the SOP's owner.
    """
    here = (c for c in candidates if c != task.staff and (known := people.get(c)) and known.active)
    return next(here, "")
