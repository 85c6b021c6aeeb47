"""What holds a journey at a step, or sends it one of several ways.  Pure.

Whatever is waited for is a key: it is stored first, and only then do we look whether it came.
"""

from bot.model import Journey
from bot.playbook import keys
from bot.playbook.audience import holds
from bot.playbook.loops import keep, next_turn, place_of
from bot.playbook.moving import LOOK_AGAIN, Move, Situation, arrive, park
from bot.playbook.results import open_tasks, with_results
from bot.playbook.timing import wait_until
from bot.playbook.waiting import has_come, key_of
from config.phrases import in_words
from config.sop import Branch, Loop, Node, Sop, Wait, WaitEvent
from config.tasks import GiveTask


def wait(action: Wait, at: Situation) -> Move:
    until = at.hours.add(action.length, at.now)
    change = {"phase": "waiting", "due_at": until, "planned_at": until, "wait_began": at.now}
    return Move(change, (f"等待 {in_words(action.length)}",))


def wait_event(action: WaitEvent, journey: Journey, at: Situation) -> Move:
    """Its key is stored first; only then do we look whether it came, and park."""
    until = at.hours.add(action.limit, at.now)
    key = key_of(action, journey.subject, journey.staff, at.book)
    change = {
        "phase": "waiting",
        "due_at": at.now,
        "planned_at": until,
        "wait_began": at.now,
        "keys": sorted({*journey.keys, key}),
        "wait_since": journey.entered_at if action.since == "进入旅程" else journey.step_at,
    }
    return Move(change, (f"等“{awaited(action)}”，最多等到 {at.hours.local(until)}",))


def awaited(action: WaitEvent) -> str:
    about = action.tag or action.tag_group or action.theme or action.stage
    about = about or action.form or action.event
    return f"{action.kind}：{about}" if about else action.kind


def after_event(sop: Sop, action: WaitEvent, node: Node, journey: Journey, at: Situation) -> Move:
    if (key := key_of(action, journey.subject, journey.staff, at.book)) not in journey.keys:
        change = {"due_at": at.now, "keys": sorted({*journey.keys, key})}
        return Move(change, (f"改为等“{awaited(action)}”",))
    until = wait_until(node, journey, at.hours) or at.now
    since = journey.entered_at if action.since == "进入旅程" else journey.step_at
    if has_come(action, journey, since, at.facts, at.state, at.book):
        first = action.came[0].name if action.came else node.next
        return Move(arrive(sop, journey, first, at), (f"等到了“{awaited(action)}”",))
    if at.now >= until:
        first = action.timed_out[0].name if action.timed_out else node.next
        return Move(arrive(sop, journey, first, at), (f"没等到“{awaited(action)}”，时间到了",))
    return park(until)


# ---- tasks, branches and loops -----------------------------------------------------------------


def hold(node: Node, journey: Journey, at: Situation) -> Move:
    """Until the step's own task is over: done, overdue or cancelled, and so at most its 期限."""
    key = keys.task_closed(journey.id, node.step.name)
    change = {
        "phase": "waiting",
        "due_at": at.now,
        "planned_at": None,
        "keys": sorted({*journey.keys, key}),
    }
    return Move(change, (f"等“{node.step.name}”的任务完成",))


def waits_for_own(node: Node) -> bool:
    return any(isinstance(action, GiveTask) and action.wait for action in node.step.actions)


def await_tasks(steps: tuple[str, ...], journey: Journey, at: Situation) -> Move:
    """The end of the task wakes the journey; its key is stored before we look and park."""
    waited = {keys.task_closed(journey.id, step) for step in steps}
    if waited <= set(journey.keys):
        return park(at.now + LOOK_AGAIN)
    change = {"due_at": at.now, "keys": sorted({*journey.keys, *waited})}
    return Move(change, (f"等任务“{steps[0]}”的结果",))


def branch(sop: Sop, action: Branch, node: Node, journey: Journey, at: Situation) -> Move:
    state = with_results(at.state, journey, at.facts)
    if waiting := open_tasks((c for arm in action.arms for c in arm.conditions), state):
        return await_tasks(waiting, journey, at)
    for arm in action.arms:
        if all(holds(condition, state, at.now) for condition in arm.conditions):
            first = arm.steps[0].name
            return Move(arrive(sop, journey, first, at), (f"走“{first}”这一支",))
    return Move(arrive(sop, journey, node.next, at), ("哪一支都不符合，继续往下",))


def take_turn(sop: Sop, action: Loop, node: Node, journey: Journey, at: Situation) -> Move:
    """Into the step of the loop that is due, else wait for it; out when none is to come."""
    name = node.step.name
    place = place_of(journey, name, at.now)
    turn = next_turn(
        action, sop.flow(), place, entered_at=journey.day_one, hours=at.hours, now=at.now
    )
    if turn is None:
        out = {**arrive(sop, journey, node.next, at), "loop": keep(journey, name, None)}
        return Move(out, (f"“{name}”循环到 {action.until_in_words} 为止，继续往下",))
    if turn.at > at.now:
        change = {
            "phase": "waiting",
            "due_at": turn.at,
            "planned_at": turn.at,
            "loop": keep(journey, name, place),
        }
        return Move(change, (f"下一次“{turn.step.name}”在 {at.hours.local(turn.at)}",))
    missed = f"，之前错过的 {turn.missed} 次不补" if turn.missed else ""
    into = {
        **arrive(sop, journey, turn.step.name, at),
        "step_at": turn.at,
        "planned_at": turn.at,
        "due_at": at.now,
        "loop": keep(journey, name, turn.place),
    }
    why = f"轮到“{turn.step.name}”（{at.hours.local(turn.at)}）{missed}"
    return Move(into, (why,))
