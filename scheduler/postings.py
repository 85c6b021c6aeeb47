"""Lead each moment (朋友圈) from open to its end: close it, watch it, remind, withdraw."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal, assert_never

from bot.actions.content import in_words
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Post, Posting
from bot.playbook import patience
from bot.playbook.confirming import Done, Watch, Withdraw
from bot.playbook.hours import Hours
from bot.playbook.posting import UNPUBLISHED, look_at, next_echo, offered_again
from bot.sender import moments
from bot.wecom import cards
from bot.wecom.errors import Paced, Refused, WeComError
from scheduler import posting_jobs
from scheduler.posting_jobs import tell

log = logging.getLogger(__name__)

BATCH = 20
_SOON = timedelta(minutes=1)
_SELDOM = timedelta(hours=1)
_REMINDER_LIVES = timedelta(hours=2)
_UNTOLD = "结果不明：企业微信不再告诉"
_WITHDRAWN = (patience.QUIET, patience.TOO_LATE, "时效已过")


async def look(ctx: Context) -> bool:
    """Take every due posting one step further; False when none was due."""
    hours = Hours.of((await ctx.releases.head()).book)
    owner, due = await ctx.store.postings.claim(ctx.now(), BATCH)
    if not due:
        return False
    await asyncio.gather(*(_at_pace(ctx, owner, posting, hours) for posting in due))
    return True


async def _at_pace(ctx: Context, owner: str, posting: Posting, hours: Hours) -> None:
    """What WeCom does not tell now it is asked again; nothing is decided without its answer."""
    try:
        await _take_further(ctx, owner, posting, hours)
    except Paced as error:
        await ctx.store.postings.park(owner, posting.id, error.until)
    except Refused as error:
        log.warning("posting %s: %s", posting.id, error)
        await _not_told(ctx, owner, posting, hours)
    except WeComError as error:
        log.warning("posting %s: %s", posting.id, error)
        await ctx.store.postings.park(owner, posting.id, ctx.now() + _SOON)


async def _not_told(ctx: Context, owner: str, posting: Posting, hours: Hours) -> None:
    """WeCom will not say: no permission, or it is gone. Asked for ever, it would not say either."""
    if posting.state == "created" and ctx.now() >= posting.expires_at:
        await _finish(ctx, owner, posting, hours, "cancelled", _UNTOLD)
    else:
        await ctx.store.postings.park(owner, posting.id, ctx.now() + _SELDOM)


async def _take_further(ctx: Context, owner: str, posting: Posting, hours: Hours) -> None:
    match posting.state:
        case "open" | "closed":
            await _close(ctx, owner, posting)
        case "asked":
            await posting_jobs.ask(ctx, owner, posting)
        case "created" if posting.stopping:
            await _after_withdrawal(ctx, owner, posting, hours)
        case "created":
            await _watch(ctx, owner, posting, hours)
        case "done" | "cancelled" | "failed":
            await _tell_members(ctx, owner, posting, hours)
        case _:
            assert_never(posting.state)


async def _close(ctx: Context, owner: str, posting: Posting) -> None:
    """Nobody joins any more, so the call can be made; whoever leaves until then is left out."""
    if not await ctx.store.postings.close(owner, posting.id):
        return
    call = Outgoing(
        id=f"moment:{posting.id}",
        kind="moment",
        body={},
        about=posting.id,
        serial=f"moment:{posting.content_hash}",  # a lost answer is looked for by its words
        due_at=ctx.now(),
        expires_at=posting.expires_at,
    )
    await ctx.store.outbox.put([call])
    crash_point("postings.put")
    await ctx.store.postings.park(owner, posting.id, None)
    ctx.hints.ring("outbox")


# ---- while staff have it ------------------------------------------------------------------------


async def _watch(ctx: Context, owner: str, posting: Posting, hours: Hours) -> None:
    waiting, strays = await _poll(ctx, posting)
    if strays:
        await _withdraw(ctx, owner, posting, "撤回")
        return
    then = look_at(posting, now=ctx.now(), hours=hours, waiting=waiting)
    match then:
        case Done():
            await _finish(ctx, owner, posting, hours, "done")
        case Withdraw(why):
            await _withdraw(ctx, owner, posting, why)
        case Watch(due_at, polls, reminds, remind):
            if remind:
                await _remind(ctx, posting, reminds, hours)
            await ctx.store.postings.park(owner, posting.id, due_at, polls=polls, reminds=reminds)
        case _:
            assert_never(then)


async def _poll(ctx: Context, posting: Posting) -> tuple[bool, bool]:
    """Note who has published it (only publish_status 1 says so).

    Whether anybody has not; and whether anybody has it who is not to publish it any more, because
    it was recalled while WeCom was making it.
    """
    told = await moments.statuses(ctx, posting.moment_id)
    open_ = await ctx.store.posts.open_of(posting.id)
    done = {staff.lower() for staff, published in told if published}
    strays = {staff.lower() for staff, _ in told} - done - {p.staff.lower() for p in open_}
    published = [post for post in open_ if post.staff.lower() in done]
    if published:
        now = ctx.now()
        await tell(ctx, posting, published, "朋友圈已由员工发表", key="published")
        crash_point("postings.between")
        ids = [post.id for post in published]
        await ctx.store.posts.published(posting.id, ids, now, next_echo(now, 0) or now)
    return len(published) < len(open_), bool(strays)


async def _remind(ctx: Context, posting: Posting, number: int, hours: Hours) -> None:
    """WeCom has no reminder of its own for moments."""
    here = {one.id for one in await ctx.store.staff.active()}
    rows = [
        Outgoing(
            id=f"text:{post.id}:{posting.id}:{number}",
            kind="text",
            body=cards.text(ctx.settings.agent_id, [post.staff], _reminder(post, hours)),
            staff=post.staff,
            about=post.id,
            due_at=ctx.now(),
            expires_at=min(posting.expires_at, ctx.now() + _REMINDER_LIVES),
        )
        for post in await ctx.store.posts.open_of(posting.id)
        if post.staff in here  # who left is told nothing
    ]
    await ctx.store.outbox.put(rows)
    ctx.hints.ring("outbox")


def _reminder(post: Post, hours: Hours) -> str:
    words = in_words(post.message).partition("\n")[0][:30]
    lines = [
        f"【朋友圈还没发】“{post.step}”请在 {hours.local(post.expires_at)} 前发表：{words}",
        "在企业微信里打开“客户朋友圈”，找到企业发来的这一条，点“发表”。",
        f"为什么发：{post.note}" if post.note else "",
    ]
    return "\n".join(filter(None, lines))


async def _withdraw(ctx: Context, owner: str, posting: Posting, why: str) -> None:
    """Staff publish when they like, so what is out in the quiet hours is taken back."""
    call = Outgoing(
        id=f"moment_cancel:{posting.id}",
        kind="moment_cancel",
        body={"moment_id": posting.moment_id},
        about=posting.id,
        due_at=ctx.now(),
    )
    await ctx.store.outbox.put([call])
    crash_point("postings.withdrawing")
    ctx.hints.ring("outbox")
    await ctx.store.postings.park(owner, posting.id, ctx.now() + _SOON, stopping=why)


# ---- when it is taken back ----------------------------------------------------------------------


async def _after_withdrawal(ctx: Context, owner: str, posting: Posting, hours: Hours) -> None:
    """Once WeCom confirms, what nobody has published never will be."""
    call = await ctx.store.outbox.get(f"moment_cancel:{posting.id}")
    if call is None:  # recalled, or we died between our two writes
        await _withdraw(ctx, owner, posting, posting.stopping)
        return
    now = ctx.now()
    if call.state in ("ready", "sending"):
        await ctx.store.postings.park(owner, posting.id, now + _SOON)
        return
    waiting, _ = await _poll(ctx, posting)
    if call.state == "sent" or now >= posting.expires_at:
        await _finish(ctx, owner, posting, hours, "cancelled", posting.stopping)
    elif not waiting:
        await _finish(ctx, owner, posting, hours, "done")
    else:  # it is still out there, and must not be offered a second time
        later = min(now + timedelta(hours=1), posting.expires_at)
        await ctx.store.postings.park(owner, posting.id, later)


async def _finish(
    ctx: Context,
    owner: str,
    posting: Posting,
    hours: Hours,
    state: Literal["done", "cancelled"],
    reason: str = "",
) -> None:
    """The end is written first: only then may its members be asked in another one."""
    if await ctx.store.postings.end(owner, posting.id, state, reason):
        crash_point("postings.ended")
        await _tell_members(ctx, owner, replace(posting, state=state, reason=reason), hours)


async def _tell_members(ctx: Context, owner: str, posting: Posting, hours: Hours) -> None:
    """Whoever is still waiting in a finished posting is asked again, or learns why not."""
    waiting = await ctx.store.posts.open_of(posting.id)
    recalled = [post for post in waiting if post.recalled]
    rest = [post for post in waiting if not post.recalled]
    await tell(ctx, posting, recalled, "收回了，不再发")
    for post in recalled:
        await ctx.store.posts.end(posting.id, [post.id], "cancelled", post.reason)
    crash_point("postings.telling")
    untold = posting.reason == _UNTOLD  # they may have published it: never ask them again
    if untold or (posting.state == "failed" and posting.reason not in _WITHDRAWN):
        await tell(ctx, posting, rest, f"没有发出：{posting.reason}")
        await ctx.store.posts.end(posting.id, [p.id for p in rest], "failed", posting.reason)
    else:
        await _offer_again(ctx, posting, rest, hours)
    await ctx.store.postings.park(owner, posting.id, None)


async def _offer_again(
    ctx: Context, posting: Posting, waiting: Sequence[Post], hours: Hours
) -> None:
    offer = offered_again(waiting, ctx.now(), hours)
    await tell(ctx, posting, offer.again, offer.why)
    again = [post.id for post in offer.again]
    await ctx.store.posts.offer_again(posting.id, again, offer.free_at, offer.why)
    await tell(ctx, posting, offer.late, f"{UNPUBLISHED}，时效已过，不再发")
    late = [post.id for post in offer.late]
    await ctx.store.posts.end(posting.id, late, "expired", UNPUBLISHED)
    ctx.hints.ring("posts")
