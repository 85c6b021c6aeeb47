"""The tag catalogue: WeCom's tag ids and the names ("组/名") everything here speaks of."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pymongo import ASCENDING, IndexModel, ReplaceOne

from bot.store.due import Rows
from bot.store.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One corp tag of WeCom."""

    id: str
    group_id: str
    group: str
    name: str

    @property
    def full(self) -> str:
        return f"{self.group}/{self.name}"


NAMES_SECONDS = 5.0


class Tags:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._names: Mapping[str, str] = {}
        self._named_at = float("-inf")
        self._learned = 0  # times this process changed the catalogue
        self.reading = asyncio.Lock()
        """Held while WeCom's list is read and kept."""

    async def prepare(self) -> None:
        await self._rows.create_indexes([IndexModel([("full", ASCENDING)], name="full")])

    async def all(self) -> dict[str, Tag]:
        """Every tag by its id."""
        return {row["_id"]: _tag(row) async for row in self._rows.find()}

    async def names(self) -> Mapping[str, str]:
        """Tag id → "组/名"; what other processes learned may be missing for five seconds."""
        if time.monotonic() - self._named_at <= NAMES_SECONDS:
            return self._names
        learned, asked_at = self._learned, time.monotonic()
        names = {tag.id: tag.full for tag in (await self.all()).values()}
        if learned == self._learned:  # else they may be older than what was learned meanwhile
            self._names, self._named_at = names, asked_at
        return names

    async def ids_of(self, names: Iterable[str]) -> dict[str, str]:
        """ "组/名" → tag id, for those that exist in WeCom."""
        found = self._rows.find({"full": {"$in": sorted(set(names))}}).sort("_id", ASCENDING)
        return {row["full"]: row["_id"] async for row in found}

    async def group_id(self, group: str) -> str:
        """The id of a tag group; empty when it does not exist yet."""
        row = await self._rows.find_one({"group": group})
        return str(row["group_id"]) if row else ""

    async def learn(self, tags: Iterable[Tag]) -> None:
        """Keep new and renamed tags."""
        writes = [ReplaceOne({"_id": tag.id}, _row(tag), upsert=True) for tag in tags]
        if writes:
            await self._rows.bulk_write(writes, ordered=False)
            self._changed()

    async def forget(self, ids: Iterable[str]) -> None:
        if gone := sorted(set(ids)):
            await self._rows.delete_many({"_id": {"$in": gone}})
            self._changed()

    def _changed(self) -> None:
        self._learned += 1
        self._named_at = float("-inf")


def _tag(row: Row) -> Tag:
    return Tag(id=row["_id"], group_id=row["group_id"], group=row["group"], name=row["name"])


def _row(tag: Tag) -> Row:
    row = {"_id": tag.id, "group_id": tag.group_id, "group": tag.group, "name": tag.name}
    return {**row, "full": tag.full}
