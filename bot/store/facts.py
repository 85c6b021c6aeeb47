"""What happened: first the fact is written, then whoever waits for it is made due.

A fact with which an SOP may begin is itself due until somebody has looked at that.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from bot.model import Fact
from bot.playbook.keys import TASK_CLOSED
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import from_row, to_row
from bot.store.together import Together

KEPT = timedelta(days=400)


class Facts:
    def __init__(self, rows: Rows, journeys: Rows, tasks: Rows, seats: Rows) -> None:
        self._rows = rows
        self._waiting = (journeys, tasks)
        self._seats = seats
        self._recording = Together(self._record)
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel([("keys", ASCENDING), ("at", ASCENDING)], name="keys"),
                IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=KEPT.days * 86400),
            ]
        )

    async def record(self, facts: Sequence[Fact], now: datetime) -> None:
        """Write ``facts`` (one already there is left alone) and wake who holds their keys.

        Waking is repeated for facts already there: the writer before us may have died in between.
        """
        if facts:
            await self._recording.ask((facts, now))

    async def _record(self, asked: Sequence[tuple[Sequence[Fact], datetime]]) -> list[None]:
        facts = [fact for some, _ in asked for fact in some]
        now = min(now for _, now in asked)
        for row in await insert_new(self._rows, [to_row(fact) for fact in facts]):
            if due_at := row.get("due_at"):  # known before anybody could look at it
                asleep = {"_id": row["_id"], "due_at": None, "looked": None}
                await self._rows.update_one(asleep, {"$set": {"due_at": due_at}})
        keys = sorted({key for fact in facts for key in fact.keys})
        wake = {"$min": {"due_at": now}, "$set": {"woken": True}}
        held = {"keys": {"$in": keys}}
        waking = [rows.update_many(held, wake) for rows in self._waiting]
        if ended := [key for key in keys if key.startswith(TASK_CLOSED)]:
            theirs = {"keys": {"$in": ended}, "state": "建议"}
            waking.append(self._seats.update_many(theirs, wake))
        await asyncio.gather(*waking)
        return [None] * len(asked)

    async def about(self, keys: Iterable[str], since: datetime) -> list[Fact]:
        """Facts with any of ``keys``, not earlier than ``since``, oldest first."""
        wanted = sorted(set(keys))
        if not wanted:
            return []
        found = self._rows.find({"keys": {"$in": wanted}, "at": {"$gte": since}})
        return [from_row(Fact, row) async for row in found.sort("at", ASCENDING)]

    async def known(self, fact_id: str) -> bool:
        """Whether it was written down before."""
        return await self._rows.find_one({"_id": fact_id}, {"_id": 1}) is not None

    async def between(self, since: datetime, until: datetime) -> list[Fact]:
        """Everything that happened from ``since`` until before ``until``, oldest first."""
        found = self._rows.find({"at": {"$gte": since, "$lt": until}})
        return [from_row(Fact, row) async for row in found.sort([("at", 1), ("_id", 1)])]

    # those with which an SOP may begin

    async def claim(self, now: datetime, limit: int = 50) -> tuple[str, list[Fact]]:
        owner, rows = await self.due.claim(now, limit)
        return owner, sorted((from_row(Fact, row) for row in rows), key=lambda fact: fact.at)

    async def looked_at(self, owner: str, ids: Sequence[str]) -> None:
        """Whatever begins with these has begun."""
        done = {"$set": {"looked": True}, "$unset": {"due_at": "", "lease": "", "claims": ""}}
        await self._rows.update_many({"_id": {"$in": list(ids)}, "lease.owner": owner}, done)

    async def look_again(self, owner: str, fact_id: str, due_at: datetime) -> None:
        later = {"$set": {"due_at": due_at}, "$unset": {"lease": ""}}
        await self._rows.update_one({"_id": fact_id, "lease.owner": owner}, later)
