"""Claim rows whose time has come, for as long as a lease: the only guarantee work is done by."""

import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from bot.store.rows import SLOTS, Row

LEASE_SECONDS = 30
_LOOK_AHEAD = 4  # batches looked at, to choose one away from other workers

Rows = AsyncCollection[Row]

FREE = {
    "$or": [
        {"lease": None},
        {"$expr": {"$lte": ["$lease.until", "$$NOW"]}},
    ]
}


_START = secrets.randbelow(SLOTS)  # so that the processes of a corp begin apart
_CLAIMS = {"$ifNull": ["$claims", 0]}  # since the last progress; work that never gets on shows


def token() -> str:
    """A new owner's name: one per batch, so that two batches of a process never mix."""
    return f"{os.getpid()}-{secrets.token_hex(8)}"


def lease(owner: str) -> Row:
    """A lease on the server's clock, as a value for a pipeline update."""
    until = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": LEASE_SECONDS}}
    return {"owner": owner, "until": until}


class Due:
    """The due rows of one collection. Every claim carries a token; writes must name it."""

    def __init__(self, rows: Rows, *, start: int | None = None) -> None:
        self._rows = rows
        self._start = _START if start is None else start

    @staticmethod
    def indexes(*leading: str) -> list[IndexModel]:
        """Only waiting rows are in the index: a million finished ones cost nothing."""
        keys = [(name, ASCENDING) for name in (*leading, "due_at")]
        return [IndexModel(keys, name="due", partialFilterExpression={"due_at": {"$exists": True}})]

    async def claim(
        self, now: datetime, limit: int = 100, where: Mapping[str, Any] | None = None
    ) -> tuple[str, list[Row]]:
        """Lease up to ``limit`` due rows; the token and the rows, possibly none."""
        due = {**(where or {}), "due_at": {"$lte": now}}
        ids = await self._candidates(due, limit)
        if not ids:
            return "", []
        owner = token()
        take: list[Row] = [
            {"$set": {"lease": lease(owner), "claims": {"$add": [_CLAIMS, 1]}}},
            {"$unset": "woken"},
        ]
        if len(ids) == 1:  # the usual case while little happens: one round trip less
            row = await self._rows.find_one_and_update(
                {"_id": ids[0], **due, **FREE}, take, return_document=ReturnDocument.AFTER
            )
            return (owner, [row]) if row else ("", [])
        mine = {"_id": {"$in": ids}}
        await self._rows.update_many({**mine, **due, **FREE}, take, hint="_id_")
        found = self._rows.find({**mine, "lease.owner": owner}, hint="_id_")
        return owner, await found.to_list(None)

    async def next_due(self, where: Mapping[str, Any] | None = None) -> datetime | None:
        """When the earliest waiting row is due; None when nothing waits."""
        row = await self._rows.find_one(
            {**(where or {}), "due_at": {"$exists": True}},
            {"due_at": 1},
            sort=[("due_at", ASCENDING)],
        )
        return row["due_at"] if row else None

    async def renew(self, owner: str, ids: Sequence[str]) -> None:
        """Push the end of our leases out again; rows somebody else took are left alone."""
        await self._rows.update_many(
            {"_id": {"$in": list(ids)}, "lease.owner": owner},
            [{"$set": {"lease": lease(owner)}}],
            hint="_id_",
        )

    async def _candidates(self, due: Mapping[str, Any], limit: int) -> list[Any]:
        """Ids of free due rows, oldest first, those of other workers' slots last."""
        found = self._rows.find({**due, **FREE}, {"slot": 1}, sort=[("due_at", ASCENDING)])
        rows = await found.limit(limit * _LOOK_AHEAD).to_list(None)
        if len(rows) > limit:
            rows.sort(key=lambda row: (row.get("slot", 0) - self._start) % SLOTS)
        return [row["_id"] for row in rows[:limit]]
