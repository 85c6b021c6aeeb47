"""A customer is seen in a themed group, or no longer seen there."""

from datetime import datetime

from bot.actions import invitations, new_groups, opening
from bot.context import Context
from bot.model import Group, Seat
from bot.playbook.placement import room
from bot.store.log import line


async def seen(ctx: Context, group: Group, contact: str, at: datetime, state: str = "") -> None:
    """WeCom shows ``contact`` as a member: their seat of the theme is taken, however they came.

    Called once the group's own number of members says so, so that the place a seat held is never
    free in between. ``state`` is that of the join way they used. Told twice, it happens once.
    """
    if not group.theme:
        return
    before = await ctx.store.seats.joined(group.theme, contact, group.id, at)
    if before is None:
        taken = await ctx.store.seats.sitting(group.theme, contact)
        if taken:  # seen before; the one who saw it may have died before letting go
            await _settled(ctx, taken)
        return
    how = "（扫的是我们发的进群码）" if await _is_ours(ctx, before, group, state) else ""
    await _settled(ctx, before)
    if before.group and before.group != group.id:
        await ctx.store.seats.wake_waiting(group.theme, ctx.now())
    await _log(ctx, before.id, contact, before.journey, f"在群“{group.name}”入座{how}", at)
    if theme := (await ctx.releases.head()).book.themes.get(group.theme):
        await opening.call_off(ctx, theme)


async def left(ctx: Context, group: Group, contact: str, at: datetime) -> None:
    """The member is gone from ``group``: the place is free for who has waited longest."""
    seat = await ctx.store.seats.left(contact, group.id, at)
    if group.theme:
        await ctx.store.seats.wake_waiting(group.theme, ctx.now())
    if seat:
        await _log(ctx, seat.id, contact, seat.journey, f"让出了群“{group.name}”的位子", at)


async def room_came_up(ctx: Context, group: Group) -> None:
    """The group was opened, renamed or read anew: the waiting of its theme have another look."""
    if group.theme != group.announced:
        await new_groups.announce(ctx, group)
    elif group.theme and (places := room(group)):
        await ctx.store.seats.wake_waiting(group.theme, ctx.now(), places)


async def _settled(ctx: Context, seat: Seat) -> None:
    """The place it held is free; its invitation is not wanted, and counts only if it went out."""
    await ctx.store.groups.let_go(seat.id)
    if not await invitations.settle(ctx, seat):
        await ctx.store.seats.settle_later(seat.id, ctx.now() + invitations.LOOK_AGAIN)


async def _is_ours(ctx: Context, seat: Seat, group: Group, state: str) -> bool:
    """They used the code they were sent: that of the group, or one that opens the next."""
    codes = [group.join_way, group.next_way]
    if seat.group and seat.group != group.id:
        base = await ctx.store.groups.get(seat.group)
        codes += [base.next_way] if base else []
    return bool(state) and state in {code.get("state") for code in codes}


async def _log(
    ctx: Context, seat: str, contact: str, journey: str, what: str, at: datetime
) -> None:
    key = f"{seat}:{what[:2]}:{at.isoformat()}"
    await ctx.store.log.write([line(key, [seat, journey, contact], at, what)])
