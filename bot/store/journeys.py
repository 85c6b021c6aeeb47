"""Journeys: where each subject stands in each SOP, moved only by compare-and-swap."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne
from pymongo.errors import DuplicateKeyError

from bot.model import Journey
from bot.store.due import Due, Rows
from bot.store.rows import Row, by_sop, from_row, to_row


class Journeys:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel(
                    [("sop", ASCENDING), ("subject", ASCENDING), ("thread", ASCENDING)],
                    name="one at a time",
                    unique=True,
                    partialFilterExpression={"state": "active"},
                ),
                IndexModel([("keys", ASCENDING)], name="keys", sparse=True),
                IndexModel([("stuck", ASCENDING)], name="stuck", sparse=True),
                IndexModel([("subject", ASCENDING), ("entered_at", ASCENDING)], name="subject"),
                by_sop("entered_at"),
            ]
        )

    async def begin(self, journey: Journey) -> bool:
        """Record a new journey; False when it, or another of the same SOP, is under way."""
        try:
            await self._rows.insert_one(to_row(journey))
        except DuplicateKeyError:
            return False
        return True

    async def entries(self, names: Sequence[str], subject: str) -> list[Journey]:
        """Every journey of a subject through the SOP of these names, oldest first."""
        theirs = {"sop": {"$in": list(names)}, "subject": subject}
        found = self._rows.find(theirs).sort("entered_at", ASCENDING)
        return [from_row(Journey, row) async for row in found]

    async def any_due(self, sop: str, now: datetime) -> bool:
        """Whether a journey of this SOP is being walked, or should be."""
        due = {"due_at": {"$lte": now}, "sop": sop}
        return await self._rows.find_one(due, {"_id": 1}) is not None

    async def first_of(self, names: Sequence[str], subjects: Iterable[str]) -> set[str]:
        """Those of ``subjects`` that were once sent down the SOP of these names."""
        ids = {f"{name}:{subject}:1": subject for name in names for subject in subjects}
        found = self._rows.find({"_id": {"$in": sorted(ids)}}, {"_id": 1})
        return {ids[row["_id"]] async for row in found}

    async def inside(self, names: Sequence[str], subjects: Sequence[str]) -> set[str]:
        """Those of ``subjects`` who are under way in the SOP of these names."""
        theirs = {"sop": {"$in": list(names)}, "subject": {"$in": list(subjects)}}
        found = self._rows.find({**theirs, "state": "active"}, {"_id": 0, "subject": 1})
        return {row["subject"] async for row in found}

    async def of(self, subject: str) -> list[Journey]:
        """Every journey of a customer or group, oldest first."""
        found = self._rows.find({"subject": subject}).sort("entered_at", ASCENDING)
        return [from_row(Journey, row) async for row in found]

    async def newest_of(self, subject: str, limit: int) -> list[Journey]:
        """The last journeys of a customer or group, the newest first."""
        found = self._rows.find({"subject": subject}).sort("entered_at", DESCENDING).limit(limit)
        return [from_row(Journey, row) async for row in found]

    async def get(self, journey_id: str) -> Journey | None:
        row = await self._rows.find_one({"_id": journey_id})
        return from_row(Journey, row) if row else None

    async def many(self, ids: Iterable[str]) -> list[Journey]:
        """Those of ``ids`` that exist."""
        found = self._rows.find({"_id": {"$in": sorted(set(ids))}})
        return [from_row(Journey, row) async for row in found]

    async def count_active(self, most: int) -> int:
        """How many are under way; no more than ``most`` are counted."""
        under_way = {"state": "active", "sop": {"$gt": ""}}  # so that the index can answer
        return await self._rows.count_documents(under_way, limit=most)

    async def count_stuck(self) -> int:
        """Set aside because they could not go on."""
        return await self._rows.count_documents({"stuck": True})

    async def active(self, ids: Iterable[str]) -> set[str]:
        """Those of ``ids`` that are still under way."""
        wanted = {"_id": {"$in": sorted(set(ids))}, "state": "active"}
        return {row["_id"] async for row in self._rows.find(wanted, {"_id": 1})}

    async def standing_before(self, subjects: Iterable[str], until: datetime) -> list[Journey]:
        """Journeys of ``subjects`` whose next step, or wait, is over before ``until``."""
        coming = {
            "subject": {"$in": sorted(set(subjects))},
            "state": "active",
            "phase": {"$in": ["before", "waiting"]},
            "due_at": {"$lt": until},
        }
        return [from_row(Journey, row) async for row in self._rows.find(coming)]

    async def exited(self, ids: Iterable[str]) -> set[str]:
        """Those of ``ids`` that ended by a 退出 rule or with their SOP, not by reaching the end.

        What a journey that reached its end has sent off before is still wanted.
        """
        wanted = {"_id": {"$in": sorted(set(ids))}, "state": "done"}
        left = {**wanted, "exit_reason": {"$regex": "^(退出|SOP已停用|SOP已删除)"}}
        return {row["_id"] async for row in self._rows.find(left, {"_id": 1})}

    async def under_way(self, sop: str, after: tuple[str, str], limit: int) -> list[Journey]:
        """Active journeys of one SOP behind the place (subject, thread), in that order."""
        subject, thread = after
        behind: Row = {
            "$or": [
                {"subject": {"$gt": subject}},
                {"subject": subject, "thread": {"$gt": thread}},
            ]
        }
        found = self._rows.find({"sop": sop, "state": "active", **behind})
        order = [("subject", ASCENDING), ("thread", ASCENDING)]
        return [from_row(Journey, row) async for row in found.sort(order).limit(limit)]

    async def look_no_later(
        self, looks: Sequence[tuple[Journey, datetime | None, Sequence[str]]], rev: int
    ) -> list[str]:
        """Make journeys due, each at its moment unless it is due before (None: when it was).

        With the keys they are to be woken by from now on. From here on nobody may decide about
        them who knows only a head before ``rev``; who has one in hand looks at it again. The ids
        of those that moved since they were read: they are left alone.
        """
        writes = []
        for journey, at, keys in looks:
            change: Row = {"$set": {"woken": True}, "$max": {"looked_rev": rev}}
            if at is not None:
                change["$min"] = {"due_at": at}
            if keys:
                change["$addToSet"] = {"keys": {"$each": list(keys)}}
            mine = {"_id": journey.id, "rev_no": journey.rev_no, "state": "active"}
            writes.append(UpdateOne(mine, change))
        if not writes:
            return []
        await self._rows.bulk_write(writes, ordered=False)
        ids = [journey.id for journey, _, _ in looks]
        missed = {"_id": {"$in": ids}, "state": "active", "looked_rev": {"$not": {"$gte": rev}}}
        return [row["_id"] async for row in self._rows.find(missed, {"_id": 1})]

    async def claim(self, now: datetime, limit: int) -> tuple[str, list[Journey]]:
        """Lease a batch of due journeys; the token and the journeys."""
        owner, rows = await self.due.claim(now, limit)
        return owner, [from_row(Journey, row) for row in rows]

    async def move(
        self,
        owner: str,
        moves: Sequence[tuple[Journey, Mapping[str, Any], bool]],
        now: datetime,
    ) -> dict[str, Journey]:
        """Compare-and-swap each journey to its change; the journeys as they now stand.

        A move is (journey as read, fields to set with None to unset, let the lease go). A journey
        somebody else owns or moved is missing from the answer: its caller must stop at once.
        """
        if not moves:
            return {}
        await self._rows.bulk_write([_swap(owner, now, *move) for move in moves], ordered=False)
        return await self._moved(owner, {j.id: j.rev_no + 1 for j, _, _ in moves})

    async def set_aside(self, owner: str, ids: Sequence[str], until: datetime) -> None:
        """These cannot go on for now; they show as stuck until they move."""
        await self._rows.update_many(
            {"_id": {"$in": list(ids)}, "lease.owner": owner},
            {"$set": {"stuck": True, "claims": 0, "due_at": until}, "$unset": {"lease": ""}},
        )

    async def _moved(self, owner: str, revs: Mapping[str, int]) -> dict[str, Journey]:
        """Bulk results do not say which filter matched, so read what we wrote."""
        found = self._rows.find({"_id": {"$in": list(revs)}, "mover": owner}, hint="_id_")
        rows = await found.to_list(None)
        return {
            row["_id"]: from_row(Journey, row) for row in rows if row["rev_no"] == revs[row["_id"]]
        }


def _swap(
    owner: str, now: datetime, journey: Journey, change: Mapping[str, Any], let_go: bool
) -> UpdateOne:
    mine = {"_id": journey.id, "rev_no": journey.rev_no, "lease.owner": owner}
    given = {name: value for name, value in change.items() if value is not None}
    given |= {"rev_no": journey.rev_no + 1, "mover": owner, "claims": 0}
    gone = ["stuck", *(name for name, value in change.items() if value is None)]
    if not let_go:
        return UpdateOne(mine, {"$set": given, "$unset": dict.fromkeys(gone, "")})
    return UpdateOne(mine, _parked(given, [*gone, "lease"], now))


def _parked(given: Row, gone: list[str], now: datetime) -> list[Row]:
    """A fact that came since the claim must not be slept over: it left ``woken`` behind."""
    stages: list[Row] = [{"$set": {name: {"$literal": value} for name, value in given.items()}}]
    if "due_at" in given:
        soon = {"$cond": [{"$eq": ["$woken", True]}, now, "$due_at"]}
        stages.append({"$set": {"due_at": {"$min": ["$due_at", soon]}}})
    stages.append({"$unset": gone})
    return stages
