"""Links of member pages: the keys they are signed with, and the browser each belongs to.

A key is drawn once a month and forgotten when no link signed with it can be good any more.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bson import Binary
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from bot.store.due import Rows
from bot.store.rows import Row

_KEPT = timedelta(days=62)  # behind the beginning of its month


@dataclass(frozen=True, slots=True)
class Opened:
    """``ours`` False: another browser opened it first. ``times`` within this minute."""

    ours: bool
    times: int


class MemberLinks:
    def __init__(self, keys: Rows, opened: Rows) -> None:
        self._keys = keys
        self._opened = opened
        self._known: dict[str, bytes] = {}  # a key never changes

    async def prepare(self) -> None:
        ttl = IndexModel([("gone_at", ASCENDING)], name="ttl", expireAfterSeconds=0)
        await self._keys.create_indexes([ttl])
        await self._opened.create_indexes([ttl])

    async def keys(self, months: Iterable[str]) -> Mapping[str, bytes]:
        """The keys of these months, drawn by whoever needs one first."""
        return {month: await self._key(month) for month in months}

    async def key(self, month: str) -> bytes | None:
        """None: nothing was ever signed with it, or it is long forgotten."""
        if month not in self._known:
            row = await self._keys.find_one({"_id": month})
            if row is None:
                return None
            self._known[month] = bytes(row["key"])
        return self._known[month]

    async def _key(self, month: str) -> bytes:
        known = await self.key(month)
        if known is None:
            try:
                gone_at = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC) + _KEPT
                drawn = Binary(secrets.token_bytes(32))
                await self._keys.insert_one({"_id": month, "key": drawn, "gone_at": gone_at})
            except DuplicateKeyError:  # somebody else needed it in the same moment
                pass
            known = await self.key(month)
        if known is None:
            raise RuntimeError(f"the key of {month} was not kept")
        return known

    async def opened(self, token: str, browser: str, now: datetime, gone_at: datetime) -> Opened:
        """A browser asks for it: the first one keeps it, and only it is counted.

        Only hashes are stored.
        """
        minute, mine = int(now.timestamp()) // 60, _hash(browser)
        ours = {"$eq": [{"$ifNull": ["$browser", mine]}, mine]}
        same = {"$eq": ["$minute", minute]}
        times = {"$cond": [same, {"$add": ["$times", 1]}, 1]}
        change: Row = {
            "browser": {"$ifNull": ["$browser", mine]},
            "since": {"$ifNull": ["$since", now]},
            "times": {"$cond": [ours, times, "$times"]},
            "minute": {"$cond": [ours, minute, "$minute"]},
            "gone_at": gone_at,
        }
        while True:
            try:
                row = await self._opened.find_one_and_update(
                    {"_id": _hash(token)},
                    [{"$set": change}],
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:  # two browsers at once: the other one was first
                continue
            if row is not None:
                return Opened(row["browser"] == mine, row["times"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
