"""The members of the company who serve customers."""

from collections.abc import Iterable, Sequence

from pymongo import ReplaceOne

from bot.model import Staff
from bot.store.due import Rows
from bot.store.rows import from_row, to_row
from bot.store.together import by_ids


class StaffList:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, userid: str) -> Staff | None:
        row = await self._rows.find_one({"_id": userid})
        return from_row(Staff, row) if row else None

    async def many(self, ids: Iterable[str]) -> dict[str, Staff]:
        """Those of ``ids`` that are members of the company."""
        found = await by_ids(self._rows, ids)
        return {id: from_row(Staff, row) for id, row in found.items()}

    async def active(self) -> list[Staff]:
        """Everybody who has not left, by userid."""
        found = self._rows.find({"active": True}).sort("_id", 1)
        return [from_row(Staff, row) async for row in found]

    async def everybody(self) -> list[Staff]:
        """Whoever works here or once did, by userid."""
        return [from_row(Staff, row) async for row in self._rows.find().sort("_id", 1)]

    async def leaders_of(self, departments: Iterable[int]) -> list[Staff]:
        """Who leads one of these departments."""
        wanted = {"leads": {"$in": sorted(set(departments))}, "active": True}
        return [from_row(Staff, row) async for row in self._rows.find(wanted).sort("_id", 1)]

    async def keep(self, people: Sequence[Staff]) -> None:
        """What WeCom says about them now."""
        writes = [ReplaceOne({"_id": one.id}, to_row(one), upsert=True) for one in people]
        if writes:
            await self._rows.bulk_write(writes, ordered=False)

    async def left(self, userid: str) -> bool:
        """They no longer work here; False when that was known."""
        gone = await self._rows.update_one(
            {"_id": userid, "active": True}, {"$set": {"active": False}}
        )
        return gone.modified_count == 1
