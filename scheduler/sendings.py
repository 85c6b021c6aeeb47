"""Lead each mass message from open to its end: close it, ask what became of it, withdraw it."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal, assert_never

from bot.context import Context
from bot.model import Delivery, Outgoing, Sending
from bot.playbook import patience
from bot.playbook.confirming import UNCONFIRMED, Done, Watch, Withdraw, look_at, offered_again
from bot.playbook.hours import Hours
from bot.store.log import line
from bot.wecom.errors import Paced, Refused, WeComError
from scheduler import churn, results

log = logging.getLogger(__name__)

BATCH = 20
_SOON = timedelta(minutes=1)
_LOST = timedelta(hours=1)  # until WeCom is asked again about what it does not know
_NOBODY = "没有可发送的客户"
_NOT_THE_OWNER = "群主已换或群已解散"
_CALLED_OFF = "群发在企业微信里被取消了"
_NO_RESULT = "企业微信查不到这条群发的结果"
_WITHDRAWN = (patience.QUIET, patience.TOO_LATE, "时效已过")


async def look(ctx: Context) -> bool:
    """Take every due sending one step further; False when none was due."""
    hours = Hours.of((await ctx.releases.head()).book)
    owner, due = await ctx.store.sendings.claim(ctx.now(), BATCH)
    if not due:
        return False
    await asyncio.gather(*(_at_pace(ctx, owner, sending, hours) for sending in due))
    return True


async def _at_pace(ctx: Context, owner: str, sending: Sending, hours: Hours) -> None:
    """What WeCom does not tell now it is asked again; nothing is decided without its answer."""
    try:
        await _take_further(ctx, owner, sending, hours)
    except Paced as error:
        await ctx.store.sendings.park(owner, sending.id, error.until)
    except Refused as error:
        log.warning("sending %s: %s", sending.id, error)
        await _without_answer(ctx, owner, sending, hours)
    except WeComError as error:
        log.warning("sending %s: %s", sending.id, error)
        await ctx.store.sendings.park(owner, sending.id, ctx.now() + _SOON)


async def _without_answer(ctx: Context, owner: str, sending: Sending, hours: Hours) -> None:
    """What WeCom refuses to tell (41047: it knows no such message) it may tell later, or never."""
    if ctx.now() < sending.expires_at + _LOST or sending.state != "created":
        await ctx.store.sendings.park(owner, sending.id, ctx.now() + _LOST)
    else:
        await _finish(ctx, owner, sending, hours, "failed", _NO_RESULT)


async def _take_further(ctx: Context, owner: str, sending: Sending, hours: Hours) -> None:
    match sending.state:
        case "open" | "closed":
            await _close(ctx, owner, sending)
        case "created" if sending.stopping:
            await _after_withdrawal(ctx, owner, sending, hours)
        case "created":
            await _watch(ctx, owner, sending, hours)
        case "done" | "cancelled" | "failed":
            await _tell_members(ctx, owner, sending, hours)
        case _:
            assert_never(sending.state)


async def _close(ctx: Context, owner: str, sending: Sending) -> None:
    """Nobody joins any more, so the call can be made; whoever leaves until then is left out."""
    if not await ctx.store.sendings.close(owner, sending.id):
        return
    call = Outgoing(
        id=f"mass:{sending.id}",
        kind="mass",
        body={
            "message": sending.message,
            "chat_type": "group" if sending.subject_type == "group" else "single",
            "sender": sending.staff,
        },
        staff=sending.staff,
        about=sending.id,
        due_at=ctx.now(),
        expires_at=sending.expires_at,
    )
    await ctx.store.outbox.put([call])
    await ctx.store.sendings.park(owner, sending.id, None)
    ctx.hints.ring("outbox")


# ---- while staff have it ------------------------------------------------------------------------


async def _watch(ctx: Context, owner: str, sending: Sending, hours: Hours) -> None:
    if sending.strangers:
        await _believe(ctx, owner, sending)
        return
    confirmed = await _poll(ctx, sending, hours)
    waiting = not confirmed or bool(await ctx.store.deliveries.open_of(sending.id))
    then = look_at(sending, now=ctx.now(), hours=hours, confirmed=confirmed, waiting=waiting)
    match then:
        case Done():
            await _finish(ctx, owner, sending, hours, "done")
        case Withdraw(why):
            await _withdraw(ctx, owner, sending, why)
        case Watch(due_at, polls, reminds, remind):
            if remind:
                await _remind(ctx, sending, reminds)
            await ctx.store.sendings.park(owner, sending.id, due_at, polls=polls, reminds=reminds)
        case _:
            assert_never(then)


async def _believe(ctx: Context, owner: str, sending: Sending) -> None:
    """Whom WeCom left out of the message when it was made: they are no friends any more."""
    if sending.subject_type == "contact":
        await churn.not_friends(ctx, sending.staff, sending.strangers, ctx.now())
    due_at = patience.next_poll(sending.created_at or ctx.now(), sending.polls)
    await ctx.store.sendings.park(owner, sending.id, due_at, strangers=[])


async def _poll(ctx: Context, sending: Sending, hours: Hours) -> bool:
    """Fold back what WeCom knows; whether the member of staff has confirmed."""
    confirmed_at = await results.confirmed(ctx, sending)
    if confirmed_at or sending.stopping:
        await results.fold_back(ctx, sending, hours, confirmed_at)
    return confirmed_at is not None


async def _remind(ctx: Context, sending: Sending, number: int) -> None:
    """ "每条群发24小时内最多提醒3次"; WeCom's own reminder, not a card of ours."""
    await _call(ctx, sending, "remind", f"remind:{sending.id}:{number}")


