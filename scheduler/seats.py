"""When a customer is to get a place in a themed group: hold it, invite them, give it up in time."""

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.actions import inviting
from bot.actions.dealing import note
from bot.context import Context
from bot.model import Group, Outgoing, Seat
from bot.playbook.hours import Hours
from bot.playbook.placement import choices
from bot.store.log import line
from bot.store.seats import HOLDING, WAITING
from bot.wecom import bodies
from config.book import Book
from config.themes import Theme

log = logging.getLogger(__name__)

_AFTER_FAILURE = timedelta(minutes=10)
_TRY_AGAIN = timedelta(days=1)  # the waiting are woken by a free place; this is for the forgotten


async def look(ctx: Context) -> bool:
    """See to one batch of seats; True when there were any."""
    book = (await ctx.releases.head()).book
    owner, batch = await ctx.store.seats.claim(ctx.now())
    if not batch:
        return False
    exited = await ctx.store.journeys.exited(seat.journey for seat in batch)
    placing = _Placing(ctx, owner, book, Hours.of(book), ctx.now())
    for seat in batch:
        try:
            await placing.place(seat, exited=seat.journey in exited)
        except Exception:  # one bad seat must not keep the others from theirs
            log.exception("seat %s cannot be seen to now", seat.id)
            await ctx.store.seats.look_again(owner, seat, ctx.now() + _AFTER_FAILURE)
    await ctx.store.seats.release(owner, [seat.id for seat in batch], ctx.now())
    ctx.hints.ring("outbox")
    return True


