"""How many callbacks a second one process makes durable, beside other ways of doing it.

    python bench/intake.py [--json] [--rounds 7] [--seconds 1] [--mongo-url URL]

The servers run on core 0; the client and mongod share core 1. Rounds are interleaved and medians
given, since neighbours on the machine disturb every figure; the ratios are steadier.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.load import Keys, Round, cpu_seconds, load, requests  # noqa: E402
from bot.store.client import open_client  # noqa: E402
from bot.store.mongod import embedded  # noqa: E402

PEERS = ROOT / "bench" / "peers"
TOOLS = Path(tempfile.gettempdir()) / f"qunce-bench-{os.getuid()}"
DATABASE = "bench_intake"
KEYS = Keys("benchtoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wwbenchcorp")
WARM_UP = 400
TARGETS = {"bare": 0.75, "flask": 5.0, "node": 2.0}


@dataclass
class Stack:
    """One way of taking callbacks in."""

    name: str
    title: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    port: int = 0
    pid: int = 0
    rounds: list[Round] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    mongod_cpu: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return statistics.median(r.per_second for r in self.rounds)

    def percentile(self, part: float) -> float:
        return statistics.median(r.percentile(part) for r in self.rounds)


def stacks(mongo_url: str) -> Iterator[Stack]:
    """Ours with and without persistence, and the peers that can be had on this machine."""
    ours = [sys.executable, str(PEERS / "qunce.py")]
    keys = [KEYS.token, KEYS.aes_key, KEYS.corp]
    port = str(free_port())
    yield Stack(
        "durable",
        "Qunce, durable",
        [*ours, "durable", port, mongo_url, DATABASE, *keys],
        port=int(port),
    )
    port = str(free_port())
    yield Stack(
        "bare",
        "Qunce, nothing kept",
        [*ours, "bare", port, mongo_url, DATABASE, *keys],
        port=int(port),
    )
    if gunicorn := _flask():
        port = str(free_port())
        yield Stack(
            "flask",
            "Flask + wechatpy + pymongo",
            [
                *(gunicorn, "flask_wechatpy:app", "--bind", f"127.0.0.1:{port}"),
                *("--worker-class", "gthread", "--threads", "8", "--keep-alive", "60"),
            ],
            {
                "BENCH_KEYS": " ".join(keys),
                "BENCH_MONGO_URL": mongo_url,
                "BENCH_DATABASE": DATABASE,
            },
            PEERS,
            int(port),
        )
    if script := _node():
        port = str(free_port())
        yield Stack(
            "node",
            "Node + @wecom/crypto + mongodb",
            ["node", script, port, mongo_url, DATABASE, *keys],
            port=int(port),
        )


def _flask() -> str | None:
    """gunicorn of a virtual environment that has the peer's libraries, or None."""
    folder = TOOLS / "flask"
    gunicorn = folder / "bin" / "gunicorn"
    if not gunicorn.exists():
        _say("installing Flask, gunicorn, wechatpy and pymongo into", folder)
        venv.create(folder, with_pip=True)
        wanted = ["flask", "gunicorn", "wechatpy==2.0.0a26", "pymongo==4.20.0", "pycryptodome"]
        if not _installed([str(folder / "bin" / "pip"), "install", "-q", *wanted], folder):
            return None
    return str(gunicorn)


def _node() -> str | None:
    """The peer's script in a folder that has its packages, or None."""
    if not shutil.which("node") or not shutil.which("npm"):
        _say("node is not here: that peer is left out")
        return None
    folder = TOOLS / "node"
    if not (folder / "node_modules" / "mongodb").exists():
        _say("installing mongodb and @wecom/crypto into", folder)
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "mongodb@7", "@wecom/crypto@1"]
        if not _installed(command, folder):
            return None
    return shutil.copy(PEERS / "node_mongodb.mjs", folder)


def _installed(command: list[str], folder: Path) -> bool:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        _say("could not be installed, that peer is left out:", " ".join(command))
    return done.returncode == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _pin(core: int) -> None:
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


