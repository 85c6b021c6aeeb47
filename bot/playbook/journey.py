"""Given an SOP and where a journey stands in it, what is its next move?  Pure.

A step is *entered* by one write, its effects are made from what that write says, and it is
*left* by another: ``decide`` answers the first, ``leave`` the second.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.model import Journey
from bot.playbook import keys
from bot.playbook.audience import Facts, explain, holds
from bot.playbook.drawing import after_draw, draw_arm, resume
from bot.playbook.holding import (
    after_event,
    await_tasks,
    branch,
    hold,
    take_turn,
    wait,
    wait_event,
    waits_for_own,
)
from bot.playbook.moving import LOOK_AGAIN, Move, Situation, arrive, finish, park
from bot.playbook.passed import behind, with_one_more
from bot.playbook.results import PENDING, open_tasks, with_results
from bot.playbook.split import is_experiment, split_of, waits_for
from bot.playbook.timing import (
    audience,
    due_moment,
    is_late,
    plan,
    unknown_date,
    valid_until,
    wait_until,
)
from bot.playbook.waiting import exit_taken
from config.sop import Branch, End, Loop, Node, Sop, Split, Wait, WaitEvent
from config.tasks import GiveTask

__all__ = ["LOOK_AGAIN", "Move", "Situation", "arrive", "as_it_reads_now", "decide", "leave"]


def decide(sop: Sop, journey: Journey, at: Situation) -> Move:
    """The next move of a journey whose moment has come."""
    if sop.state == "停用":
        return finish("SOP已停用")
    if rule := exit_taken(sop, journey, at.facts, at.book):
        return finish(f"退出：{rule.kind}", "" if rule.counts_as == "中性" else rule.counts_as)
    if sop.state != "启用":
        return park(at.now + LOOK_AGAIN, f"SOP {sop.state}，先停在这里")
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
    tasks = [action for action in node.step.actions if isinstance(action, GiveTask)]
    if tasks:
        results = {**journey.results, node.step.name: PENDING}
        given = {**journey.given, node.step.name: journey.visit}
        journey = replace(journey, results=results, given=given)
    if any(task.wait for task in tasks):
        move = hold(node, journey, at)
    else:
        move = _go_on(sop, node, journey, at)
    return replace(move, change={"results": journey.results, "given": journey.given, **move.change})


def _go_on(sop: Sop, node: Node, journey: Journey, at: Situation) -> Move:
    """What follows on a step whose actions let go: its last one may hold, or choose a way."""
    match last := node.step.actions[-1]:
        case Wait():
            return wait(last, at)
        case WaitEvent():
            return wait_event(last, journey, at)
        case Branch():
            return branch(sop, last, node, journey, at)
        case Loop():
            return take_turn(sop, last, node, journey, at)
        case Split():
            return draw_arm(sop, last, node, journey, at)
        case End():
            return finish(last.reason)
        case _:
            return Move(arrive(sop, journey, node.next, at))


def as_it_reads_now(move: Move, journey: Journey, was: Sop, sop: Sop, at: Situation) -> Move:
    """A step was finished by the older text ``was``: life goes on by the text of today.

    What was put behind that step since then comes next; a moment it led to is asked about anew.
    """
    node, nodes, name = was.flow()[journey.step], sop.flow().nodes, journey.step
    if name not in nodes:
        name = next((n for n, one in nodes.items() if name in one.step.formerly), "")
    went_on = move.change.get("exit_reason") == "走完"
    went_on |= "step" in move.change and move.change["step"] == node.next
    following = nodes[name].next if name else at.redirects.get(journey.step)
    if went_on and (name or following in nodes) and not split_of(node):  # a draw goes on as drawn
        kept = {key: move.change[key] for key in ("results", "given") if key in move.change}
        return replace(move, change={**kept, **arrive(sop, journey, following, at)})
    if move.change.get("phase") in ("before", "waiting"):
        return replace(move, change={**move.change, "due_at": at.now})
    return move


def _before(sop: Sop, journey: Journey, at: Situation) -> Move:
    """Pass over what does not apply, then enter the first step that does, or park before it."""
    why: list[str] = []
    change: dict[str, Any] = {}
    for _ in sop.flow().nodes:
        node = sop.flow()[journey.step]
        state = with_results(at.state, journey, at.facts)
        reason = "以前走过" if behind(node, journey) else ""
        if not reason and (held := _held(node, journey, state, at)):
            return Move({**change, **held.change}, (*why, *held.why))
        change["past"] = with_one_more(sop, node.step.name, journey)
        if not (reason := reason or _not_now(sop, node, journey, state, at)):
            entering = {"phase": "inside", "visit": journey.rev_no + 1, "due_at": at.now}
            if journey.planned_at and (planned := _planned(node, journey, at)):
                entering["planned_at"] = planned  # an edit may have moved it
            return Move(change | entering, (*why, f"开始“{node.step.name}”"), enters=True)
        why.append(f"跳过“{node.step.name}”：{reason}")
        change |= arrive(sop, journey, node.next, at)
        if node.next is None:
            return Move(change, tuple(why))
        names = ("step", "phase", "step_at", "planned_at", "past")
        journey = replace(journey, **{name: change[name] for name in names})
    raise RuntimeError(f"{journey.id}: the steps of {sop.name} go round in a circle")


def _held(node: Node, journey: Journey, state: Facts, at: Situation) -> Move | None:
    """Park while the step's time, or a task it asks about, has not come; None: go on."""
    planned = _planned(node, journey, at)
    if planned is None:
        return None
    if planned > at.now:
        parked = park(planned, f"“{node.step.name}”定在 {at.hours.local(planned)}")
        return replace(parked, change={**parked.change, "planned_at": planned})
    if waiting := open_tasks(node.step.conditions, state):
        return await_tasks(waiting, journey, at)
    if is_late(journey, planned, at.now) and node.step.missed == "顺延到下个可发时段":
        free = at.hours.free_after(audience(node), at.now)
        if free > at.now:
            return park(free, f"“{node.step.name}”错过了时间，顺延到 {at.hours.local(free)}")
    return None


