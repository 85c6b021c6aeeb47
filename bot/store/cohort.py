"""A part of everybody under way, by slot, with all that is open about them: for rehearsals."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pymongo.asynchronous.database import AsyncDatabase

from bot.model import Delivery, Journey, Record, Seat, Task
from bot.store.rows import SLOTS, Row, from_row
from bot.store.seats import LIVING, PROPOSED

R = TypeVar("R", bound=Record)
_BATCH = 1_000


class Cohort:
    """Slots are a hash of the subject, so the first k of them are as good as drawn by lot."""

    def __init__(self, db: AsyncDatabase[Row]) -> None:
        self._db = db

    async def size(self) -> int:
        """How many journeys are under way."""
        return await self._db["journeys"].count_documents({"state": "active", "sop": {"$gt": ""}})

    async def journeys(self, slots: int) -> list[Journey]:
        return await self._find(Journey, "journeys", {"state": "active", "sop": {"$gt": ""}}, slots)

    async def tasks(self, slots: int) -> list[Task]:
        return await self._find(Task, "tasks", {"open": True}, slots)

    async def deliveries(self, slots: int) -> list[Delivery]:
        """Those not given to anybody yet; the others have left our hands."""
        return await self._find(Delivery, "deliveries", {"state": "ready"}, slots)

    async def seats(self, slots: int) -> list[Seat]:
        return await self._find(Seat, "seats", {"state": {"$in": [*LIVING, PROPOSED]}}, slots)

    async def entries(self, sops: Sequence[str], subjects: Iterable[str]) -> list[Journey]:
        """Everything these subjects ever walked of the SOPs of these names."""
        found: list[Journey] = []
        for ids in _batches(subjects):
            rows = self._db["journeys"].find({"subject": {"$in": ids}, "sop": {"$in": list(sops)}})
            found += [from_row(Journey, row) async for row in rows]
        return found

    async def hits(self, ledgers: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """What was counted against the caps of these."""
        found = {}
        for ids in _batches(ledgers):
            async for row in self._db["caps"].find({"_id": {"$in": ids}}):
                found[row["_id"]] = list(row.get("hits", ()))
        return found

    async def _find(self, kind: type[R], collection: str, where: Row, slots: int) -> list[R]:
        part = where if slots >= SLOTS else where | {"slot": {"$lt": slots}}
        rows = self._db[collection].find(part, batch_size=_BATCH)
        return [from_row(kind, row) async for row in rows]


def _batches(ids: Iterable[str]) -> Iterable[list[str]]:
    listed = sorted(set(ids))
    return (listed[start : start + _BATCH] for start in range(0, len(listed), _BATCH))
