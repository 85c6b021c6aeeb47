"""What became of pushes that were planned in a time: counted for reports."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pymongo.asynchronous.database import AsyncDatabase

from bot.store.due import Rows
from bot.store.rows import Row

Fate = Literal["waiting", "delivered", "failed", "expired", "suppressed", "cancelled"]
_WAITING = ["ready", "gathered", "created"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """So many pushes of one kind that met the same fate for the same reason."""

    about: Mapping[str, str]
    """What they have in common: sop, step, staff, shop, material …"""
    fate: Fate
    reason: str
    created: bool  # WeCom had it, however it ended
    confirmed: bool  # staff pressed the button, whatever became of it
    of_groups: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One customer who got one version of a material, and from whom."""

    material: str
    subject: str
    staff: str
    at: datetime


class Pushes:
    def __init__(self, db: AsyncDatabase[Row]) -> None:
        self._deliveries: Rows = db["deliveries"]
        self._outbox: Rows = db["outbox"]
        self._posts: Rows = db["posts"]
        self._facts: Rows = db["facts"]

    async def piles(
        self, since: datetime, until: datetime, by: Sequence[str], *, sop: str = ""
    ) -> list[Pile]:
        """Pushes planned from ``since`` until before ``until``, by any of sop, step, staff, shop.

        The shop is that of the customer or group as it is now.
        """
        match: Row = {"planned_at": {"$gte": since, "$lt": until}}
        if sop:
            match["sop"] = sop
        stages = [{"$match": match}, *(_SHOP if "shop" in by else [])]
        return await self._grouped(stages, {name: f"${name}" for name in by})

    async def of_materials(
        self, since: datetime, until: datetime, material: str = ""
    ) -> list[Pile]:
        """The same by the versions of the materials they were made from."""
        return await self._grouped(
            _materials(since, until, material), {"material": "$message.materials"}
        )

    async def reached(self, since: datetime, until: datetime, material: str = "") -> list[Reached]:
        """Every customer to whom a version of a material was delivered."""
        stages = _materials(since, until, material)
        stages.append({"$match": {"state": "delivered", "subject_type": "contact"}})
        shown = {"subject": 1, "staff": 1, "delivered_at": 1, "material": "$message.materials"}
        found = await self._deliveries.aggregate([*stages, {"$project": shown}])
        return [
            Reached(
                material=row["material"],
                subject=row["subject"],
                staff=row["staff"],
                at=row["delivered_at"],
            )
            async for row in found
        ]

    async def welcomes(self, since: datetime, until: datetime) -> dict[str, int]:
        """Version of a material → welcomes really sent with it."""
        match = {"kind": "welcome", "state": "sent", "attempt_at": {"$gte": since, "$lt": until}}
        return await self._used(self._outbox, match, "$body.message.materials")

    async def moments(self, since: datetime, until: datetime) -> dict[str, int]:
        """Version of a material → moments staff published with it."""
        match = {"state": "published", "planned_at": {"$gte": since, "$lt": until}}
        return await self._used(self._posts, match, "$message.materials")

    async def times(
        self, kinds: Iterable[str], since: datetime, until: datetime
    ) -> dict[str, list[datetime]]:
        """Key of a fact of these kinds (order:wmA …) → when it happened, in this time."""
        starts = [re.compile(f"^{re.escape(kind)}:") for kind in sorted(kinds)]
        match = {"keys": {"$in": starts}, "at": {"$gte": since, "$lt": until}}
        found: dict[str, list[datetime]] = {}
        async for row in self._facts.find(match, {"keys": 1, "at": 1}):
            for key in row["keys"]:
                found.setdefault(key, []).append(row["at"])
        return found

    async def left(self, since: datetime, until: datetime) -> dict[tuple[str, str], datetime]:
        """(customer, member of staff) → when the customer deleted them, in this time."""
        match = {
            "keys": {"$regex": "^删除好友:"},
            "at": {"$gte": since, "$lt": until},
            "data.how": "by_customer",
        }
        found = self._facts.find(match, {"subject": 1, "data": 1, "at": 1})
        return {(row["subject"], row["data"]["staff"]): row["at"] async for row in found}

    async def _grouped(self, stages: Sequence[Row], by: Mapping[str, str]) -> list[Pile]:
        group: Row = {"_id": {"by": dict(by), **_FATE}, "n": {"$sum": 1}}
        found = await self._deliveries.aggregate([*stages, {"$group": group}])
        return [_pile(row) async for row in found]

    async def _used(self, rows: Rows, match: Row, where: str) -> dict[str, int]:
        group = {"_id": where, "n": {"$sum": 1}}
        found = await rows.aggregate([{"$match": match}, {"$unwind": where}, {"$group": group}])
        return {row["_id"]: row["n"] async for row in found}


_FATE: Row = {
    "fate": {"$cond": [{"$in": ["$state", _WAITING]}, "waiting", "$state"]},
    "reason": {"$cond": [{"$in": ["$state", _WAITING]}, "", {"$ifNull": ["$reason", ""]}]},
    "created": {"$gt": ["$created_at", None]},
    "confirmed": {"$gt": ["$confirmed_at", None]},
    "of_groups": {"$eq": ["$subject_type", "group"]},
}
_SHOP: list[Row] = [
    *(
        {
            "$lookup": {
                "from": collection,
                "localField": "subject",
                "foreignField": "_id",
                "pipeline": [{"$project": {"shop": 1}}],
                "as": collection,
            }
        }
        for collection in ("contacts", "groups")
    ),
    {"$set": {"shop": {"$first": {"$concatArrays": ["$contacts.shop", "$groups.shop"]}}}},
]


def _materials(since: datetime, until: datetime, material: str) -> list[Row]:
    """Each push once for every version it was made from."""
    match: Row = {"planned_at": {"$gte": since, "$lt": until}}
    unwound: list[Row] = [{"$match": match}, {"$unwind": "$message.materials"}]
    if material:
        wanted = {"$eq": [{"$first": {"$split": ["$message.materials", "#"]}}, material]}
        unwound.append({"$match": {"$expr": wanted}})
    return unwound


def _pile(row: Mapping[str, Any]) -> Pile:
    about = row["_id"]
    return Pile(
        about={name: value or "" for name, value in about.get("by", {}).items()},
        fate=about["fate"],
        reason=about["reason"],
        created=about["created"],
        confirmed=about["confirmed"],
        of_groups=about["of_groups"],
        count=row["n"],
    )
