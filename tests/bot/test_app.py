"""The whole process, from its first line of log to its last, as a supervisor sees it."""

import asyncio
import hmac
import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pymongo import AsyncMongoClient
from yarl import URL

from bot.model import Incoming
from bot.store import Store
from bot.store.client import open_client
from tests.bot.commands import AES_KEY, CORP, SECRET, SETTINGS, TOKEN, Commands, free_port
from tests.bot.own_mongod import OwnMongod
from tests.bot.wecom import sealing
from tests.conftest import Client

IDLE = "<xml><MsgType>event</MsgType><Event>low_active</Event><CreateTime>{}</CreateTime></xml>"
AWAY = "数据库暂时连不上：收到的回调先存在本机磁盘，恢复后自动补处理。请稍后再打开。"


class Bot:
    """A ``qunce run`` of our own, over HTTP."""

    def __init__(self, port: int, http: aiohttp.ClientSession) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._http = http

    async def get(self, path: str) -> tuple[int, str]:
        async with self._http.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def echo(self, text: str) -> tuple[int, str]:
        sealed = sealing.encrypt(text.encode(), AES_KEY, CORP)
        query = sealing.query(TOKEN, sealed)
        echo = URL.build(query={"echostr": sealed}).raw_query_string.replace("+", "%2B")
        url = URL(f"{self.url}/callback?{query}&{echo}", encoded=True)
        async with self._http.get(url) as answer:
            return answer.status, await answer.text()

    async def call_back(self, text: str) -> tuple[int, str]:
        sealed = sealing.encrypt(text.encode(), AES_KEY, CORP)
        url = f"{self.url}/callback?{sealing.query(TOKEN, sealed)}"
        async with self._http.post(url, data=sealing.envelope(sealed)) as answer:
            return answer.status, await answer.text()

    async def order(self, id: str) -> int:
        event = {"id": id, "subject": "wmNOBODY", "kind": "order", "at": "2026-11-23T09:00:00Z"}
        body, stamp = json.dumps(event).encode(), str(int(time.time()))
        signature = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
        headers = {"X-Qunce-Timestamp": stamp, "X-Qunce-Signature": signature}
        async with self._http.post(f"{self.url}/api/events", data=body, headers=headers) as answer:
            return answer.status

    async def until(self, path: str, status: int, seconds: float = 20) -> None:
        await until(lambda: self._answers(path, status), seconds)

    async def _answers(self, path: str, status: int) -> bool:
        try:
            return (await self.get(path))[0] == status
        except aiohttp.ClientError:
            return False


async def until(true: Any, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def a_bot(port: int) -> AsyncIterator[Bot]:
    async with aiohttp.ClientSession() as http:
        yield Bot(port, http)


@pytest.fixture
def qunce(tmp_path: Path) -> Iterator[Commands]:
    """An empty shop, an embedded mongod, WeCom out of reach."""
    shop = tmp_path / "shop"
    shop.mkdir()
    commands = Commands(
        tmp_path,
        {
            **SETTINGS,
            "QUNCE_CONFIG_DIR": str(shop),
            "QUNCE_DATA_DIR": str(tmp_path / "data"),
            "QUNCE_PORT": str(free_port()),
        },
    )
    yield commands
    commands.close()


def port_of(qunce: Commands) -> int:
    return int(qunce.settings["QUNCE_PORT"])


async def test_run_serves_and_ends_in_good_order(qunce: Commands) -> None:
    process = qunce.start("run")
    async with a_bot(port_of(qunce)) as bot:
        await bot.until("/readyz", 200)

        assert await bot.echo("7461846182") == (200, "7461846182")
        assert await bot.call_back(IDLE.format(1)) == (200, "")
        assert (await bot.get("/callback?msg_signature=x"))[0] == 403
        assert (await bot.get("/livez"))[0] == 200
        assert "qunce_callbacks_total" in (await bot.get("/metrics"))[1]
        assert "登录群策" in (await bot.get("/"))[1]
    code, seconds = qunce.stop(process)

    said = qunce.said(process)
    assert (code, "Traceback" in said) == (0, False), said
    assert seconds < 10
    assert "仅供试用" in said


async def test_what_is_in_hand_is_finished_before_the_end(
    qunce: Commands, mongo: Client, mongo_url: str, database: str
) -> None:
    process = qunce.start("run", QUNCE_MONGO_URL=mongo_url, QUNCE_DATABASE=database)
    async with a_bot(port_of(qunce)) as bot:
        await bot.until("/readyz", 200)
        for n in range(150):
            assert await bot.order(f"o-{n}") == 200

        code, _ = qunce.stop(process)

    inbox = mongo[database]["inbox"]
    assert code == 0
    assert await inbox.count_documents({}) == 150
    assert await inbox.count_documents({"lease": {"$exists": True}}) == 0
    states = set(await inbox.distinct("state"))
    assert states <= {"new", "ignored"}


async def test_a_taken_port_is_one_sentence(qunce: Commands) -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", port_of(qunce))
    async with server:
        done = await asyncio.to_thread(qunce.run, "run")

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"127.0.0.1:{port_of(qunce)} 已被别的程序占用，请换 QUNCE_PORT")
    assert "is taken by another program" in line


