"""What somebody is writing in the console and has not published: it survives a closed browser."""

from dataclasses import dataclass, field
from datetime import datetime

from pymongo.asynchronous.collection import AsyncCollection

from bot.model import Record
from bot.store.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Record):
    """``id`` is whose it is; ``base`` the release it changes. A text of None: the file goes."""

    base: int
    base_hash: str = ""
    changes: dict[str, str | None] = field(default_factory=dict)
    imported: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """A spreadsheet that was imported → the files it became."""
    at: datetime


_MOST = 100  # drafts listed; there are as many as people who edit


class Drafts:
    """One per person."""

    def __init__(self, rows: AsyncCollection[Row]) -> None:
        self._rows = rows

    async def get(self, user: str) -> Draft | None:
        row = await self._rows.find_one({"_id": user})
        return _draft(row) if row else None

    async def all(self) -> list[Draft]:
        """Everybody's, the newest first."""
        return [_draft(row) async for row in self._rows.find().sort("at", -1).limit(_MOST)]

    async def keep(self, draft: Draft) -> None:
        row = {
            "_id": draft.id,
            "base": draft.base,
            "base_hash": draft.base_hash,
            "changes": [{"path": path, "text": text} for path, text in draft.changes.items()],
            "imported": [{"upload": one, "paths": paths} for one, paths in draft.imported.items()],
            "at": draft.at,
        }
        await self._rows.replace_one({"_id": draft.id}, row, upsert=True)

    async def drop(self, user: str) -> None:
        await self._rows.delete_one({"_id": user})


def _draft(row: Row) -> Draft:
    return Draft(
        id=row["_id"],
        base=row["base"],
        base_hash=row["base_hash"],
        changes={one["path"]: one["text"] for one in row["changes"]},
        imported={one["upload"]: tuple(one["paths"]) for one in row.get("imported", ())},
        at=row["at"],
    )
