"""Mass messages (企业群发): made once, looked for when the answer was lost, reminded, withdrawn."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.model import Delivery, Sending
from bot.playbook import patience
from bot.playbook.hours import Hours
from bot.sender import pictures
from bot.sender.hand import (
    Answer,
    Channel,
    Ended,
    Hand,
    Later,
    Repeat,
    as_it_stands,
    may_repeat,
    nothing_to_tell,
)
from bot.store.deliveries import Ending
from bot.wecom import bodies
from bot.wecom.errors import Busy, MediaGone, Refused
from bot.wecom.paging import pages

GIVE_UP_LOOKING = timedelta(minutes=10)
_LOOK_AGAIN = timedelta(minutes=1)
_CLOCKS = timedelta(minutes=1)  # how far our clock and WeCom's may be apart
_CANCELLED = 41093
_NOT_WANTED = -410  # ours: it was not to be sent any more
NOT_A_FRIEND = "不是好友"


# ---- making one ---------------------------------------------------------------------------------


async def _body(hand: Hand) -> Answer:
    """Whoever left since the message was closed is taken out of it now."""
    sending = await _sending(hand)
    if sending.state != "closed":
        raise Refused(_NOT_WANTED, f"群发 {sending.id} 已经{sending.reason or sending.state}")
    hours = Hours.of((await hand.ctx.releases.head()).book)
    if hours.quiet[patience.audience(sending.subject_type)].contains(hand.ctx.now()):
        raise Refused(_NOT_WANTED, patience.QUIET)
    members = await _still_wanted(hand, sending)
    message = await pictures.message(hand.ctx, hand.row.body["message"])
    subjects = list(dict.fromkeys(member.subject for member in members))
    if hand.row.body["chat_type"] == "group":
        return bodies.mass_to_groups(sending.staff, subjects, message)
    return bodies.mass_to_customers(sending.staff, subjects, message)


async def _still_wanted(hand: Hand, sending: Sending) -> list[Delivery]:
    store, now = hand.ctx.store, hand.ctx.now()
    members = await store.deliveries.of_sending(sending.id, sending.members)
    exited = await store.journeys.exited(m.journey for m in members)
    stopped = await store.stops.among(m.subject for m in members if m.subject_type == "contact")
    ends: defaultdict[tuple[Ending, str], list[Delivery]] = defaultdict(list)
    for member in members:
        if member.journey in exited:
            ends["suppressed", "已退出"].append(member)
        elif member.subject in stopped:
            ends["suppressed", patience.STOPPED].append(member)
        elif member.expires_at <= now:
            ends["expired", patience.TOO_LATE].append(member)
    for (state, reason), those in ends.items():
        await store.deliveries.end(sending.id, [m.id for m in those], state, reason)
    left = [member for those in ends.values() for member in those]
    await _release(hand, left)
    gone = {member.id for member in left}
    await store.sendings.drop_members(sending.id, sorted(gone))
    wanted = [m for m in members if m.id not in gone]
    if not wanted:
        raise Refused(_NOT_WANTED, "没有人要收了")
    return wanted


async def _release(hand: Hand, members: Sequence[Delivery]) -> None:
    """They get nothing, so they do not use up their caps."""
    await hand.ctx.store.caps.release_all(
        (patience.ledger_of(member.subject, member.subject_type), member.id) for member in members
    )


async def _make(hand: Hand, body: Answer) -> Answer:
    try:
        answer = await hand.call("externalcontact/add_msg_template", body)
    except MediaGone as error:
        await pictures.forget(hand.ctx, body)
        raise Busy(error.code, "a picture has expired: upload it again") from error
    made = {"msgid": str(answer["msgid"]), "failed": list(answer.get("fail_list") or ())}
    await hand.note(**made)
    return made


async def _made(hand: Hand, answer: Answer) -> None:
    """From now on the sending is asked what became of it."""
    store, now = hand.ctx.store, hand.ctx.now()
    sending = await _sending(hand)
    if failed := set(answer.get("failed") or ()):
        members = [m for m in await store.deliveries.many(sending.members) if m.subject in failed]
        await store.deliveries.end(sending.id, [m.id for m in members], "failed", NOT_A_FRIEND)
        await _release(hand, members)
    made_at = hand.row.attempt_at or now
    await store.deliveries.created(sending.id, made_at)
    due_at = now if failed else patience.next_poll(made_at, 0)
    await store.sendings.created(sending.id, answer["msgid"], made_at, due_at, sorted(failed))


async def _not_made(hand: Hand, ended: Ended) -> None:
    await hand.ctx.store.sendings.failed(hand.row.about, ended.why, hand.ctx.now())


async def _refused(hand: Hand, error: Refused) -> Ended | None:
    """What we refused ourselves is not WeCom's failure."""
    return Ended("suppressed", error.message) if error.code == _NOT_WANTED else None


async def _sending(hand: Hand) -> Sending:
    sending = await hand.ctx.store.sendings.get(hand.row.about)
    if sending is None:
        raise Refused(_NOT_WANTED, f"没有这条群发 {hand.row.about}")
    return sending


