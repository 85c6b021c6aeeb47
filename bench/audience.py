"""How soon a selection among a million customers begins to flow, and what it costs.

    python -m bench.audience [--json] [--customers 1000000]

Two selections, each "has tag A and not tag B": of the whole company, and of one shop (20 of 500
members of staff). Beside each, in the same run: a scan of the whole collection, and the query one
writes first, on an index of tags alone with the answer put in order afterwards.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from pymongo import ASCENDING

from bot.model import Contact, Relation
from bot.store import Store, segments, selections
from bot.store.client import open_client
from bot.store.mongod import embedded
from bot.store.rows import to_row
from bot.store.tags import Tag
from config.book import Book
from config.conditions import Condition, InShop, Tagged

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ROUNDS = 3
FIRST = 1000
SHOPS, STAFF_EACH = 25, 20
SHARES = {"甲": 0.3, "乙": 0.17, **{f"其他{n}": 0.02 * n for n in range(1, 11)}}
BOOK = Book(tags={"测速": tuple(SHARES)})
NAIVE = "tags alone"

Rows = Any
Conditions = tuple[Condition, ...]
A_NOT_B: Conditions = (Tagged(tags=("甲",), wanted=True), Tagged(tags=("乙",), wanted=False))
SELECTIONS: dict[str, Conditions] = {
    "company": A_NOT_B,
    "shop": (InShop(shops=("门店3",)), *A_NOT_B),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="selections among many customers")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--customers", type=int, default=1_000_000)
    wish = parser.parse_args()
    figures = uvloop.run(measure(wish.customers))
    print(json.dumps(figures, ensure_ascii=False) if wish.json else _table(figures))


async def measure(customers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        async with _company(Path(folder), customers) as store:
            found = {name: await _compare(store, what) for name, what in SELECTIONS.items()}
    return {"customers": customers, "cores": os.cpu_count(), **found}


@asynccontextmanager
async def _company(folder: Path, customers: int) -> AsyncIterator[Store]:
    async with embedded(folder) as url, open_client(url) as client:
        store = Store(client, "bench")
        await store.tags.learn(_tags())
        for start in range(0, customers, 5000):
            rows = list(_customers(start, min(start + 5000, customers)))
            await store.db["contacts"].insert_many(rows, ordered=False)
        await store.prepare()
        await store.db["contacts"].create_index([("tags", ASCENDING)], name=NAIVE)
        yield store


async def _compare(store: Store, conditions: Conditions) -> dict[str, Any]:
    """The best of a few rounds, in which the ways take turns."""
    asked = segments.query(conditions, book=BOOK, now=NOW, names=await store.tags.names())
    whole = [await _stream(store, conditions) for _ in range(ROUNDS)]
    first, scan, naive = [], [], []
    for _ in range(ROUNDS):
        first.append(await _first(store, conditions))
        scan.append(await _whole(store, asked, hint=[("$natural", 1)]))
        naive.append(await _whole(store, asked, hint=NAIVE))
    seconds, found, _ = min(whole)
    grown = max(kilobytes for _, _, kilobytes in whole)
    return {
        "found": found,
        f"first_{FIRST}_ms": round(min(first) * 1000, 1),
        "all_ms": round(seconds * 1000),
        "peak_growth_mb": round(grown / 1024, 1),
        "scan_ms": round(min(scan) * 1000),
        "naive_ms": round(min(naive) * 1000),
        "all_of_naive": round(seconds / min(naive), 3),
        "first_of_naive": round(min(first) / min(naive), 4),
        "first_of_scan": round(min(first) / min(scan), 4),
        **await _examined(store, asked),
    }


async def _first(store: Store, conditions: Conditions) -> float:
    """Seconds until so many are in hand."""
    began = time.perf_counter()
    async with aclosing(store.contacts.matching(conditions, BOOK, NOW)) as ids:
        n = 0
        async for _ in ids:
            n += 1
            if n == FIRST:
                break
    return time.perf_counter() - began


async def _stream(store: Store, conditions: Conditions) -> tuple[float, int, int]:
    """Seconds for all, how many, and by how many KB the process grew at most."""
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    before, began = _memory("VmRSS"), time.perf_counter()
    count = 0
    async for _ in store.contacts.matching(conditions, BOOK, NOW):
        count += 1
    return time.perf_counter() - began, count, _memory("VmHWM") - before


async def _whole(store: Store, asked: dict[str, Any], hint: Any) -> float:
    """What one gets without an index that also knows the order: nothing until all is there."""
    rows: Rows = store.db["contacts"]
    began = time.perf_counter()
    found = rows.find(asked, {"_id": 1}, sort=[("_id", ASCENDING)], hint=hint, batch_size=1000)
    async for _ in found:
        pass
    return time.perf_counter() - began


async def _examined(store: Store, asked: dict[str, Any]) -> dict[str, Any]:
    """What MongoDB looked at for the first batch of candidates, checks included."""
    rows: Rows = store.db["contacts"]
    plan = await selections.planned(rows, asked)
    found = rows.find(plan.first, {"_id": 1}, sort=[("_id", ASCENDING)], hint=plan.hint)
    page = [row["_id"] for row in await found.limit(FIRST).to_list(None)]
    explained = [await rows.find(plan.first, {"_id": 1}, hint=plan.hint).limit(FIRST).explain()]
    for query, _ in plan.checks:
        check = rows.find({**query, "_id": {"$in": page}}, {"_id": 1}, hint="tags, id")
        explained.append(await check.explain())
    stats = [one["executionStats"] for one in explained]
    return {
        "index": _index(explained[0]["queryPlanner"]["winningPlan"]),
        "keys_examined": sum(one["totalKeysExamined"] for one in stats),
        "docs_examined": sum(one["totalDocsExamined"] for one in stats),
    }


def _index(stage: dict[str, Any]) -> str:
    if "indexName" in stage:
        return str(stage["indexName"])
    parts = stage.get("inputStages", [stage[name] for name in ("inputStage",) if name in stage])
    return ", ".join(_index(part) for part in parts) or str(stage["stage"])


def _memory(name: str) -> int:
    """KB, by its name in /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def _tags() -> Iterator[Tag]:
    for n, name in enumerate(SHARES):
        yield Tag(id=f"et{n:020}", group_id="g", group="测速", name=name)


