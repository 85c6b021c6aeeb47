"""How often a customer, group or member of staff was reached: one document each, one ledger.

Room is looked for and taken by one update, so competing senders never exceed a limit.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError

from bot.model import CapWindow, Class, Full
from bot.playbook.caps import KEPT, full
from bot.store.due import Rows
from bot.store.rows import Row


class Caps:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [IndexModel([("shut_until", ASCENDING)], name="shut", sparse=True)]
        )

    async def shut_now(self, now: datetime, limit: int = 10_000) -> int:
        """How many subjects WeCom said receive no more for now; counted up to ``limit``."""
        return await self._rows.count_documents({"shut_until": {"$gt": now}}, limit=limit)

    async def reserve(
        self, subject: str, key: str, cls: Class, at: datetime, windows: Sequence[CapWindow]
    ) -> Full | None:
        """Take one place in every window that concerns ``cls``; None when it was free.

        A key that holds its place already keeps it. Nothing is taken when any window is full.
        """
        return (await self.weigh(subject, key, cls, at, windows))[0]

    async def weigh(
        self, subject: str, key: str, cls: Class, at: datetime, windows: Sequence[CapWindow]
    ) -> tuple[Full | None, list[Row]]:
        """As :meth:`reserve`, with the hits that stand in the ledger now."""
        concerned = [window for window in windows if window.cls in (None, cls)]
        hit = {"k": key, "cls": cls, "at": at}
        recent = {"$filter": {"input": _HITS, "as": "h", "cond": {"$gt": ["$$h.at", at - KEPT]}}}
        free: list[Any] = [
            {"$not": [{"$in": [{"$literal": key}, {"$ifNull": ["$hits.k", []]}]}]},
            {"$lte": [{"$ifNull": ["$shut_until", at]}, at]},
            *({"$lt": [_count(window), window.limit]} for window in concerned),
        ]
        added = {"$concatArrays": [recent, [{"$literal": hit}]]}
        row = await self._update(subject, {"hits": {"$cond": [{"$and": free}, added, _HITS]}})
        if any(known["k"] == key for known in row["hits"]):
            return None, row["hits"]
        found = full(row["hits"], row.get("shut_until"), at, concerned)
        if found is None:
            raise RuntimeError(f"{subject}: MongoDB found no room where there is some")
        return found, row["hits"]

    async def release(self, subject: str, key: str) -> None:
        """The place is free again: nothing was sent."""
        await self.release_all([(subject, key)])

    async def release_all(self, places: Iterable[tuple[str, str]]) -> None:
        """Free the places of several keys, each in its subject's ledger."""
        gone = [UpdateOne({"_id": s}, {"$pull": {"hits": {"k": key}}}) for s, key in places]
        if gone:
            await self._rows.bulk_write(gone, ordered=False)

    async def move(self, subject: str, key: str, at: datetime) -> None:
        """It was really received at ``at``; doing this twice does it once."""
        await self.move_all([(subject, key, at)])

    async def move_all(self, received: Iterable[tuple[str, str, datetime]]) -> None:
        """Put several keys to the moments at which they were really received."""
        moves = [
            UpdateOne({"_id": subject, "hits.k": key}, {"$set": {"hits.$.at": at}})
            for subject, key, at in received
        ]
        if moves:
            await self._rows.bulk_write(moves, ordered=False)

    async def received(self, subject: str, key: str, cls: Class, at: datetime) -> None:
        """It was received at ``at``, whatever the windows say; told twice, it counts once."""
        hit = {"k": key, "cls": cls, "at": at}
        new = {"_id": subject, "hits.k": {"$ne": key}}
        with suppress(DuplicateKeyError):  # the ledger is there, and so is the hit
            await self._rows.update_one(new, {"$push": {"hits": hit}}, upsert=True)
        await self.move(subject, key, at)

    async def shut(self, subject: str, until: datetime) -> None:
        """WeCom itself says that the subject receives no more."""
        await self._rows.update_one({"_id": subject}, {"$max": {"shut_until": until}}, upsert=True)

    async def _update(self, subject: str, change: Row) -> Row:
        """The document after the one update that looks and takes; made when it is not there."""
        while True:
            try:
                row = await self._rows.find_one_and_update(
                    {"_id": subject},
                    [{"$set": change}],
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:  # somebody else has just made it
                continue
            if row is not None:
                return row

    async def hits(self, subject: str) -> list[Row]:
        row = await self._rows.find_one({"_id": subject})
        return list(row.get("hits", ())) if row else []


_HITS = {"$ifNull": ["$hits", []]}


def _count(window: CapWindow) -> Row:
    """How many hits lie in the window. Later ones count too: another clock may be ahead."""
    inside: list[Any] = [{"$gte": ["$$h.at", window.since]}]
    if window.cls:
        inside.append({"$eq": ["$$h.cls", window.cls]})
    return {"$size": {"$filter": {"input": _HITS, "as": "h", "cond": {"$and": inside}}}}
