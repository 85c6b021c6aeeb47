"""A company lives through its days: the whole bot, a real mongod and the simulator, as fast as
the machine allows, with every midnight looked at."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import aiohttp

from bot import callback
from bot.app import open_context, open_door, open_shop
from bot.context import Context
from bot.demo import simulator
from bot.director import (
    HOUSEKEEPING,
    STRIDE,
    BusinessClock,
    Director,
    Simulated,
    Work,
    duties_of,
)
from bot.sync import sync_everything
from config.settings import Settings
from tests.long.company import Size, company, write_folder
from tests.long.worker import RARELY, Yard, worker
from tests.mongod import passing

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 9, 8, 0, tzinfo=SHANGHAI)
GRAIN = timedelta(minutes=30)
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECRET = "shop-secret-of-at-least-32-characters"

Crew = Literal["one", "three", "four"]
CREWS: Mapping[Crew, int] = {"one": 0, "three": 2, "four": 3}  # processes beside this one
#: Of "three", who does what; everything else is done here.
_DOES = {
    **dict.fromkeys(("outbox", "urgent outbox", "seats", "reminders", "new groups"), 1),
    **dict.fromkeys(("inbox", "urgent inbox", "sendings", "upkeep"), 2),
}
_BY_CALENDAR = ("occurrences", "audiences", "openings", "digests")


@dataclass(slots=True)
class Life:
    """``ctx`` is that of this process; ``work`` says who does which duty."""

    ctx: Context
    sim: Simulated
    yard: Yard
    work: dict[str, Work]
    began: float = field(default_factory=time.monotonic)

    @property
    def clock(self) -> BusinessClock:
        return self.yard.clock

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    async def live(
        self,
        days: int,
        midnight: Callable[[datetime], Awaitable[None]],
        grain: timedelta = GRAIN,
    ) -> None:
        """``midnight`` is called at every midnight of the shop, when everybody rests."""
        director = Foreman(self.ctx, self.sim, self.yard, grain, self.work)
        first = START.replace(hour=0) + timedelta(days=1)
        for day in range(days):
            await director.play(first + timedelta(days=day), _unwatched)
            await midnight(self.clock.now)


async def _unwatched(at: datetime) -> None: ...


class Foreman(Director):
    """Lets nobody wait for the slowest: a duty begins as soon as its bell is rung."""

    def __init__(
        self,
        ctx: Context,
        sim: Simulated,
        yard: Yard,
        grain: timedelta,
        work: Mapping[str, Work],
    ) -> None:
        super().__init__(ctx, sim, yard.clock, grain, work)
        self._yard = yard
        self._dues: Mapping[str, datetime] = {}  # as it was when everybody rested
        self._tidied = yard.clock.now - STRIDE

    async def _keep_house(self) -> None:
        """All at once; at a moment of some calendar only what goes by calendars."""
        on_stride = self._yard.clock.now >= self._tidied + STRIDE
        if on_stride:
            self._tidied = self._yard.clock.now
        await asyncio.gather(*map(self._drain, HOUSEKEEPING if on_stride else _BY_CALENDAR))

    async def rest(self) -> datetime | None:
        """As always, but that bells say what came and what follows from it."""
        self._yard.rang.update(self._late(self._dues))
        while True:
            glance = await self._company.glance()
            if self._yard.rang:
                await self._do(())
            elif glance["callbacks_in_flight"] or glance["calls_in_flight"]:
                await asyncio.sleep(0.001)
            else:
                dues = await self._ctx.store.agenda.next_dues()
                if not (late := self._late(dues)):
                    self._dues = dues
                    return self._next_moment(glance["next"], dues.values())
                await self._do(late)

    async def _do(self, duties: Iterable[str]) -> None:
        """These, and whatever they or callbacks ring for meanwhile."""
        busy: dict[str, asyncio.Task[bool]] = {}
        self._yard.rang.update(duties)
        try:
            while self._yard.rang or busy:
                for duty in self._yard.rang - busy.keys():
                    self._yard.rang.discard(duty)
                    busy[duty] = asyncio.ensure_future(self._work[duty]())
                await asyncio.wait(busy.values(), return_when=asyncio.FIRST_COMPLETED)
                for duty in [duty for duty, task in busy.items() if task.done()]:
                    busy.pop(duty).result()
        finally:
            await asyncio.gather(*busy.values(), return_exceptions=True)


@asynccontextmanager
async def open_life(
    size: Size,
    folder: Path,
    crew: Crew = "three",
    behaviour: Mapping[str, Any] | None = None,
) -> AsyncIterator[Life]:
    """The company on its first morning, its folder published."""
    yard = Yard(BusinessClock(START))
    clock = yard.clock
    shop = write_folder(size, folder / "config")
    gc.set_threshold(*RARELY)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        url = await enter(passing(folder / "mongo"))
        # its primary never changes, so that no write needs to be remembered for a retry
        url += "&retryWrites=false"
        base = await enter(simulator(folder))
        session = await enter(aiohttp.ClientSession())
        settings = _settings(base, url, shop, folder / "data")
        door, address = await enter(open_door(settings, now=clock))
        ctx = await enter(open_context(settings, now=clock, hints=door.hints))
        door.connect(ctx)
        sim = Simulated(base, session)
        await sim.setup(_setup(settings, address, company(size, behaviour)))
        await sync_everything(ctx)
        await open_shop(ctx)
        others = [
            await enter(worker(settings, yard, folder / f"worker {n}")) for n in range(CREWS[crew])
        ]
        own = duties_of(ctx)
        yard.listen(ctx.hints, own)
        divided = _split if crew == "three" else _raced
        yield Life(ctx, sim, yard, divided([own, *others]))


def _split(crew: list[dict[str, Work]]) -> dict[str, Work]:
    """Each duty has one process that does it, so that all can be busy at once."""
    return {name: crew[_DOES.get(name, 0)][name] for name in crew[0]}


def _raced(crew: list[dict[str, Work]]) -> dict[str, Work]:
    """Every duty is everybody's, and what is due goes to whoever claims it first."""

    def race(name: str) -> Work:
        async def work() -> bool:
            return any(await asyncio.gather(*(duties[name]() for duties in crew)))

        return work

    return {name: race(name) for name in crew[0]}


def _settings(base: str, mongo_url: str, shop: Path, data: Path) -> Settings:
    return Settings(
        corp_id="wwlongcorp12345678",
        agent_id=1000002,
        agent_secret="a" * 43,
        contact_secret="c" * 43,
        callback_token="callbacktoken",
        callback_aes_key=AES_KEY,
        events_secret=SECRET,
        api_base=f"{base}/cgi-bin",
        mongo_url=mongo_url,
        database="quarter",
        data_dir=data,
        config_dir=shop,
        host="127.0.0.1",
        port=0,
    )


def _setup(settings: Settings, door: str, people: dict[str, Any]) -> dict[str, Any]:
    def route(name: str, path: str) -> dict[str, str]:
        token, key = settings.keys(name)  # type: ignore[arg-type]
        return {"url": f"{door}{path}", "token": token, "aes_key": key}

    return {
        "corp_id": settings.corp_id,
        "agent_id": settings.agent_id,
        "agent_secret": settings.agent_secret.get_secret_value(),
        "contact_secret": settings.contact_secret.get_secret_value(),
        "callbacks": {name: route(name, path) for name, path in callback.PATHS.items()},
        "events": {"url": f"{door}/api/events", "secret": SECRET},
        "start": START.isoformat(),
        **people,
    }
