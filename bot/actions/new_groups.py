"""A group has come to a theme, whoever opened it: who asked for it is told, who waits moves in."""

from datetime import datetime

from bot.context import Context
from bot.crash import crash_point
from bot.model import Fact, Group
from bot.playbook import keys
from bot.playbook.placement import follows, room
from bot.playbook.regrouping import theme_subject
from bot.store.log import line
from bot.store.seats import HOLDING


async def announce(ctx: Context, group: Group) -> None:
    """Telling it twice is telling it once; who dies in between leaves it to the next look."""
    if not group.theme or group.announced == group.theme:
        return
    at, name = ctx.now(), group.name or group.id
    await ctx.store.facts.record([came(group, at)], at)
    crash_point("groups.told")
    await _move_in(ctx, group)
    crash_point("groups.moved")
    what = f"群“{name}”归到主题“{group.theme}”"
    await ctx.store.log.write([line(f"came:{group.id}:{group.theme}", [group.id], at, what)])
    fresh = await ctx.store.groups.get(group.id)
    if places := room(fresh or group):
        await ctx.store.seats.wake_waiting(group.theme, at, places)
    await ctx.store.groups.told_of(group.id, group.theme)
    ctx.hints.ring("seats", "tasks", "reminders")


def came(group: Group, at: datetime) -> Fact:
    """The fact that proves the task to open a group."""
    return Fact(
        id=f"came:{group.id}:{group.theme}",
        keys=(keys.group_opened(group.theme),),
        subject=theme_subject(group.theme),
        at=at,
        source="wecom",
        data={"chat": group.id, "theme": group.theme},
    )


async def _move_in(ctx: Context, group: Group) -> None:
    """自动建群: the seats held behind the full group are in this one, opened for them.

    Held here first and let go there last: in between both hold the seat, and either is let go of
    with it.
    """
    groups = ctx.store.groups
    here = await groups.get(group.id) or group
    for base in await groups.of_theme(group.theme):
        for id in base.next_held if follows(base, group) else ():
            seat = await ctx.store.seats.get(id)
            if seat and seat.subject in here.roster:
                continue  # they sit here already, which is about to be told
            if not await groups.hold(group.id, id):
                return  # full; the rest go on waiting for the next one
            crash_point("groups.held")
            ours = await ctx.store.seats.moved(id, base.id, group.id)
            crash_point("groups.handing")
            if ours or await _is_there(ctx, id, group.id):
                await groups.handed_on(base.id, id)
            else:  # taken or given up meanwhile
                await groups.let_go(id)


async def _is_there(ctx: Context, id: str, group: str) -> bool:
    """Whoever came this far before died before letting go behind the full group."""
    seat = await ctx.store.seats.get(id)
    return seat is not None and seat.group == group and seat.state in HOLDING
