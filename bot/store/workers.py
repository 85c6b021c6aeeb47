"""Which processes live, and what is leased by whom: for people who look, never for deciding."""

import logging
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pymongo
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from bot.model import Record
from bot.store.rows import Row, from_row
from bot.store.together import Gathered

log = logging.getLogger(__name__)

BEAT_SECONDS = 10
_GOODBYE_SECONDS = 1.0
SILENT = timedelta(seconds=3 * BEAT_SECONDS)
_FORGOTTEN_AFTER = timedelta(days=1)
_LOOKED_AT = 500  # due rows per kind: leases are taken on the oldest
_LEASED = (
    "inbox",
    "outbox",
    "journeys",
    "tasks",
    "deliveries",
    "sendings",
    "posts",
    "postings",
    "seats",
    "occurrences",
    "work",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Record):
    """``id`` is "host:pid". Times are the database's, so that hosts with wrong clocks agree."""

    host: str
    pid: int
    began_at: datetime
    seen_at: datetime
    now: datetime

    @property
    def alive(self) -> bool:
        """Heard of within three beats."""
        return self.now - self.seen_at < SILENT


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of one kind that a process has in hand."""

    what: str
    pid: int
    count: int
    until: datetime


class Workers:
    def __init__(self, db: AsyncDatabase[Row]) -> None:
        self._db = db
        self._rows = Gathered(db, "workers")

    async def prepare(self) -> None:
        seconds = int(_FORGOTTEN_AFTER.total_seconds())
        await self._rows.create_indexes(
            [IndexModel([("seen_at", ASCENDING)], name="ttl", expireAfterSeconds=seconds)]
        )

    async def beat(self) -> None:
        """This process is alive."""
        host, pid = socket.gethostname(), os.getpid()
        seen = {
            "host": host,
            "pid": pid,
            "seen_at": "$$NOW",
            "began_at": {"$ifNull": ["$began_at", "$$NOW"]},
        }
        await self._rows.update_one({"_id": f"{host}:{pid}"}, [{"$set": seen}], upsert=True)

    async def leave(self) -> None:
        """This process stops as it should: nobody need wonder where it is.

        Where MongoDB is away nobody can be told, and stopping must not wait for it.
        """
        try:
            with pymongo.timeout(_GOODBYE_SECONDS):
                await self._rows.delete_one({"_id": f"{socket.gethostname()}:{os.getpid()}"})
        except PyMongoError as error:
            log.warning("could not sign off: %s", type(error).__name__)

    async def all(self) -> list[Process]:
        """Those heard of within a day, the newest first."""
        found = await self._rows.aggregate(
            [
                {"$sort": {"seen_at": -1}},
                {"$limit": 200},
                {"$addFields": {"now": "$$NOW"}},
            ]
        )
        return [from_row(Process, row) async for row in found]

    async def held(self, now: datetime) -> Sequence[Held]:
        """What is leased at this moment; ``now`` is business time, leases are the database's."""
        found = []
        for what in _LEASED:
            lanes = {"lane": {"$in": ["urgent", "normal"]}} if what in ("inbox", "outbox") else {}
            cursor = await self._db[what].aggregate(
                [
                    {"$match": {**lanes, "due_at": {"$lte": now}}},
                    {"$sort": {"due_at": 1}},
                    {"$limit": _LOOKED_AT},
                    {"$match": {"$expr": {"$gt": ["$lease.until", "$$NOW"]}}},
                    {"$project": {"until": "$lease.until", "pid": _PID}},
                    {"$group": {"_id": "$pid", "n": {"$sum": 1}, "until": {"$max": "$until"}}},
                ]
            )
            found += [Held(what, int(row["_id"]), row["n"], row["until"]) async for row in cursor]
        return found


_PID = {"$arrayElemAt": [{"$split": ["$lease.owner", "-"]}, 0]}
