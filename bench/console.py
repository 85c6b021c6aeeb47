"""How long the console's pages take in a company of a million customers, on one core.

    python -m bench.console [--json] [--customers 1000000] [--folder ~/.cache/qunce-bench]
                            [--requests 30] [--only customers]

The company (ten outbox rows for each customer, and of everything else in proportion) is made once
and kept in the folder. Server and mongod share core 0, the browser has another; each request asks
for other customers, tasks and groups than the one before.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import uvloop
from yarl import URL

from bench import crowd
from bench.seeding import Seeded, company, settings_of
from bot.app import machine_now, open_context, open_door
from bot.context import Context
from bot.director import BusinessClock
from bot.store.client import open_client
from console.gate import COOKIE
from tests.browser.pages import LISTS, OF_A_LEAD, PAGES, there

KEPT = Path("~/.cache/qunce-bench").expanduser()
TARGET_MS = 300
_SHOWN = ("first_ms", "p50_ms", "p95_ms", "max_ms")
CORE = 0
BOSS, LEAD = "bench", "shop03-00"


@dataclass(frozen=True, slots=True)
class Wish:
    folder: Path
    customers: int
    requests: int
    only: str


@dataclass(frozen=True, slots=True)
class Timed:
    """One page: milliseconds of each request, and how large it was."""

    name: str
    path: str
    first_ms: float  # of the very first, which compiles the template and counts what is kept
    ms: tuple[float, ...]
    kilobytes: float

    def within(self, part: float) -> float:
        """Milliseconds within which this part of the requests was answered."""
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def main() -> None:
    parser = argparse.ArgumentParser(description="the console's pages in a large company")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path, default=KEPT)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    folder = asked.folder / f"console-{asked.customers}"
    if asked.serve:
        uvloop.run(_serve(asked.serve, folder))
        return
    figures = uvloop.run(measure(Wish(folder, asked.customers, asked.requests, asked.only)))
    print(json.dumps(figures, ensure_ascii=False) if asked.json else _table(figures))
    if figures["failed"]:
        raise SystemExit(f"not shown: {', '.join(figures['failed'])}")


async def measure(wish: Wish) -> dict[str, Any]:
    async with company(wish.folder, wish.customers) as (url, seeded):
        with _server(url, wish) as address:
            _pin(_mongod(wish.folder))
            settings, clock = settings_of(url, wish.folder), BusinessClock(seeded.at)
            async with open_context(settings, now=clock) as ctx:
                told = [one async for one in _pages(ctx, address, wish, seeded)]
        async with open_client(url) as client:
            kept = await client["bench_console"].command("dbStats", scale=1_000_000_000)
    return {
        "cores": os.cpu_count(),
        "customers": wish.customers,
        "outbox": crowd.count("outbox", wish.customers),
        "rows": kept["objects"],
        "gigabytes": round(kept["storageSize"] + kept["indexSize"], 1),
        "requests": wish.requests,
        "target_ms": TARGET_MS,
        "failed": [name for name, page in told if page is None],
        "pages": {
            one.name: {
                "path": one.path,
                "first_ms": round(one.first_ms, 1),
                "p50_ms": round(one.within(0.5), 1),
                "p95_ms": round(one.within(0.95), 1),
                "max_ms": round(max(one.ms), 1),
                "kilobytes": round(one.kilobytes, 1),
            }
            for one in (page for _, page in told if page)
        },
    }


async def _pages(ctx: Context, address: str, wish: Wish, seeded: Seeded) -> Any:
    """Every page in turn, by whoever may open it."""
    begin, now = ctx.store.sessions.begin, machine_now()
    boss, lead = await begin(BOSS, "local", now), await begin(LEAD, "wecom", now)
    tags = sorted((await ctx.store.tags.names()).values())
    found = {**await there(ctx.store, ctx.releases), "tag": quote(tags[0])}
    for session, listed in ((boss, {**PAGES, **LISTS}), (lead, OF_A_LEAD)):
        async with aiohttp.ClientSession(headers={"Cookie": f"{COOKIE}={session}"}) as http:
            for name, path in listed.items():
                if wish.only in name:
                    yield name, await _timed(http, address, name, path, found, wish, seeded)


async def _timed(
    http: aiohttp.ClientSession,
    address: str,
    name: str,
    path: str,
    found: Mapping[str, str],
    wish: Wish,
    seeded: Seeded,
) -> Timed | None:
    """The first request is told apart from those that follow; None: the page is not shown."""
    dice = random.Random(name)
    ms: list[float] = []
    size = 0
    for _ in range(wish.requests + 1):
        asked = path.format_map({**found, **_others(dice, seeded.customers)})
        began = time.perf_counter()
        async with http.get(URL(address + asked)) as answer:
            body = await answer.read()
        if answer.status != 200:
            print(f"{name}: {answer.status} for {asked}", file=sys.stderr)
            return None
        ms.append((time.perf_counter() - began) * 1000)
        size = max(size, len(body))
    print(f"{name}: {sorted(ms)[len(ms) // 2]:.0f} ms", file=sys.stderr)
    return Timed(name, path, ms[0], tuple(ms[1:]), size / 1024)


def _others(dice: random.Random, customers: int) -> dict[str, str]:
    """Somebody and something else for every request."""
    shop, n = dice.randrange(25), dice.randrange(customers)
    return {
        "contact": crowd.customer(n),
        "staff": f"shop{shop:02}-{dice.randrange(20):02}",
        "task": f"t{n:012}",
        "group": f"wrGROUP{dice.randrange(crowd.count('groups', customers)):020}",
    }


@contextmanager
def _server(url: str, wish: Wish) -> Iterator[str]:
    """The real HTTP server as a process of its own, on one core; its address."""
    command = [sys.executable, "-m", "bench.console", "--serve", url]
    command += ["--customers", str(wish.customers), "--folder", str(wish.folder.parent)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {CORE}),
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise SystemExit("the server did not start")
        yield address
    finally:
        process.terminate()
        process.wait()


async def _serve(url: str, folder: Path) -> None:
    """Only the door: nobody works off what is due, so that the company stays as it is."""
    clock = BusinessClock(Seeded(**json.loads((folder / "seeded.json").read_text())).at)
    settings = settings_of(url, folder)
    async with (
        open_door(settings, now=clock) as (door, address),
        open_context(settings, now=clock, hints=door.hints) as ctx,
    ):
        door.connect(ctx)
        print(address, flush=True)
        await asyncio.Event().wait()


def _mongod(folder: Path) -> int:
    return int(json.loads((folder / "mongod.json").read_text())["pid"])


def _pin(pid: int) -> None:
    """Every thread it has; those to come inherit it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {CORE})


def _table(figures: Mapping[str, Any]) -> str:
    f = figures
    lines = [
        f"{f['customers']:,} customers, {f['outbox']:,} outbox rows, {f['rows']:,} rows in all, "
        f"{f['gigabytes']} GB; server and mongod on one of {f['cores']} cores, "
        f"{f['requests']} requests each",
        f"{'':28} {'first':>9} {'median':>9} {'p95':>9} {'max':>9}   "
        f"(target: p95 < {f['target_ms']} ms)",
    ]
    for name, one in f["pages"].items():
        late = "" if one["p95_ms"] < f["target_ms"] else "   too slow"
        times = " ".join(f"{one[key]:>6.0f} ms" for key in _SHOWN)
        lines.append(f"{name:28} {times}{late}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
