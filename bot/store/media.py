"""Files uploaded to WeCom: what it calls them, as long as it keeps them, and when to renew them.

One document per use, type and content; the document ``plan`` is due when somebody has to look
again at which files will be needed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pymongo import ASCENDING, IndexModel, UpdateOne

from bot.store.due import Due, Rows
from bot.store.rows import Row

Use = Literal["message", "moment", "cover"]
MediaType = Literal["image", "video", "file"]

_PLAN = "plan"
_ONLY: Row = {"_id": _PLAN}
_FILES: Row = {"sha": {"$exists": True}}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_IDLE = {"due_at": "", "lease": "", "claims": ""}


@dataclass(frozen=True, slots=True)
class File:
    """Some bytes of a release as WeCom is to have them.

    ``use``: media/upload for messages, media/upload_attachment for moments, media/uploadimg for
    the picture of a link. WeCom's ids are good for one use and one type only.
    """

    use: Use
    kind: MediaType
    sha: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.use}:{self.kind}:{self.sha}"


class Media:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [*Due.indexes(), IndexModel([("media_id", ASCENDING)], name="media_id")]
        )
        await self._rows.update_one(_ONLY, {"$setOnInsert": {"due_at": _LONG_AGO}}, upsert=True)

    async def get(self, key: str, now: datetime) -> str:
        """The media_id, or address, of this file; empty when it has to be uploaded (again)."""
        row = await self._rows.find_one({"_id": key}, {"media_id": 1, "expires_at": 1})
        if row is None or not row.get("media_id"):
            return ""
        expires_at = row.get("expires_at")
        return str(row["media_id"]) if expires_at is None or expires_at > now else ""

    async def put(self, file: File, media_id: str, expires_at: datetime | None) -> None:
        """WeCom has it, until ``expires_at`` (None: for ever)."""
        change: Row = {**_about(file), "media_id": media_id, "expires_at": expires_at}
        gone = {"error": ""}
        if expires_at is None:
            del change["expires_at"]
            gone["expires_at"] = ""
        update: Row = {"$set": change, "$unset": gone}
        await self._rows.update_one({"_id": file.key}, update, upsert=True)

    async def forget(self, media_ids: Iterable[str]) -> None:
        """WeCom no longer knows these."""
        gone = {"$unset": {"media_id": "", "expires_at": ""}}
        await self._rows.update_many({"media_id": {"$in": list(media_ids)}}, gone)

    # ---- what will be needed ---------------------------------------------------------------------

    async def ring(self, now: datetime) -> None:
        """What is live has changed: look again at which files it needs."""
        await self._rows.update_one(_ONLY, {"$min": {"due_at": now}}, upsert=True)

    async def claim_plan(self, now: datetime) -> str:
        """The token of whoever looks at what is needed; empty when it is not the time."""
        owner, rows = await self.due.claim(now, 1, _ONLY)
        return owner if rows else ""

    async def planned(self, owner: str, due_at: datetime | None, now: datetime) -> None:
        """The next look is at ``due_at`` (None: when it rings), or sooner if it rang meanwhile."""
        mine = {**_ONLY, "lease.owner": owner, "due_at": {"$lte": now}}
        later: Row = {"$unset": dict(_IDLE)}
        if due_at is not None:
            later = {"$set": {"due_at": due_at}, "$unset": {"lease": "", "claims": ""}}
        await self._rows.update_one(mine, later)

    async def want(self, files: Iterable[File], now: datetime, early: timedelta) -> None:
        """These, and no others, are kept ready: each is due ``early`` before it expires."""
        wanted = {file.key: file for file in files}
        known = {row["_id"]: row async for row in self._rows.find({"_id": {"$in": [*wanted]}})}
        writes = [
            UpdateOne(
                {"_id": key},
                {"$set": {**_about(file), "due_at": due}},
                upsert=True,
            )
            for key, file in wanted.items()
            if (due := _renewal(known.get(key), now, early))
        ]
        if writes:
            await self._rows.bulk_write(writes, ordered=False)
        others = {"_id": {"$nin": [_PLAN, *wanted]}, "due_at": {"$exists": True}}
        await self._rows.update_many(others, {"$unset": dict(_IDLE)})

    async def claim(self, now: datetime, limit: int) -> tuple[str, list[File]]:
        """Lease files that are to be uploaded (again); the token and the files."""
        owner, rows = await self.due.claim(now, limit, _FILES)
        return owner, [
            File(use=r["use"], kind=r["kind"], sha=r["sha"], name=r["name"]) for r in rows
        ]

    async def park(self, owner: str, key: str, due_at: datetime | None, *, error: str = "") -> None:
        """Look at it again at ``due_at``; None: it is there for ever. ``error``: why it is not."""
        update: Row = {"$unset": dict(_IDLE)}
        if due_at is not None:
            update = {"$set": {"due_at": due_at}, "$unset": {"lease": "", "claims": ""}}
        if error:
            update.setdefault("$set", {})["error"] = error
        await self._rows.update_one({"_id": key, "lease.owner": owner}, update)

    async def expiry(self, key: str) -> datetime | None:
        """Until when WeCom keeps it; None when it does not have it, or keeps it for ever."""
        row = await self._rows.find_one({"_id": key}, {"expires_at": 1})
        return row.get("expires_at") if row else None


def _about(file: File) -> Row:
    return {"use": file.use, "kind": file.kind, "sha": file.sha, "name": file.name}


def _renewal(row: Row | None, now: datetime, early: timedelta) -> datetime | None:
    """None: nothing to do, for it is due already or there for ever."""
    if row is None or not row.get("media_id"):
        return None if row and row.get("due_at") else now
    if row.get("due_at") or row.get("expires_at") is None:
        return None
    expires_at: datetime = row["expires_at"]
    return max(now, expires_at - early)
