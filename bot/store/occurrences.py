"""Moments of calendar steps that have come: the first insert wins, whoever makes it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from pymongo import ASCENDING, IndexModel

from bot.model import Occurrence
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, from_row, slot_of, to_row


class Occurrences:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel([("sop", ASCENDING), ("scheduled_at", ASCENDING)], name="sop"),
            ]
        )

    async def put(self, occurrences: Sequence[Occurrence]) -> None:
        """Keep what has come; what another process inserted first is left alone."""
        if not occurrences:
            return
        rows = [to_row(one) | {"slot": slot_of(one.id)} for one in occurrences]
        await insert_new(self._rows, rows)

    async def get(self, occurrence_id: str) -> Occurrence | None:
        row = await self._rows.find_one({"_id": occurrence_id})
        return from_row(Occurrence, row) if row else None

    async def claim(
        self, now: datetime, limit: int = 10, *, kind: Literal["step", "audience"] = "step"
    ) -> tuple[str, list[Occurrence]]:
        asked = {"kind": "audience" if kind == "audience" else {"$ne": "audience"}}
        owner, rows = await self.due.claim(now, limit, asked)
        return owner, [from_row(Occurrence, row) for row in rows]

    async def expanded_to(self, owner: str, occurrence_id: str, cursor: str) -> bool:
        """All up to ``cursor`` have begun; False when the occurrence is no longer ours."""
        result = await self._rows.update_one(
            {"_id": occurrence_id, "lease.owner": owner}, {"$set": {"cursor": cursor}}
        )
        await self.due.renew(owner, [occurrence_id])
        return result.matched_count == 1

    async def go_on(self, owner: str, occurrence_id: str, cursor: str, due_at: datetime) -> None:
        """Who comes behind ``cursor`` begins later."""
        await self._rows.update_one(
            {"_id": occurrence_id, "lease.owner": owner},
            {"$set": {"cursor": cursor, "due_at": due_at}, "$unset": {"lease": ""}},
        )

    async def finish(
        self, owner: str, occurrence_id: str, why_skipped: str = "", *, begun: int = 0
    ) -> None:
        """Every group has begun, or the occurrence is skipped for a reason."""
        change: Row = {"state": "skipped" if why_skipped else "done", "begun": begun}
        if why_skipped:
            change["reason"] = why_skipped
        await self._rows.update_one(
            {"_id": occurrence_id, "lease.owner": owner},
            {"$set": change, "$unset": {"due_at": "", "lease": ""}},
        )

    async def release(self, owner: str, ids: Iterable[str]) -> None:
        """Let go of whatever a claim still holds; it stays due."""
        await self._rows.update_many(
            {"_id": {"$in": list(ids)}, "lease.owner": owner}, {"$unset": {"lease": ""}}
        )
