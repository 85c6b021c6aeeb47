"""Versions of materials that were ever live: what a delivery's 图文-测评#2 was."""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import ASCENDING

from bot.store.due import Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row

_KEPT = ("name", "ver", "hash", "release", "at")


class Materials:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def learn(self, versions: Iterable[Mapping[str, Any]]) -> None:
        """Keep the versions of a release; one already there is left alone."""
        rows = [
            {"_id": f"{one['name']}#{one['ver']}", **{name: one[name] for name in _KEPT}}
            for one in versions
        ]
        if rows:
            await insert_new(self._rows, rows)

    async def all(self) -> list[Row]:
        """Every version, by name and number: ``_id``, name, ver, hash, release, at."""
        found = self._rows.find().sort([("name", ASCENDING), ("ver", ASCENDING)])
        return await found.to_list(None)
