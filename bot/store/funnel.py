"""Who became a friend in a time, and how far each has come since: counted for reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.store.due import Rows
from bot.store.rows import Row

_HALF_ADDED = timedelta(days=1)  # welcomed so long before the member of staff said yes


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One friendship of one customer and one member of staff, made in the time asked about."""

    contact: str
    staff: str
    channel: str  # "": none that WeCom knows of
    shop: str
    tags: tuple[str, ...]
    welcomed: bool
    joined: bool
    replied: bool
    ordered: bool
    deleted: bool


class Funnel:
    def __init__(self, contacts: Rows, outbox: Rows) -> None:
        self._contacts = contacts
        self._outbox = outbox

    async def arrivals(self, since: datetime, until: datetime) -> list[Arrival]:
        """Friendships made from ``since`` until before ``until``, whatever became of them."""
        then: Row = {"since": {"$gte": since, "$lt": until}}
        welcomes = await self._welcomes(since - _HALF_ADDED)
        found = await self._contacts.aggregate(
            [
                {"$match": {"relations": {"$elemMatch": then}}},
                {"$project": {"relations": 1, "shop": 1, "tags": 1, "happened": 1}},
                {"$unwind": "$relations"},
                {"$match": {"relations.since": then["since"]}},
            ]
        )
        return [_arrival(row, welcomes) async for row in found]

    async def _welcomes(self, since: datetime) -> dict[tuple[str, str], list[datetime]]:
        """(customer, staff) → when welcomes were really sent."""
        match = {"kind": "welcome", "state": "sent", "attempt_at": {"$gte": since}}
        about = {"contact": "$subject", "staff": "$body.userid"}
        group = {"_id": about, "at": {"$push": "$attempt_at"}}
        found = await self._outbox.aggregate([{"$match": match}, {"$group": group}])
        return {(r["_id"]["contact"], r["_id"].get("staff", "")): r["at"] async for r in found}


def _arrival(
    row: Mapping[str, Any], welcomes: Mapping[tuple[str, str], Sequence[datetime]]
) -> Arrival:
    friend, happened = row["relations"], row.get("happened", {})
    since = friend["since"]
    said = [
        *welcomes.get((row["_id"], friend["staff"]), ()),
        *welcomes.get((row["_id"], ""), ()),  # older versions did not keep whose it was
    ]

    def did(kind: str) -> bool:
        return any(at >= since for at in happened.get(kind, ()))

    return Arrival(
        contact=row["_id"],
        staff=friend["staff"],
        channel=friend.get("state", ""),
        shop=row.get("shop", ""),
        tags=tuple(row.get("tags", ())),
        welcomed=any(at >= since - _HALF_ADDED for at in said),
        joined=did("join"),
        replied=did("reply"),
        ordered=did("order"),
        deleted=friend.get("lost", "") in ("by_staff", "by_customer"),
    )