async def _withdraw(ctx: Context, owner: str, sending: Sending, why: str) -> None:
    """Staff confirm when they like, so what is out in the quiet hours is taken back."""
    await _call(ctx, sending, "cancel", f"cancel:{sending.id}")
    await ctx.store.sendings.park(owner, sending.id, ctx.now() + _SOON, stopping=why)


async def _call(ctx: Context, sending: Sending, kind: str, row_id: str) -> None:
    call = Outgoing(
        id=row_id,
        kind="remind" if kind == "remind" else "cancel",
        body={"msgid": sending.msgid},
        staff=sending.staff,
        about=sending.id,
        due_at=ctx.now(),
        expires_at=ctx.now() + timedelta(hours=2) if kind == "remind" else None,
    )
    await ctx.store.outbox.put([call])
    ctx.hints.ring("outbox")


# ---- when it is taken back ----------------------------------------------------------------------


async def _after_withdrawal(ctx: Context, owner: str, sending: Sending, hours: Hours) -> None:
    """Once WeCom confirms, what it has not sent will never be sent."""
    if sending.stopping == "被取消":
        await _poll(ctx, sending, hours)
        await _finish(ctx, owner, sending, hours, "cancelled", _CALLED_OFF)
        return
    call = await ctx.store.outbox.get(f"cancel:{sending.id}")
    if call is None:  # we died between our two writes
        await _withdraw(ctx, owner, sending, sending.stopping)
        return
    now = ctx.now()
    if call.state in ("ready", "sending"):
        await ctx.store.sendings.park(owner, sending.id, now + _SOON)
        return
    await _poll(ctx, sending, hours)
    if call.state == "sent" or now >= sending.expires_at:
        await _finish(ctx, owner, sending, hours, "cancelled", sending.stopping)
    elif not await ctx.store.deliveries.open_of(sending.id):
        await _finish(ctx, owner, sending, hours, "done")
    else:  # it is still out there, and must not be offered a second time
        later = min(now + timedelta(hours=1), sending.expires_at)
        await ctx.store.sendings.park(owner, sending.id, later)


async def _finish(
    ctx: Context,
    owner: str,
    sending: Sending,
    hours: Hours,
    state: Literal["done", "cancelled", "failed"],
    reason: str = "",
) -> None:
    """The end is written first: only then may its members be offered in another one."""
    if await ctx.store.sendings.end(owner, sending.id, state, reason):
        ended = replace(sending, state=state, reason=reason)
        await _tell_members(ctx, owner, ended, hours)


async def _tell_members(ctx: Context, owner: str, sending: Sending, hours: Hours) -> None:
    """Whoever is still waiting in a finished sending is offered again, or learns why not."""
    if waiting := await ctx.store.deliveries.open_of(sending.id):
        await _tell(ctx, sending, waiting, hours)
    await ctx.store.sendings.park(owner, sending.id, None)


async def _tell(ctx: Context, sending: Sending, waiting: Sequence[Delivery], hours: Hours) -> None:
    await ctx.store.caps.release_all(
        (patience.ledger_of(d.subject, d.subject_type), d.id) for d in waiting
    )
    waiting = await _without_recalled(ctx, sending, waiting)
    if sending.reason == _CALLED_OFF:
        await _log(ctx, sending, waiting, f"{_CALLED_OFF}，不再发")
        ids = [delivery.id for delivery in waiting]
        await ctx.store.deliveries.end(sending.id, ids, "cancelled", _CALLED_OFF)
    elif sending.state == "failed" and sending.reason not in _WITHDRAWN:
        await _fail(ctx, sending, waiting)
    else:
        await _offer_again(ctx, sending, waiting, hours)


async def _without_recalled(
    ctx: Context, sending: Sending, waiting: Sequence[Delivery]
) -> list[Delivery]:
    """撤回未发: these are not offered again."""
    if recalled := [delivery for delivery in waiting if delivery.recalled]:
        await _log(ctx, sending, recalled, "撤回了，不再发")
        for delivery in recalled:
            await ctx.store.deliveries.end(sending.id, [delivery.id], "cancelled", delivery.reason)
    return [delivery for delivery in waiting if not delivery.recalled]


async def _fail(ctx: Context, sending: Sending, waiting: Sequence[Delivery]) -> None:
    reason = sending.reason
    if reason == _NOBODY:  # 41048: of all its recipients nobody can receive it
        if sending.subject_type == "contact":
            people = [delivery.subject for delivery in waiting]
            await churn.not_friends(ctx, sending.staff, people, ctx.now())
        of_groups = sending.subject_type == "group"
        reason = _NOT_THE_OWNER if of_groups else results.NOT_A_FRIEND
    await _log(ctx, sending, waiting, f"没有发出：{reason}")
    await ctx.store.deliveries.end(sending.id, [d.id for d in waiting], "failed", reason)


async def _offer_again(
    ctx: Context, sending: Sending, waiting: Sequence[Delivery], hours: Hours
) -> None:
    offer = offered_again(sending, waiting, ctx.now(), hours)
    again, late = [d.id for d in offer.again], [d.id for d in offer.late]
    await _log(ctx, sending, offer.again, offer.why)
    await ctx.store.deliveries.offer_again(sending.id, again, offer.free_at, offer.why)
    await _log(ctx, sending, offer.late, f"{UNCONFIRMED}，时效已过，不再发")
    await ctx.store.deliveries.end(sending.id, late, "expired", UNCONFIRMED)
    ctx.hints.ring("deliveries")


async def _log(ctx: Context, sending: Sending, members: Sequence[Delivery], what: str) -> None:
    lines = [
        line(
            f"{d.id}:{sending.id}:{sending.state}",
            [d.subject, d.journey, d.id, sending.id],
            ctx.now(),
            f"“{d.step}”{what}",
            step=d.step,
        )
        for d in members
    ]
    await ctx.store.log.write(lines)
