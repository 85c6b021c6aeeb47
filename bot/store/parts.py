"""Gather members into parts of at most so many, each open until it is sent.

A part is never opened twice, and one that is in a living part already stays there, so doing this
twice does it once.
"""

from collections.abc import Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.store.due import Rows
from bot.store.rows import Row


def part_id(base: str, part: int) -> str:
    return f"{base}-{part}"


class Parts:
    """``living``: states in which a part still has its members; a finished one sent them away."""

    def __init__(self, rows: Rows, living: Sequence[str]) -> None:
        self._rows = rows
        self._living = list(living)

    @staticmethod
    def index() -> IndexModel:
        keys = [("base", ASCENDING), ("part", DESCENDING)]
        return IndexModel(keys, name="one of a part", unique=True)

    async def join(self, first: Row, members: Sequence[str], limit: int) -> dict[str, str]:
        """Put members into the parts of ``first``'s base; the part of each.

        ``first`` is what a new part looks like, ``limit`` how many it may have.
        """
        part = await self._newest(first["base"])
        placed = await self._placed(first["base"], members) if part >= 0 else {}
        left = [member for member in members if member not in placed]
        while left:
            some = left[:limit]
            added = await self._add(first, part, some, limit) if part >= 0 else []
            if not added:
                if not await self._open(first, part + 1, some):
                    part = await self._newest(first["base"])
                    continue
                part, added = part + 1, some
            placed |= dict.fromkeys(added, part_id(first["base"], part))
            left = [member for member in left if member not in placed]
        return placed

    async def _placed(self, base: str, members: Sequence[str]) -> dict[str, str]:
        """Where those that joined before are."""
        living = {
            "base": base,
            "state": {"$in": self._living},
            "members": {"$in": list(members)},
        }
        wanted = set(members)
        return {
            member: row["_id"]
            async for row in self._rows.find(living, {"members": 1})
            for member in row["members"]
            if member in wanted
        }

    async def _newest(self, base: str) -> int:
        row = await self._rows.find_one({"base": base}, {"part": 1}, sort=[("part", DESCENDING)])
        return int(row["part"]) if row else -1

    async def _add(self, first: Row, part: int, members: list[str], limit: int) -> list[str]:
        """Join an open part with room; those that now are in it, [] when it takes none."""
        id = part_id(first["base"], part)
        while members:
            size = {"$size": {"$setUnion": ["$members", members]}}
            joined = await self._rows.update_one(
                {"_id": id, "state": "open", "$expr": {"$lte": [size, limit]}},
                {
                    "$addToSet": {"members": {"$each": members}},
                    "$min": {"expires_at": first["expires_at"]},
                },
            )
            if joined.matched_count:
                return members
            row = await self._rows.find_one({"_id": id}, {"members": 1, "state": 1})
            if row is None or row["state"] != "open":
                return []
            members = members[: limit - len(row["members"])]
        return []

    async def _open(self, first: Row, part: int, members: Sequence[str]) -> bool:
        """A new part with its first members; False when somebody else has just opened it."""
        about = {"_id": part_id(first["base"], part), "part": part, "members": list(members)}
        try:
            await self._rows.insert_one(first | about)
        except DuplicateKeyError:
            return False
        return True
