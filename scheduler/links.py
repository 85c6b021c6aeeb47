"""The 获客链接 of the channels in the folder: one each, for whoever is on duty, told to people."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.actions import channels
from bot.actions.replies import FIRST, heard, hears
from bot.context import Context
from bot.crash import crash_point
from bot.model import AcquisitionLink, Outgoing
from bot.playbook.calendar import day_start
from bot.playbook.duty_roster import Roster, on_duty
from bot.playbook.hours import Hours
from bot.sync.links import read_clicks, read_quota, writers
from bot.wecom import bodies
from bot.wecom.errors import Refused, WeComError
from config.book import Book
from config.channels import Channel

log = logging.getLogger(__name__)

NIGHT = timedelta(hours=4)  # after midnight: yesterday's figures are complete
KEPT = timedelta(hours=24)  # a link whose channel was taken out of the folder, perhaps by mistake
_FIGURES_AGAIN = timedelta(minutes=10)
_DAY = timedelta(days=1)


async def look(ctx: Context) -> bool:
    """See to all links when they are due; False when they are not, or somebody else does."""
    claimed = await ctx.store.links.claim(ctx.now())
    if claimed is None:
        return False
    owner, watch = claimed
    tending = await _tending(ctx, owner)
    await tending.tend()
    learned = await tending.read(watch.get("night"))
    await ctx.store.links.rest(owner, min(tending.again, default=None), **learned)
    ctx.hints.ring("outbox")
    return True


async def _tending(ctx: Context, owner: str) -> "_Tending":
    """By what is live now: what this process read some seconds ago may be older than the call."""
    head = await ctx.store.releases.live()
    book = (await ctx.releases.get(head.n)).book
    working = frozenset(member.id for member in await ctx.store.staff.active())
    return _Tending(ctx, owner, book, Hours.of(book), working, ctx.now(), [])


@dataclass(frozen=True, slots=True)
class _Tending:
    ctx: Context
    owner: str
    book: Book
    hours: Hours
    working: frozenset[str]
    now: datetime
    again: list[datetime]  # when something may be otherwise

    @property
    def _today(self) -> str:
        return f"{self.now.astimezone(self.hours.tz):%Y-%m-%d}"

    async def tend(self) -> None:
        """Each channel's link is wanted as it is to be now, and what is wanted is asked for."""
        there = {c.name: c for c in self.book.channels.values() if c.kind == "获客链接"}
        for channel in there.values():
            await self._keep(channel)
        for link in await self.ctx.store.links.all():
            if link.channel not in there:
                await self._end(link)

    async def read(self, night: datetime | None) -> dict[str, Any]:
        """Once a night what WeCom counts; what was learned is kept with the watch."""
        links = [link for link in await self.ctx.store.links.all() if link.link_id]
        if not links:
            return {}
        tonight = day_start(self.now - NIGHT, self.hours.tz) + NIGHT
        self.again.append(day_start(tonight + _DAY, self.hours.tz) + NIGHT)
        if night and night >= tonight:
            return {}
        try:
            for link in links:
                await self._figures(link)
                await self.ctx.store.links.renew(self.owner)
            return {"quota": await read_quota(self.ctx), "night": tonight}
        except Refused as error:  # asking again would not change the answer before tomorrow
            log.warning("WeCom does not tell the quota of links: %s", error)
            return {"night": tonight}
        except WeComError as error:
            log.warning("the figures of the links are read later: %s", error)
            self.again.append(self.now + _FIGURES_AGAIN)
            return {}

    async def _figures(self, link: AcquisitionLink) -> None:
        """A link WeCom refuses to speak of does not keep the others from being read."""
        try:
            await read_clicks(self.ctx, link, self.hours.tz)
            async for contact, staff in writers(self.ctx, link):
                if hears(self.book):  # what no callback told us shows here
                    await heard(self.ctx, contact, staff, FIRST, self.now)
        except Refused as error:
            log.warning("WeCom tells nothing of the link %s: %s", link.link_id, error)

    async def _keep(self, channel: Channel) -> None:
        await self.ctx.store.links.stays(channel.name)
        roster = await self._roster(channel)
        self.again.append(roster.next_at)
        if not roster.users:  # the link keeps whom it has: WeCom takes no empty range
            await self._warn(channel)
            return
        link = await self.ctx.store.links.want(
            channel.name, roster.users, skip_verify=channel.skip_verify
        )
        crash_point("links.wanted")
        await self._ask(link)
        if link.trouble and link.trouble_on == self._today:
            await self._complain(channel, link)
        if link.link_id and link.told != link.link_id:
            await self._announce(channel, link)

    async def _end(self, link: AcquisitionLink) -> None:
        """Its channel is not in the folder: WeCom deletes the link after a day."""
        await self.ctx.store.links.goes(link.channel, self.now)
        until = (link.gone_at or self.now) + KEPT
        if self.now < until:
            self.again.append(until)
            return
        await self._ask(
            await self.ctx.store.links.want(link.channel, (), skip_verify=link.skip_verify)
        )

    async def _ask(self, link: AcquisitionLink) -> None:
        """A change is asked for once a day until WeCom has it."""
        if link.made_rev >= link.rev:
            return
        row = Outgoing(
            id=f"acquisition_link:{link.channel}:{link.rev}:{self._today}",
            kind="acquisition_link",
            serial=f"acquisition_link:{link.channel}",
            body={"channel": link.channel, "rev": link.rev, "day": self._today},
            about=link.channel,
            due_at=self.now,
        )
        await self.ctx.store.outbox.put([row])
        self.again.append(day_start(self.now + _DAY, self.hours.tz))

    async def _roster(self, channel: Channel) -> Roster:
        today = channels.today(self.hours, self.now)
        added = await self.ctx.store.arrivals.by_staff(channel.name, *today)
        return on_duty(channel, self.book.team, added, self.working, self.hours, self.now)

    async def _warn(self, channel: Channel) -> None:
        """Once a day as long as it lasts."""
        key = f"link:{channel.name}:nobody:{self._today}"
        text = f"渠道“{channel.name}”的员工都不在职了，请换上在职的，否则客户从获客链接加不到人。"
        await channels.tell(self.ctx, self.book, channel, key, text)

    async def _complain(self, channel: Channel, link: AcquisitionLink) -> None:
        """What WeCom refused is asked for again every day, and told every day."""
        what = "更新" if link.link_id else "生成"
        key = f"link:{channel.name}:trouble:{link.rev}:{self._today}"
        text = f"渠道“{channel.name}”的获客链接没有{what}成功：{link.trouble}"
        await channels.tell(self.ctx, self.book, channel, key, text)

    async def _announce(self, channel: Channel, link: AcquisitionLink) -> None:
        address = bodies.link_address(link.url, channel.state)
        said = "换了新地址，旧的已失效，请换掉投放出去的" if link.told else "生成好了，可以投放"
        text = f"渠道“{channel.name}”的获客链接{said}：\n{address}"
        await channels.tell(self.ctx, self.book, channel, f"link:{link.link_id}", text)
        await self.ctx.store.links.told(channel.name, link.link_id)
