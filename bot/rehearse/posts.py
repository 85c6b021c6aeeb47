"""Moments (朋友圈) in a rehearsal: decided, put before their people, published or forgotten."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot.actions.posting import asked_for
from bot.model import Post, Posting, Sending
from bot.playbook import patience, posting
from bot.playbook.confirming import Done, Watch, Withdraw
from bot.playbook.patience import Drop, Go, Postpone
from bot.playbook.posting import UNPUBLISHED
from bot.rehearse.record import Later, Push, PushState
from bot.rehearse.stage import Stage

_STATES: dict[str, PushState] = {
    "published": "delivered",
    "failed": "failed",
    "expired": "expired",
    "suppressed": "suppressed",
    "cancelled": "cancelled",
}


def keep(stage: Stage, posts: Iterable[Post]) -> None:
    """Those that no other group asked for before."""
    for post in posts:
        for row in asked_for([post], stage.now):
            stage.note(post.journey, post.subject, row["what"])
        if post.id not in stage.posts:
            stage.posts[post.id] = post
            stage.agenda.put("posts", post.id, post.due_at)


def posted(stage: Stage, column: str, occasion: str) -> Counter[str]:
    """How often each piece of a 栏目 was published, or is about to be, on other occasions."""
    used = ("ready", "gathered", "created", "published")
    posts = (post for post in stage.posts.values() if post.column == column)
    each = {(p.piece, p.occasion) for p in posts if p.state in used and p.occasion != occasion}
    return Counter(piece for piece, _ in each)


def look(stage: Stage, id: str) -> None:
    """Take one post a step further."""
    post = stage.posts[id]
    match post.state:
        case "ready":
            _decide(stage, post)
        case "gathered":
            _make(stage, post)
        case "created":
            _watch(stage, post)
        case "published" | "failed" | "expired" | "suppressed" | "cancelled":
            pass
        case _:
            assert_never(post.state)


def waiting(stage: Stage) -> list[Push]:
    """What is under way and not yet published."""
    return [
        _push(stage, post, "waiting", "等员工发表" if post.created_at else post.reason)
        for post in stage.posts.values()
        if post.state not in _STATES
    ]


def _decide(stage: Stage, post: Post) -> None:
    sop = stage.book.sop(post.sop)
    decision = posting.decide(
        post,
        now=stage.now,
        hours=stage.hours,
        at_work=stage.at_work(),
        sop=sop,
    )
    match decision:
        case Go():
            stage.posts[post.id] = replace(post, state="gathered", reason="")
            stage.agenda.put("posts", post.id, stage.now + patience.GATHERING)
        case Postpone(until, why):
            _postpone(stage, post, until, why)
        case Drop(state, reason, why):
            _end(stage, post, state, reason, why)
        case _:
            assert_never(decision)


def _postpone(stage: Stage, post: Post, until: datetime, why: str) -> None:
    stage.posts[post.id] = replace(post, state="ready", due_at=until, reason=why)
    stage.agenda.put("posts", post.id, until)
    later = Later(stage.now, post.sop, post.step, post.subject, post.staff, until, why)
    stage.put_off.append(later)
    stage.note(post.journey, post.subject, why)


def _make(stage: Stage, post: Post) -> None:
    """The call to WeCom, which nobody makes in the quiet hours."""
    sop = stage.book.sop(post.sop)
    if post.expires_at <= stage.now or stage.hours.quiet["客户"].contains(stage.now):
        _offer_again(stage, post)
        return
    if sop is None or sop.state != "启用":
        _end(stage, post, "suppressed", "已暂停", f"“{post.step}”没有发：已暂停")
        return
    made = replace(post, state="created", created_at=post.created_at or stage.now)
    stage.posts[post.id] = made
    shown = _as_sending(stage, made)
    stage.confirmed_at[post.id] = stage.behaviour.confirms(shown, stage.now)
    stage.confirmations.append((stage.now, post.staff, post.id))
    stage.postings[post.id] = _as_posting(stage, made)
    stage.agenda.put("posts", post.id, patience.next_poll(stage.now, 0))
    stage.did(post.sop, post.step, post.subject, "发朋友圈")


def _watch(stage: Stage, post: Post) -> None:
    at = stage.confirmed_at.get(post.id)
    made = stage.postings[post.id]
    published = at is not None and at <= stage.now
    then = posting.look_at(made, now=stage.now, hours=stage.hours, waiting=not published)
    match then:
        case Done():
            stage.posts[post.id] = replace(post, published_at=stage.now)
            what = f"“{post.step}”（{post.staff}）朋友圈已由员工发表"
            _end(stage, stage.posts[post.id], "published", "", what)
        case Withdraw():
            _offer_again(stage, post)
        case Watch(due_at, polls, reminds, remind):
            stage.reminders += remind
            stage.postings[post.id] = replace(made, polls=polls, reminds=reminds)
            stage.agenda.put("posts", post.id, due_at)
        case _:
            assert_never(then)


def _offer_again(stage: Stage, post: Post) -> None:
    offer = posting.offered_again([post], stage.now, stage.hours)
    if offer.again:
        stage.posts[post.id] = replace(post, state="ready", due_at=offer.free_at, reason=offer.why)
        stage.agenda.put("posts", post.id, offer.free_at)
        stage.note(post.journey, post.subject, f"“{post.step}”（{post.staff}）{offer.why}")
    else:
        what = f"“{post.step}”（{post.staff}）{UNPUBLISHED}，时效已过，不再发"
        _end(stage, post, "expired", UNPUBLISHED, what)


def _end(stage: Stage, post: Post, state: str, reason: str, what: str) -> None:
    ended = replace(post, state=state, reason=reason)  # type: ignore[arg-type]  # a final one
    stage.posts[post.id] = ended
    stage.agenda.put("posts", post.id, None)
    stage.pushes.append(_push(stage, ended, _STATES[state], reason))
    stage.note(post.journey, post.subject, what)


def _push(stage: Stage, post: Post, state: PushState, reason: str) -> Push:
    due = stage.agenda.due_of("posts", post.id)
    return Push(
        due or stage.now,
        post.sop,
        post.step,
        post.subject,
        post.staff,
        post.cls,
        state,
        reason,
        post.planned_at,
        "朋友圈",
        post.id,
    )


def _as_posting(stage: Stage, post: Post) -> Posting:
    """As if nobody else published it: what becomes of the others changes nothing for one."""
    return Posting(
        id=post.id,
        message=post.message,
        content_hash=post.content_hash,
        moment=post.planned_at,
        expires_at=post.expires_at,
        created_at=stage.now,
    )


def _as_sending(stage: Stage, post: Post) -> Sending:
    """As people see it: something in WeCom they are asked to send."""
    return Sending(
        id=post.id,
        staff=post.staff,
        subject_type="contact",
        message=post.message,
        content_hash=post.content_hash,
        moment=post.planned_at,
        expires_at=post.expires_at,
        state="created",
        created_at=stage.now,
    )
