"""What WeCom answered instead of doing as asked: counted by the hour, kept for two days."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pymongo import ASCENDING, IndexModel, UpdateOne

from bot.store.due import Rows

_KEPT = timedelta(days=2)
_SAID = 200  # characters of an answer


class Failure(Protocol):
    """What a call to WeCom raises."""

    code: int
    message: str
    path: str


@dataclass(frozen=True, slots=True)
class Mishap:
    """One errcode of one API in the time asked about."""

    path: str
    code: int
    what: str
    """The class of bot/wecom/errors.py, which says what is done about it."""
    said: str
    count: int
    last_at: datetime


class Mishaps:
    """Counted in memory and written now and then: a storm of errors makes no storm of writes.

    What a process had not written when it died is lost; nothing but a page is made of it.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._counts: Counter[tuple[datetime, str, int, str]] = Counter()
        self._last: dict[tuple[datetime, str, int, str], tuple[datetime, str]] = {}

    async def prepare(self) -> None:
        seconds = int(_KEPT.total_seconds())
        await self._rows.create_indexes(
            [
                IndexModel([("written_at", ASCENDING)], name="ttl", expireAfterSeconds=seconds),
                IndexModel([("hour", ASCENDING)], name="hour"),
            ]
        )

    def heard(self, error: Failure, now: datetime) -> None:
        """Take note of an answer."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        key = (hour, error.path, error.code, type(error).__name__)
        self._counts[key] += 1
        self._last[key] = (now, error.message[:_SAID])

    async def write(self) -> None:
        """Whatever was heard since the last time."""
        counts, last = self._counts, self._last
        self._counts, self._last = Counter(), {}
        if not counts:
            return
        await self._rows.bulk_write(
            [_counted(key, n, *last[key]) for key, n in counts.items()], ordered=False
        )

    async def since(self, at: datetime, limit: int = 100) -> list[Mishap]:
        """By API and errcode, the most frequent first; hours are counted whole."""
        found = await self._rows.aggregate(
            [
                {"$match": {"hour": {"$gte": at - timedelta(hours=1)}}},
                {"$sort": {"last_at": 1}},
                {
                    "$group": {
                        "_id": {"path": "$path", "code": "$code", "what": "$what"},
                        "n": {"$sum": "$n"},
                        "last_at": {"$max": "$last_at"},
                        "said": {"$last": "$said"},
                    }
                },
                {"$sort": {"n": -1, "_id": 1}},
                {"$limit": limit},
            ]
        )
        return [
            Mishap(**row["_id"], said=row["said"], count=row["n"], last_at=row["last_at"])
            async for row in found
        ]


def _counted(key: tuple[datetime, str, int, str], n: int, at: datetime, said: str) -> Any:
    hour, path, code, what = key
    return UpdateOne(
        {"_id": f"{hour:%Y%m%d%H} {path} {code} {what}"},
        {
            "$inc": {"n": n},
            "$max": {"last_at": at},
            "$set": {"hour": hour, "path": path, "code": code, "what": what, "said": said},
            "$currentDate": {"written_at": True},
        },
        upsert=True,
    )
