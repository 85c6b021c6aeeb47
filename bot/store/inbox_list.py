"""What people look at of the inbox: what came, what waits, what nobody could handle, and why."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from bot.store.due import Rows
from bot.store.leafing import Leaf, leaf, retire
from bot.store.rows import Row

DEAD: Mapping[str, Any] = {"state": "dead"}
_NEWEST = [("received_at", DESCENDING), ("_id", DESCENDING)]


@dataclass(frozen=True, slots=True)
class Cause:
    """Dead callbacks of one cause; ``id`` stands for it in addresses, texts may be long."""

    id: str
    why: str
    count: int
    newest: datetime


class InboxList:
    """Reads of pages; its indexes are for them alone."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        dead = {"partialFilterExpression": dict(DEAD)}
        await self._rows.create_indexes(
            [
                IndexModel(_NEWEST, name="newest"),
                IndexModel(_NEWEST, name="dead newest", **dead),
                IndexModel(
                    [("state", ASCENDING), ("why", ASCENDING), *_NEWEST], name="causes", **dead
                ),
                IndexModel(
                    [("subject", ASCENDING), *_NEWEST],
                    name="subject",
                    partialFilterExpression={"subject": {"$gt": ""}},
                ),
            ]
        )
        await retire(self._rows, "dead")

    async def newest(self, after: str, limit: int) -> Leaf:
        return await leaf(self._rows, {}, "received_at", after, limit)

    async def about(self, subject: str, after: str, limit: int) -> Leaf:
        """What came about one customer or group."""
        return await leaf(self._rows, {"subject": subject}, "received_at", after, limit)

    async def dead(self, why: str | None, after: str, limit: int) -> Leaf:
        """What nobody could handle; of one cause, or None: of any."""
        return await leaf(self._rows, _dead(why), "received_at", after, limit)

    async def waiting(self, limit: int) -> list[Row]:
        """What is not handled yet, the first due first; only the beginning."""
        lanes = {"lane": {"$in": ["urgent", "normal"]}, "due_at": {"$exists": True}}
        return await self._rows.find(lanes, sort=[("due_at", ASCENDING)]).limit(limit).to_list(None)

    async def row(self, incoming_id: str) -> Row | None:
        """The whole row with its lease; None when it is not kept any more."""
        return await self._rows.find_one({"_id": incoming_id})

    async def causes(self, limit: int = 30) -> list[Cause]:
        """Why callbacks are dead, the most frequent first."""
        group = {"_id": "$why", "n": {"$sum": 1}, "newest": {"$max": "$received_at"}}
        found = await self._rows.aggregate(
            [
                {"$match": dict(DEAD)},
                {"$group": group},
                {"$sort": {"n": -1, "_id": 1}},
                {"$limit": limit},
            ],
            hint="causes",
        )
        return [
            Cause(_short(row["_id"] or ""), row["_id"] or "", row["n"], row["newest"])
            async for row in found
        ]

    async def count_dead(self, why: str | None, most: int) -> int:
        """How many there are, counted no further than ``most``."""
        return await self._rows.count_documents(_dead(why), limit=most)

    async def dead_ids(self, why: str | None, limit: int) -> Sequence[str]:
        """In no order."""
        found = self._rows.find(_dead(why), {"_id": 1}).limit(limit)
        return [row["_id"] async for row in found]

    async def revive(self, ids: Sequence[str], now: datetime) -> int:
        """Give dead callbacks another chance; how many of them were dead."""
        result = await self._rows.update_many(
            {"_id": {"$in": list(ids)}, **DEAD},
            {
                "$set": {"state": "new", "due_at": now, "tries": 0},
                "$unset": {"delete_at": "", "lease": ""},
            },
            hint="_id_",
        )
        return result.modified_count


def _dead(why: str | None) -> Row:
    return dict(DEAD) if why is None else {**DEAD, "why": why}


def _short(why: str) -> str:
    return hashlib.sha256(why.encode()).hexdigest()[:12]
