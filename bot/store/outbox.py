"""The outbox: calls to WeCom that are to be made, each with the rule for its repeats in its kind.

A row is ``sending`` from before its call until its outcome is known; found so with its lease run
out, WeCom may or may not have done it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.model import Outgoing
from bot.store.due import Due, Rows, lease
from bot.store.fresh import insert_new
from bot.store.rows import Row, from_row, slot_of, to_row
from bot.store.together import swap

Ending = Literal["sent", "failed", "expired", "unknown", "suppressed"]


class Occupied(Exception):
    """Another row of the same serial is being sent."""


class Outbox:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes("lane"),
                IndexModel(
                    [("serial", ASCENDING)],
                    name="one at a time",
                    unique=True,
                    partialFilterExpression={"state": "sending", "serial": {"$gt": ""}},
                ),
                IndexModel([("about", ASCENDING)], name="about"),
                IndexModel([("subject", ASCENDING)], name="subject"),
            ]
        )

    async def put(self, rows: Iterable[Outgoing]) -> None:
        """Queue calls; one that was queued before, under the same id, is left alone."""
        fresh = [to_row(_complete(row)) for row in rows]
        if not fresh:
            return
        await insert_new(self._rows, fresh)

    async def get(self, row_id: str) -> Outgoing | None:
        row = await self._rows.find_one({"_id": row_id})
        return from_row(Outgoing, row) if row else None

    async def about(self, about: str) -> list[Outgoing]:
        """Every call about a task, sending, group …"""
        found = self._rows.find({"about": about}).sort("_id", ASCENDING)
        return [from_row(Outgoing, row) async for row in found]

    async def claim(self, now: datetime, lane: str, limit: int) -> tuple[str, list[Outgoing]]:
        """Lease due rows of a lane; the token every later write must name, and the rows."""
        owner, rows = await self.due.claim(now, limit, {"lane": lane})
        rows.sort(key=lambda row: (row["due_at"], row["_id"]))
        return owner, [from_row(Outgoing, row) for row in rows]

    async def start(self, owner: str, row: Outgoing, attempt_at: datetime) -> bool:
        """ready → sending, or sending once more; False when the row is no longer ours.

        The lease begins anew. ``attempt_at`` is that of the first attempt whose outcome is not
        known. Raises Occupied while another row of its serial is sending.
        """
        change: Row = {
            "state": "sending",
            "lease": lease(owner),
            "attempts": row.attempts,
            "attempt_at": attempt_at,
        }
        mine = {"_id": row.id, "lease.owner": owner, "state": row.state}
        try:
            return await swap(self._rows, mine, [{"$set": change}])
        except DuplicateKeyError as error:
            raise Occupied(row.serial) from error

    async def note(self, owner: str, row_id: str, result: Mapping[str, Any]) -> bool:
        """Remember something learned half-way; False when the row is no longer ours."""
        noted = {f"result.{name}": value for name, value in result.items()}
        mine = {"_id": row_id, "lease.owner": owner}
        return await swap(self._rows, mine, {"$set": noted})

    async def later(
        self,
        owner: str,
        row: Outgoing,
        due_at: datetime,
        *,
        state: Literal["ready", "sending"],
        error: str = "",
        attempts: int,
    ) -> bool:
        """Try again at ``due_at``; False when the row is no longer ours."""
        change: Row = {"state": state, "due_at": due_at, "error": error, "attempts": attempts}
        gone = {"lease": "", "claims": ""}
        return await self._write(owner, row.id, {"$set": change, "$unset": gone})

    async def put_back(self, owner: str, ids: Sequence[str], due_at: datetime) -> None:
        """Rows of this claim that were not begun wait until ``due_at``."""
        await self._rows.update_many(
            {"_id": {"$in": list(ids)}, "lease.owner": owner},
            {"$set": {"due_at": due_at}, "$unset": {"lease": "", "claims": ""}},
        )

    async def end(
        self,
        owner: str,
        row_id: str,
        state: Ending,
        *,
        error: str = "",
        result: Mapping[str, Any] | None = None,
    ) -> bool:
        """The row is finished; False when it is no longer ours."""
        change: Row = {"state": state, "error": error}
        change |= {f"result.{name}": value for name, value in (result or {}).items()}
        gone = {"due_at": "", "lease": "", "claims": ""}
        return await self._write(owner, row_id, {"$set": change, "$unset": gone})

    async def cancel(self, ids: Sequence[str], why: str) -> None:
        """Rows not begun yet are given up."""
        await self._rows.update_many(
            {"_id": {"$in": list(ids)}, "state": "ready"},
            {
                "$set": {"state": "suppressed", "error": why},
                "$unset": {"due_at": "", "lease": "", "claims": ""},
            },
        )

    async def counts(self) -> dict[tuple[str, str], int]:
        """How many rows there are per (kind, state)."""
        group = {"_id": {"kind": "$kind", "state": "$state"}, "n": {"$sum": 1}}
        found = await self._rows.aggregate([{"$group": group}])
        return {(r["_id"]["kind"], r["_id"]["state"]): r["n"] async for r in found}

    async def _write(self, owner: str, row_id: str, update: Row) -> bool:
        mine = {"_id": row_id, "lease.owner": owner}
        return await swap(self._rows, mine, update)


def _complete(row: Outgoing) -> Outgoing:
    """WeCom answers 45035 to two changes of one customer at once, so tags go one by one."""
    serial = row.serial or (f"tag:{row.body['external_userid']}" if row.kind == "tag" else "")
    slot = slot_of(row.subject or row.about or row.id)
    return replace(row, serial=serial, slot=slot, first_due_at=row.first_due_at or row.due_at)
