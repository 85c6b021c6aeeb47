"""One more process of the bot: does the duties it is told to, at the moment it is told it is.

    python -m tests.long.worker SETTINGS.json SOCKET

Orders and answers are lines on a Unix socket, because HTTP would cost more than many a duty.
"""

import asyncio
import gc
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import uvloop

from bot.app import open_context
from bot.context import Hints
from bot.director import BusinessClock, Work, duties_of
from config.settings import Settings

RARELY = (100_000, 50, 50)  # how often to look for garbage: seldom, memory is not short here
ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Yard:
    """What all processes share: the moment it is, and which bells were rung in any of them."""

    clock: BusinessClock
    rang: set[str] = field(default_factory=set)

    def listen(self, hints: Hints, names: Iterable[str]) -> None:
        for name in names:
            hints.on(name, partial(self.rang.add, name))


class Line:
    """Many questions may be open at once; answers carry the number of theirs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._open: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = count()

    def say(self, **said: Any) -> None:
        self._writer.write(json.dumps(said).encode() + b"\n")

    def close(self) -> None:
        self._writer.close()

    async def heard(self) -> AsyncIterator[dict[str, Any]]:
        while line := await self._reader.readline():
            yield json.loads(line)

    async def ask(self, **said: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._open[number] = asyncio.get_running_loop().create_future()
        self.say(number=number, **said)
        return await self._open[number]

    async def answers(self) -> None:
        """Until the other side is gone; then whoever still waits hears of it."""
        async for said in self.heard():
            self._open.pop(said.pop("number")).set_result(said)
        for waiting in self._open.values():
            waiting.set_exception(ConnectionError("the worker is gone"))


@asynccontextmanager
async def worker(settings: Settings, yard: Yard, folder: Path) -> AsyncIterator[dict[str, Work]]:
    """A process of its own; each duty done there, at the moment the yard's clock shows."""
    folder.mkdir()
    orders, socket = folder / "settings.json", folder / "socket"
    orders.write_text(json.dumps(_plain(settings)))
    arrived: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_unix_server(lambda *ends: arrived.set_result(Line(*ends)), socket)
    # Not asyncio's: under uvloop it leaks descriptors.
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.long.worker", str(orders), str(socket)], cwd=ROOT
    )
    try:
        async with asyncio.timeout(60):
            line = await arrived
        answering = asyncio.create_task(line.answers())
        names = (await line.ask())["duties"]
        yield {name: _remote(line, name, yard) for name in names}
        process.terminate()
        await answering
        line.close()
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)
        server.close()


def _remote(line: Line, duty: str, yard: Yard) -> Work:
    async def work() -> bool:
        told = await line.ask(duty=duty, now=yard.clock.now.isoformat())
        assert "error" not in told, told["error"]
        yard.rang.update(told["rang"])
        return bool(told["did"])

    return work


def _plain(settings: Settings) -> dict[str, object]:
    secrets = ("agent_secret", "contact_secret", "callback_token", "callback_aes_key")
    known = settings.model_dump(mode="json", exclude_unset=True)
    for name in (*secrets, "events_secret", "mongo_url"):
        known[name] = getattr(settings, name).get_secret_value()
    return known


async def _serve(settings: Settings, socket: str) -> None:
    yard = Yard(BusinessClock(datetime.fromtimestamp(0).astimezone()))
    async with open_context(settings, now=yard.clock) as ctx:
        duties = duties_of(ctx)
        yard.listen(ctx.hints, duties)
        line = Line(*await asyncio.open_unix_connection(socket))
        hands = set[asyncio.Task[None]]()

        async def do(number: int, duty: str, now: str) -> None:
            yard.clock.now = datetime.fromisoformat(now)
            try:
                did = await duties[duty]()
            except Exception as error:  # the edge: it is raised where it was asked for
                line.say(number=number, error=f"{duty}: {error!r}")
                raise
            rang = sorted(yard.rang)
            yard.rang.clear()
            line.say(number=number, did=did, rang=rang)

        async for said in line.heard():
            if "duty" not in said:
                line.say(number=said["number"], duties=list(duties))
                continue
            hand = asyncio.create_task(do(**said))
            hands.add(hand)
            hand.add_done_callback(hands.discard)


if __name__ == "__main__":
    gc.set_threshold(*RARELY)
    known = json.loads(Path(sys.argv[1]).read_text())
    uvloop.run(_serve(Settings.model_validate(known), sys.argv[2]))
