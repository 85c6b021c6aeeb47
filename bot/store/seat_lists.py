"""Seats for people to look at: who waits and since when, who was given a place, who left."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, IndexModel

from bot.model import Seat
from bot.store.due import Rows
from bot.store.rows import Row, from_row

Staff = Sequence[str] | None
"""Whose customers are looked at; None: everybody's."""
_WAITS: Row = {"state": "候补"}
_LEFT: Row = {"state": "已退群"}
_HOLDS = ("已占位", "已邀请")


class SeatLists:
    def __init__(self, seats: Rows) -> None:
        self._rows = seats

    async def prepare(self) -> None:
        """Only of seats that wait, were ever given, or were left: there are few of each."""
        waiting = ("theme", "created_at", "_id")
        by_staff = ("theme", "staff", "created_at", "_id")
        given = IndexModel(
            [("theme", ASCENDING), ("held_at", ASCENDING)],
            name="given",
            partialFilterExpression={"held_at": {"$exists": True}},
        )
        left = IndexModel(
            [("group", ASCENDING), ("left_at", DESCENDING)],
            name="left",
            partialFilterExpression=_LEFT,
        )
        lists = [
            IndexModel(
                [(field, ASCENDING) for field in fields], name=name, partialFilterExpression=_WAITS
            )
            for name, fields in (("waiting list", waiting), ("waiting list of staff", by_staff))
        ]
        await self._rows.create_indexes([*lists, given, left])

    async def held(self, themes: Sequence[str]) -> Mapping[str, int]:
        """By theme, how many places are kept for customers who have not been seen there yet."""
        match = {"theme": {"$in": list(themes)}, "state": {"$in": list(_HOLDS)}}
        found = await self._rows.aggregate(
            [{"$match": match}, {"$group": {"_id": "$theme", "n": {"$sum": 1}}}], hint="theme"
        )
        return {row["_id"]: row["n"] async for row in found}

    async def given(self, theme: str, since: datetime) -> int:
        """How many were given a place in the theme since then, whatever became of it."""
        return await self._rows.count_documents({"theme": theme, "held_at": {"$gte": since}})

    async def how_many_wait(self, theme: str, staff: Staff) -> int:
        return await self._rows.count_documents(waiting(theme, staff, None))

    async def waiting(self, theme: str, staff: Staff, after: str, limit: int) -> list[Seat]:
        """The next ``limit`` of the waiting list behind the seat ``after``, the longest first."""
        row = await self._rows.find_one({"_id": after}, {"created_at": 1}) if after else None
        behind = (row["created_at"], after) if row else None
        found = self._rows.find(waiting(theme, staff, behind)).sort(
            [("created_at", ASCENDING), ("_id", ASCENDING)]
        )
        return [from_row(Seat, row) async for row in found.limit(limit)]

    async def left(self, group: str, limit: int) -> list[tuple[str, datetime]]:
        """Who left the group last, of those whose place we knew: customer and when."""
        shown = {"subject": 1, "left_at": 1}
        found = self._rows.find({"group": group, **_LEFT}, shown).sort("left_at", DESCENDING)
        return [(row["subject"], row["left_at"]) async for row in found.limit(limit)]


def waiting(theme: str, staff: Staff, behind: tuple[datetime, str] | None) -> Row:
    """Answered by one index in the order of waiting; of the same moment what was shown is out."""
    where: Row = {"theme": theme, **_WAITS}
    if staff is not None:
        where["staff"] = {"$in": sorted(staff)}
    if behind:
        where["created_at"] = {"$gte": behind[0]}
        where["$nor"] = [{"created_at": behind[0], "_id": {"$lte": behind[1]}}]
    return where
