"""Pictures of QR codes that WeCom drew, so that our pages can show them as their own.

One document per address; a picture is read anew after ``KEPT``, a failure after ``PATIENCE``.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import Binary
from pymongo import ASCENDING, IndexModel

from bot.store.due import Rows
from bot.store.rows import Row

KEPT = timedelta(days=30)
GONE = 2 * KEPT
PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """``content`` None: it could not be had when it was last asked for."""

    content: bytes | None


class QrPictures:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        """Whoever deletes a code leaves its picture behind: it goes by itself."""
        seconds = int(GONE.total_seconds())
        gone = IndexModel([("at", ASCENDING)], name="ttl", expireAfterSeconds=seconds)
        await self._rows.create_indexes([gone])

    async def get(self, address: str, now: datetime) -> Kept | None:
        """What is known of the picture; None when it is to be read (again)."""
        row = await self._rows.find_one({"_id": _id(address)})
        if row is None:
            return None
        content = bytes(row["content"]) if row.get("content") else None
        is_fresh = content is not None and now < row["at"] + KEPT
        failed_at = row.get("failed_at")
        has_just_failed = failed_at is not None and now < failed_at + PATIENCE
        return Kept(content) if is_fresh or has_just_failed else None

    async def keep(self, address: str, content: bytes, now: datetime) -> None:
        kept: Row = {"address": address, "content": Binary(content), "at": now}
        await self._rows.replace_one({"_id": _id(address)}, kept, upsert=True)

    async def failed(self, address: str, now: datetime) -> None:
        """It could not be had; one that was read before is shown instead, until it can be."""
        failed: Row = {"$set": {"address": address, "failed_at": now}, "$setOnInsert": {"at": now}}
        await self._rows.update_one({"_id": _id(address)}, failed, upsert=True)


def _id(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()
