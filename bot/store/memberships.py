"""Which customers sit in which groups, all at once: for reports, never on a fast path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.store.due import Rows

_CUSTOMER = 2  # WeCom's type of a member


@dataclass(frozen=True, slots=True)
class Place:
    chat: str
    theme: str  # "" of none


class Memberships:
    def __init__(self, groups: Rows) -> None:
        self._groups = groups

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
