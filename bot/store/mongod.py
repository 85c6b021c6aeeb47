"""The embedded MongoDB of one data folder, shared by every command that runs there."""

import asyncio
import base64
import fcntl
import hashlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pymongo.errors import PyMongoError

from bot.store import mongod_process, replica
from bot.store.mongod_process import PortTaken, Process
from config.settings import SettingsError

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
PAUSE_SECONDS = 5.0
DOOR_SECONDS = 15.0
FAREWELL_SECONDS = 0.3
PORTS = range(20_000, 32_000)  # below the range from which outgoing connections are served


@asynccontextmanager
async def embedded(data_dir: Path) -> AsyncIterator[str]:
    """The address of the folder's mongod: found or started, kept alive, stopped by the last user.

    Raises SettingsError where it cannot run.
    """
    mongod = Mongod(data_dir)
    address = await mongod.enter()
    over = asyncio.Event()
    watch = asyncio.create_task(mongod.keep_alive(over))
    try:
        yield address
    finally:
        over.set()
        await watch
        await mongod.leave()


class Mongod:
    """What one process knows of the folder's mongod.

    The kernel keeps the books: whoever holds a shared lock on `mongod.users` uses the server, so
    a killed process has left, and who finds nobody else there when leaving stops the server.
    """

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir.resolve()
        self._db = self._root / "db"
        self._described = self._root / "mongod.json"
        self._key = self._root / "mongod.key"
        self._log = self._root / "mongod.log"
        self._users: IO[bytes] | None = None
        self._process: Process | None = None

    async def enter(self) -> str:
        """Use the living mongod, else start one; its address."""
        self._users = self._open()
        try:
            async with self._door():
                fcntl.flock(self._users, fcntl.LOCK_SH)
                if not self._key.exists():
                    _write_private(self._key, base64.b64encode(secrets.token_bytes(48)).decode())
                return await self._ensure(may_move=True)
        except (TimeoutError, PyMongoError) as error:
            await self.leave()
            raise _silent(self._log) from error
        except BaseException:
            await self.leave()
            raise

    async def keep_alive(self, over: asyncio.Event) -> None:
        """Start it again when it has died; every user looks, one of them acts."""
        pause = LOOK_SECONDS
        while not over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await over.wait()
            if over.is_set() or self._is_alive() or await self._revive():
                pause = LOOK_SECONDS
            else:
                pause = min(2 * pause, PAUSE_SECONDS)

    async def leave(self) -> None:
        """Let go; the last one out stops the server."""
        users, self._users = self._users, None
        if users is None:
            return
        with users, suppress(TimeoutError):
            async with self._door():
                if _try_lock(users):
                    await self._stop()

    async def _ensure(self, *, may_move: bool) -> str:
        """A living, ready mongod and its address; to be called behind the door."""
        if living := self._find():
            with suppress(TimeoutError, PyMongoError):
                return await self._make_ready(living)
            if mongod_process.is_alive(living):
                raise TimeoutError(f"mongod {living.pid} does not answer")
            # it was on its way out
        return await self._make_ready(await self._start(may_move=may_move))

    async def _make_ready(self, process: Process) -> str:
        password = self._password()
        address = replica.url(process.port, password)
        # written before it is ready: whoever comes after our sudden death should find it
        self._describe(process.pid, process.port, address)
        await replica.prepare(process.port, password)
        self._process = process
        return address

    async def _revive(self) -> bool:
        try:
            async with self._door():
                # its users know the address they were given: it must come back there
                await self._ensure(may_move=False)
            return True
        except Exception:  # an edge: whatever it is, the next look tries again
            log.exception("embedded MongoDB is away", extra={"action": "mongod_away"})
            return False

    async def _start(self, *, may_move: bool) -> Process:
        kept = self._description().get("port")
        try:
            process = await (self._return_to(kept) if isinstance(kept, int) else self._settle())
        except PortTaken:
            if not may_move:
                raise
            process = await self._settle(moving=True)
        log.warning(
            "内置 MongoDB 已启动，仅供试用；正式使用请设置 QUNCE_MONGO_URL。"
            " Embedded MongoDB started, for trials only; in production set QUNCE_MONGO_URL.",
            extra={"action": "mongod_started", "pid": process.pid, "port": process.port},
        )
        return process

    async def _return_to(self, port: int) -> Process:
        with suppress(PortTaken):
            return await self._launch(port)
        await asyncio.sleep(FAREWELL_SECONDS)  # the last one may be just going
        return await self._launch(port)

    async def _settle(self, *, moving: bool = False) -> Process:
        for port in secrets.SystemRandom().sample(PORTS, 10):
            with suppress(PortTaken):
                if moving:
                    alone = await self._launch(port, alone=True)
                    await replica.move(port, self._key.read_text())
                    await mongod_process.stop(alone)
                return await self._launch(port)
        raise _silent(self._log)

    async def _launch(self, port: int, *, alone: bool = False) -> Process:
        replica_set = None if alone else replica.NAME
        return await mongod_process.start(port, self._db, self._key, self._log, replica_set)

    async def _stop(self) -> None:
        process = self._find()
        if process:
            await mongod_process.stop(process)
            self._describe(None, process.port, replica.url(process.port, self._password()))

    def _find(self) -> Process | None:
        match self._description():
            case {"pid": int(pid)} if described := mongod_process.read(pid, self._db):
                return described
        return mongod_process.find(self._db)

    def _is_alive(self) -> bool:
        return self._process is not None and mongod_process.is_alive(self._process)

    def _description(self) -> dict[str, Any]:
        try:
            found = json.loads(self._described.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _describe(self, pid: int | None, port: int, address: str) -> None:
        description = {"pid": pid, "port": port, "url": address}
        _write_private(self._described, json.dumps(description) + "\n")

    def _password(self) -> str:
        """Made from the key file, so that one secret opens everything even without mongod.json."""
        return hmac.new(self._key.read_bytes(), b"user", hashlib.sha256).hexdigest()[:32]

    @asynccontextmanager
    async def _door(self) -> AsyncIterator[None]:
        """One process at a time decides about the server."""
        with (self._root / "mongod.lock").open("wb") as door:
            async with asyncio.timeout(DOOR_SECONDS):
                await _lock(door)
            yield

    def _open(self) -> IO[bytes]:
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            return (self._root / "mongod.users").open("wb")
        except OSError as error:
            sample = "QUNCE_DATA_DIR=/var/lib/qunce"
            raise SettingsError(
                f"QUNCE_DATA_DIR 指定的文件夹 {self._root} 不能写，请换一个，例如 {sample}。"
                f" The folder {self._root} (QUNCE_DATA_DIR) cannot be written;"
                f" name another, for example {sample}."
            ) from error


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _lock(file: IO[bytes]) -> None:
    while True:
        if _try_lock(file):
            return
        await asyncio.sleep(0.02)


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _silent(log_file: Path) -> SettingsError:
    return SettingsError(
        f"内置 MongoDB 没有及时答应，原因见 {log_file}；也可以设置 QUNCE_MONGO_URL 用别的 MongoDB。"
        f" The embedded MongoDB did not answer in time, {log_file} says why;"
        " QUNCE_MONGO_URL can name another."
    )
