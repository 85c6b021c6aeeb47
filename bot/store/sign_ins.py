"""Signing in under way, and the local admins who can sign in without WeCom."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from bot.model import Record
from bot.store.rows import Row, from_row, to_row

STATE_LIVES = timedelta(minutes=10)
TRIES = 5
LOCKED_FOR = timedelta(minutes=15)


class SignIns:
    """One-time ``state`` values: each belongs to one browser and comes back once."""

    def __init__(self, rows: AsyncCollection[Row]) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        lives = int(STATE_LIVES.total_seconds())
        ttl = IndexModel([("at", ASCENDING)], name="ttl", expireAfterSeconds=lives)
        await self._rows.create_indexes([ttl])

    async def begin(self, next_path: str, now: datetime) -> tuple[str, str]:
        """The state for WeCom and the secret for the browser's cookie."""
        state, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        row = {"_id": _hash(state), "browser": _hash(secret), "next": next_path, "at": now}
        await self._rows.insert_one(row)
        return state, secret

    async def take(self, state: str, secret: str, now: datetime) -> str | None:
        """Where to go next; None when it is over, used already, or another browser's."""
        mine = {"_id": _hash(state), "browser": _hash(secret), "at": {"$gt": now - STATE_LIVES}}
        row = await self._rows.find_one_and_delete(mine)
        return str(row["next"]) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin(Record):
    """Somebody who can sign in while WeCom cannot be reached; ``id`` is their name."""

    password_hash: str  # argon2id
    made_at: datetime
    failures: int = 0
    locked_until: datetime | None = None


class Admins:
    def __init__(self, rows: AsyncCollection[Row]) -> None:
        self._rows = rows

    async def get(self, name: str) -> Admin | None:
        row = await self._rows.find_one({"_id": name})
        return from_row(Admin, row) if row else None

    async def keep(self, admin: Admin) -> None:
        """Made, or given another password; a lock is lifted."""
        await self._rows.replace_one({"_id": admin.id}, to_row(admin), upsert=True)

    async def failed(self, name: str, now: datetime) -> None:
        """A wrong password; the fifth in a row locks the name for 15 minutes."""
        row = await self._rows.find_one_and_update(
            {"_id": name}, {"$inc": {"failures": 1}}, return_document=True
        )
        if row and row["failures"] >= TRIES:
            locked = {"failures": 0, "locked_until": now + LOCKED_FOR}
            await self._rows.update_one({"_id": name}, {"$set": locked})

    async def passed(self, name: str) -> None:
        done = {"$set": {"failures": 0}, "$unset": {"locked_until": ""}}
        await self._rows.update_one({"_id": name}, done)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
