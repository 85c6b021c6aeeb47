"""What WeCom says became of a mass message, told to each of its deliveries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.context import Context
from bot.model import Delivery, Fact, Sending
from bot.playbook import keys, patience
from bot.playbook.hours import Hours
from bot.store.log import line
from bot.wecom.paging import pages

_UNSENT, _SENT, _NOT_A_FRIEND, _HAD_ENOUGH = 0, 1, 2, 3
_CONFIRMED = 2
_FAILED = {_NOT_A_FRIEND: "不是好友", _HAD_ENOUGH: "达到接收上限"}


@dataclass(frozen=True, slots=True)
class Received:
    delivery: Delivery
    at: datetime


async def confirmed(ctx: Context, sending: Sending) -> bool:
    """Whether the member of staff has pressed the button."""
    asked = {"msgid": sending.msgid, "limit": 1000}
    async for row in pages(ctx.wecom, "externalcontact/get_groupmsg_task", asked, "task_list"):
        if row["userid"].lower() == sending.staff.lower():
            return int(row["status"]) == _CONFIRMED
    return False


async def fold_back(ctx: Context, sending: Sending, hours: Hours) -> None:
    """Bring every delivery whose fate is known to its end.

    A status of 2 or 3 is a failure: the member of staff confirmed, the customer got nothing.
    """
    waiting: defaultdict[str, list[Delivery]] = defaultdict(list)
    for delivery in await ctx.store.deliveries.open_of(sending.id):
        waiting[delivery.subject].append(delivery)
    if not waiting:
        return
    asked = {"msgid": sending.msgid, "userid": sending.staff, "limit": 1000}
    received: list[Received] = []
    failed: defaultdict[int, list[Delivery]] = defaultdict(list)
    path = "externalcontact/get_groupmsg_send_result"
    async for row in pages(ctx.wecom, path, asked, "send_list"):
        status = int(row.get("status", _UNSENT))
        members = waiting.get(row.get("external_userid") or row.get("chat_id") or "", [])
        if status == _SENT:
            received += [Received(member, _moment(row, ctx.now())) for member in members]
        elif status in _FAILED:
            failed[status] += members
    await _delivered(ctx, sending, received)
    for status, members in failed.items():
        await _not_delivered(ctx, sending, status, members, hours)


def _moment(row: dict[str, Any], now: datetime) -> datetime:
    sent = row.get("send_time")
    return datetime.fromtimestamp(int(sent), UTC) if sent else now


async def _delivered(ctx: Context, sending: Sending, received: Sequence[Received]) -> None:
    """Everything that follows comes first: it may be done twice, and once it is not asked again."""
    store = ctx.store
    await store.caps.move_all(
        (patience.ledger_of(r.delivery.subject, r.delivery.subject_type), r.delivery.id, r.at)
        for r in received
    )
    for r in received:
        if r.delivery.seat:
            await store.seats.invited(r.delivery.seat, r.at)
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


async def _not_delivered(
    ctx: Context, sending: Sending, status: int, members: Sequence[Delivery], hours: Hours
) -> None:
    ledgers = [(patience.ledger_of(d.subject, d.subject_type), d.id) for d in members]
    await ctx.store.caps.release_all(ledgers)
    if status == _HAD_ENOUGH:  # WeCom counts what we cannot see: personal sends, other apps
        tomorrow = patience.day_end(ctx.now(), hours.tz)
        for ledger, _ in ledgers:
            await ctx.store.caps.shut(ledger, tomorrow)
    reason = _FAILED[status]
    await ctx.store.log.write(
        [
            line(
                f"{d.id}:failed",
                [d.subject, d.journey, d.id, sending.id],
                ctx.now(),
                f"“{d.step}”没有送达：{reason}",
                step=d.step,
            )
            for d in members
        ]
    )
    await ctx.store.deliveries.end(sending.id, [d.id for d in members], "failed", reason)
