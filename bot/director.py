"""Turn business time in the demo: on to the next moment, when bot and company both rest.

Nothing expires because the machine was slow: the clock stands still while anything is in hand.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.app import bell
from bot.context import Context
from bot.dispatcher import Dispatcher
from bot.model import LANES
from bot.sender import Sender
from handlers import router
from scheduler import digests, moments
from scheduler.clock import DUTIES

Work = Callable[[], Awaitable[bool]]

STRIDE = timedelta(hours=3)  # how often the house is kept when nothing else happens
HOUSEKEEPING = (
    "occurrences",
    "audiences",
    "openings",
    "new groups",
    "digests",
    "group welcomes",
    "upkeep",
    "pulse",
)
_GLANCE_SECONDS = 0.001
_EARS = {bell("inbox", lane) for lane in LANES}


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

    async def ledger(self, only: str = "") -> dict[str, Any]:
        """What really reached whom; of ``only`` these books, "calls,breaches"."""
        return await self._get(f"ledger?only={only}" if only else "ledger")

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
    company's moments are always exact. ``work`` says who does each duty, if not this process.
    """

    def __init__(
        self,
        ctx: Context,
        company: Simulated,
        clock: BusinessClock,
        grain: timedelta = timedelta(),
        work: Mapping[str, Work] | None = None,
    ) -> None:
        self._ctx = ctx
        self._company = company
        self._clock = clock
        self._grain = grain
        self._work = work or duties_of(ctx)

    async def play(self, until: datetime, watch: Callable[[datetime], Awaitable[None]]) -> None:
        """Live through the time until ``until``; ``watch`` is told of every moment."""
        ahead = await self.rest()
        calendar_at = await _calendar_at(self._ctx)
        while self._clock.now < until:
            coming = [at for at in (ahead, calendar_at, _next_stride(self._clock.now)) if at]
            moment = min(*coming, until)
            self._clock.now = moment
            await self._company.turn_to(moment)
            if moment == calendar_at or _on_stride(moment):
                await self._keep_house()
                calendar_at = await _calendar_at(self._ctx)
            ahead = await self.rest()
            await watch(moment)

    async def _keep_house(self) -> None:
        """What no row is due for."""
        for duty in HOUSEKEEPING:
            await self._drain(duty)

    async def rest(self) -> datetime | None:
        """Until nothing is in flight, in hand or due; then the next moment somebody has plans.

        In this order: what is in flight may become due, but what is not due starts nothing.
        """
        while True:
            await self._settle()
            glance = await self._company.glance()
            if glance["callbacks_in_flight"] or glance["calls_in_flight"]:
                await asyncio.sleep(_GLANCE_SECONDS)
                continue
            dues = await self._ctx.store.agenda.next_dues()
            if late := self._late(dues):
                await self._do(late)
            else:
                return self._next_moment(glance["next"], dues.values())

    async def _settle(self) -> None:
        """Until nothing of the usual kinds is due."""
        while late := self._late(await self._ctx.store.agenda.next_dues(often=True)):
            await self._do(late)

    async def _do(self, duties: Iterable[str]) -> None:
        await asyncio.gather(*(self._work[duty]() for duty in duties))

    def _late(self, dues: Mapping[str, datetime]) -> list[str]:
        """What is to be done next."""
        late = [duty for duty, at in dues.items() if at <= self._clock.now]
        return [duty for duty in late if self._is_news(duty, dues[duty])] or late

    def _is_news(self, duty: str, at: datetime) -> bool:
        """What was heard before this moment, and lay about only because of the grain, comes first.

        Without a grain whoever asked to be left alone was understood two seconds later.
        """
        return bool(self._grain) and duty in _EARS and at < self._clock.now

    async def _drain(self, name: str) -> None:
        while await self._work[name]():
            pass

    def _next_moment(self, theirs: str | None, own: Iterable[datetime]) -> datetime | None:
        """The earliest moment at which the bot or the company has something to do."""
        moments = [_rounded_up(at, self._grain) for at in own]
        if theirs:
            moments.append(datetime.fromisoformat(theirs))
        return min((at for at in moments if at > self._clock.now), default=None)


async def _calendar_at(ctx: Context) -> datetime | None:
    """The next moment that is due by the calendar alone: no row waits for it."""
    found = (await moments.next_moment(ctx), await digests.next_moment(ctx))
    return min((at for at in found if at), default=None)


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


def duties_of(ctx: Context) -> dict[str, Work]:
    """Every duty of one process: its name, and what does one batch of it."""
    work = {duty.name: _bound(duty.look, ctx) for duty in DUTIES}
    for lane in LANES:
        work[bell("inbox", lane)] = Dispatcher(ctx, router, lane).work
        work[bell("outbox", lane)] = Sender(ctx, lane).work
    return work


def _bound(look: Callable[[Context], Awaitable[bool]], ctx: Context) -> Work:
    return lambda: look(ctx)
