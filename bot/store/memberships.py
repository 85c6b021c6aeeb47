"""Which customers sit in which groups: all at once for reports, of a few for pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, IndexModel

from bot.store.due import Rows

SITS = "sits"
"""The customers of a group's roster once more, as a list: what an index can find."""
_CUSTOMER = 2  # WeCom's type of a member


@dataclass(frozen=True, slots=True)
class Place:
    chat: str
    theme: str  # "" of none
    name: str = ""


def sitting(roster: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The customers among the members."""
    return sorted(one for one, who in roster.items() if who["type"] == _CUSTOMER)


class Memberships:
    def __init__(self, groups: Rows) -> None:
        self._groups = groups

    async def prepare(self) -> None:
        await self._groups.create_indexes([IndexModel([(SITS, ASCENDING)], name=SITS)])

    async def of(self, customers: Iterable[str]) -> Mapping[str, Sequence[Place]]:
        """The open groups these customers sit in, by id of the group.

        A group not read again since this list is kept is missing; every night all are read.
        """
        wanted = sorted(set(customers))
        here = {"$setIntersection": [f"${SITS}", wanted]}
        found = await self._groups.aggregate(
            [
                {"$match": {SITS: {"$in": wanted}, "open": True}},
                {"$project": {"theme": 1, "name": 1, "who": here}},
                {"$sort": {"_id": 1}},
            ]
        )
        places: dict[str, list[Place]] = {}
        async for row in found:
            for who in row["who"]:
                place = Place(row["_id"], row.get("theme", ""), row.get("name", ""))
                places.setdefault(who, []).append(place)
        return places

    async def all(self) -> Mapping[str, Sequence[Place]]:
        """Customer → the open groups they sit in, by id of the group."""
        found = await self._groups.aggregate(
            [
                {"$match": {"open": True}},
                {"$sort": {"_id": 1}},
                {"$project": {"theme": 1, "who": {"$objectToArray": "$roster"}}},
                {"$unwind": "$who"},
                {"$match": {"who.v.type": _CUSTOMER}},
                {"$group": {"_id": "$who.k", "in": {"$push": {"chat": "$_id", "theme": "$theme"}}}},
                {"$sort": {"_id": 1}},
            ],
            allowDiskUse=True,
        )
        return {
            row["_id"]: [Place(one["chat"], one.get("theme", "")) for one in row["in"]]
            async for row in found
        }
