"""When a step is meant to happen, and when it is too late for it."""

from datetime import datetime, timedelta

from bot.model import Journey
from bot.playbook.hours import Hours
from config.content import SendCustomer, SendGroup, TellStaff
from config.rules import Quieted
from config.sop import Node
from config.tasks import GiveTask

LATE = timedelta(minutes=5)  # a tick's jitter is not lateness


def plan(node: Node, journey: Journey, hours: Hours) -> datetime | None:
    """The moment of the step a journey stands before; None: its day is left out.

    By the release in hand, so that an edited time is followed; an occurrence keeps its own.
    """
    if node.step.recurring:
        return journey.planned_at or journey.step_at
    return hours.moment(node.step.when, journey.entered_at, journey.step_at, node.off_day)


def is_late(journey: Journey, planned: datetime, now: datetime) -> bool:
    """The journey arrived after the moment, or nobody looked while it passed."""
    return max(journey.step_at, now - LATE) > planned


def valid_until(node: Node, planned: datetime, hours: Hours) -> datetime | None:
    """When the content of a step is no longer worth sending; None when it never expires."""
    for action in node.step.actions:
        if isinstance(action, SendCustomer | SendGroup | TellStaff):
            return hours.add(action.expires, planned)
    return None


def audience(node: Node) -> Quieted:
    """Whose quiet hours a postponed step respects."""
    for action in node.step.actions:
        match action:
            case SendGroup():
                return "客户群"
            case GiveTask() | TellStaff():
                return "员工"
    return "客户"
