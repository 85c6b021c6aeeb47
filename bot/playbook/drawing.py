"""分流试验: into an arm, past them all, or to wait for the verdict.  Pure."""

from collections.abc import Mapping
from dataclasses import replace

from bot.model import Journey
from bot.playbook import keys
from bot.playbook.moving import Move, Situation, arrive, park
from bot.playbook.split import CONTROL, WAITING, Ruling, draw, gives_up, same_hour, why_drawn
from bot.playbook.timing import wait_until
from config.sop import Node, Sop, Split, SplitArm


def draw_arm(sop: Sop, action: Split, node: Node, journey: Journey, at: Situation) -> Move:
    """Into an arm, past them all, or to wait; once there is a verdict everybody walks its arm."""
    if ruling := at.verdicts.get(action.name):
        arm = action.arm(ruling.arm) or _kept(action)
        arms = {**journey.arm, action.name: arm.name}
        into = {**arrive(sop, journey, arm.then[0].name, at), "arm": arms}
        return Move(into, (f"试验“{action.name}”已有结论，走“{arm.name}”",))
    drawn = at.drawn.get(action.name) or draw(action, journey.subject)
    reason = why_drawn(action, journey.subject, drawn)
    arms = {**journey.arm, action.name: drawn}
    if drawn == WAITING:
        return _wait_verdict(action, arms, reason, journey, at)
    if drawn == CONTROL:
        return Move({**arrive(sop, journey, node.next, at), "arm": arms}, (reason,))
    first = (action.arm(drawn) or _kept(action)).then[0].name
    return Move({**arrive(sop, journey, first, at), "arm": arms}, (reason,))


def _wait_verdict(
    action: Split, arms: Mapping[str, str], reason: str, journey: Journey, at: Situation
) -> Move:
    """Its key is stored first; only then do we look whether there is a verdict, and park."""
    change = {
        "phase": "waiting",
        "due_at": at.now,
        "planned_at": gives_up(action, at.now, at.hours),
        "wait_began": at.now,
        "keys": sorted({*journey.keys, keys.experiment(action.name)}),
        "arm": arms,
    }
    return Move(change, (reason,))


def after_draw(sop: Sop, action: Split, node: Node, journey: Journey, at: Situation) -> Move:
    ruling = at.verdicts.get(action.name)
    until = wait_until(node, journey, at.hours) or at.now
    if ruling is None and at.now < until:
        return park(until)
    ruling = ruling or Ruling(action.undecided, until)
    arm = action.arm(ruling.arm) or _kept(action)
    return resume(sop, journey, action.name, arm.then[0].name, at, ruling)


def resume(
    sop: Sop,
    journey: Journey,
    experiment: str,
    step: str,
    at: Situation,
    ruling: Ruling | None = None,
) -> Move:
    """Who waited goes on at the hour they came, as if the days of waiting had not been.

    By ``ruling``, else by the verdict; without one what they waited for was taken out.
    """
    ruling = ruling or at.verdicts.get(experiment) or Ruling("", at.now)
    began = journey.wait_began or at.now
    back = same_hour(began, ruling.at, at.hours.tz)
    reason = f"试验“{experiment}”" + (f"：走“{ruling.arm}”" if ruling.arm else "已撤下，接着走")
    if at.now < back:
        return park(back, f"{reason}，从 {at.hours.local(back)} 开始")
    journey = replace(journey, counts_from=journey.day_one + (back - began))
    change = {
        **arrive(sop, journey, step, at),
        "arm": {**journey.arm, experiment: ruling.arm},
        "counts_from": journey.counts_from,
    }
    if step == journey.step:  # what takes its place keeps its moment
        change |= {"step_at": journey.step_at + (back - began), "due_at": at.now}
        change["planned_at"] = None
    return Move(change, (reason,))


def _kept(action: Split) -> SplitArm:
    return action.arm(action.undecided) or action.arms[0]
