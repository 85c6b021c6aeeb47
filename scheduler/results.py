"""What WeCom says became of a mass message, told to each of its deliveries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.actions import invitations
from bot.context import Context
from bot.crash import crash_point
from bot.model import Delivery, Fact, Sending
from bot.playbook import keys, patience
from bot.playbook.hours import Hours
from bot.store.log import line
from bot.wecom.paging import pages
from scheduler import churn

_UNSENT, _SENT, _NOT_A_FRIEND, _HAD_ENOUGH = 0, 1, 2, 3
_CONFIRMED = 2
_LISTED = timedelta(hours=1)  # who is not in the results so long after was not in the message
NOT_A_FRIEND, HAD_ENOUGH = "不是好友", "达到接收上限"
NOT_THEIR_GROUP = "群没有收到（换了群主、已解散或达到接收上限）"


@dataclass(frozen=True, slots=True)
class Received:
    delivery: Delivery
    at: datetime


async def confirmed(ctx: Context, sending: Sending) -> datetime | None:
    """When the member of staff pressed the button (P:93338); None: not yet."""
    asked = {"msgid": sending.msgid, "limit": 1000}
    async for row in pages(ctx.wecom, "externalcontact/get_groupmsg_task", asked, "task_list"):
        if row["userid"].lower() == sending.staff.lower():
            return _moment(row, ctx.now()) if int(row["status"]) == _CONFIRMED else None
    return None


async def fold_back(
    ctx: Context, sending: Sending, hours: Hours, confirmed_at: datetime | None
) -> None:
    """Bring every delivery whose fate is known to its end (P:93338).

    Only a status of 1 is a success; with 2 or 3 the member of staff confirmed and the customer got
    nothing. Of groups WeCom lists only those that got it.
    """
    waiting: defaultdict[str, list[Delivery]] = defaultdict(list)
    for delivery in await ctx.store.deliveries.open_of(sending.id):
        waiting[delivery.subject].append(delivery)
    if not waiting:
        return
    asked = {"msgid": sending.msgid, "userid": sending.staff, "limit": 1000}
    received: list[Received] = []
    ended: defaultdict[int, list[Delivery]] = defaultdict(list)
    path = "externalcontact/get_groupmsg_send_result"
    async for row in pages(ctx.wecom, path, asked, "send_list"):
        status = int(row.get("status", _UNSENT))
        members = waiting.pop(row.get("external_userid") or row.get("chat_id") or "", [])
        if status == _SENT:
            received += [Received(member, _moment(row, ctx.now())) for member in members]
        else:
            ended[status] += members
    await _delivered(ctx, sending, received)
    at = confirmed_at or ctx.now()
    if confirmed_at and ctx.now() >= confirmed_at + _LISTED:
        ended[_NOT_A_FRIEND] += [member for members in waiting.values() for member in members]
    if lost := ended[_NOT_A_FRIEND]:
        await _lost(ctx, sending, lost, at)
    if enough := ended[_HAD_ENOUGH]:
        await _had_enough(ctx, sending, enough, at, hours)


def _moment(row: dict[str, Any], now: datetime) -> datetime:
    sent = row.get("send_time")
    return datetime.fromtimestamp(int(sent), UTC) if sent else now


async def _delivered(ctx: Context, sending: Sending, received: Sequence[Received]) -> None:
    """Everything that follows comes first: it may be done twice, and once it is not asked again."""
    if not received:
        return
    store = ctx.store
    await store.caps.move_all(
        (patience.ledger_of(r.delivery.subject, r.delivery.subject_type), r.delivery.id, r.at)
        for r in received
    )
    for r in received:
        if r.delivery.seat:
            await invitations.received(ctx, r.delivery.subject, r.delivery.seat, r.at)
        if r.delivery.cls == "营销" and r.delivery.subject_type == "group":
            await store.groups.marketed(r.delivery.subject, r.at)
    await store.log.write(
        [
            line(
                f"{r.delivery.id}:delivered",
                [r.delivery.subject, r.delivery.journey, r.delivery.id, sending.id],
                r.at,
                f"“{r.delivery.step}”由 {sending.staff} 确认，已送达",
                step=r.delivery.step,
            )
            for r in received
        ]
    )
    crash_point("results.received")
    await store.facts.record([_fact(r, sending) for r in received], ctx.now())
    await store.deliveries.delivered(sending.id, {r.delivery.id: r.at for r in received})


def _fact(received: Received, sending: Sending) -> Fact:
    delivery = received.delivery
    return Fact(
        id=f"mass:{delivery.id}",
        keys=(keys.mass_sent(delivery.journey),),
        subject=delivery.subject,
        at=received.at,
        source="get_groupmsg_send_result",
        data={"step": delivery.step, "staff": sending.staff, "msgid": sending.msgid},
    )


async def _lost(ctx: Context, sending: Sending, members: Sequence[Delivery], at: datetime) -> None:
    """Who is no friend any more leaves what they left before their delivery is closed."""
    of_groups = sending.subject_type == "group"
    if not of_groups:
        await churn.not_friends(ctx, sending.staff, (d.subject for d in members), ctx.now())
    reason = NOT_THEIR_GROUP if of_groups else NOT_A_FRIEND
    await _not_delivered(ctx, sending, members, at, f"没有送达：{reason}")
    await ctx.store.deliveries.end(sending.id, [d.id for d in members], "failed", reason)


async def _had_enough(
    ctx: Context, sending: Sending, members: Sequence[Delivery], at: datetime, hours: Hours
) -> None:
    """WeCom counts what we cannot see: personal sends, other apps. Tomorrow it may have room."""
    tomorrow = patience.day_end(ctx.now(), hours.tz)
    for delivery in members:
        ledger = patience.ledger_of(delivery.subject, delivery.subject_type)
        await ctx.store.caps.shut(ledger, tomorrow)
    free_at = hours.free_after(patience.audience(sending.subject_type), tomorrow)
    again = [d for d in members if d.expires_at > free_at and not d.recalled]
    late = [d for d in members if d not in again]
    why = f"{HAD_ENOUGH}，{hours.local(free_at)} 再次提供"
    await _not_delivered(ctx, sending, again, at, why)
    await _not_delivered(ctx, sending, late, at, f"没有送达：{HAD_ENOUGH}")
    await ctx.store.deliveries.offer_again(sending.id, [d.id for d in again], free_at, why)
    await ctx.store.deliveries.end(sending.id, [d.id for d in late], "failed", HAD_ENOUGH)


async def _not_delivered(
    ctx: Context, sending: Sending, members: Sequence[Delivery], at: datetime, what: str
) -> None:
    """The member of staff did their part; the customer's place in the caps is free again."""
    if not members:
        return
    await ctx.store.caps.release_all(
        (patience.ledger_of(d.subject, d.subject_type), d.id) for d in members
    )
    await ctx.store.log.write(
        [
            line(
                f"{d.id}:{sending.id}:failed",
                [d.subject, d.journey, d.id, sending.id],
                ctx.now(),
                f"“{d.step}”{what}",
                step=d.step,
            )
            for d in members
        ]
    )
    await ctx.store.deliveries.confirmed(sending.id, [d.id for d in members], at)
    crash_point("results.not_delivered")
