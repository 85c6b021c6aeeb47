"""What is waiting, for how long and why: counted for people who ask, never on a fast path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from bot.store.rows import Row

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_WITH_LANES = ("inbox", "outbox")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows of one kind: how many, and since (or until) when the first of them waits."""

    count: int = 0
    first: datetime | None = None


class Backlog:
    def __init__(self, db: AsyncDatabase[Row]) -> None:
        self._db = db

    async def due(self, collection: str, now: datetime, where: Mapping[str, Any]) -> Waiting:
        """Rows whose moment has come and that nobody has done yet."""
        return await self._waiting(collection, {**where, "due_at": {"$lte": now}}, "due_at")

    async def later(self, collection: str, now: datetime, where: Mapping[str, Any]) -> Waiting:
        """Rows whose moment is still to come."""
        return await self._waiting(collection, {**where, "due_at": {"$gt": now}}, "due_at")

    async def due_since(self, collections: Iterable[str], now: datetime) -> dict[str, datetime]:
        """Since when the first due row of each waits; those with nothing due are missing."""
        found = {}
        for collection in collections:
            due: Row = {"due_at": {"$lte": now}}
            if collection in _WITH_LANES:
                due["lane"] = {"$in": ["urgent", "normal"]}
            first = await self._db[collection].find_one(due, {"due_at": 1}, sort=[("due_at", 1)])
            if first:
                found[collection] = first["due_at"]
        return found

    async def retried(self, limit: int = 5) -> list[Row]:
        """Callbacks that failed and will be tried again: the reasons, the most frequent first."""
        lanes = {"$in": ["urgent", "normal"]}  # so that the index can answer
        match = {"lane": lanes, "due_at": {"$gt": _LONG_AGO}, "tries": {"$gt": 0}}
        return await self._grouped("inbox", match, {"why": "$why"}, "due_at", limit)

    async def outbox(self, *states: str) -> list[Row]:
        """Calls in these states by kind and state, each with the reason of its newest."""
        stages: list[Row] = [
            {"$match": {"state": {"$in": list(states)}}},
            {"$project": {"_id": 0, "state": 1, "kind": 1}},  # the index alone answers
            {"$group": {"_id": {"kind": "$kind", "state": "$state"}, "n": {"$sum": 1}}},
            {"$sort": {"n": -1, "_id": 1}},
        ]
        calls = self._db["outbox"]
        found = await (await calls.aggregate(stages, hint="states")).to_list(None)
        newest = {"sort": [("first_due_at", -1)], "hint": "states", "projection": {"error": 1}}
        told = [await calls.find_one(row["_id"], **newest) for row in found]
        return [
            {**row["_id"], "n": row["n"], "error": (one or {}).get("error")}
            for row, one in zip(found, told, strict=True)
        ]

    async def deliveries(self) -> list[Row]:
        """Pushes not yet decided by state and reason."""
        match = {"state": "ready"}
        return await self._grouped("deliveries", match, {"reason": "$reason"}, "due_at")

    async def unconfirmed(self) -> list[Row]:
        """Pushes that wait in somebody's WeCom for their tap, by member of staff."""
        match = {"state": "created"}
        return await self._grouped("deliveries", match, {"staff": "$staff"}, "planned_at")

    async def posts(self) -> list[Row]:
        """Moments (朋友圈) not yet put before anybody, by reason."""
        return await self._grouped("posts", {"state": "ready"}, {"reason": "$reason"}, "due_at")

    async def unpublished(self) -> list[Row]:
        """Moments that wait in somebody's WeCom to be published, by member of staff."""
        match = {"state": "created"}
        return await self._grouped("posts", match, {"staff": "$staff"}, "planned_at")

    async def stuck(self, limit: int = 10) -> list[Row]:
        """Journeys set aside because they cannot go on."""
        found = self._db["journeys"].find({"stuck": True}, {"sop": 1, "subject": 1, "step": 1})
        return await found.limit(limit).to_list(None)

    async def overdue_tasks(self, now: datetime) -> list[Row]:
        """Tasks past their deadline and still open, by member of staff."""
        match = {"open": True, "deadline": {"$lt": now}}
        return await self._grouped("tasks", match, {"staff": "$staff"}, "deadline")

    async def files(self) -> list[Row]:
        """Files that are to be sent soon and that WeCom does not have, first due first."""
        missing = {"due_at": {"$exists": True}, "media_id": None, "name": {"$exists": True}}
        return await self._db["media"].find(missing).sort("due_at", 1).to_list(None)

    async def _waiting(self, collection: str, match: Row, since: str) -> Waiting:
        group = {"_id": None, "n": {"$sum": 1}, "first": {"$min": f"${since}"}}
        found = await self._db[collection].aggregate([{"$match": match}, {"$group": group}])
        rows = await found.to_list(None)
        return Waiting(rows[0]["n"], rows[0]["first"]) if rows else Waiting()

    async def _grouped(
        self, collection: str, match: Row, by: Mapping[str, str], since: str, limit: int = 50
    ) -> list[Row]:
        group = {
            "_id": dict(by),
            "n": {"$sum": 1},
            "first": {"$min": f"${since}"},
            "error": {"$max": "$error"},
        }
        found = await self._db[collection].aggregate(
            [
                {"$match": match},
                {"$group": group},
                {"$sort": {"n": -1, "_id": 1}},
                {"$limit": limit},
            ]
        )
        return [{**row.pop("_id"), **row} for row in await found.to_list(None)]
