"""Who did what in the console: lines are added, never changed and never removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from bot.store.leafing import Leaf, leaf, retire
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
        newest = IndexModel([("at", DESCENDING), ("_id", DESCENDING)], name="newest")
        await self._rows.create_indexes([newest])
        await retire(self._rows, "at")

    async def write(self, line: Line) -> None:
        names = Line.__dataclass_fields__
        row = {name: value for name in names if (value := getattr(line, name)) is not None}
        await self._rows.insert_one({"_id": str(ObjectId()), **row})

    async def latest(self, limit: int) -> list[Row]:
        return (await self.page("", limit)).rows

    async def page(self, after: str, limit: int) -> Leaf:
        """Newest first; also of lines written in one moment none is left out."""
        return await leaf(self._rows, {}, "at", after, limit)
