"""One mongod per data folder, whoever starts it and however it ends."""

import asyncio
import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from bot.store import mongod_process
from bot.store.client import open_client
from bot.store.mongod import embedded
from config.settings import SettingsError

USER = """
import asyncio, sys, uvloop
from pathlib import Path
from bot.store.mongod import embedded

async def main():
    async with embedded(Path(sys.argv[1])) as url:
        print(url, flush=True)
        await asyncio.Event().wait()

uvloop.run(main())
"""


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    """A data folder that leaves no mongod behind."""
    yield tmp_path
    if process := mongod_process.find(tmp_path / "db"):
        os.kill(process.pid, signal.SIGKILL)


def described(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "mongod.json").read_text())
    return found


def is_running(folder: Path) -> bool:
    return mongod_process.find(folder / "db") is not None


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def once_within(limit: float, seconds: Callable[[], Awaitable[float]]) -> bool:
    """The promise is for a machine that has nothing else to do: one try of five must keep it."""
    for _ in range(5):
        if await seconds() < limit:
            return True
    return False


async def keep(url: str, word: str) -> None:
    async with open_client(url) as client:
        await client["trial"]["words"].insert_one({"_id": word})


async def words(url: str) -> list[str]:
    async with open_client(url) as client:
        return [row["_id"] async for row in client["trial"]["words"].find(sort=[("_id", 1)])]


async def test_it_takes_writes_and_is_gone_afterwards(folder: Path) -> None:
    async with embedded(folder) as url:
        await keep(url, "hello")

    assert not is_running(folder)


async def test_it_is_ready_within_one_and_a_half_seconds(folder: Path) -> None:
    async def seconds() -> float:
        began = time.monotonic()
        async with embedded(folder) as url:
            await words(url)
            return time.monotonic() - began

    assert await once_within(1.5, seconds)


async def test_what_was_kept_is_there_next_time_on_the_same_port(folder: Path) -> None:
    async with embedded(folder) as first:
        await keep(first, "hello")
    async with embedded(folder) as second:
        found = await words(second)

    assert found == ["hello"]
    assert second == first


async def test_nobody_else_may_read_its_secrets_and_the_folder_is_small(folder: Path) -> None:
    async with embedded(folder) as url:
        modes = {p.name: p.stat().st_mode & 0o777 for p in folder.glob("mongod.*")}
        described_url = described(folder)["url"]
        size = sum(p.stat().st_blocks * 512 for p in folder.rglob("*"))

    assert modes["mongod.json"] == modes["mongod.key"] == 0o600
    assert described_url == url
    assert size < 20 * 1024 * 1024


async def test_only_our_user_on_this_machine_may_enter(folder: Path) -> None:
    async with embedded(folder) as url:
        port = described(folder)["port"]
        async with AsyncMongoClient[dict[str, Any]]("127.0.0.1", port) as stranger:
            with pytest.raises(OperationFailure, match="requires authentication"):
                await stranger["trial"]["words"].find_one()
            with pytest.raises(OperationFailure, match="requires authentication"):
                await stranger.admin.command("createUser", "me", pwd="me", roles=["root"])
        async with open_client(url) as client:
            options = (await client.admin.command("getCmdLineOpts"))["parsed"]["net"]

    assert options["bindIp"] == "127.0.0.1"
    assert options["compression"] == {"compressors": "disabled"}


async def test_a_killed_mongod_is_back_within_two_seconds(folder: Path) -> None:
    async with embedded(folder) as url, open_client(url) as client:
        rows = client["trial"]["words"]
        await rows.insert_one({"_id": "before"})

        async def seconds() -> float:
            pid = described(folder)["pid"]
            os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            await until(lambda: described(folder)["pid"] != pid)
            away = time.monotonic() - killed
            await rows.insert_one({})
            return away

        assert await once_within(2, seconds)
        assert await rows.find_one({"_id": "before"})