@dataclass(frozen=True, slots=True)
class _Placing:
    ctx: Context
    owner: str
    book: Book
    hours: Hours
    now: datetime

    async def place(self, seat: Seat, *, exited: bool) -> None:
        """What the seat's state asks for."""
        theme, waiting = self.book.themes.get(seat.theme), seat.state in WAITING
        if seat.state == "占位过期":  # whoever gave it up died before letting go
            await self._free(seat)
        elif theme is None:
            await self.give_up(seat, "主题已不在配置里")
        elif waiting and exited:
            await self.give_up(seat, "客户已离开这个SOP")
        elif waiting:
            await self.find(seat, theme)
        else:
            await self.see_to(seat, theme)

    async def find(self, seat: Seat, theme: Theme) -> None:
        """候选 or 候补: a member needs no invitation; others get the first place that is free."""
        seats, groups = self.ctx.store.seats, self.ctx.store.groups
        if there := await groups.with_member(theme.name, seat.subject):
            await groups.let_go(seat.id)  # first: nobody looks at a seat that is taken
            await seats.joined(theme.name, seat.subject, there.id, self.now)
            await seats.wake_waiting(theme.name, self.now)
        elif until := await self._cooling(seat, theme):
            await self.give_up(seat, f"退群冷却到 {self.hours.local(until)}")
        elif seat.created_at + inviting.WAITS_AT_MOST <= self.now:
            await self.give_up(seat, "候补太久")
        elif not (group := await self._hold(seat, theme)):
            await self._wait(seat, theme)
        elif wait := await self._admission(seat, theme):
            await groups.let_go(seat.id)
            await seats.look_again(self.owner, seat, wait)
        elif await seats.held(self.owner, seat, group.id, self.now):
            await seats.wake_waiting(theme.name, self.now)  # until one finds no room
            await self._log(seat, "held", f"在群“{group.name}”占了一个位子")
        else:
            await self._let_go_if_over(seat)

    async def see_to(self, seat: Seat, theme: Theme) -> None:
        """已占位 or 已邀请: invite once the group has a QR code, give up when time is over."""
        expires = inviting.held_until(seat, theme, self.hours, self.now)
        group = await self.ctx.store.groups.get(seat.group)
        if self.now >= expires:
            await self.give_up(seat, "占位有效期已过")
        elif group is None or not group.open:
            await self.give_up(seat, "群已经不在了")
        elif seat.state == "已占位" and not group.join_way:
            await self.ctx.store.outbox.put([self._join_way(group, theme)])
            again = min(expires, self.now + _TRY_AGAIN)  # woken once the way is made
            await self.ctx.store.seats.look_again(self.owner, seat, again)
        else:
            if seat.state == "已占位":
                invitation = inviting.invitation(seat, theme, group, expires, self.now)
                await self.ctx.store.deliveries.put([invitation])
            await self.ctx.store.seats.look_again(self.owner, seat, expires)

    async def give_up(self, seat: Seat, why: str) -> None:
        """The seat first: as long as it lives, its place is held."""
        if not await self.ctx.store.seats.gives_up(self.owner, seat, why, self.now):
            await self._let_go_if_over(seat)
            return
        await self._log(seat, "gave up", f"主题“{seat.theme}”的位子没有了：{why}")
        await self._free(seat)

    async def _free(self, seat: Seat) -> None:
        """The place of a seat given up goes to who waits; the seat is due until that is done."""
        await self.ctx.store.groups.let_go(seat.id)
        await self.ctx.store.seats.wake_waiting(seat.theme, self.now)
        await self.ctx.store.seats.cleared(seat.id)

    async def _let_go_if_over(self, seat: Seat) -> None:
        """The seat changed while we looked: was it taken, we may have held a place too late.

        A place is not let go while somebody else, who has the seat now, may rely on it.
        """
        now = await self.ctx.store.seats.get(seat.id)
        if now is None or now.state not in (*WAITING, *HOLDING):
            await self.ctx.store.groups.let_go(seat.id)
            await self.ctx.store.seats.wake_waiting(seat.theme, self.now)

    async def _cooling(self, seat: Seat, theme: Theme) -> datetime | None:
        left = await self.ctx.store.seats.last_left(theme.name, seat.subject)
        return inviting.cooling_until(left, theme, self.hours, self.now)

    async def _hold(self, seat: Seat, theme: Theme) -> Group | None:
        """The place held already (we died before saying so), else the first that can be had."""
        if held := await self.ctx.store.groups.holding(seat.id):
            return held
        contact = await self.ctx.store.contacts.get(seat.subject)
        shop = contact.shop if contact else ""
        groups = await self.ctx.store.groups.of_theme(theme.name)
        for group in choices(groups, shop, only_first="下一个群" not in theme.overflow):
            if await self.ctx.store.groups.hold(group.id, seat.id):
                return group
        return None

    async def _admission(self, seat: Seat, theme: Theme) -> datetime | None:
        """每天最多: None when the seat may be taken today, else when to ask again."""
        window = inviting.daily_window(theme, self.now, self.hours.tz)
        if window is None:
            return None
        full = await self.ctx.store.caps.reserve(
            f"theme:{theme.name}", seat.id, "服务", self.now, [window]
        )
        return full.free_at if full else None

    async def _wait(self, seat: Seat, theme: Theme) -> None:
        """No room anywhere: tell who can open a group, and go on the waiting list."""
        await self._ask_for_group(theme, seat)
        if "候补" in theme.overflow:
            until = self.now + _TRY_AGAIN
            await self.ctx.store.seats.waits(self.owner, seat, until, "各群都满了", self.now)
        else:
            await self.give_up(seat, "各群都满了")

    async def _ask_for_group(self, theme: Theme, seat: Seat) -> None:
        """WeCom has no way to open a group by itself: one word a day to the person who can."""
        day = f"{self.now.astimezone(self.hours.tz):%Y-%m-%d}"
        text = (
            f"主题群“{theme.name}”的群都满了，客户在候补。请新建一个群"
            f"（群名：{theme.group_name or theme.name}），建好后系统会自动邀请候补的客户。"
        )
        row = note(self.ctx, f"text:full:{theme.name}:{day}", self._opener(theme, seat), text)
        due_at = self.hours.free_after("员工", self.now)
        await self.ctx.store.outbox.put([replace(row, due_at=due_at)])

    def _opener(self, theme: Theme, seat: Seat) -> str:
        """Who is to own the theme's groups."""
        team = self.book.team
        match theme.owner.kind:
            case "角色":
                return next(iter(team.in_role(theme.owner.name)), seat.staff)
            case "员工":
                return team.userid(theme.owner.name)
        return seat.staff

    def _join_way(self, group: Group, theme: Theme) -> Outgoing:
        """``state`` comes back with every member who used it: which code brought whom."""
        state = "q" + hashlib.sha256(group.id.encode()).hexdigest()[:20]
        day = f"{self.now.astimezone(self.hours.tz):%Y-%m-%d}"  # one that failed is tried anew
        return Outgoing(
            id=f"join_way:{group.id}:{day}",
            kind="join_way",
            serial=f"join_way:{group.id}",
            body=bodies.add_join_way([group.id], state, theme.name),
            about=group.id,
            due_at=self.now,
        )

    async def _log(self, seat: Seat, key: str, what: str) -> None:
        about = [seat.id, seat.journey, seat.subject]
        id = f"{seat.id}:{key}:{self.now.isoformat()}"
        await self.ctx.store.log.write([line(id, about, self.now, what)])
