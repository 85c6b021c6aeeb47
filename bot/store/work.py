"""Long work somebody asked for: how far it is, what came of it, and the file it made."""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.model import Record
from bot.store.due import Due, Rows
from bot.store.rows import Row, from_row, to_row

State = Literal["等待", "进行", "完成", "失败", "已取消"]
UNDER_WAY: tuple[State, ...] = ("等待", "进行")

KEEP_DAYS = 30  # what came of it
KEEP_FILE_DAYS = 1
_BRIEF: Row = {"result.figures": 0}  # of a list nobody reads these
_CHUNK = 4 * 1024 * 1024  # a document holds at most 16 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Record):
    """One piece of long work. ``mark`` stands for what is asked and by whom, while it is open."""

    kind: str
    args: dict[str, Any] = field(default_factory=dict)
    by: str
    mark: str
    state: State = "等待"
    made_at: datetime
    done: int = 0
    total: int = 0
    says: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    file: dict[str, Any] = field(default_factory=dict)  # {name, type, size}; kept for a day
    cancel: bool = False
    begun: int = 0  # how often; each time from the start
    due_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY


class WorkList:
    """Whoever has it in hand names their token in every write, as everywhere else."""

    def __init__(self, rows: Rows, chunks: Rows) -> None:
        self._rows = rows
        self._chunks = chunks
        self.due = Due(rows)

    async def prepare(self) -> None:
        forgotten = IndexModel(
            [("delete_at", ASCENDING)], name="ttl", expireAfterSeconds=0, sparse=True
        )
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel(
                    [("mark", ASCENDING)],
                    name="one at a time",
                    unique=True,
                    partialFilterExpression={"due_at": {"$exists": True}},
                ),
                IndexModel([("by", ASCENDING), ("made_at", DESCENDING)], name="by"),
                IndexModel(
                    [("by", ASCENDING), ("kind", ASCENDING), ("made_at", DESCENDING)], name="kind"
                ),
                forgotten,
            ]
        )
        order = IndexModel([("work", ASCENDING), ("n", ASCENDING)], name="order", unique=True)
        await self._chunks.create_indexes([order, forgotten])

    # ---- by who asks ---------------------------------------------------------------------------

    async def begin(self, kind: str, args: Mapping[str, Any], by: str, now: datetime) -> str:
        """The id of what is under way; asked for twice it is begun once."""
        mark = _mark(kind, args, by)
        while True:
            fresh = Work(
                id=secrets.token_hex(10),
                kind=kind,
                args=dict(args),
                by=by,
                mark=mark,
                made_at=now,
                due_at=now,
            )
            try:
                await self._rows.insert_one(to_row(fresh))
            except DuplicateKeyError:
                known = await self._rows.find_one({"mark": mark, "due_at": {"$exists": True}})
                if known is None:
                    continue  # it has just ended: this is a new wish
                return str(known["_id"])
            return fresh.id

    async def get(self, work_id: str) -> Work | None:
        row = await self._rows.find_one({"_id": work_id})
        return from_row(Work, row) if row else None

    async def latest(self, by: str, limit: int, before: datetime | None = None) -> list[Work]:
        """What somebody asked for, newest first; ``before``: when the last one seen was asked."""
        where: Row = {"by": by} | ({"made_at": {"$lt": before}} if before else {})
        found = self._rows.find(where, _BRIEF).sort("made_at", DESCENDING).limit(limit)
        return [from_row(Work, row) async for row in found]

    async def latest_of(self, kind: str, by: str, limit: int) -> list[Work]:
        """What somebody asked for of a kind, newest first."""
        found = self._rows.find({"by": by, "kind": kind}, _BRIEF).sort("made_at", DESCENDING)
        return [from_row(Work, row) async for row in found.limit(limit)]

    async def cancel(self, work_id: str, now: datetime) -> None:
        """It stops at its next step; what nobody has begun stops at once. Twice is once."""
        waiting = {"_id": work_id, "state": "等待"}
        if (await self._rows.update_one(waiting, _ended("已取消", now))).modified_count:
            return
        await self._rows.update_one({"_id": work_id, "state": "进行"}, {"$set": {"cancel": True}})

    async def file(self, work_id: str) -> AsyncIterator[bytes]:
        """The file it made, piece by piece; nothing when it is gone."""
        async for row in self._chunks.find({"work": work_id}).sort("n", ASCENDING):
            yield row["data"]

    # ---- by who does it, under their token -------------------------------------------------------

    async def claim(self, now: datetime) -> tuple[str, Work | None]:
        """Take one in hand, from its start: the token, and the work."""
        owner, rows = await self.due.claim(now, 1)
        if not rows:
            return "", None
        began = {"$set": {"state": "进行", "done": 0, "total": 0, "says": ""}, "$inc": {"begun": 1}}
        row = await self._rows.find_one_and_update(
            {"_id": rows[0]["_id"], "lease.owner": owner}, began, return_document=True
        )
        return (owner, from_row(Work, row)) if row else ("", None)

    async def told(
        self, owner: str, work_id: str, done: int, total: int, says: str
    ) -> Literal["go on", "cancelled", "lost"]:
        """Write down how far it is; "lost": somebody else has it in hand now."""
        row = await self._rows.find_one_and_update(
            {"_id": work_id, "lease.owner": owner},
            {"$set": {"done": done, "total": total, "says": says}},
            {"cancel": 1},
        )
        if row is None:
            return "lost"
        return "cancelled" if row.get("cancel") else "go on"

    async def keep_file(self, work_id: str, name: str, content_type: str, data: bytes) -> Row:
        """Keep a file for a day; what stands in the work's ``file``. Kept again it is replaced."""
        for n, start in enumerate(range(0, len(data), _CHUNK)):
            await self._chunks.update_one(
                {"work": work_id, "n": n},
                [
                    {
                        "$set": {
                            "data": data[start : start + _CHUNK],
                            "delete_at": _in(KEEP_FILE_DAYS),
                        }
                    }
                ],
                upsert=True,
            )
        over = -(-len(data) // _CHUNK)
        await self._chunks.delete_many({"work": work_id, "n": {"$gte": over}})
        return {"name": name, "type": content_type, "size": len(data)}

    async def finish(
        self,
        owner: str,
        work_id: str,
        state: State,
        now: datetime,
        says: str,
        result: Mapping[str, Any] | None = None,
        file: Mapping[str, Any] | None = None,
    ) -> bool:
        """It is over; False when somebody else has it in hand."""
        known = {"says": says, "result": dict(result or {}), "file": dict(file or {})}
        mine = {"_id": work_id, "lease.owner": owner}
        return (await self._rows.update_one(mine, _ended(state, now, **known))).modified_count == 1

    async def let_go(self, owner: str, work_id: str) -> None:
        """This process stops: another one begins it again, and that is not its fault."""
        mine = {"_id": work_id, "lease.owner": owner}
        await self._rows.update_one(
            mine, {"$set": {"state": "等待"}, "$unset": {"lease": ""}, "$inc": {"begun": -1}}
        )


def _mark(kind: str, args: Mapping[str, Any], by: str) -> str:
    told = json.dumps([kind, args, by], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _in(days: int) -> Row:
    """On the server's clock: forgetting is machine time."""
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "day", "amount": days}}


def _ended(state: State, now: datetime, **known: Any) -> list[Row]:
    given = {"state": state, "ended_at": now, **known}
    return [
        {"$set": {name: {"$literal": value} for name, value in given.items()}},
        {"$set": {"delete_at": _in(KEEP_DAYS)}},
        {"$unset": ["due_at", "lease", "claims", "woken"]},
    ]
