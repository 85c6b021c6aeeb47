"""Who did what in the console: lines are added, never changed and never removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from bot.store.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One deed. ``about`` is what it was done to; ``outcome`` the HTTP status it was answered."""

    at: datetime
    who: str
    did: str
    about: str = ""
    outcome: int = 200
    address: str = ""
    more: Mapping[str, Any] | None = None


class Audit:
    def __init__(self, rows: AsyncCollection[Row]) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        await self._rows.create_indexes([IndexModel([("at", DESCENDING)], name="at")])

    async def write(self, line: Line) -> None:
        names = Line.__dataclass_fields__
        row = {name: value for name in names if (value := getattr(line, name)) is not None}
        await self._rows.insert_one(row)

    async def latest(self, limit: int, before: datetime | None = None) -> list[Row]:
        """Newest first; ``before`` is the time of the last line of the page before."""
        where = {"at": {"$lt": before}} if before else {}
        return await self._rows.find(where).sort("at", DESCENDING).limit(limit).to_list(None)
