"""May this moment (朋友圈) be published now, and what does one staff have in hand call for? Pure.

It is judged as a push to customers, whom it reaches, but takes no place in their caps: nothing
rings, they see it when they look.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model import Delivery, Post, Posting
from bot.playbook import patience
from bot.playbook.confirming import Done, Watch, Withdraw
from bot.playbook.hours import Hours
from bot.playbook.patience import Decision, Drop
from config.sop import Sop

UNPUBLISHED = "员工未发表"
MAX_SENDERS = 500
ASK_AFTER = (timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=1))
LISTEN_AFTER = (timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=7))


def decide(
    post: Post, *, now: datetime, hours: Hours, at_work: Collection[str], sop: Sop | None
) -> Decision:
    """``sop``: as it reads now, None when it is gone."""
    if post.staff not in at_work:
        return Drop("suppressed", "员工已离职", f"“{post.step}”不发了：{post.staff} 已离职")
    push = as_push(post)
    return patience.decide(
        push,
        now=now,
        hours=hours,
        exited=False,
        state=sop.state if sop else None,
        calendar=sop.calendar if sop else None,
        off_day=patience.off_day_of(sop, push),
    )


def as_push(post: Post) -> Delivery:
    """The same as something sent to customers, for the rules that know pushes."""
    return Delivery(
        id=post.id,
        journey=post.journey,
        sop=post.sop,
        step=post.step,
        subject=post.staff,
        staff=post.staff,
        cls=post.cls,
        message=post.message,
        content_hash=post.content_hash,
        planned_at=post.planned_at,
        expires_at=post.expires_at,
        due_at=post.due_at,
    )


def together(post: Post, tz: ZoneInfo) -> tuple[object, ...]:
    """Posts for which this is equal are one moment in WeCom."""
    offered = post.due_at or post.planned_at
    return (
        post.content_hash,
        post.occasion,
        *post.tags,
        offered.astimezone(tz).date(),
    )


def next_question(asked_at: datetime, polls: int) -> datetime:
    """When to ask WeCom again whether it has made what it was asked ``polls`` times for."""
    if polls < len(ASK_AFTER):
        return asked_at + ASK_AFTER[polls]
    return asked_at + ASK_AFTER[-1] + timedelta(minutes=5) * (polls - len(ASK_AFTER) + 1)


def look_at(
    posting: Posting, *, now: datetime, hours: Hours, waiting: bool
) -> Done | Withdraw | Watch:
    """A created one, having asked WeCom; ``waiting``: somebody has not published it yet."""
    if not waiting:
        return Done()
    if why := patience.must_withdraw(posting.expires_at, now, hours, "contact"):
        return Withdraw(why)
    created_at, polls = posting.created_at or now, posting.polls + 1
    remind = patience.reminder_due(created_at, posting.reminds, now, hours)
    due_at = patience.next_look(created_at, polls, posting.expires_at, now, hours, "contact")
    return Watch(due_at, polls, posting.reminds + remind, remind)


@dataclass(frozen=True, slots=True)
class Again:
    """Whoever had not published a moment when it was withdrawn: asked anew, or too late."""

    free_at: datetime
    again: tuple[Post, ...]
    late: tuple[Post, ...]
    why: str


def offered_again(waiting: Sequence[Post], now: datetime, hours: Hours) -> Again:
    free_at = hours.free_after("客户", now)
    again = tuple(post for post in waiting if post.expires_at > free_at)
    late = tuple(post for post in waiting if post.expires_at <= free_at)
    return Again(free_at, again, late, f"{UNPUBLISHED}，{hours.local(free_at)} 再次提供")


def next_echo(published_at: datetime, looks: int) -> datetime | None:
    """When to read again who sees, likes and comments; None: often enough."""
    return published_at + LISTEN_AFTER[looks] if looks < len(LISTEN_AFTER) else None
