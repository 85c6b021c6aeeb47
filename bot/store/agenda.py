"""When each kind of work is due next, all kinds in one look."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from bot.store.rows import Row

#: Duty → the collection its rows are in, and which of them.
_WAITING: Mapping[str, tuple[str, Row]] = {
    "urgent inbox": ("inbox", {"lane": "urgent"}),
    "inbox": ("inbox", {"lane": "normal"}),
    "urgent outbox": ("outbox", {"lane": "urgent"}),
    "outbox": ("outbox", {"lane": "normal"}),
    "journeys": ("journeys", {}),
    "deliveries": ("deliveries", {}),
    "sendings": ("sendings", {}),
    "posts": ("posts", {"state": "ready"}),
    "echoes": ("posts", {"state": "published"}),
    "postings": ("postings", {}),
    "tasks": ("tasks", {"state": "待派"}),
    "reminders": ("tasks", {"state": {"$ne": "待派"}}),
    "seats": ("seats", {}),
    "links": ("links", {}),
    "channels": ("ways", {}),
    "entries": ("facts", {}),
    "occurrences": ("occurrences", {"kind": {"$ne": "audience"}}),
    "audiences": ("occurrences", {"kind": "audience"}),
    "sweep": ("sweeps", {}),
    "verdicts": ("experiments", {}),
    "media": ("media", {}),
}


class Agenda:
    def __init__(self, db: AsyncDatabase[Row]) -> None:
        first, *others = [(duty, *where) for duty, where in _WAITING.items()]
        self._first = db[first[1]]
        self._pipeline: list[Row] = [
            *_earliest(first[0], first[2]),
            *(
                {"$unionWith": {"coll": collection, "pipeline": _earliest(duty, where)}}
                for duty, collection, where in others
            ),
        ]

    async def next_dues(self) -> dict[str, datetime]:
        """Duty → when its earliest waiting row is due; without those that have none."""
        cursor = await self._first.aggregate(self._pipeline)
        return {row["duty"]: row["due_at"] for row in await cursor.to_list(None)}


def _earliest(duty: str, where: Mapping[str, Any]) -> list[Row]:
    return [
        {"$match": {**where, "due_at": {"$exists": True}}},
        {"$sort": {"due_at": 1}},
        {"$limit": 1},
        {"$project": {"_id": 0, "due_at": 1, "duty": {"$literal": duty}}},
    ]
