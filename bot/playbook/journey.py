"""Given an SOP and where a journey stands in it, what is its next move?  Pure.

A step is *entered* by one write, its effects are made from what that write says, and it is
*left* by another: ``decide`` answers the first, ``leave`` the second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.model import Fact, Journey
from bot.playbook import keys
from bot.playbook.audience import Facts, explain, holds
from bot.playbook.hours import Hours
from bot.playbook.results import PENDING, open_tasks, with_results
from bot.playbook.timing import audience, is_late, plan, valid_until
from bot.playbook.waiting import exit_keys, exit_taken, has_come, key_of
from config.book import Book
from config.phrases import in_words
from config.sop import Branch, End, Node, Sop, Wait, WaitEvent
from config.tasks import GiveTask

LOOK_AGAIN = timedelta(days=1)  # how often a journey held by something looks up by itself


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decision may look at."""

    now: datetime
    book: Book
    hours: Hours
    state: Facts  # the subject as conditions see it
    facts: tuple[Fact, ...] = ()  # what happened under the journey's keys


@dataclass(frozen=True, slots=True)
class Move:
    """Fields to write (None: remove), and why; ``enters``: the step's effects come next."""

    change: Mapping[str, Any]
    why: tuple[str, ...] = ()
    enters: bool = False


def decide(sop: Sop, journey: Journey, at: Situation) -> Move:
    """The next move of a journey whose moment has come."""
    if sop.state == "停用":
        return _finish("SOP已停用")
    if rule := exit_taken(sop, journey, at.facts, at.book):
        return _finish(f"退出：{rule.kind}", "" if rule.counts_as == "中性" else rule.counts_as)
    if sop.state != "启用":
        return _park(at.now + LOOK_AGAIN, f"SOP {sop.state}，先停在这里")
    if journey.phase == "inside":  # somebody died before its effects were all stored
        return Move({}, enters=True)
    if journey.step not in sop.flow().nodes:
        return _redirect(sop, journey, at)
    if journey.phase == "waiting":
        return _after_wait(sop, journey, at)
    return _before(sop, journey, at)


def leave(sop: Sop, journey: Journey, at: Situation) -> Move:
    """What follows once every effect of the step in hand is stored."""
    node = sop.flow()[journey.step]
    results = dict(journey.results)
    last = node.step.actions[-1]
    if any(isinstance(action, GiveTask) for action in node.step.actions):
        results.setdefault(node.step.name, PENDING)
    match last:
        case Wait():
            move = _wait(journey, at.hours.add(last.length, at.now), in_words(last.length))
        case WaitEvent():
            move = _wait_event(last, journey, at)
        case Branch():
            move = _branch(sop, last, node, journey, at)
        case End():
            move = _finish(last.reason)
        case _:
            move = Move(arrive(sop, journey, node.next, at))
    return replace(move, change={"results": results, **move.change})


def arrive(sop: Sop, journey: Journey, step: str | None, at: Situation) -> Mapping[str, Any]:
    """The fields of a journey that has just come to ``step`` (None: to its end)."""
    if step is None:
        return _finish("走完").change
    node = sop.flow()[step]
    planned = at.hours.moment(node.step.when, journey.entered_at, at.now, node.off_day)
    return {
        "step": step,
        "phase": "before",
        "step_at": at.now,
        "planned_at": planned,
        "due_at": max(planned or at.now, at.now),
        "keys": list(exit_keys(sop, journey.subject, journey.staff, at.book)),
        "wait_since": None,
    }


def _before(sop: Sop, journey: Journey, at: Situation) -> Move:
    """Pass over what does not apply, then enter the first step that does, or park before it."""
    why: list[str] = []
    change: dict[str, Any] = {}
    for _ in sop.flow().nodes:
        node = sop.flow()[journey.step]
        state = with_results(at.state, journey, at.facts)
        if held := _held(node, journey, state, at):
            return Move({**change, **held.change}, (*why, *held.why))
        if not (reason := _not_now(sop, node, journey, state, at)):
            entering = {"phase": "inside", "visit": journey.rev_no + 1, "due_at": at.now}
            return Move(change | entering, (*why, f"开始“{node.step.name}”"), enters=True)
        why.append(f"跳过“{node.step.name}”：{reason}")
        change |= arrive(sop, journey, node.next, at)
        if node.next is None:
            return Move(change, tuple(why))
        names = ("step", "phase", "step_at", "planned_at")
        journey = replace(journey, **{name: change[name] for name in names})
    raise RuntimeError(f"{journey.id}: the steps of {sop.name} go round in a circle")


def _held(node: Node, journey: Journey, state: Facts, at: Situation) -> Move | None:
    """Park while the step's time, or a task it asks about, has not come; None: go on."""
    planned = plan(node, journey, at.hours)
    if planned is None:
        return None
    if planned > at.now:
        parked = _park(planned, f"“{node.step.name}”定在 {at.hours.local(planned)}")
        return replace(parked, change={**parked.change, "planned_at": planned})
    if waiting := open_tasks(node.step.conditions, state):
        return _await_tasks(waiting, journey, at)
    if is_late(journey, planned, at.now) and node.step.missed == "顺延到下个可发时段":
        free = at.hours.free_after(audience(node), at.now)
        if free > at.now:
            return _park(free, f"“{node.step.name}”错过了时间，顺延到 {at.hours.local(free)}")
    return None


