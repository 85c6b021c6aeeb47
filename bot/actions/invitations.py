"""Whether an invitation counts: it does while it may yet reach the customer, and once it has."""

from datetime import datetime, timedelta

from bot.actions import inviting
from bot.context import Context
from bot.model import Full, Seat
from bot.playbook import admission
from config.themes import Theme

LOOK_AGAIN = timedelta(minutes=10)  # while WeCom still has it
_UNDER_WAY = ("ready", "gathered", "created")


async def reserve(ctx: Context, seat: Seat, theme: Theme, now: datetime) -> Full | None:
    """邀请间隔: None when this seat's invitation is the only one, else until when it is not."""
    ledger, window = admission.invitations(seat.subject), admission.gap(theme, now)
    return await ctx.store.caps.reserve(ledger, seat.id, "服务", now, [window])


async def release(ctx: Context, seat: Seat) -> None:
    """There will be no invitation: the customer may have one into another theme."""
    await ctx.store.caps.release(admission.invitations(seat.subject), seat.id)
    await ctx.store.seats.gap_is_over(seat.subject, ctx.now())


async def received(ctx: Context, subject: str, seat: str, at: datetime) -> None:
    """It reached the customer, were the place given up meanwhile."""
    await ctx.store.caps.received(admission.invitations(subject), seat, "服务", at)
    await ctx.store.seats.invited(seat, at)


async def settle(ctx: Context, seat: Seat) -> bool:
    """The seat needs no invitation any more; False while one may still reach the customer."""
    sent = await ctx.store.deliveries.get(inviting.invitation_id(seat.id))
    if sent and sent.state in _UNDER_WAY:
        return False
    if sent is None or sent.state != "delivered":
        await release(ctx, seat)
    return True
