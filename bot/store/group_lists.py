"""Customer groups for people to look through: figures of every theme, and its groups page by page.

Nothing here reads a roster: what is added up stands in an index, and lists come a page at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, IndexModel

from bot.store.due import Rows
from bot.store.rows import Row

_FIGURES = "figures of themes"
Owners = Sequence[str] | None
"""Whose groups are looked at; None: everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The open groups of one theme together; ``room`` does not know of places held."""

    groups: int = 0
    capacity: int = 0
    members: int = 0
    room: int = 0
    full: int = 0
    codes: int = 0  # groups with a QR code of their own


class GroupLists:
    def __init__(self, groups: Rows) -> None:
        self._rows = groups

    async def prepare(self) -> None:
        added = ("open", "owner", "theme", "cap", "members", "join_way.config_id")
        by_name = ("open", "theme", "name", "_id")
        by_owner = ("open", "theme", "owner", "name", "_id")
        await self._rows.create_indexes(
            [
                IndexModel([(field, ASCENDING) for field in fields], name=name)
                for name, fields in (
                    (_FIGURES, added),
                    ("of a theme by name", by_name),
                    ("of a theme and owner by name", by_owner),
                )
            ]
        )

    async def totals(self, owners: Owners) -> Mapping[str, Totals]:
        """By theme, "" for groups of none; themes without an open group are missing."""
        free = {"$subtract": ["$cap", "$members"]}
        group: Row = {
            "_id": "$theme",
            "groups": {"$sum": 1},
            "capacity": {"$sum": "$cap"},
            "members": {"$sum": "$members"},
            "room": {"$sum": {"$max": [0, free]}},
            "full": {"$sum": {"$cond": [{"$lte": [free, 0]}, 1, 0]}},
            "codes": {"$sum": {"$cond": [{"$gt": ["$join_way.config_id", ""]}, 1, 0]}},
        }
        found = await self._rows.aggregate(
            [{"$match": _open(owners)}, {"$group": group}], hint=_FIGURES
        )
        return {row.pop("_id") or "": Totals(**row) async for row in found}

    async def of_theme(self, theme: str, owners: Owners, after: str, limit: int) -> list[str]:
        """The next ``limit`` open groups by name behind the group ``after``; their ids."""
        where = question(theme, owners, await self._named(after))
        found = self._rows.find(where, {"_id": 1, "name": 1}).sort(
            [("name", ASCENDING), ("_id", ASCENDING)]
        )
        return [row["_id"] async for row in found.limit(limit)]

    async def _named(self, after: str) -> tuple[str, str] | None:
        """Where the last page ended: name and id; None at the beginning."""
        row = await self._rows.find_one({"_id": after}, {"name": 1}) if after else None
        return (row.get("name", ""), row["_id"]) if row else None


def question(theme: str, owners: Owners, after: tuple[str, str] | None) -> Row:
    """Answered by an index in the order of names; of equal names what was shown is left out."""
    where: Row = {"open": True, "theme": theme}
    if owners is not None:
        where["owner"] = {"$in": sorted(owners)}
    if after:
        where["name"] = {"$gte": after[0]}
        where["$nor"] = [{"name": after[0], "_id": {"$lte": after[1]}}]
    return where


def _open(owners: Owners) -> Row:
    return {"open": True} | ({} if owners is None else {"owner": {"$in": sorted(owners)}})