async def test_it_listens_before_the_database_is_there_and_catches_up(
    qunce: Commands, tmp_path: Path
) -> None:
    folder = tmp_path / "mongod"
    folder.mkdir()
    mongod = OwnMongod(folder)
    process = qunce.start("run", QUNCE_MONGO_URL=mongod.url)
    try:
        async with a_bot(port_of(qunce)) as bot, open_client(mongod.url) as client:
            await bot.until("/livez", 200)
            assert await bot.get("/readyz") == (503, '{"ready": false, "callbacks": "spooled"}')
            assert AWAY in (await bot.get("/"))[1]
            assert await bot.call_back(IDLE.format(1)) == (200, "")
            assert await bot.order("o-1") == 200

            mongod.start()
            await bot.until("/readyz", 200, 30)
            inbox = client["qunce"]["inbox"]
            await until(lambda: _counts(inbox, {"state": "ignored"}, 1))
            await until(lambda: _counts(inbox, {"_id": "event:o-1"}, 1))

            mongod.kill()
            await bot.until("/readyz", 503)
            assert AWAY in (await bot.get("/"))[1]
            assert await bot.order("o-2") == 200
            mongod.start()
            await bot.until("/readyz", 200, 30)
            await until(lambda: _counts(inbox, {"_id": "event:o-2"}, 1))
        assert qunce.stop(process)[0] == 0
    finally:
        mongod.stop()


async def _counts(rows: Any, where: dict[str, Any], count: int) -> bool:
    return await rows.count_documents(where) == count


@pytest.mark.parametrize("command", ["run", "worker"])
async def test_it_can_be_told_to_stop_while_it_waits_for_the_database(
    qunce: Commands, command: str
) -> None:
    process = qunce.start(command, QUNCE_MONGO_URL="mongodb://127.0.0.1:1/")
    await until(lambda: _has_begun(process, qunce))

    code, seconds = qunce.stop(process)

    assert code == 0
    assert seconds < 3


async def _has_begun(process: subprocess.Popen[str], qunce: Commands) -> bool:
    """Signals are waited for: see what the kernel says about SIGTERM (15)."""
    assert process.poll() is None, qunce.said(process)
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << 14)


async def test_a_worker_works_without_listening(
    qunce: Commands, mongo: Client, mongo_url: str, database: str
) -> None:
    store = Store(mongo, database)
    await store.prepare()
    now = datetime.now(UTC)
    await store.inbox.put_many([_an_idle_callback(now)], 10)

    process = qunce.start("worker", QUNCE_MONGO_URL=mongo_url, QUNCE_DATABASE=database)
    await until(lambda: _counts(mongo[database]["inbox"], {"state": "ignored"}, 1))

    async with a_bot(port_of(qunce)) as bot:
        with pytest.raises(aiohttp.ClientConnectorError):
            await bot.get("/livez")
    assert qunce.stop(process)[0] == 0


def _an_idle_callback(now: datetime) -> Incoming:
    return Incoming(
        id="idle",
        route="app",
        envelope=sealing.encrypt(IDLE.format(1).encode(), AES_KEY, CORP),
        received_at=now,
        due_at=now,
    )


async def test_a_first_start_with_a_bad_folder_lists_the_mistakes(
    qunce: Commands, mongo: AsyncMongoClient[dict[str, Any]], mongo_url: str, database: str
) -> None:
    (Path(qunce.settings["QUNCE_CONFIG_DIR"]) / "a.yaml").write_text("SOP: 关怀\n")

    done = qunce.run("run", QUNCE_MONGO_URL=mongo_url, QUNCE_DATABASE=database)

    assert done.returncode == 1
    assert "缺少必填项“步骤”" in done.stdout
    assert "Traceback" not in done.stderr
