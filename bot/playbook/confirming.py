"""What a mass message in the hands of staff calls for: wait, remind, withdraw, end. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model import Delivery, Sending
from bot.playbook import patience
from bot.playbook.hours import Hours

UNCONFIRMED = "员工未确认"


@dataclass(frozen=True, slots=True)
class Done:
    """Staff confirmed, and what became of every member is known."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """It may not stay out there: 免打扰 begins, or 时效 is over."""

    why: str


@dataclass(frozen=True, slots=True)
class Watch:
    """Look again at ``due_at``, having asked ``polls`` times and reminded ``reminds`` times."""

    due_at: datetime
    polls: int
    reminds: int
    remind: bool


def look_at(
    sending: Sending, *, now: datetime, hours: Hours, confirmed: bool, waiting: bool
) -> Done | Withdraw | Watch:
    """A created one, having asked WeCom; ``waiting``: the fate of some member is not known."""
    if confirmed and not waiting:
        return Done()
    why = patience.must_withdraw(sending.expires_at, now, hours, sending.subject_type)
    if why:
        return Withdraw(why)
    created_at = sending.created_at or now
    remind = not confirmed and patience.reminder_due(created_at, sending.reminds, now, hours)
    polls = sending.polls + 1
    due_at = patience.next_look(
        created_at, polls, sending.expires_at, now, hours, sending.subject_type
    )
    return Watch(due_at, polls, sending.reminds + remind, remind)


@dataclass(frozen=True, slots=True)
class Again:
    """Members of a message that was withdrawn: offered in another one, or too late for that."""

    free_at: datetime
    again: tuple[Delivery, ...]
    late: tuple[Delivery, ...]
    why: str


def offered_again(
    sending: Sending, waiting: Sequence[Delivery], now: datetime, hours: Hours
) -> Again:
    """When, and to whom, what nobody confirmed is offered anew."""
    free_at = hours.free_after(patience.audience(sending.subject_type), now)
    again = tuple(d for d in waiting if d.expires_at > free_at)
    late = tuple(d for d in waiting if d.expires_at <= free_at)
    return Again(free_at, again, late, f"{UNCONFIRMED}，{hours.local(free_at)} 再次提供")
