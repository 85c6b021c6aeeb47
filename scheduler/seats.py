"""When a customer is to get a place in a themed group: hold it, invite them, give it up in time."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.actions import invitations, inviting, join_codes, opening, regrouping
from bot.context import Context
from bot.crash import crash_point
from bot.model import Full, Group, Outgoing, Seat
from bot.playbook import admission, joining, situation
from bot.playbook.hours import Hours
from bot.playbook.placement import base_of, choices, next_number
from bot.playbook.regrouping import Accept, Drop
from bot.store.log import line
from bot.store.seats import HOLDING, PROPOSED, WAITING, given_up
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
    names = await ctx.store.tags.names()
    placing = _Placing(ctx, owner, book, Hours.of(book), ctx.now(), names)
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
    tag_names: Mapping[str, str]

    async def place(self, seat: Seat, *, exited: bool) -> None:
        """What the seat's state asks for."""
        theme, waiting = self.book.themes.get(seat.theme), seat.state in WAITING
        if seat.state == "占位过期":  # whoever gave it up died before letting go
            await self._free(seat)
        elif seat.state in ("已入群", "已退群"):  # their invitation was still out
            await self._settle(seat)
        elif seat.state == PROPOSED:
            await self._propose(seat)
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
            await invitations.settle(self.ctx, seat)
            await seats.joined(theme.name, seat.subject, there.id, self.now)
            await seats.wake_waiting(theme.name, self.now)
        elif until := await self._cooling(seat, theme):
            await self.give_up(seat, f"退群冷却到 {self.hours.local(until)}")
        elif seat.created_at + inviting.WAITS_AT_MOST <= self.now:
            await self.give_up(seat, "候补太久")
        elif why := await self._gone(seat) or await self._barred(seat, theme):
            await self.give_up(seat, why)
        elif not seat.own and (full := await invitations.reserve(self.ctx, seat, theme, self.now)):
            await self._wait_for_gap(seat, full)
        elif not (group := await self._hold(seat, theme)):
            await invitations.release(self.ctx, seat)
            await self._wait(seat, theme)
        elif wait := await self._admission(seat, theme):
            await groups.let_go(seat.id)
            await invitations.release(self.ctx, seat)
            await seats.look_again(self.owner, seat, wait)
        else:
            crash_point("seats.reserved")
            await self._take(seat, theme, group)

    async def _take(self, seat: Seat, theme: Theme, group: Group) -> None:
        if await self.ctx.store.seats.held(self.owner, seat, group.id, self.now):
            await self.ctx.store.seats.wake_waiting(theme.name, self.now)  # until one finds no room
            where = f"群“{group.name}”" + ("后面要自动建的群" if self._behind(seat, group) else "")
            await self._log(seat, "held", f"在{where}占了一个位子")
            await opening.call_off(self.ctx, theme)
        else:
            await self._let_go_if_over(seat)

    async def see_to(self, seat: Seat, theme: Theme) -> None:
        """已占位 or 已邀请: invite once there is a QR code, give up when time is over."""
        expires = inviting.held_until(seat, theme, self.hours, self.now)
        group = await self.ctx.store.groups.get(seat.group)
        if self.now >= expires:
            await self.give_up(seat, "占位有效期已过")
        elif group is None or not group.open:
            await self.give_up(seat, "群已经不在了")
        elif seat.state == "已占位" and not inviting.way(seat, group):
            await self.ctx.store.outbox.put([await self._code(seat, group, theme)])
            again = min(expires, self.now + _TRY_AGAIN)  # woken once the way is made
            await self.ctx.store.seats.look_again(self.owner, seat, again)
        elif seat.state == "已占位" and (
            why := await self._gone(seat) or await self._barred(seat, theme)
        ):
            await self.give_up(seat, why)
        else:
            if seat.state == "已占位":
                invitation = inviting.invitation(seat, theme, group, expires, self.now)
                await self.ctx.store.deliveries.put([invitation])
            await self.ctx.store.seats.look_again(self.owner, seat, expires)

    async def _propose(self, seat: Seat) -> None:
        """建议: a candidate once the member of staff has said yes."""
        match await regrouping.look(self.ctx, self.owner, self.book, seat, self.now):
            case Drop(why):
                await self.give_up(seat, why)
            case Accept() if not await self.ctx.store.seats.accepted(self.owner, seat, self.now):
                await self.give_up(seat, "客户在这个主题已经有位子")
            case Accept():
                await self._log(seat, "accepted", f"同意换到主题“{seat.theme}”的群")

    async def give_up(self, seat: Seat, why: str) -> None:
        """The seat first: as long as it lives, its place is held."""
        if not await self.ctx.store.seats.gives_up(self.owner, seat, why, self.now):
            await self._let_go_if_over(seat)
            return
        await self._log(seat, "gave up", given_up(seat, why))
        if theme := self.book.themes.get(seat.theme):
            await opening.call_off(self.ctx, theme)
        await self._free(seat)

    async def _free(self, seat: Seat) -> None:
        """The place of a seat given up goes to who waits; the seat is due until that is done."""
        await self.ctx.store.groups.let_go(seat.id)
        await self.ctx.store.seats.wake_waiting(seat.theme, self.now)
        await self._settle(seat)

    async def _settle(self, seat: Seat) -> None:
        """Nobody need look at it any more, once its invitation can reach nobody any more."""
        if await invitations.settle(self.ctx, seat):
            await self.ctx.store.seats.cleared(seat.id)
        else:
            again = self.now + invitations.LOOK_AGAIN
            await self.ctx.store.seats.look_again(self.owner, seat, again)

    async def _gone(self, seat: Seat) -> str | None:
        """Who left, or wants to be left alone, since their journey reached its end."""
        if not seat.own and await self.ctx.store.stops.among([seat.subject]):
            return "客户停止了推送"
        contact = await self.ctx.store.contacts.get(seat.subject)
        journey = await self.ctx.store.journeys.get(seat.journey) if seat.journey else None
        if contact is None or (journey and journey.state == "active"):
            return None
        sop = self.book.sop(journey.sop) if journey else None
        return admission.gone(contact, seat.staff, sop, self.book)

    async def _barred(self, seat: Seat, theme: Theme) -> str | None:
        """准入: the condition that keeps the customer out."""
        contact = await self.ctx.store.contacts.get(seat.subject) if theme.gates else None
        if contact is None:
            return None
        if seat.own:  # the tags of their choice may still be on their way
            contact = joining.having_chosen(contact, theme, self.book)
        facts = situation.of_contact(contact, self.tag_names, seat.staff)
        return admission.barred(theme, facts, self.now)

    async def _wait_for_gap(self, seat: Seat, full: Full) -> None:
        """邀请间隔: nothing is held meanwhile; woken if the other invitation comes to nothing."""
        until = min(full.free_at, seat.created_at + inviting.WAITS_AT_MOST)
        what = f"{full.rule}：别的邀请在先，{self.hours.local(until)} 再看主题“{seat.theme}”"
        await self._log(seat, "gap", what, once=full.free_at.isoformat())
        await self.ctx.store.seats.waits_for_gap(self.owner, seat, until)

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
        base = base_of(groups, shop, theme)
        if base and await self.ctx.store.groups.hold_next(base.id, seat.id):
            return await self.ctx.store.groups.get(base.id)
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
        """No room anywhere: who can open a group is asked to, and the seat is on the list."""
        if "候补" in theme.overflow:
            until = self.now + _TRY_AGAIN
            await self.ctx.store.seats.waits(self.owner, seat, until, "各群都满了", self.now)
        contact = await self.ctx.store.contacts.get(seat.subject)
        await opening.ask(self.ctx, self.book, theme, seat, contact.shop if contact else "")
        if "候补" not in theme.overflow:
            await self.give_up(seat, "各群都满了")

    @staticmethod
    def _behind(seat: Seat, group: Group) -> bool:
        """自动建群: the place is in the group that opens once this one is full."""
        return seat.id in group.next_held

    async def _code(self, seat: Seat, group: Group, theme: Theme) -> Outgoing:
        """The group's own, or the one by which WeCom opens the next."""
        if not self._behind(seat, group):
            return join_codes.own(group, theme.name, self.now, self.hours.tz)
        groups = await self.ctx.store.groups.of_theme(theme.name)
        number = next_number(groups, theme, group.shop)
        body = bodies.add_join_way(
            [group.id],
            join_codes.state("next_way", group.id),
            theme.name,
            room_name=theme.base_name(group.shop),
            room_number=number,
        )
        return join_codes.call("next_way", group.id, body, self.now, self.hours.tz)

    async def _log(self, seat: Seat, key: str, what: str, *, once: str = "") -> None:
        about = [name for name in (seat.id, seat.journey, seat.subject) if name]
        id = f"{seat.id}:{key}:{once or self.now.isoformat()}"
        await self.ctx.store.log.write([line(id, about, self.now, what)])
