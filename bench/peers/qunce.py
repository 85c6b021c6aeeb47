"""Our own doors as a process: with the inbox behind them, or (``bare``) with nothing."""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from aiohttp import web

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bot import callback  # noqa: E402
from bot.intake import Intake, Outcome  # noqa: E402
from bot.model import Incoming  # noqa: E402
from bot.spool import Spool  # noqa: E402
from bot.store.client import open_client  # noqa: E402
from bot.store.inbox import Inbox  # noqa: E402
from bot.wecom.crypto import Crypto  # noqa: E402


class Forgetful(Intake):
    """Keeps nothing: what the doors cost without persistence."""

    def keep(self, incoming: Incoming) -> asyncio.Future[Outcome]:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        answer.set_result("stored")
        return answer


async def serve(kind: str, port: int, mongo_url: str, database: str, keys: list[str]) -> None:
    spool = Spool(Path(tempfile.mkdtemp()))
    intake = Forgetful(spool) if kind == "bare" else Intake(spool)
    crypto = Crypto(*keys)
    app = web.Application(**callback.APPLICATION)
    app.add_routes(
        callback.routes(
            dict.fromkeys(callback.PATHS, crypto),
            intake,
            events_secret=None,
            now=lambda: datetime.now(UTC),
            machine_now=lambda: datetime.now(UTC),
        )
    )
    async with open_client(mongo_url) as client:
        inbox = Inbox(client[database]["inbox"])
        await inbox.prepare()
        intake.connect(inbox)
        runner = web.AppRunner(app, **callback.RUNNER)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    _, kind, port, mongo_url, database, *keys = sys.argv
    uvloop.run(serve(kind, int(port), mongo_url, database, keys))
