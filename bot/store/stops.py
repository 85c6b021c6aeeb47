"""Customers who asked not to be sent anything, until they ask for it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from bot.model import Record
from bot.store.due import Due, Rows
from bot.store.rows import Row, from_row
from bot.store.together import swap

_LET_GO: Row = {"lease": "", "claims": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Record):
    """What one customer asked for last; ``id`` is the customer's, ``n`` counts the changes."""

    stopped: bool
    n: int
    at: datetime
    by: str = ""  # the userid of who did it for them; "" they did it themselves
    why: str = ""
    due_at: datetime | None = None  # while something is still to be withdrawn or told


class Stops:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(Due.indexes())

    async def get(self, contact: str) -> Stop | None:
        """None: they never asked for anything."""
        row = await self._rows.find_one({"_id": contact})
        return from_row(Stop, row) if row else None

    async def among(self, contacts: Iterable[str]) -> set[str]:
        """Those of ``contacts`` who are not to be sent anything."""
        asked = sorted(set(contacts))
        if not asked:
            return set()
        found = self._rows.find({"_id": {"$in": asked}, "stopped": True}, {"_id": 1})
        return {row["_id"] async for row in found}

    async def change(
        self, contact: str, *, stopped: bool, by: str, why: str, now: datetime
    ) -> Stop | None:
        """The change; None when it was so already, whoever else asked for it meanwhile."""
        now_so = {"stopped": stopped, "at": now, "by": by, "why": why, "due_at": now}
        if not stopped:
            other: Row = {"_id": contact, "stopped": True}
            changed = await swap(self._rows, other, {"$set": now_so, "$inc": {"n": 1}})
            return await self.get(contact) if changed else None
        try:
            change: Row = {"$set": now_so, "$inc": {"n": 1}}
            await self._rows.update_one(
                {"_id": contact, "stopped": {"$ne": True}}, change, upsert=True
            )
        except DuplicateKeyError:  # they are stopped: another row of this name cannot be made
            return None
        return await self.get(contact)

    async def claim(self, now: datetime, limit: int) -> tuple[str, list[Stop]]:
        owner, rows = await self.due.claim(now, limit)
        return owner, [from_row(Stop, row) for row in rows]

    async def settled(self, stop: Stop, again: datetime | None) -> None:
        """This change, and no later one, is seen to (``again`` None) or looked at once more."""
        mine: Row = {"_id": stop.id, "n": stop.n}
        if again is None:
            await self._rows.update_one(mine, {"$unset": {"due_at": "", **_LET_GO}})
        else:
            await self._rows.update_one(mine, {"$set": {"due_at": again}, "$unset": _LET_GO})