def _not_now(sop: Sop, node: Node, journey: Journey, state: Facts, at: Situation) -> str:
    """Why the step is passed over; "" when it is to happen."""
    planned = plan(node, journey, at.hours)
    if planned is None:
        return "遇非工作日，按设置跳过"
    if sop.calendar.long_holiday == "跳过" and at.hours.is_holiday(at.now):
        return "法定长假，按设置跳过"
    if is_late(journey, planned, at.now):
        if node.step.missed == "跳过":
            return f"已经过了 {at.hours.local(planned)}，按“错过时”跳过"
        ends = valid_until(node, planned, at.hours)
        if ends and node.step.missed == "立即补发" and at.now >= ends:
            return f"时效到 {at.hours.local(ends)} 为止，已过期"
    for condition in node.step.conditions:
        if not holds(condition, state, at.now):
            return explain(condition, state, at.now)
    return ""


# ---- waiting ------------------------------------------------------------------------------------


def _wait(journey: Journey, until: datetime, length: str) -> Move:
    change = {"phase": "waiting", "due_at": until, "planned_at": until}
    return Move(change, (f"等待 {length}",))


def _wait_event(action: WaitEvent, journey: Journey, at: Situation) -> Move:
    """Its key is stored first; only then do we look whether it came, and park."""
    until = at.hours.add(action.limit, at.now)
    key = key_of(action, journey.subject, journey.staff, at.book)
    change = {
        "phase": "waiting",
        "due_at": at.now,
        "planned_at": until,
        "keys": sorted({*journey.keys, key}),
        "wait_since": journey.entered_at if action.since == "进入旅程" else journey.step_at,
    }
    return Move(change, (f"等“{_awaited(action)}”，最多等到 {at.hours.local(until)}",))


def _awaited(action: WaitEvent) -> str:
    about = action.tag or action.tag_group or action.theme
    return f"{action.kind}：{about}" if about else action.kind


def _after_wait(sop: Sop, journey: Journey, at: Situation) -> Move:
    node = sop.flow()[journey.step]
    until = journey.planned_at or at.now
    last = node.step.actions[-1]
    if isinstance(last, WaitEvent):
        since = journey.wait_since or journey.entered_at
        if has_come(last, journey, since, at.facts, at.state, at.book):
            first = last.came[0].name if last.came else node.next
            return Move(arrive(sop, journey, first, at), (f"等到了“{_awaited(last)}”",))
        if at.now >= until:
            first = last.timed_out[0].name if last.timed_out else node.next
            return Move(arrive(sop, journey, first, at), (f"没等到“{_awaited(last)}”，时间到了",))
    if at.now >= until:
        return Move(arrive(sop, journey, node.next, at), ("等够了",))
    return _park(until)


def _await_tasks(steps: tuple[str, ...], journey: Journey, at: Situation) -> Move:
    """The end of the task wakes the journey; its key is stored before we look and park."""
    waited = {keys.task_closed(journey.id, step) for step in steps}
    if waited <= set(journey.keys):
        return _park(at.now + LOOK_AGAIN)
    change = {"due_at": at.now, "keys": sorted({*journey.keys, *waited})}
    return Move(change, (f"等任务“{steps[0]}”的结果",))


def _branch(sop: Sop, action: Branch, node: Node, journey: Journey, at: Situation) -> Move:
    state = with_results(at.state, journey, at.facts)
    if waiting := open_tasks((c for arm in action.arms for c in arm.conditions), state):
        return _await_tasks(waiting, journey, at)
    for arm in action.arms:
        if all(holds(condition, state, at.now) for condition in arm.conditions):
            first = arm.steps[0].name
            return Move(arrive(sop, journey, first, at), (f"走“{first}”这一支",))
    return Move(arrive(sop, journey, node.next, at), ("哪一支都不符合，继续往下",))


# ---- moves --------------------------------------------------------------------------------------


def _redirect(sop: Sop, journey: Journey, at: Situation) -> Move:
    """The step we stood at is gone from the release: its new name, else out."""
    for name, node in sop.flow().nodes.items():
        if journey.step in node.step.formerly:
            return Move({"step": name, "due_at": at.now}, (f"“{journey.step}”改名为“{name}”",))
    return _finish("SOP已调整")


def _park(until: datetime, why: str = "") -> Move:
    return Move({"due_at": until}, (why,) if why else ())


def _finish(reason: str, goal: str = "") -> Move:
    change = {
        "state": "done",
        "exit_reason": reason,
        "goal": goal,
        "due_at": None,
        "keys": None,
        "wait_since": None,
    }
    return Move(change, (reason,))
