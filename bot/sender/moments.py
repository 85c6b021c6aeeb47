"""Moments (朋友圈): made once, looked for when the answer was lost, withdrawn."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.context import Context
from bot.crash import crash_point
from bot.model import Post, Posting
from bot.playbook import patience
from bot.playbook.hours import Hours
from bot.playbook.posting import next_question
from bot.sender import pictures
from bot.sender.customers import make_tags
from bot.sender.hand import (
    Answer,
    Channel,
    Ended,
    Hand,
    Later,
    Repeat,
    as_it_stands,
    is_final,
    may_repeat,
)
from bot.wecom import bodies
from bot.wecom.errors import Busy, MediaGone, Refused
from bot.wecom.paging import pages

GIVE_UP_LOOKING = timedelta(minutes=10)
_LOOK_AGAIN = timedelta(minutes=1)
_CLOCKS = timedelta(minutes=1)  # how far our clock and WeCom's may be apart
_TAG_GONE = 40068
_NOT_WANTED = -420  # ours: it was not to be published any more


# ---- making one ---------------------------------------------------------------------------------


async def _body(hand: Hand) -> Answer:
    """``add_moment_task`` (P:95094). Whoever left since it was closed is taken out of it now."""
    posting = await _posting(hand)
    if posting.state != "closed":
        raise Refused(_NOT_WANTED, f"朋友圈 {posting.id} 已经{posting.reason or posting.state}")
    hours = Hours.of((await hand.ctx.releases.head()).book)
    if hours.quiet["客户"].contains(hand.ctx.now()):
        raise Refused(_NOT_WANTED, patience.QUIET)
    members = await _still_wanted(hand, posting)
    known = await hand.ctx.store.tags.ids_of(posting.tags)
    if missing := [tag for tag in posting.tags if tag not in known]:
        known |= await make_tags(hand, missing)
    seen: Answer = {"sender_list": {"user_list": sorted({member.staff for member in members})}}
    if posting.tags:
        seen["external_contact_list"] = {"tag_list": [known[tag] for tag in posting.tags]}
    return {**await pictures.for_moment(hand.ctx, posting.message), "visible_range": seen}


async def _still_wanted(hand: Hand, posting: Posting) -> list[Post]:
    store, now = hand.ctx.store, hand.ctx.now()
    book = (await hand.ctx.releases.head()).book
    members = await store.posts.of_posting(posting.id, posting.members)
    at_work = {one.id for one in await store.staff.active()}
    gone: dict[tuple[Any, str], list[str]] = {}
    wanted = []
    for member in members:
        sop = book.sop(member.sop)
        if sop is None or sop.state != "启用":
            gone.setdefault(("suppressed", "已暂停"), []).append(member.id)
        elif member.staff not in at_work:
            gone.setdefault(("suppressed", "员工已离职"), []).append(member.id)
        elif member.expires_at <= now:
            gone.setdefault(("expired", patience.TOO_LATE), []).append(member.id)
        else:
            wanted.append(member)
    for (state, reason), ids in gone.items():
        await store.posts.end(posting.id, ids, state, reason)
        await store.postings.drop_members(posting.id, ids)
    if not wanted:
        raise Refused(_NOT_WANTED, "没有人要发了")
    return wanted


async def _make(hand: Hand, body: Answer) -> Answer:
    try:
        answer = await hand.call("externalcontact/add_moment_task", body)
    except MediaGone as error:
        await pictures.forget(hand.ctx, body)
        raise Busy(error.code, "a picture has expired: upload it again") from error
    except Refused as error:
        if error.code != _TAG_GONE:
            raise
        tags = body["visible_range"]["external_contact_list"]["tag_list"]
        await hand.ctx.store.tags.forget(tags)
        raise Busy(error.code, "a tag was deleted in WeCom: look its name up again") from error
    made = {"jobid": str(answer["jobid"])}
    await hand.note(**made)
    return made


async def _asked(hand: Hand, answer: Answer) -> None:
    """WeCom makes it in its own time; whoever watches the posting asks for its number."""
    at = hand.row.attempt_at or hand.ctx.now()
    crash_point("moments.asked")
    await hand.ctx.store.postings.asked(
        hand.row.about, answer["jobid"], at, max(next_question(at, 0), hand.ctx.now())
    )


async def _not_made(hand: Hand, ended: Ended) -> None:
    await hand.ctx.store.postings.failed(hand.row.about, ended.why, hand.ctx.now())


async def _refused(hand: Hand, error: Refused) -> Ended | None:
    """What we refused ourselves is not WeCom's failure."""
    return Ended("suppressed", error.message) if error.code == _NOT_WANTED else None


