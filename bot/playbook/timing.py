"""When a step is meant to happen, and when it is too late for it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

from bot.model import Journey
from bot.playbook.hours import Hours
from bot.playbook.split import gives_up
from config.content import SendCustomer, SendGroup, TellStaff
from config.moments import PostMoment
from config.phrases import AttributeDate
from config.rules import Quieted
from config.sop import Node, Split, Wait, WaitEvent
from config.tasks import GiveTask

LATE = timedelta(minutes=5)  # a tick's jitter is not lateness


def plan(
    node: Node,
    journey: Journey,
    hours: Hours,
    attributes: Mapping[str, date] = MappingProxyType({}),
) -> datetime | None:
    """The moment of the step a journey stands before.

    By the release in hand, so that an edited time is followed; an occurrence keeps its own.
    None: its day is left out, or the date it is counted from is not known (:func:`unknown_date`).
    """
    if node.step.recurring and (journey.thread or journey.loop):
        return journey.planned_at or journey.step_at
    when, off_day = node.step.when, node.off_day
    return hours.moment(when, journey.day_one, journey.step_at, off_day, attributes)


def due_moment(planned: datetime | None, journey: Journey, now: datetime) -> datetime | None:
    """``planned``, but never so early that an edit makes somebody late for it.

    Whose moment was still to come by the release before, and is over by this one, is due now.
    """
    if planned is None or journey.planned_at is None:
        return planned
    return max(planned, min(journey.planned_at, now))


def wait_until(node: Node, journey: Journey, hours: Hours) -> datetime | None:
    """When the wait a journey is in is over; None: its step does not wait any more.

    Counted from when it began by the length in hand, so that an edited length is followed.
    """
    last = node.step.actions[-1]
    if not isinstance(last, Wait | WaitEvent | Split):
        return None
    if journey.wait_began is None:  # it began under a version that did not note it
        return journey.planned_at
    if isinstance(last, Split):
        return gives_up(last, journey.wait_began, hours)
    return hours.add(last.length if isinstance(last, Wait) else last.limit, journey.wait_began)


def unknown_date(node: Node, attributes: Mapping[str, date]) -> str:
    """The 客户属性 the step is counted from and the customer lacks; "" when there is none."""
    when = node.step.when
    return when.name if isinstance(when, AttributeDate) and when.name not in attributes else ""


def is_late(journey: Journey, planned: datetime, now: datetime) -> bool:
    """The journey arrived after the moment, or nobody looked while it passed."""
    return max(journey.step_at, now - LATE) > planned


def valid_until(node: Node, planned: datetime, hours: Hours) -> datetime | None:
    """When the content of a step is no longer worth sending; None when it never expires."""
    for action in node.step.actions:
        if isinstance(action, SendCustomer | SendGroup | PostMoment | TellStaff):
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