# ---- looking for one whose answer was lost ------------------------------------------------------


async def _look_for(hand: Hand) -> Repeat | Ended | Later:
    """WeCom has no key for repeats, so look for a message with our words and our recipients."""
    sending, now = await _sending(hand), hand.ctx.now()
    noted = hand.row.result
    if sending.msgid:
        return Ended("sent", result={"msgid": sending.msgid})
    found = noted if noted.get("msgid") else await _found(hand, sending)
    if found:
        await _made(hand, dict(found))
        return Ended("sent", result={"msgid": found["msgid"], "reconciled": not noted})
    attempt_at = hand.row.attempt_at or now
    if now < attempt_at + GIVE_UP_LOOKING:
        return Later(now + _LOOK_AGAIN, "创建结果不明，正在群发记录里查找")
    return "afresh"


async def _found(hand: Hand, sending: Sending) -> Answer | None:
    """The one message that can only be ours; None when there is none (yet)."""
    ctx, since = hand.ctx, hand.row.attempt_at or hand.ctx.now()
    members = await ctx.store.deliveries.many(sending.members)
    targets = {member.subject for member in members}
    wanted = {
        "chat_type": hand.row.body["chat_type"],
        "start_time": int((since - _CLOCKS).timestamp()),
        "end_time": int((ctx.now() + _CLOCKS).timestamp()),
        "filter_type": 0,  # made for the company, as through the API
        "limit": 100,
    }
    async for listed in pages(
        ctx.wecom, "externalcontact/get_groupmsg_list_v2", wanted, "group_msg_list"
    ):
        if not _same_words(listed, hand.row.body["message"]):
            continue
        if await ctx.store.sendings.owner_of(listed["msgid"]):
            continue
        if await _same_people(hand, listed["msgid"], sending.staff, targets):
            return {"msgid": listed["msgid"], "failed": []}
    return None


def _same_words(listed: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """Not the media_ids: they may have been renewed."""
    words = str((listed.get("text") or {}).get("content") or "")
    kinds = [part.get("msgtype") for part in listed.get("attachments") or ()]
    ours = bodies.clip(message.get("text") or "", bodies.TEXT_BYTES)
    return words == ours and kinds == [part["kind"] for part in message.get("attachments", ())]


async def _same_people(hand: Hand, msgid: str, staff: str, targets: set[str]) -> bool:
    """The one sender, and nobody but our recipients (of groups WeCom names only those sent)."""
    wecom, asked = hand.ctx.wecom, {"msgid": msgid, "limit": 1000}
    senders = {
        row["userid"].lower()
        async for row in pages(wecom, "externalcontact/get_groupmsg_task", asked, "task_list")
    }
    if senders != {staff.lower()}:
        return False
    named = {
        row.get("external_userid") or row.get("chat_id")
        async for row in pages(
            wecom,
            "externalcontact/get_groupmsg_send_result",
            {**asked, "userid": staff},
            "send_list",
        )
    }
    if hand.row.body["chat_type"] == "group":
        return named <= targets
    return bool(named) and named <= targets


MASS = Channel(
    prepare=_body,
    send=_make,
    learned=_made,
    reconcile=_look_for,
    refused=_refused,
    gave_up=_not_made,
    tries=12,
    ask_again=timedelta(seconds=5),
)


# ---- reminding and withdrawing ------------------------------------------------------------------


async def _remind(hand: Hand, body: Answer) -> Answer:
    return await hand.call("externalcontact/remind_groupmsg_send", body)


async def _withdraw(hand: Hand, body: Answer) -> Answer:
    return await hand.call("externalcontact/cancel_groupmsg_send", body)


async def _cancelled_before(hand: Hand, error: Refused) -> Ended | None:
    """By ourselves, the answer lost; or else by an admin, who is not contradicted."""
    if error.code != _CANCELLED:
        return None
    if not hand.again:
        await hand.ctx.store.sendings.called_off(hand.row.about, hand.ctx.now())
    await _look_at_it(hand, None)
    return Ended("sent")


async def _nothing_to_remind_of(hand: Hand, error: Refused) -> Ended | None:
    """41094: reminded three times in 24 hours, enough. 41093: somebody cancelled it."""
    if error.code == _CANCELLED:
        await hand.ctx.store.sendings.called_off(hand.row.about, hand.ctx.now())
    return None


async def _look_at_it(hand: Hand, told: object) -> None:
    """What was not sent by now never will be: the sending may be settled."""
    await hand.ctx.store.sendings.wake(hand.row.about, hand.ctx.now())


REMIND = Channel(
    prepare=as_it_stands,
    send=_remind,
    learned=nothing_to_tell,
    reconcile=may_repeat,
    refused=_nothing_to_remind_of,
    gave_up=nothing_to_tell,
    tries=4,
)

CANCEL = Channel(
    prepare=as_it_stands,
    send=_withdraw,
    learned=_look_at_it,
    reconcile=may_repeat,
    refused=_cancelled_before,
    gave_up=_look_at_it,
    tries=20,
)