async def _posting(hand: Hand) -> Posting:
    posting = await hand.ctx.store.postings.get(hand.row.about)
    if posting is None:
        raise Refused(_NOT_WANTED, f"没有这条朋友圈 {hand.row.about}")
    return posting


# ---- looking for one whose answer was lost ------------------------------------------------------


async def _look_for(hand: Hand) -> Repeat | Ended | Later:
    """WeCom has no key for repeats, so look for a moment with our words and our people.

    Rows with the same words are sent one at a time, so that what is found can only be this one,
    once no other with these words waits for its number.
    """
    posting, now = await _posting(hand), hand.ctx.now()
    if posting.jobid or posting.moment_id:
        return Ended("sent", result={"jobid": posting.jobid, "moment_id": posting.moment_id})
    if hand.row.result.get("jobid"):
        await _asked(hand, dict(hand.row.result))
        return Ended("sent")
    if await hand.ctx.store.postings.being_made(posting):
        return Later(now + _LOOK_AGAIN, "同样文字的另一条朋友圈正在创建，等它有编号再查")
    attempt_at = hand.row.attempt_at or now
    if moment_id := await find(hand.ctx, posting, attempt_at):
        await made(hand.ctx, posting, moment_id, now)
        return Ended("sent", result={"moment_id": moment_id, "reconciled": True})
    if now < attempt_at + GIVE_UP_LOOKING:
        return Later(now + _LOOK_AGAIN, "创建结果不明，正在朋友圈记录里查找")
    return "afresh"


async def made(ctx: Context, posting: Posting, moment_id: str, at: datetime) -> bool:
    """Its people have it from now on; False when another posting has this moment."""
    await ctx.store.posts.created(posting.id, at)
    return await ctx.store.postings.created(posting.id, moment_id, at, patience.next_poll(at, 0))


async def find(ctx: Context, posting: Posting, since: datetime) -> str:
    """The one moment that can only be ours (get_moment_list, P:93333); "": there is none (yet)."""
    members = await ctx.store.posts.many(posting.members)
    ours = {member.staff.lower() for member in members if member.posting == posting.id}
    wanted = {
        "start_time": int((since - _CLOCKS).timestamp()),
        "end_time": int((ctx.now() + _CLOCKS).timestamp()),
        "filter_type": 0,  # the company's, as through the API
        "limit": 20,
    }
    path = "externalcontact/get_moment_list"
    async for listed in pages(ctx.wecom, path, wanted, "moment_list"):
        moment_id = str(listed["moment_id"])
        if not _same_words(listed, posting.message):
            continue
        if await ctx.store.postings.owner_of(moment_id):
            continue
        asked = {staff.lower() for staff, _ in await statuses(ctx, moment_id)}
        if asked and asked <= ours:
            return moment_id
    return ""


async def statuses(ctx: Context, moment_id: str) -> Sequence[tuple[str, bool]]:
    """Who was asked to publish it, and whether they have (get_moment_task, P:93333)."""
    path, asked = "externalcontact/get_moment_task", {"moment_id": moment_id, "limit": 1000}
    return [
        (str(row["userid"]), int(row["publish_status"]) == 1)
        async for row in pages(ctx.wecom, path, asked, "task_list")
    ]


def _same_words(listed: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """Not the media_ids: they may have been renewed."""
    words = str((listed.get("text") or {}).get("content") or "")
    shown = [
        *["image"] * len(listed.get("image") or ()),
        *["video"] * bool(listed.get("video")),
        *["link"] * bool(listed.get("link")),
    ]
    ours = bodies.clip(message.get("text") or "", bodies.TEXT_BYTES)
    return words == ours and shown == [part["kind"] for part in message.get("attachments", ())]


MOMENT = Channel(
    prepare=_body,
    send=_make,
    learned=_asked,
    reconcile=_look_for,
    refused=_refused,
    gave_up=_not_made,
    tries=12,
    ask_again=timedelta(seconds=5),
)


# ---- withdrawing --------------------------------------------------------------------------------


async def _withdraw(hand: Hand, body: Answer) -> Answer:
    """``cancel_moment_task`` (P:97612): what was published stays."""
    return await hand.call("externalcontact/cancel_moment_task", body)


async def _look_at_it(hand: Hand, told: object) -> None:
    """What was not published by now never will be: the posting may be settled."""
    await hand.ctx.store.postings.wake(hand.row.about, hand.ctx.now())


MOMENT_CANCEL = Channel(
    prepare=as_it_stands,
    send=_withdraw,
    learned=_look_at_it,
    reconcile=may_repeat,
    refused=is_final,
    gave_up=_look_at_it,
    tries=20,
)
