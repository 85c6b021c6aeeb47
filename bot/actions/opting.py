"""停止推送 and 恢复: a customer wants no messages of ours any more, or wants them again.

The row of ``stops`` alone decides; deliveries, mass messages and invitations ask it before
anything leaves (``Stops.among``). What staff already have in their hands is withdrawn, and whoever
looks after the customer is told, by :func:`settle`: at once, or after a crash by the clock.
"""

from collections.abc import Sequence
from datetime import timedelta

from bot.actions import recall
from bot.context import Context
from bot.model import Delivery, Outgoing
from bot.playbook.hours import Hours
from bot.playbook.patience import STOPPED
from bot.store.log import line
from bot.store.stops import Stop
from bot.wecom import cards

LOOK_AGAIN = timedelta(minutes=1)  # while a mass message with them in it is on its way to WeCom
_WORD_LIVES = timedelta(days=2)


async def stop(ctx: Context, contact: str, *, by: str = "", why: str = "") -> bool:
    """Nothing more is sent to this customer; False when that was so already.

    ``by`` is the userid of who did it for them, "" when they did it themselves.
    """
    return await _change(ctx, contact, stopped=True, by=by, why=why)


async def resume(ctx: Context, contact: str, *, by: str = "", why: str = "") -> bool:
    """They are sent what comes from now on; False when nothing was stopped."""
    return await _change(ctx, contact, stopped=False, by=by, why=why)


async def standing(ctx: Context, contact: str) -> Stop | None:
    """What they asked for last, and who it was; None when they never did."""
    return await ctx.store.stops.get(contact)


async def settle(ctx: Context, asked: Stop) -> None:
    """Write it down, withdraw what is in the hands of staff, tell them; twice is once."""
    await ctx.store.log.write([_line(asked)])
    await ctx.store.outbox.put(await _words(ctx, asked))
    under_way = await _withdraw(ctx, asked.id) if asked.stopped else False
    again = ctx.now() + LOOK_AGAIN if under_way else None
    await ctx.store.stops.settled(asked, again)
    ctx.hints.ring("outbox")


async def _change(ctx: Context, contact: str, *, stopped: bool, by: str, why: str) -> bool:
    changed = await ctx.store.stops.change(contact, stopped=stopped, by=by, why=why, now=ctx.now())
    if changed is None:
        return False
    await settle(ctx, changed)
    return True


async def _withdraw(ctx: Context, contact: str) -> bool:
    """Whether one is still on its way to WeCom: who makes it leaves them out, or we look again."""
    out = await ctx.store.deliveries.in_hand(contact)
    await recall.withdraw(ctx, [d for d in out if _is_with_staff(d)], STOPPED)
    return any(d.state == "gathered" for d in out)


def _is_with_staff(delivery: Delivery) -> bool:
    return delivery.state == "created" and not delivery.recalled


def _line(asked: Stop) -> dict[str, object]:
    who = asked.by or "客户自己"
    what = "停止推送：以后不再给这位客户发消息" if asked.stopped else "恢复推送"
    why = f"（{asked.why}）" if asked.why else ""
    return line(f"stop:{asked.id}:{asked.n}", [asked.id], asked.at, f"{what}，{who}要求的{why}")


async def _words(ctx: Context, asked: Stop) -> Sequence[Outgoing]:
    """To whoever looks after the customer, unless it was their own doing."""
    contact = await ctx.store.contacts.get(asked.id)
    friend = contact.newest_friend if contact else None
    if contact is None or friend is None or friend.staff == asked.by:
        return ()
    name = contact.name or "一位客户"
    text = (
        f"{name}要求停止推送，系统不会再给 TA 发消息；TA 没找您之前，也请不要主动推销。"
        if asked.stopped
        else f"{name}恢复了推送，以后的消息照常发。"
    )
    hours = Hours.of((await ctx.releases.head()).book)
    return (
        Outgoing(
            id=f"stop:{asked.id}:{asked.n}:told",
            kind="text",
            body=cards.text(ctx.settings.agent_id, [friend.staff], text),
            staff=friend.staff,
            due_at=hours.free_after("员工", asked.at),
            expires_at=asked.at + _WORD_LIVES,
        ),
    )