@contextlib.asynccontextmanager
async def running(stack: Stack) -> AsyncIterator[None]:
    process = subprocess.Popen(
        stack.command,
        cwd=stack.folder,
        env={**os.environ, **stack.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: _pin(0),
    )
    stack.pid = process.pid
    try:
        await _listening(stack, process)
        yield
    finally:
        process.terminate()
        process.wait()


async def _listening(stack: Stack, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(20):
        while process.poll() is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", stack.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
    raise SystemExit(f"{stack.title} did not start: {' '.join(stack.command)}")


async def measure(stack: Stack, mongo: "Mongo", pool: list[bytes], seconds: float) -> None:
    """One round on an empty inbox."""
    await mongo.empty()
    await load(stack.port, pool[:WARM_UP], seconds)
    before, mongod_before = cpu_seconds(stack.pid), mongo.cpu()
    done = await load(stack.port, pool[WARM_UP:], seconds)
    stack.cpu.append((cpu_seconds(stack.pid) - before) / done.answered * 1e6)
    stack.mongod_cpu.append((mongo.cpu() - mongod_before) / done.answered * 1e6)
    stack.rounds.append(done)
    kept = await mongo.count()
    if done.failed or (stack.name != "bare" and kept < done.answered):
        raise SystemExit(f"{stack.title}: {done.failed} failed, {kept} of {done.answered} kept")


class Mongo:
    """The database under test, and the CPU its server takes when it is ours."""

    def __init__(self, url: str, pid: int | None) -> None:
        self._client = open_client(url)
        self._pid = pid
        if pid:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), os.sched_getaffinity(0))

    async def empty(self) -> None:
        await self._client[DATABASE]["inbox"].delete_many({})

    async def count(self) -> int:
        return await self._client[DATABASE]["inbox"].count_documents({})

    def cpu(self) -> float:
        return cpu_seconds(self._pid) if self._pid else 0.0

    async def __aenter__(self) -> "Mongo":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.drop_database(DATABASE)
        await self._client.close()


@contextlib.asynccontextmanager
async def mongod(url: str | None) -> AsyncIterator[tuple[str, int | None]]:
    """The server asked for, or an embedded one (with its pid) in a folder that goes away."""
    if url is not None:
        yield url, None
        return
    with tempfile.TemporaryDirectory() as folder:
        async with embedded(Path(folder)) as url:
            yield url, json.loads((Path(folder) / "mongod.json").read_text())["pid"]


async def bench(args: argparse.Namespace) -> dict[str, Stack]:
    pool = requests(KEYS, WARM_UP + int(18_000 * args.seconds))
    async with contextlib.AsyncExitStack() as everything:
        url, pid = await everything.enter_async_context(mongod(args.mongo_url))
        mongo = await everything.enter_async_context(Mongo(url, pid))
        found = list(stacks(url))
        for stack in found:
            await everything.enter_async_context(running(stack))
        for _ in range(args.rounds):
            for stack in found:
                await measure(stack, mongo, pool, args.seconds)
    return {stack.name: stack for stack in found}


def table(found: dict[str, Stack]) -> Iterator[str]:
    heads = ("requests/s", "CPU µs", "mongod µs", "p50 ms", "p99 ms")
    yield f"{'':32}" + "".join(f"{head:>11}" for head in heads)
    for stack in found.values():
        figures = (
            f"{stack.per_second:,.0f}",
            f"{statistics.median(stack.cpu):.0f}",
            f"{statistics.median(stack.mongod_cpu):.0f}",
            f"{stack.percentile(0.5):.1f}",
            f"{stack.percentile(0.99):.1f}",
        )
        yield f"{stack.title:32}" + "".join(f"{figure:>11}" for figure in figures)
    for name, target in TARGETS.items():
        if ratio := ratio_to(found, name):
            by_cpu = cheaper(found, name) or 0.0
            yield (
                f"durable / {found[name].title}: {ratio:.2f} (target ≥ {target}); "
                f"by CPU time {by_cpu:.2f}"
            )


def ratio_to(found: dict[str, Stack], name: str) -> float | None:
    """Median over the rounds: what disturbs a round disturbs both of its figures."""
    if name not in found:
        return None
    pairs = zip(found["durable"].rounds, found[name].rounds, strict=True)
    return statistics.median(ours.per_second / theirs.per_second for ours, theirs in pairs)


def cheaper(found: dict[str, Stack], name: str) -> float | None:
    """The same by CPU time, which neighbours disturb less."""
    if name not in found:
        return None
    theirs, ours = statistics.median(found[name].cpu), statistics.median(found["durable"].cpu)
    return theirs / ours if ours else None


def figures(found: dict[str, Stack]) -> dict[str, float | None]:
    rounded = {name: _rounded(ratio_to(found, name)) for name in TARGETS}
    return {
        "durable_per_second": round(found["durable"].per_second),
        "durable_p99_ms": round(found["durable"].percentile(0.99), 2),
        "durable_cpu_us": round(statistics.median(found["durable"].cpu), 1),
        "ratio_to_non_durable": rounded["bare"],
        "ratio_to_flask_wechatpy": rounded["flask"],
        "ratio_to_node_mongodb": rounded["node"],
        **{f"cpu_ratio_to_{name}": _rounded(cheaper(found, name)) for name in TARGETS},
    }


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 2)


def _say(*words: object) -> None:
    print(*words, file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of load in each round")
    parser.add_argument("--mongo-url", help="instead of an embedded mongod")
    args = parser.parse_args()
    _pin(1)
    found = uvloop.run(bench(args))
    print(json.dumps(figures(found)) if args.json else "\n".join(table(found)))


if __name__ == "__main__":
    main()
