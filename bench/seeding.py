"""Put a large company into a MongoDB of its own, once: several processes, indexes at the end."""

import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo import MongoClient, WriteConcern

from bench import crowd
from bot import publish
from bot.app import open_context
from bot.context import Context
from bot.director import BusinessClock
from bot.store.client import open_client
from bot.store.mongod import embedded
from bot.store.tags import Tag
from config.book import Book
from config.loader import load_folder
from config.settings import Settings

SHOP = Path(__file__).parents[1] / "config" / "shop"
DATABASE = "bench_console"
CACHE = "4G"  # of mongod; the trial's own 256 MB is meant for a shop
BATCH = 5_000
BYTES_EACH = 20_000  # of disk for one customer with everything about them


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a kept folder holds. Its clock stands still, so that it is as good next year."""

    customers: int
    now: str
    made_by: str  # the hash of what made it

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.now)


@asynccontextmanager
async def company(folder: Path, customers: int) -> AsyncIterator[tuple[str, Seeded]]:
    """The address of the MongoDB that holds it; seeded first when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    async with embedded(folder) as url:
        await _enlarge(url)
        note = folder / "seeded.json"
        if not note.exists():
            _room(folder, customers)
            seeded = Seeded(customers, _now().isoformat(), _maker())
            await _seed(url, folder, seeded)
            note.write_text(json.dumps(asdict(seeded)))
        kept = Seeded(**json.loads(note.read_text()))
        if (kept.customers, kept.made_by) != (customers, _maker()):
            raise SystemExit(f"{folder} holds another company: name another --folder or delete it")
        yield url, kept


def settings_of(url: str, folder: Path) -> Settings:
    """WeCom is nowhere: pages that show what we know do not ask it."""
    return Settings(
        corp_id="wwbenchcorp1234567",
        agent_id=1000002,
        agent_secret="a" * 43,
        callback_token="callbacktoken",
        callback_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        api_base="http://127.0.0.1:9/cgi-bin",
        mongo_url=url,
        database=DATABASE,
        data_dir=folder / "data",
        config_dir=SHOP,
        host="127.0.0.1",
        port=0,
    )


def firm_of(book: Book, seeded: Seeded, settings: Settings) -> crowd.Firm:
    return crowd.Firm(
        customers=seeded.customers,
        now=seeded.at,
        steps=[(sop.name, step.name) for sop in book.sops.values() for step in sop.steps],
        themes=("0-6月龄", "孕期"),
        tags=_tags(book),
        envelope=crowd.envelope(settings),
    )


async def _seed(url: str, folder: Path, seeded: Seeded) -> None:
    """Whatever an earlier, broken try left behind is thrown away first."""
    book = load_folder(SHOP)
    settings = settings_of(url, folder)
    firm = firm_of(book, seeded, settings)
    async with open_client(url) as client:
        await client.drop_database(DATABASE)
    began = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(max(2, (os.cpu_count() or 2) - 1)) as pool:
        for collection in crowd.SHARES:
            parts = [(url, firm, collection, *part) for part in _parts(collection, firm.customers)]
            done = sum(pool.imap_unordered(_insert, parts))
            _say(f"{done:>11,} {collection} ({time.perf_counter() - began:.0f} s so far)")
    _say("indexes …")
    async with open_context(settings, now=BusinessClock(seeded.at)) as ctx:
        await _furnish(ctx, firm, book)
    _say(f"{time.perf_counter() - began:.0f} s in all")


async def _furnish(ctx: Context, firm: crowd.Firm, book: Book) -> None:
    """What is small: the people, the tags, the release."""
    await ctx.store.db["staff"].insert_many(list(crowd.people(firm)))
    groups = {full: full.partition("/")[0] for full in firm.tags.values()}
    await ctx.store.tags.learn(
        Tag(id=id, group_id=f"g{groups[full]}", group=groups[full], name=full.partition("/")[2])
        for id, full in firm.tags.items()
    )
    raw, pictures = publish.read_folder(SHOP)
    files = {name: content.decode() for name, content in raw.items()}
    await publish.publish(
        ctx.store, files, pictures, base=0, author="bench", note="", now=ctx.now()
    )


def _insert(part: tuple[str, crowd.Firm, str, int, int]) -> int:
    """One batch, in a process of the pool."""
    url, firm, collection, since, until = part
    rows: Any = _client(url)[DATABASE].get_collection(collection, write_concern=WriteConcern(w=1))
    made = list(crowd.rows(firm, collection, since, until))
    for start in range(0, len(made), BATCH):
        rows.insert_many(made[start : start + BATCH], ordered=False)
    return len(made)


_clients: dict[str, MongoClient[Any]] = {}


def _client(url: str) -> MongoClient[Any]:
    if url not in _clients:
        _clients[url] = MongoClient(url, tz_aware=True)
    return _clients[url]


def _parts(collection: str, customers: int) -> Iterator[tuple[int, int]]:
    whole, size = crowd.count(collection, customers), BATCH * 4
    return ((start, min(start + size, whole)) for start in range(0, whole, size))


def _tags(book: Book) -> dict[str, str]:
    names: Sequence[str] = [f"{group}/{tag}" for group, tags in book.tags.items() for tag in tags]
    return {f"et{n:020}": name for n, name in enumerate(names)}


async def _enlarge(url: str) -> None:
    async with open_client(url) as client:
        for name, value in (
            ("wiredTigerEngineRuntimeConfig", f"cache_size={CACHE}"),
            ("maxIndexBuildMemoryUsageMegabytes", 1_500),
        ):
            await client.admin.command({"setParameter": 1, name: value})


def _room(folder: Path, customers: int) -> None:
    wanted, free = customers * BYTES_EACH, shutil.disk_usage(folder).free
    if free < wanted:
        raise SystemExit(f"{folder}: {wanted / 1e9:.0f} GB wanted, {free / 1e9:.0f} GB free")


def _maker() -> str:
    """Rows made otherwise are another company; a kept one cannot be compared with it."""
    return hashlib.sha256(Path(crowd.__file__).read_bytes()).hexdigest()[:16]


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