@contextlib.asynccontextmanager
async def another_command(folder: Path) -> AsyncIterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", USER, str(folder)]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout
            await asyncio.to_thread(process.stdout.readline)
            yield process
        finally:
            process.kill()


async def test_the_next_command_adopts_what_a_killed_one_started(folder: Path) -> None:
    async with another_command(folder) as starter:
        pid = described(folder)["pid"]
        starter.kill()
        starter.wait()
    async with embedded(folder) as url:
        await keep(url, "hello")
        adopted = described(folder)["pid"]
        os.kill(adopted, signal.SIGKILL)
        await until(lambda: described(folder)["pid"] != pid)

    assert adopted == pid
    assert not is_running(folder)


async def test_a_command_killed_while_starting_it_leaves_something_to_adopt(folder: Path) -> None:
    async with another_command(folder) as starter:
        pass
    starter.wait()
    (folder / "mongod.json").unlink()
    before = mongod_process.find(folder / "db")
    async with embedded(folder) as url:
        await keep(url, "hello")
        pid = described(folder)["pid"]

    assert before
    assert before.pid == pid


async def test_several_commands_share_one_and_the_last_one_out_stops_it(folder: Path) -> None:
    async with another_command(folder) as other:
        async with embedded(folder) as url:
            pid = described(folder)["pid"]
            other.send_signal(signal.SIGINT)
            await asyncio.to_thread(other.wait)
            await keep(url, "hello")
            same = described(folder)["pid"]

        assert same == pid
        assert not is_running(folder)


async def test_commands_that_start_together_start_one(folder: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        entering = (stack.enter_async_context(embedded(folder)) for _ in range(4))
        urls = await asyncio.gather(*entering)
        await keep(urls[0], "hello")
        started = (folder / "mongod.log").read_text().count('"MongoDB starting"')

    assert len(set(urls)) == 1
    assert started == 1
    assert not is_running(folder)


async def test_it_moves_when_somebody_took_its_port(folder: Path) -> None:
    async with embedded(folder) as first:
        await keep(first, "before")
        port = described(folder)["port"]
    # one who never answers: the worst kind
    with socket.create_server(("127.0.0.1", port)):
        async with embedded(folder) as second:
            await keep(second, "after")
            found = await words(second)
            moved = described(folder)["port"]
    async with embedded(folder) as third:
        await keep(third, "later")

    assert found == ["after", "before"]
    assert moved != port
    assert third == second


async def test_it_finds_itself_on_a_port_it_did_not_choose(folder: Path) -> None:
    async with embedded(folder) as first:
        await keep(first, "before")
    (folder / "mongod.json").unlink()
    async with embedded(folder) as second:
        await keep(second, "after")
        found = await words(second)

    assert found == ["after", "before"]
    assert second != first


async def test_a_foreign_key_is_one_sentence_and_leaves_no_process(folder: Path) -> None:
    async with embedded(folder):
        pass
    (folder / "mongod.key").unlink()

    with pytest.raises(SettingsError, match=r"mongod\.key"):
        async with embedded(folder):
            pass

    assert not is_running(folder)


async def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="QUNCE_DATA_DIR=/"):
        async with embedded(tmp_path / "file"):
            pass


async def test_another_machine_is_asked_for_a_url(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")

    with pytest.raises(SettingsError, match="QUNCE_MONGO_URL=mongodb://") as refused:
        async with embedded(folder):
            pass

    assert "\n" not in str(refused.value)


async def test_a_missing_library_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linker = folder / "mongod"
    linker.write_text(
        "#!/bin/sh\necho 'mongod: error while loading shared libraries: libcurl.so.4: cannot open"
        " shared object file: No such file or directory' >&2\nexit 127\n"
    )
    linker.chmod(0o755)
    monkeypatch.setattr(mongod_process, "BINARY", str(linker))

    with pytest.raises(SettingsError, match=r"libcurl\.so\.4.*QUNCE_MONGO_URL"):
        async with embedded(folder):
            pass
