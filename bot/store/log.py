"""Why each journey moved: one line per move, under the move's own id."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel

from bot.store.due import Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row

KEPT = timedelta(days=400)


class JourneyLog:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                IndexModel([("about", ASCENDING), ("at", ASCENDING)], name="about"),
                IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=KEPT.days * 86400),
            ]
        )

    async def write(self, lines: Sequence[Row]) -> None:
        """Lines made by :func:`line`; one already written is left alone."""
        if not lines:
            return
        await insert_new(self._rows, lines)

    async def of(self, about: str) -> list[Row]:
        """Everything written about a customer, group, journey, task … oldest first."""
        return await self._rows.find({"about": about}).sort("at", ASCENDING).to_list(None)


def line(key: str, about: Sequence[str], at: datetime, what: str, **more: Any) -> Row:
    """One line; ``about`` holds every id under which somebody may ask for it."""
    return {"_id": key, "about": sorted({a for a in about if a}), "at": at, "what": what, **more}
