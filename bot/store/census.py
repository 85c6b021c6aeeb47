"""Counting who stands where, for plans: MongoDB counts, nobody is read one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pymongo.asynchronous.database import AsyncDatabase

from bot.store.rows import Row

Bin = Literal["minute", "hour", "day"]
_OPEN = ["ready", "gathered", "created"]
_MADE_HERE = {"seat": ""}  # an invitation is not a step's own content


@dataclass(frozen=True, slots=True)
class Place:
    """Where journeys stand: before a step, inside it or waiting in it."""

    step: str
    phase: str
    pinned: bool  # 按旧版走完


@dataclass(frozen=True, slots=True)
class Standing:
    """So many journeys that entered, and came to their step, at about these moments."""

    entered_at: datetime
    step_at: datetime
    count: int


class Census:
    def __init__(self, db: AsyncDatabase[Row]) -> None:
        self._db = db

    async def standing(self, sops: Sequence[str]) -> dict[Place, int]:
        """How many journeys of the SOP of these names are under way at each place."""
        where = {"step": "$step", "phase": "$phase", "pinned": "$pinned"}
        rows = await self._group("journeys", _under_way(sops), where)
        return {
            Place(r["_id"]["step"], r["_id"]["phase"], bool(r["_id"].get("pinned"))): r["n"]
            for r in rows
        }

    async def arrivals(
        self,
        sops: Sequence[str],
        step: str,
        *,
        by: Literal["entered_at", "step_at"],
        bin: Bin,
        zone: str,
    ) -> list[Standing]:
        """Those who stand before ``step``, by when they entered or came to it.

        Days begin at midnight in ``zone``; the other moment is the earliest of the bin.
        """
        other = "step_at" if by == "entered_at" else "entered_at"
        group: Row = {
            "_id": {"$dateTrunc": {"date": f"${by}", "unit": bin, "timezone": zone}},
            by: {"$min": f"${by}"},
            other: {"$min": f"${other}"},
            "n": {"$sum": 1},
        }
        before = {**_under_way(sops), "step": step, "phase": "before", "pinned": {"$ne": True}}
        found = await self._db["journeys"].aggregate([{"$match": before}, {"$group": group}])
        rows = sorted(await found.to_list(None), key=lambda row: row["_id"])
        return [Standing(row["entered_at"], row["step_at"], row["n"]) for row in rows]

    async def unsent(self, sops: Sequence[str], steps: Sequence[str]) -> int:
        """Pushes of these steps that are made and wait for their member of staff."""
        return await self._db["deliveries"].count_documents(
            {
                "state": {"$in": _OPEN},
                "sop": {"$in": list(sops)},
                "step": {"$in": list(steps)},
                **_MADE_HERE,
            }
        )

    async def open_tasks(self, sops: Sequence[str], steps: Sequence[str] | None = None) -> int:
        """Tasks not done yet; of every step without ``steps``."""
        where: Row = {"open": True, "sop": {"$in": list(sops)}}
        return await self._db["tasks"].count_documents(
            where if steps is None else where | {"step": {"$in": list(steps)}}
        )

    async def entered(self, sops: Sequence[str], since: datetime | None) -> int:
        """Journeys of these SOPs that keep their subject out: under way, or over after ``since``.

        Without ``since`` every journey does.
        """
        where: Row = {"sop": {"$in": list(sops)}}
        if since is not None:
            where["$or"] = [{"state": "active"}, {"step_at": {"$gt": since}}]
        return await self._db["journeys"].count_documents(where)

    async def customers(self) -> int:
        """Everybody we know, by MongoDB's own count."""
        return await self._db["contacts"].estimated_document_count()

    async def newcomers(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Member of staff → customers who became their friends in [since, until)."""
        window = {"$gte": since, "$lt": until}
        pipeline: list[Row] = [
            {"$match": {"friends_since": window}},
            {"$unwind": "$relations"},
            {"$match": {"relations.since": window, "relations.lost": ""}},
            {"$group": {"_id": "$relations.staff", "n": {"$sum": 1}}},
        ]
        found = await self._db["contacts"].aggregate(pipeline)
        return {row["_id"]: row["n"] async for row in found}

    async def last_posted(self, kind: str) -> datetime | None:
        """When an event of this kind last happened to anybody, as far as we were told."""
        newest = f"happened.{kind}.0"  # times are kept newest first
        row = await self._db["contacts"].find_one(
            {newest: {"$exists": True}}, {"happened": 1}, sort=[(newest, -1)]
        )
        return row["happened"][kind][0] if row else None

    async def media(self, shas: Sequence[str], until: datetime) -> dict[str, datetime]:
        """Those of these pictures whose copy at WeCom expires by then, and when."""
        found = self._db["media"].find({"_id": {"$in": list(shas)}, "expires_at": {"$lte": until}})
        return {row["_id"]: row["expires_at"] async for row in found}

    async def _group(self, collection: str, where: Row, by: Any) -> list[Row]:
        group: Row = {"_id": by, "n": {"$sum": 1}}
        found = await self._db[collection].aggregate([{"$match": where}, {"$group": group}])
        return await found.to_list(None)


def _under_way(sops: Sequence[str]) -> Row:
    return {"state": "active", "sop": {"$in": list(sops)}}
