"""When a channel's QR code is to be made, to send its customers to others, or to end."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.actions import channels
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Way
from bot.playbook.duty_roster import Roster, on_duty, stands_in
from bot.playbook.hours import Hours
from bot.store.log import line
from bot.store.ways import PLAN
from bot.wecom import bodies
from bot.wecom.errors import Refused, WeComError
from config.book import Book
from config.channels import Channel
from config.mistakes import Mistakes

log = logging.getLogger(__name__)

KEPT = timedelta(hours=24)  # a code whose channel was taken out of the folder, perhaps by mistake
_AFTER_FAILURE = timedelta(minutes=10)
_REFUSED_AGAIN = timedelta(hours=1)  # what WeCom refused is tried again so often
_UNDER_WAY = timedelta(hours=1)  # the answer wakes us; this is for the forgotten
_NO_SUCH_CODE = 41044


async def look(ctx: Context) -> bool:
    """See to one batch of codes; True when there were any."""
    owner, batch = await ctx.store.ways.claim(ctx.now())
    if not batch:
        return False
    tending = await _tending(ctx, owner)
    if tending is None:
        for way in batch:
            await ctx.store.ways.look_again(owner, way, ctx.now() + _AFTER_FAILURE)
        return True
    for way in batch:
        try:
            await (tending.plant() if way.id == PLAN else tending.tend(way))
        except Exception:  # one bad code must not keep the others from theirs
            log.exception("contact way %s cannot be seen to now", way.id)
            await ctx.store.ways.look_again(owner, way, ctx.now() + _AFTER_FAILURE)
    ctx.hints.ring("outbox")
    return True


async def _tending(ctx: Context, owner: str) -> "_Tending | None":
    """By what is live now: what this process read some seconds ago may be older than the ring.

    None when no version of today can read it: then every code stays as it is.
    """
    head = await ctx.store.releases.live()
    try:
        book = (await ctx.releases.get(head.n)).book
    except Mistakes:
        log.warning("release %s cannot be read any more: no code is changed", head.n)
        return None
    working = frozenset(member.id for member in await ctx.store.staff.active())
    return _Tending(ctx, owner, book, Hours.of(book), working, ctx.now())


@dataclass(frozen=True, slots=True)
class _Tending:
    ctx: Context
    owner: str
    book: Book
    hours: Hours
    working: frozenset[str]
    now: datetime

    async def plant(self) -> None:
        """Every channel of the folder has its codes; those of others are looked at, and go."""
        codes = [way for channel in self.book.channels.values() for way in self._codes(channel)]
        await self.ctx.store.ways.plant(codes, self.now)
        crash_point("ways.planted")
        await self.ctx.store.ways.settled(self.owner, PLAN)

    async def tend(self, way: Way) -> None:
        channel = self.book.channels.get(way.channel)
        if way.asked > way.done:  # we died before the call was in the outbox, or it is under way
            await self._put(way, way.asked, way.wanted)
        elif way.error:
            await self._refused(way, channel)
        elif channel and way.id in {code.id for code in self._codes(channel)}:
            await self._keep(way, channel)
        else:
            await self._end(way)

    async def _keep(self, way: Way, channel: Channel) -> None:
        """The right people stand behind the code, and WeCom knows."""
        if way.gone_at:
            await self.ctx.store.ways.stays(self.owner, way)
        roster = await self._roster(channel)
        await self._warn(channel, roster)
        way = await self._as_wecom_has_it(way, channel)
        users, free = self._users(way, roster), channel.skip_verify
        if not users:
            await self.ctx.store.ways.look_again(
                self.owner, way, roster.next_at, standing=roster.standing
            )
        elif not way.config_id:
            await self._ask(way, self._make(way, users, channel), roster.standing)
        elif (way.users, way.skip_verify) != (users, free):
            body = bodies.update_contact_way(way.config_id, users, skip_verify=free)
            await self._ask(way, {"op": "change", "body": body}, roster.standing)
        else:
            await self.ctx.store.ways.look_again(
                self.owner, way, roster.next_at, standing=roster.standing
            )

    async def _end(self, way: Way) -> None:
        """A printed code cannot be called back: it lives on for a day, should this be a mistake."""
        ways = self.ctx.store.ways
        if not way.config_id:
            await ways.never_made(self.owner, way)
        elif way.gone_at is None:
            what = f"渠道“{way.channel}”不在配置里了，它的二维码一天后作废"
            await self._log(way, f"goes:{self.now.isoformat()}", what)
            await ways.goes(self.owner, way, self.now, self.now + KEPT)
        elif self.now < way.gone_at + KEPT:
            await ways.look_again(self.owner, way, way.gone_at + KEPT)
        else:
            body = {"config_id": way.config_id}
            await self._ask(way, {"op": "delete", "body": body}, "")

    async def _refused(self, way: Way, channel: Channel | None) -> None:
        """WeCom did not do the last change: somebody learns of it, and it is tried again later."""
        if channel:
            key = f"channel:refused:{way.channel}:{self._day}"  # one word, however many codes
            why = way.error.rstrip("。")
            text = f"渠道“{way.channel}”的二维码没有弄好：{why}。系统每小时再试一次。"
            await channels.tell(self.ctx, self.book, channel, key, text)
        await self.ctx.store.ways.look_again(self.owner, way, self.now + _REFUSED_AGAIN, error="")

    # ---- who ------------------------------------------------------------------------------------

    async def _roster(self, channel: Channel) -> Roster:
        today = channels.today(self.hours, self.now)
        added = await self.ctx.store.arrivals.by_staff(channel.name, *today)
        return on_duty(channel, self.book.team, added, self.working, self.hours, self.now)

    def _users(self, way: Way, roster: Roster) -> tuple[str, ...]:
        """In an order of their own, so that nothing changes when only the order does."""
        if not way.person:
            return tuple(sorted(roster.users))
        user = stands_in(way.person, roster, self.working)
        return (user,) if user else ()

    def _codes(self, channel: Channel) -> Iterator[Way]:
        """The codes a channel is to have: one for all, and with 每人一码 one for each."""
        if channel.kind != "活码":
            return
        name = channel.name
        yield Way(id=f"way:{name}", channel=name, due_at=self.now)
        for person in channel.staff if channel.own_codes else ():
            user = self.book.team.userid(person)
            yield Way(id=f"way:{name}:{user}", channel=name, person=user, due_at=self.now)

    async def _warn(self, channel: Channel, roster: Roster) -> None:
        """Once a day when there is nobody left to take the customers as they should be taken."""
        match roster.standing:
            case "都满了":
                who = await channels.names_of(self.ctx, self.book, roster.users)
                text = (
                    f"渠道“{channel.name}”当班的员工和备用今天都加满了 "
                    f"{channel.daily_limit_each} 人，先由加得最少的 {who} 继续加。"
                    "请给这个渠道添人，或调高“每人每天最多”。"
                )
            case "没有人":
                text = (
                    f"渠道“{channel.name}”的员工和备用都不在职，扫码的客户加不到人。"
                    "请在配置里换上在职的员工，再发布。"
                )
            case _:
                return
        key = f"channel:{roster.standing}:{channel.name}:{self._day}"
        await channels.tell(self.ctx, self.book, channel, key, text)

    # ---- WeCom ----------------------------------------------------------------------------------

    async def _as_wecom_has_it(self, way: Way, channel: Channel) -> Way:
        """Asked once a day, because a code can be changed or deleted by others too."""
        today, _ = channels.today(self.hours, self.now)
        if not way.config_id or (way.checked_at and way.checked_at >= today):
            return way
        asked = {"config_id": way.config_id}
        try:
            answer = await self.ctx.wecom.call("externalcontact/get_contact_way", asked)
        except Refused as error:
            if error.code != _NO_SUCH_CODE:
                raise
            key = f"channel:lost:{way.id}:{way.config_id}"
            text = (
                f"渠道“{way.channel}”的二维码在企业微信里被删掉了，系统换了一个新的。"
                "印出去的旧码扫不了了，请用 qunce list 渠道 取新码换上。"
            )
            await channels.tell(self.ctx, self.book, channel, key, text)
            seen: dict[str, Any] = {"config_id": "", "qr_code": "", "users": ()}
        except WeComError as error:
            log.warning("contact way %s cannot be compared now: %s", way.id, error)
            return way
        else:
            there = answer["contact_way"]
            seen = {
                "users": tuple(sorted(there.get("user") or ())),
                "skip_verify": bool(there.get("skip_verify", True)),
                "qr_code": str(there.get("qr_code") or way.qr_code),
            }
        await self.ctx.store.ways.differs(self.owner, way, **seen, checked_at=self.now)
        return replace(way, **seen)

    def _make(self, way: Way, users: tuple[str, ...], channel: Channel) -> dict[str, Any]:
        """Its remark tells the code from every other one when the answer was lost."""
        mark = hashlib.sha256(self._row_id(way, way.asked + 1).encode()).hexdigest()[:16]
        body = bodies.add_contact_way(
            users,
            channel.state,
            f"群策 {mark}",
            one=bool(way.person),
            skip_verify=channel.skip_verify,
        )
        return {"op": "make", "body": body}

    async def _ask(self, way: Way, wanted: Mapping[str, Any], standing: str) -> None:
        if not await self.ctx.store.ways.ask(self.owner, way, wanted, standing):
            return
        crash_point("ways.asked")
        if users := wanted["body"].get("user"):
            code = f"{way.person} 自己的码" if way.person else "二维码"
            what = f"{code}由 {'、'.join(users)} 接（{standing}）"
            await self._log(way, f"asked:{way.asked + 1}", what)
        await self._put(way, way.asked + 1, wanted)

    async def _put(self, way: Way, number: int, wanted: Mapping[str, Any]) -> None:
        row = Outgoing(
            id=self._row_id(way, number),
            kind="contact_way",
            body=dict(wanted) | {"number": number},
            about=way.id,
            serial=way.id,
            due_at=self.now,
        )
        await self.ctx.store.outbox.put([row])
        crash_point("ways.put")
        await self.ctx.store.ways.look_again(self.owner, way, self.now + _UNDER_WAY)

    @staticmethod
    def _row_id(way: Way, number: int) -> str:
        return f"{way.id}:{number}"

    @property
    def _day(self) -> str:
        return f"{self.now.astimezone(self.hours.tz):%Y-%m-%d}"

    async def _log(self, way: Way, key: str, what: str) -> None:
        await self.ctx.store.log.write([line(f"{way.id}:{key}", [way.id], self.now, what)])
