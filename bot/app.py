"""Put the parts together: the only place where every package meets."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web
from pymongo.errors import PyMongoError

import console
from bot import callback
from bot.context import Context, Hints
from bot.dispatcher import Dispatcher
from bot.intake import Intake
from bot.model import LANES, Lane
from bot.publish import (
    Base,
    Contents,
    HeadMoved,
    LiveReleases,
    decoded,
    differs,
    publish,
    read_folder,
    remember_base,
    settle,
)
from bot.sender import Sender
from bot.spool import Spool
from bot.store import Store
from bot.store.client import open_client, trouble
from bot.store.mongod import embedded
from bot.wecom.client import WeCom, open_session
from bot.wecom.crypto import Crypto
from bot.worker import Worker
from config.mistakes import Mistakes
from config.settings import Settings, SettingsError
from handlers import router
from scheduler import upkeep
from scheduler.clock import Timetable

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
POLL_SECONDS: Mapping[Lane, float] = {"urgent": 0.5, "normal": 1.0}
_AGAIN_SECONDS = 2.0  # between two tries to reach MongoDB


def machine_now() -> datetime:
    """The real clock: business time in production, machine time always."""
    return datetime.now(UTC)  # noqa: TID251 -- the one real clock


@asynccontextmanager
async def mongo_url(settings: Settings) -> AsyncIterator[str]:
    """Where MongoDB is: what the operator says, else the data folder's own."""
    if settings.mongo_url:
        yield settings.mongo_url.get_secret_value()
    else:
        async with embedded(settings.data_dir) as url:
            yield url


@asynccontextmanager
async def open_context(
    settings: Settings,
    *,
    now: Clock = machine_now,
    hints: Hints | None = None,
    prepare: bool = True,
) -> AsyncIterator[Context]:
    """Connect to MongoDB and WeCom; disconnect at the end.

    ``prepare`` False: the caller knows that every index is there.
    """
    async with (
        mongo_url(settings) as url,
        open_client(url) as client,
        open_session(settings.api_base) as session,
    ):
        store = Store(client, settings.database)
        if prepare:
            await store.prepare()
        yield Context(
            settings=settings,
            store=store,
            wecom=WeCom(
                settings,
                session,
                store.tokens,
                store.paces,
                now,
                heard=lambda error: store.mishaps.heard(error, now()),
            ),
            releases=LiveReleases(store),
            now=now,
            hints=hints or Hints(),
        )


class Machine:
    """Everything but the HTTP server: dispatcher, sender and timetable of one process."""

    def __init__(self, ctx: Context) -> None:
        self._timetable = Timetable(ctx)
        self._lanes: list[Dispatcher | Sender] = []
        self._workers: list[Worker] = []
        for lane in LANES:
            self._add(ctx, bell("inbox", lane), lane, Dispatcher(ctx, router, lane))
            self._add(ctx, bell("outbox", lane), lane, Sender(ctx, lane))

    def start(self) -> None:
        for worker in self._workers:
            worker.start()
        self._timetable.start()

    async def stop(self) -> None:
        """First nothing new is begun, then what is in hand is finished."""
        await self._timetable.stop()
        for worker in self._workers:
            await worker.stop()
        for loop in self._lanes:
            await loop.finish()

    def _add(self, ctx: Context, bell: str, lane: Lane, loop: Dispatcher | Sender) -> None:
        worker = Worker(bell, loop.work, rest_seconds=POLL_SECONDS[lane])
        ctx.hints.on(bell, worker.wake)
        self._workers.append(worker)
        self._lanes.append(loop)


def bell(box: str, lane: str) -> str:
    """The name under which hints ring a lane's loop: inbox, urgent inbox, outbox …"""
    return box if lane == "normal" else f"{lane} {box}"


@dataclass(slots=True)
class Door:
    """The HTTP server. It listens, and keeps what comes, before MongoDB is there."""

    intake: Intake
    hints: Hints
    ctx: Context | None = None
    drain: Worker | None = None
    server: web.AppRunner | None = None

    @property
    def ready(self) -> bool:
        return self.ctx is not None and self.intake.reachable

    def connect(self, ctx: Context) -> None:
        """MongoDB is there: store what comes, and what came meanwhile."""
        self.ctx = ctx
        self.intake.connect(ctx.store.inbox)
        self.drain = Worker("spool", self._drain, rest_seconds=2.0)
        self.drain.start()

    async def close(self) -> None:
        """Listen no more, answer whoever is still waiting; a second time does nothing."""
        server, self.server = self.server, None
        if server is None:
            return
        await server.cleanup()
        if self.drain:
            await self.drain.stop()
        await self.intake.close()

    async def _drain(self) -> bool:
        if await self.intake.drain():
            self.hints.ring("urgent inbox", "inbox")
            return True
        return False


@asynccontextmanager
async def open_door(
    settings: Settings, *, now: Clock = machine_now, one_click: str = ""
) -> AsyncIterator[tuple[Door, str]]:
    """Serve HTTP; the door, and the address it listens on. ``one_click``: the demo's token."""
    hints = Hints()
    intake = Intake(
        Spool(settings.data_dir / "spool"), lambda lane: hints.ring(bell("inbox", lane))
    )
    door = Door(intake, hints)
    door.server = web.AppRunner(_application(settings, door, now, one_click), **callback.RUNNER)
    try:
        yield door, await _listen(door.server, settings)
    finally:
        await door.close()


