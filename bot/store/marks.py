"""Small remembered positions: how far the planner got, when the last sync was."""

from collections.abc import Iterable
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from bot.store.due import Rows


class Marks:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, name: str) -> datetime | None:
        """Where ``name`` stands; None when it was never set."""
        row = await self._rows.find_one({"_id": name})
        return row["at"] if row else None

    async def many(self, names: Iterable[str]) -> dict[str, datetime]:
        """Where each of ``names`` stands that was ever set."""
        found = self._rows.find({"_id": {"$in": sorted(names)}})
        return {row["_id"]: row["at"] async for row in found}

    async def start(self, name: str, at: datetime) -> None:
        """Begin ``name`` at ``at`` unless it began before."""
        try:
            await self._rows.insert_one({"_id": name, "at": at})
        except DuplicateKeyError:
            return

    async def advance(self, name: str, seen: datetime, to: datetime) -> bool:
        """Move from ``seen`` to ``to``; False when somebody else moved it meanwhile."""
        result = await self._rows.update_one({"_id": name, "at": seen}, {"$set": {"at": to}})
        return result.modified_count == 1
