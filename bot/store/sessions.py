"""Who is signed in to the console: sessions kept here can be ended at any moment."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from bot.model import Record
from bot.store.rows import Row, from_row, to_row

IDLE = timedelta(minutes=30)
LASTS = timedelta(hours=12)  # however busy
_NOTED_EVERY = timedelta(minutes=1)  # not every click is worth a write

Kind = Literal["wecom", "local"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Record):
    """One browser of one person; times are machine time. ``id`` is the hash of what it holds."""

    user: str  # WeCom's userid, or the name of a local admin
    kind: Kind
    began_at: datetime
    seen_at: datetime


class Sessions:
    """What the browser holds is never stored: whoever reads the database cannot sign in with it."""

    def __init__(self, rows: AsyncCollection[Row]) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        forgotten = IndexModel(
            [("began_at", ASCENDING)], name="ttl", expireAfterSeconds=int(LASTS.total_seconds())
        )
        await self._rows.create_indexes([forgotten, IndexModel([("user", ASCENDING)], name="user")])

    async def begin(self, user: str, kind: Kind, now: datetime) -> str:
        """A new session; what the browser is to hold."""
        token = secrets.token_urlsafe(32)
        session = Session(id=_hash(token), user=user, kind=kind, began_at=now, seen_at=now)
        await self._rows.insert_one(to_row(session))
        return token

    async def find(self, token: str, now: datetime) -> Session | None:
        """Whose browser this is; None when it was signed out, idle for 30 minutes or 12 h old."""
        alive = {"seen_at": {"$gt": now - IDLE}, "began_at": {"$gt": now - LASTS}}
        row = await self._rows.find_one({"_id": _hash(token), **alive})
        if row is None:
            return None
        if row["seen_at"] < now - _NOTED_EVERY:
            await self._rows.update_one({"_id": row["_id"]}, {"$max": {"seen_at": now}})
        return from_row(Session, row)

    async def end(self, token: str) -> None:
        await self._rows.delete_one({"_id": _hash(token)})

    async def end_of(self, user: str) -> int:
        """Sign somebody out everywhere; how many browsers that were."""
        return (await self._rows.delete_many({"user": user})).deleted_count


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