async def _listen(server: web.AppRunner, settings: Settings) -> str:
    """The address; raises SettingsError when it cannot be had."""
    await server.setup()
    try:
        await web.TCPSite(server, settings.host, settings.port).start()
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        taken = error.errno == errno.EADDRINUSE
        zh = "已被别的程序占用" if taken else f"不能监听（{error.strerror}）"
        en = "is taken by another program" if taken else f"cannot be had ({error.strerror})"
        raise SettingsError(
            f"{where} {zh}，请换 QUNCE_PORT 或 QUNCE_HOST，例如 QUNCE_PORT=8081。"
            f" {where} {en}; set QUNCE_PORT or QUNCE_HOST, for example QUNCE_PORT=8081."
        ) from error
    host, port = server.addresses[0][:2]
    return f"http://{host}:{port}"


def _application(settings: Settings, door: Door, now: Clock, one_click: str) -> web.Application:
    cryptos = {
        route: Crypto(*settings.keys(route), settings.corp_id)
        for route in ("app", "contact", "directory")
    }
    secret = settings.events_secret.get_secret_value() if settings.events_secret else None
    app = web.Application(client_max_size=callback.BODY_BYTES)
    app.add_routes(
        callback.routes(
            cryptos, door.intake, events_secret=secret, now=now, machine_now=machine_now
        )
    )
    site = console.Site(settings=settings, health=door, now=machine_now, one_click=one_click)
    app.add_routes(console.routes(site))
    return app


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """``run``: answer callbacks and do everything else, until told to stop."""
    async with open_door(settings) as (door, address):
        log.info("listening on %s", address, extra={"action": "listening"})
        async with _reached(settings, door.hints, stop) as ctx:
            if ctx is None:
                return
            door.connect(ctx)
            await _work(ctx, stop, door)


async def toil(settings: Settings, stop: asyncio.Event) -> None:
    """``worker``: everything but the HTTP server, until told to stop."""
    async with _reached(settings, Hints(), stop) as ctx:
        if ctx is not None:
            await _work(ctx, stop)


async def open_shop(ctx: Context) -> None:
    """Publish the folder into an empty database; where it differs from what is live, say so."""
    live = await ctx.store.releases.head()
    if live:
        await _compare(ctx, live)
        return
    raw, pictures = read_folder(ctx.settings.config_dir)
    if not raw:
        return
    try:
        _, book = await publish(
            ctx.store,
            decoded(raw),
            pictures,
            base=0,
            author="qunce",
            note="首次启动",
            now=ctx.now(),
        )
    except HeadMoved:
        return  # another process was opening the same shop
    log.info("published %s as release 1", ctx.settings.config_dir, extra={"action": "published"})
    await settle(ctx, book)


async def _remember_base(ctx: Context) -> None:
    """A folder that is what is live comes from there, whoever published it."""
    head = await ctx.store.releases.head()
    raw, pictures = read_folder(ctx.settings.config_dir)
    try:
        contents = Contents(decoded(raw), pictures)
    except Mistakes:
        return
    if head and contents.hash == await ctx.store.releases.fingerprint(head):
        remember_base(ctx.settings.config_dir, Base(head, contents.hash))


async def _compare(ctx: Context, live: int) -> None:
    raw, pictures = read_folder(ctx.settings.config_dir)
    try:
        drifted = await differs(ctx.store, decoded(raw), pictures)
    except Mistakes:
        drifted = True
    if drifted:
        log.warning(
            "配置文件夹和线上第 %s 版不同；要发布请运行 qunce apply，"
            "要取回线上的请运行 qunce pull。 The folder differs from what is live; "
            "`qunce apply` publishes it, `qunce pull` fetches what is live.",
            live,
        )


@asynccontextmanager
async def _reached(
    settings: Settings, hints: Hints, stop: asyncio.Event
) -> AsyncIterator[Context | None]:
    """The context as soon as MongoDB answers; None when told to stop before that."""
    async with AsyncExitStack() as stack:
        told = asyncio.create_task(stop.wait())
        try:
            ctx = await _persistently(lambda: open_context(settings, hints=hints), stack, told)
        finally:
            told.cancel()
        yield ctx


async def _persistently(
    opening: Callable[[], AbstractAsyncContextManager[Context]],
    stack: AsyncExitStack,
    told: "asyncio.Task[object]",
) -> Context | None:
    while not told.done():
        trying = asyncio.create_task(stack.enter_async_context(opening()))
        await asyncio.wait({trying, told}, return_when=asyncio.FIRST_COMPLETED)
        if told.done():
            trying.cancel()  # it may take long to find out that nobody answers
            await asyncio.wait({trying})
            return None
        try:
            return trying.result()
        except PyMongoError as error:
            log.warning("%s", trouble(error), extra={"action": "mongo_away"})
        await asyncio.wait({told}, timeout=_AGAIN_SECONDS)
    return None


async def _work(ctx: Context, stop: asyncio.Event, door: Door | None = None) -> None:
    """Until told to stop: then nothing more is let in, and what is in hand is finished."""
    await open_shop(ctx)
    await _remember_base(ctx)
    await upkeep.begin(ctx)
    machine = Machine(ctx)
    machine.start()
    await stop.wait()
    if door:
        await door.close()
    await machine.stop()
    await ctx.store.workers.leave()