def _not_now(sop: Sop, node: Node, journey: Journey, state: Facts, at: Situation) -> str:
    """Why the step is passed over; "" when it is to happen."""
    planned = _planned(node, journey, at)
    if missing := unknown_date(node, at.state.attributes):
        return f"没有{missing}"
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


def _planned(node: Node, journey: Journey, at: Situation) -> datetime | None:
    planned = plan(node, journey, at.hours, at.state.attributes)
    return due_moment(planned, journey, at.now)


# ---- after a hold -------------------------------------------------------------------------------


def _after_wait(sop: Sop, journey: Journey, at: Situation) -> Move:
    node = sop.flow()[journey.step]
    if keys.task_closed(journey.id, node.step.name) in journey.keys and waits_for_own(node):
        return _after_hold(sop, node, journey, at)
    if (waited := waits_for(journey)) and not is_experiment(node, waited):
        return resume(sop, journey, waited, journey.step, at)  # something has taken its place
    match last := node.step.actions[-1]:
        case Split():
            return after_draw(sop, last, node, journey, at)
        case WaitEvent():
            return after_event(sop, last, node, journey, at)
        case Wait():
            if at.now < (until := wait_until(node, journey, at.hours) or at.now):
                return park(until)
            return Move(arrive(sop, journey, node.next, at), ("等够了",))
        case _:
            return _go_on(sop, node, journey, at)


def _after_hold(sop: Sop, node: Node, journey: Journey, at: Situation) -> Move:
    """Its key goes with the hold, so that nobody holds twice."""
    result = with_results(at.state, journey, at.facts).task_results.get(node.step.name)
    if result == PENDING:
        return park(at.now + LOOK_AGAIN)
    own = keys.task_closed(journey.id, node.step.name)
    journey = replace(journey, keys=tuple(key for key in journey.keys if key != own))
    move = _go_on(sop, node, journey, at)
    why = (f"“{node.step.name}”的任务有了结果：{result}", *move.why)
    return replace(move, change={"keys": list(journey.keys), **move.change}, why=why)


# ---- a step that is gone -------------------------------------------------------------------------


def _redirect(sop: Sop, journey: Journey, at: Situation) -> Move:
    """The step we stood at is gone from the release: its new name, else what came after it."""
    nodes, gone = sop.flow().nodes, journey.step
    renamed = next((n for n, node in nodes.items() if gone in node.step.formerly), None)
    onward = renamed or at.redirects.get(gone, "")
    waited = waits_for(journey) if onward in nodes else ""
    if waited and not is_experiment(nodes[onward], waited):
        return resume(sop, journey, waited, onward, at)
    if renamed:
        return Move({"step": renamed, "due_at": at.now}, (f"“{gone}”改名为“{renamed}”",))
    to = at.redirects.get(gone, "")
    if to not in nodes:
        return finish("SOP已调整")
    why = (f"“{gone}”不在SOP里了，转到“{to}”",)
    if journey.phase == "waiting":
        return Move(arrive(sop, journey, to, at), why)
    # As if it had never been there: what follows counts from the same moment as it did.
    return Move({"step": to, "due_at": at.now}, why)
