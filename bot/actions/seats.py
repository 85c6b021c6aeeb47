"""A customer is seen in a themed group, or no longer seen there."""

from datetime import datetime

from bot.context import Context
from bot.model import Group
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
            await ctx.store.groups.let_go(taken.id)
        return
    await ctx.store.groups.let_go(before.id)
    if before.group and before.group != group.id:
        await ctx.store.seats.wake_waiting(group.theme, ctx.now())
    how = "（扫的是我们发的进群码）" if state and state == group.join_way.get("state") else ""
    await _log(ctx, before.id, contact, before.journey, f"在群“{group.name}”入座{how}", at)


async def left(ctx: Context, group: Group, contact: str, at: datetime) -> None:
    """The member is gone from ``group``: the place is free for who has waited longest."""
    seat = await ctx.store.seats.left(contact, group.id, at)
    if group.theme:
        await ctx.store.seats.wake_waiting(group.theme, ctx.now())
    if seat:
        await _log(ctx, seat.id, contact, seat.journey, f"让出了群“{group.name}”的位子", at)


async def room_came_up(ctx: Context, group: Group) -> None:
    """The group was opened, renamed or read anew: the waiting of its theme have another look."""
    if group.theme and (places := room(group)):
        await ctx.store.seats.wake_waiting(group.theme, ctx.now(), places)


async def _log(
    ctx: Context, seat: str, contact: str, journey: str, what: str, at: datetime
) -> None:
    key = f"{seat}:{what[:2]}:{at.isoformat()}"
    await ctx.store.log.write([line(key, [seat, journey, contact], at, what)])
