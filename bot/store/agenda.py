"""When each kind of work is due next, all kinds in one look."""

from collections.abc import Iterable, Mapping
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
    "stops": ("stops", {}),
    "links": ("links", {}),
    "channels": ("ways", {}),
    "entries": ("facts", {}),
    "occurrences": ("occurrences", {"kind": {"$ne": "audience"}}),
    "audiences": ("occurrences", {"kind": "audience"}),
    "sweep": ("sweeps", {}),
    "verdicts": ("experiments", {}),
    "media": ("media", {}),
    "work": ("work", {}),
}

OFTEN = (
    "urgent inbox",
    "inbox",
    "urgent outbox",
    "outbox",
    "journeys",
    "deliveries",
    "sendings",
    "tasks",
    "reminders",
    "seats",
    "entries",
)


class Agenda:
    def __init__(self, db: AsyncDatabase[Row]) -> None:
        self._db = db
        self._everything = _pipeline(_WAITING)
        self._often = _pipeline(OFTEN)

    async def next_dues(self, *, often: bool = False) -> dict[str, datetime]:
        """Duty → when its earliest waiting row is due; without those that have none.

        ``often``: only of the duties there is something to do for at nearly every moment.
        """
        where = self._db[_WAITING[OFTEN[0]][0]]
        cursor = await where.aggregate(self._often if often else self._everything)
        return {row["duty"]: row["due_at"] for row in await cursor.to_list(None)}


def _pipeline(duties: Iterable[str]) -> list[Row]:
    first, *others = duties
    return [
        *_earliest(first, _WAITING[first][1]),
        *(
            {
                "$unionWith": {
                    "coll": _WAITING[duty][0],
                    "pipeline": _earliest(duty, _WAITING[duty][1]),
                }
            }
            for duty in others
        ),
    ]


def _earliest(duty: str, where: Mapping[str, Any]) -> list[Row]:
    return [
        {"$match": {**where, "due_at": {"$exists": True}}},
        {"$sort": {"due_at": 1}},
        {"$limit": 1},
        {"$project": {"_id": 0, "due_at": 1, "duty": {"$literal": duty}}},
    ]
