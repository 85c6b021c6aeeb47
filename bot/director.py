"""Turn business time in the demo: on to the next moment, when bot and company both rest.

Nothing expires because the machine was slow: the clock stands still while anything is in hand.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.app import bell
from bot.context import Context
from bot.dispatcher import Dispatcher
from bot.model import LANES
from bot.sender import Sender
from handlers import router
from scheduler import moments
from scheduler.clock import DUTIES

Work = Callable[[], Awaitable[bool]]

STRIDE = timedelta(hours=3)  # how often the house is kept when nothing else happens
_GLANCE_SECONDS = 0.001


class BusinessClock:
    """The time the bot believes it is."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now


class Simulated:
    """The control side of the pretend WeCom."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self._base = base
        self._session = session

    async def setup(self, company: dict[str, Any]) -> None:
        await self._post("setup", company)

    async def glance(self) -> dict[str, Any]:
        """``next`` moment of the company, calls and callbacks in flight."""
        return await self._get("next")

    async def turn_to(self, now: datetime) -> None:
        await self._post("clock", {"now": now.isoformat()})

    async def ledger(self) -> dict[str, Any]:
        """What really reached whom."""
        return await self._get("ledger")

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._session.get(f"{self._base}/_sim/{path}") as answer:
            return dict(await answer.json())

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        async with self._session.post(f"{self._base}/_sim/{path}", json=body) as answer:
            if answer.status != 200:
                raise RuntimeError(f"simulator refused {path}: {await answer.text()}")


class Director:
    """Drives every duty of the bot itself, so that nothing runs while the clock is turned.

    With a ``grain`` the bot looks at its own clock only so often, which spares many moments; the
    company's moments are always exact.
    """

    def __init__(
        self,
        ctx: Context,
        company: Simulated,
        clock: BusinessClock,
        grain: timedelta = timedelta(),
    ) -> None:
        self._ctx = ctx
        self._company = company
        self._clock = clock
        self._grain = grain
        self._work: dict[str, Work] = {duty.name: _bound(duty.look, ctx) for duty in DUTIES}
        for lane in LANES:
            self._work[bell("inbox", lane)] = Dispatcher(ctx, router, lane).work
            self._work[bell("outbox", lane)] = Sender(ctx, lane).work

    async def play(self, until: datetime, watch: Callable[[datetime], Awaitable[None]]) -> None:
        """Live through the time until ``until``; ``watch`` is told of every moment."""
        ahead = await self.rest()
        calendar_at = await moments.next_moment(self._ctx)
        while self._clock.now < until:
            coming = [at for at in (ahead, calendar_at, _next_stride(self._clock.now)) if at]
            moment = min(*coming, until)
            self._clock.now = moment
            await self._company.turn_to(moment)
            if moment == calendar_at or _on_stride(moment):
                await self._drain("occurrences")
                await self._drain("audiences")
                await self._drain("openings")
                await self._drain("upkeep")
                calendar_at = await moments.next_moment(self._ctx)
            ahead = await self.rest()
            await watch(moment)

    async def rest(self) -> datetime | None:
        """Until nothing is in flight, in hand or due; then the next moment somebody has plans.

        In this order: what is in flight may become due, but what is not due starts nothing.
        """
        while True:
            glance = await self._company.glance()
            flying = glance["callbacks_in_flight"] or glance["calls_in_flight"]
            dues = await self._ctx.store.agenda.next_dues()
            late = [duty for duty, at in dues.items() if at <= self._clock.now]
            if late:
                await asyncio.gather(*(self._work[duty]() for duty in late))
            elif flying:
                await asyncio.sleep(_GLANCE_SECONDS)
            else:
                return self._next_moment(glance["next"], dues.values())

    async def _drain(self, name: str) -> None:
        while await self._work[name]():
            pass

    def _next_moment(self, theirs: str | None, own: Iterable[datetime]) -> datetime | None:
        """The earliest moment at which the bot or the company has something to do."""
        moments = [_rounded_up(at, self._grain) for at in own]
        if theirs:
            moments.append(datetime.fromisoformat(theirs))
        return min((at for at in moments if at > self._clock.now), default=None)


def _rounded_up(at: datetime, grain: timedelta) -> datetime:
    if not grain:
        return at
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - (midnight - at) // grain * grain


def _next_stride(now: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((now - midnight) // STRIDE + 1) * STRIDE


def _on_stride(moment: datetime) -> bool:
    return _next_stride(moment) - moment == STRIDE


def _bound(look: Callable[[Context], Awaitable[bool]], ctx: Context) -> Work:
    return lambda: look(ctx)
