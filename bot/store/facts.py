"""What happened: first the fact is written, then whoever waits for it is made due."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from bot.model import Fact
from bot.store.due import Rows
from bot.store.fresh import insert_new
from bot.store.rows import from_row, to_row

KEPT = timedelta(days=400)


class Facts:
    def __init__(self, rows: Rows, journeys: Rows, tasks: Rows) -> None:
        self._rows = rows
        self._waiting = (journeys, tasks)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                IndexModel([("keys", ASCENDING), ("at", ASCENDING)], name="keys"),
                IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=KEPT.days * 86400),
            ]
        )

    async def record(self, facts: Sequence[Fact], now: datetime) -> None:
        """Write ``facts`` (one already there is left alone) and wake who holds their keys.

        Waking is repeated for facts already there: the writer before us may have died in between.
        """
        if not facts:
            return
        await insert_new(self._rows, [to_row(fact) for fact in facts])
        keys = sorted({key for fact in facts for key in fact.keys})
        for rows in self._waiting:
            wake = {"$min": {"due_at": now}, "$set": {"woken": True}}
            await rows.update_many({"keys": {"$in": keys}}, wake)

    async def about(self, keys: Iterable[str], since: datetime) -> list[Fact]:
        """Facts with any of ``keys``, not earlier than ``since``, oldest first."""
        wanted = sorted(set(keys))
        if not wanted:
            return []
        found = self._rows.find({"keys": {"$in": wanted}, "at": {"$gte": since}})
        return [from_row(Fact, row) async for row in found.sort("at", ASCENDING)]
