"""Postings: moments (朋友圈) made in WeCom, each for several members of staff to publish.

Posts join while it is open; a closed one becomes a call; WeCom makes what it was asked in its own
time; a created one is watched to its end. A finished one that still has a ``due_at`` has members
who have not been told.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.model import Posting
from bot.store.due import Due, Rows
from bot.store.parts import Parts
from bot.store.rows import Row, from_row, to_row

Ending = Literal["done", "cancelled", "failed"]

_LET_GO = {"lease": "", "claims": ""}
_IDLE = {"due_at": "", **_LET_GO}


class Postings:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)
        self._parts = Parts(rows, living=("open", "closed", "asked", "created"))

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                Parts.index(),
                IndexModel(
                    [("moment_id", ASCENDING)],
                    name="one of a moment",
                    unique=True,
                    partialFilterExpression={"moment_id": {"$gt": ""}},
                ),
                IndexModel([("state", ASCENDING), ("content_hash", ASCENDING)], name="words"),
            ]
        )

    async def get(self, posting_id: str) -> Posting | None:
        row = await self._rows.find_one({"_id": posting_id})
        return from_row(Posting, row) if row else None

    async def all(self) -> list[Posting]:
        return [from_row(Posting, row) async for row in self._rows.find().sort("_id", ASCENDING)]

    async def owner_of(self, moment_id: str) -> str:
        """The posting that adopted WeCom's moment; empty when none did."""
        row = await self._rows.find_one({"moment_id": moment_id}, {"_id": 1})
        return str(row["_id"]) if row else ""

    async def being_made(self, like: Posting) -> bool:
        """Whether WeCom is making another one with these words, whose id we do not know yet."""
        other = {"state": "asked", "content_hash": like.content_hash, "_id": {"$ne": like.id}}
        return await self._rows.find_one(other, {"_id": 1}) is not None

    async def join(self, first: Posting, members: Sequence[str], limit: int) -> dict[str, str]:
        """Put posts into the parts of ``first.base``; the part of each."""
        return await self._parts.join(to_row(first), members, limit)

    async def claim(self, now: datetime, limit: int) -> tuple[str, list[Posting]]:
        owner, rows = await self.due.claim(now, limit)
        return owner, [from_row(Posting, row) for row in rows]

    async def close(self, owner: str, posting_id: str) -> bool:
        """Nobody joins any more; False when it is no longer ours."""
        mine = {"_id": posting_id, "lease.owner": owner, "state": {"$in": ["open", "closed"]}}
        closed = await self._rows.update_one(mine, {"$set": {"state": "closed"}})
        return closed.matched_count == 1

    async def drop_members(self, posting_id: str, members: Sequence[str]) -> None:
        """These left before the call; only while it is closed and not asked for."""
        if members:
            await self._rows.update_one(
                {"_id": posting_id, "state": "closed"}, {"$pullAll": {"members": list(members)}}
            )

    async def asked(self, posting_id: str, jobid: str, at: datetime, due_at: datetime) -> None:
        """WeCom has begun to make it."""
        change = {"state": "asked", "jobid": jobid, "asked_at": at, "due_at": due_at}
        closed = {"_id": posting_id, "state": "closed"}
        await self._rows.update_one(closed, {"$set": change, "$unset": _LET_GO})

    async def created(
        self, posting_id: str, moment_id: str, at: datetime, due_at: datetime
    ) -> bool:
        """WeCom made it; False when another posting has this moment."""
        change: Row = {"state": "created", "moment_id": moment_id, "polls": 0}
        change |= {"created_at": at, "due_at": due_at}
        waiting = {"_id": posting_id, "state": {"$in": ["closed", "asked"]}}
        try:
            await self._rows.update_one(waiting, {"$set": change, "$unset": _LET_GO})
        except DuplicateKeyError:
            return False
        return await self.owner_of(moment_id) == posting_id

    async def failed(self, posting_id: str, reason: str, now: datetime) -> None:
        """WeCom did not make it; its members are told when it is looked at."""
        await self._rows.update_one(
            {"_id": posting_id, "state": {"$in": ["closed", "asked"]}},
            {"$set": {"state": "failed", "reason": reason, "due_at": now}, "$unset": _LET_GO},
        )

    async def recall(self, ids: Iterable[str], now: datetime) -> None:
        """Withdraw these from the hands of staff."""
        out = {"_id": {"$in": sorted(ids)}, "state": "created", "stopping": ""}
        await self._rows.update_many(out, {"$set": {"stopping": "撤回", "due_at": now}})

    async def wake(self, posting_id: str, now: datetime) -> None:
        """Look at it soon: something it waits for has happened."""
        waiting = {"_id": posting_id, "due_at": {"$exists": True}}
        await self._rows.update_one(waiting, {"$min": {"due_at": now}})

    async def park(
        self, owner: str, posting_id: str, due_at: datetime | None, **change: Any
    ) -> bool:
        """Let it go until ``due_at`` (None: until the call it waits for); False: not ours."""
        update: Row = {"$set": change, "$unset": _IDLE if due_at is None else _LET_GO}
        if due_at is not None:
            update["$set"] = {**change, "due_at": due_at}
        return await self._write(owner, posting_id, update)

    async def end(self, owner: str, posting_id: str, state: Ending, reason: str) -> bool:
        """It is over; still due until :meth:`park` says that its members know."""
        return await self._write(owner, posting_id, {"$set": {"state": state, "reason": reason}})

    async def _write(self, owner: str, posting_id: str, update: Mapping[str, Any]) -> bool:
        mine = {"_id": posting_id, "lease.owner": owner}
        used = {name: value for name, value in update.items() if value}
        return (await self._rows.update_one(mine, used)).matched_count == 1
