"""Sendings: mass messages, each one for one member of staff to confirm.

Members join while it is open; a closed one becomes a call; a created one is watched to its end.
A finished one that still has a ``due_at`` has members who have not been told.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.model import Sending
from bot.store.due import Due, Rows
from bot.store.parts import Parts, part_id
from bot.store.rows import Row, from_row, to_row
from bot.store.together import swap

Ending = Literal["done", "cancelled", "failed"]

__all__ = ["Sendings", "base_of", "part_id"]

_LET_GO = {"lease": "", "claims": ""}
_IDLE = {"due_at": "", **_LET_GO}


def base_of(*about: object) -> str:
    """The same for members that may share one mass message."""
    return hashlib.sha256("\0".join(str(a) for a in about).encode()).hexdigest()[:32]


class Sendings:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)
        self._parts = Parts(rows, living=("open", "closed", "created"))

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                Parts.index(),
                IndexModel(
                    [("msgid", ASCENDING)],
                    name="one of a message",
                    unique=True,
                    partialFilterExpression={"msgid": {"$gt": ""}},
                ),
                IndexModel([("staff", ASCENDING), ("moment", ASCENDING)], name="staff"),
                IndexModel(
                    [("created_at", ASCENDING), ("staff", ASCENDING)],
                    name="in hand",
                    partialFilterExpression={"state": "created"},
                ),
            ]
        )

    async def get(self, sending_id: str) -> Sending | None:
        row = await self._rows.find_one({"_id": sending_id})
        return from_row(Sending, row) if row else None

    async def all(self) -> list[Sending]:
        return [from_row(Sending, row) async for row in self._rows.find().sort("_id", ASCENDING)]

    async def owner_of(self, msgid: str) -> str:
        """The sending that adopted WeCom's message; empty when none did."""
        row = await self._rows.find_one({"msgid": msgid}, {"_id": 1})
        return str(row["_id"]) if row else ""

    async def join(self, first: Sending, members: Sequence[str], limit: int) -> dict[str, str]:
        """Put deliveries into the parts of ``first.base``; the part of each."""
        return await self._parts.join(to_row(first), members, limit)

    async def claim(self, now: datetime, limit: int) -> tuple[str, list[Sending]]:
        owner, rows = await self.due.claim(now, limit)
        return owner, [from_row(Sending, row) for row in rows]

    async def close(self, owner: str, sending_id: str) -> bool:
        """Nobody joins any more; False when it is no longer ours."""
        mine = {"_id": sending_id, "lease.owner": owner, "state": {"$in": ["open", "closed"]}}
        return await swap(self._rows, mine, {"$set": {"state": "closed"}})

    async def drop_members(self, sending_id: str, members: Sequence[str]) -> None:
        """These left before the call; only while it is closed and not created."""
        if not members:
            return
        await self._rows.update_one(
            {"_id": sending_id, "state": "closed"}, {"$pullAll": {"members": list(members)}}
        )

    async def created(
        self,
        sending_id: str,
        msgid: str,
        at: datetime,
        due_at: datetime,
        strangers: Sequence[str] = (),
    ) -> bool:
        """WeCom made the message; False when another sending has this msgid.

        ``strangers`` it left out of it: they are nobody's friends.
        """
        change: Row = {"state": "created", "msgid": msgid, "created_at": at, "due_at": due_at}
        if strangers:
            change["strangers"] = sorted(strangers)
        try:
            closed = {"_id": sending_id, "state": "closed"}
            if await swap(self._rows, closed, {"$set": change, "$unset": _LET_GO}):
                return True
        except DuplicateKeyError:
            return False
        row = await self._rows.find_one({"_id": sending_id}, {"msgid": 1})
        return bool(row and row.get("msgid") == msgid)

    async def failed(self, sending_id: str, reason: str, now: datetime) -> None:
        """WeCom did not make the message; its members are told when it is looked at."""
        await self._rows.update_one(
            {"_id": sending_id, "state": "closed"},
            {"$set": {"state": "failed", "reason": reason, "due_at": now}, "$unset": _LET_GO},
        )

    async def recall(self, ids: Iterable[str], now: datetime) -> None:
        """Withdraw these from the hands of staff."""
        out = {"_id": {"$in": sorted(ids)}, "state": "created", "stopping": ""}
        await self._rows.update_many(out, {"$set": {"stopping": "撤回", "due_at": now}})

    async def called_off(self, sending_id: str, now: datetime) -> None:
        """Somebody else cancelled it in WeCom: what is not sent by now never will be."""
        out = {"_id": sending_id, "state": "created", "stopping": {"$ne": "撤回"}}
        await self._rows.update_one(out, {"$set": {"stopping": "被取消", "due_at": now}})

    async def wake(self, sending_id: str, now: datetime) -> None:
        """Look at it soon: something it waits for has happened."""
        waiting = {"_id": sending_id, "due_at": {"$exists": True}}
        await self._rows.update_one(waiting, {"$min": {"due_at": now}})

    async def park(
        self, owner: str, sending_id: str, due_at: datetime | None, **change: Any
    ) -> bool:
        """Let it go until ``due_at`` (None: until the call it waits for); False: not ours."""
        update: Row = {"$set": change, "$unset": _IDLE if due_at is None else _LET_GO}
        if due_at is not None:
            update["$set"] = {**change, "due_at": due_at}
        return await self._write(owner, sending_id, update)

    async def end(self, owner: str, sending_id: str, state: Ending, reason: str) -> bool:
        """It is over; still due until :meth:`park` says that its members know."""
        change = {"$set": {"state": state, "reason": reason}}
        return await self._write(owner, sending_id, change)

    async def unconfirmed(self, before: datetime) -> dict[str, int]:
        """Staff → mass messages they have had in hand since before then, and not confirmed."""
        waiting: Row = {"state": "created", "created_at": {"$lt": before}}
        group: Row = {"_id": "$staff", "n": {"$sum": 1}}
        found = await self._rows.aggregate([{"$match": waiting}, {"$group": group}])
        return {row["_id"]: row["n"] async for row in found}

    async def counts(self) -> dict[str, int]:
        found = await self._rows.aggregate([{"$group": {"_id": "$state", "n": {"$sum": 1}}}])
        return {row["_id"]: row["n"] async for row in found}

    async def _write(self, owner: str, sending_id: str, update: Mapping[str, Any]) -> bool:
        mine = {"_id": sending_id, "lease.owner": owner}
        used = {name: value for name, value in update.items() if value}
        return await swap(self._rows, mine, used)