def _customers(since: int, until: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(since)
    names = [
        (f"et{n:020}", f"测速/{name}", share) for n, (name, share) in enumerate(SHARES.items())
    ]
    for number in range(since, until):
        worn = [(id, full) for id, full, share in names if dice.random() < share]
        shop, staff = dice.randrange(SHOPS), dice.randrange(STAFF_EACH)
        relation = Relation(
            staff=f"shop{shop}-{staff}",
            since=NOW - timedelta(days=dice.randrange(900)),
            tags=tuple(id for id, _ in worn),
            version=NOW,
        )
        orders = [NOW - timedelta(days=dice.randrange(400)) for _ in range(dice.randrange(4))]
        contact = Contact(
            id=f"wm{dice.getrandbits(80):020x}{number:08}",
            name=f"客户{number}",
            relations=(relation,),
            tags=tuple(full for _, full in worn),
            shop=f"门店{shop}",
        )
        row = to_row(contact) | segments.derived(contact) | {"rev": 1}
        row["relations"] = [_fields(relation)]
        row["happened"] = {"order": sorted(orders, reverse=True)} if orders else {}
        yield row


def _fields(relation: Relation) -> dict[str, Any]:
    return {
        "staff": relation.staff,
        "since": relation.since,
        "state": relation.state,
        "tags": list(relation.tags),
        "version": relation.version,
        "lost": relation.lost,
    }


def _table(figures: dict[str, Any]) -> str:
    lines = [f"{figures['cores']} cores; {figures['customers']:,} customers; A and not B"]
    for name in SELECTIONS:
        f = figures[name]
        lines += [
            f"{name}: {f['found']:,} customers",
            f"  first {FIRST:,}          {f[f'first_{FIRST}_ms']:>9,} ms   (target < 100)",
            f"  all of them          {f['all_ms']:>9,} ms, {f['peak_growth_mb']} MB more at most",
            f"  scan of all          {f['scan_ms']:>9,} ms",
            f"  index of tags alone  {f['naive_ms']:>9,} ms",
            f"  all / index of tags alone {f['all_of_naive']}; first / index of tags alone "
            f"{f['first_of_naive']}; first / scan {f['first_of_scan']}",
            f"  for {FIRST:,} candidates: index {f['index']!r}, {f['keys_examined']:,} keys, "
            f"{f['docs_examined']:,} documents",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
