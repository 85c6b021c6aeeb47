"""Lists for people to look through: a page at a time, each answered by an index alone."""

from dataclasses import dataclass

from pymongo import ASCENDING, IndexModel

from bot.playbook.naming import contains, parts_to_find
from bot.store.due import Rows
from bot.store.rows import Row

_LOOKED_AT_ONCE = 4  # pages of candidates read for one page shown


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; everything left empty is not asked. ``staff`` None: anybody's."""

    name: str = ""
    tag: str = ""  # 组/名
    staff: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """``after``: where the next page begins, "" behind the last."""

    ids: tuple[str, ...]
    after: str = ""


class Finding:
    """Customers by name, tag and member of staff, in the order of their ids."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        by_name = IndexModel([("finds", ASCENDING), ("_id", ASCENDING)], name="finds, id")
        by_staff = IndexModel([("with", ASCENDING), ("_id", ASCENDING)], name="with, id")
        await self._rows.create_indexes([by_name, by_staff])

    async def customers(self, asked: Asked, after: str, limit: int) -> Page:
        """The next ``limit`` behind ``after``."""
        found: list[str] = []
        while len(found) <= limit:
            rows = await self._candidates(asked, after, limit)
            found += [row["_id"] for row in rows if _fits(row, asked)]
            if len(rows) < limit * _LOOKED_AT_ONCE:
                break
            after = rows[-1]["_id"]
        more = found[limit - 1] if len(found) > limit else ""
        return Page(tuple(found[:limit]), more)

    async def _candidates(self, asked: Asked, after: str, limit: int) -> list[Row]:
        shown = {"name": 1, "tags": 1, "with": 1}
        found = self._rows.find(question(asked, after), shown).sort("_id", ASCENDING)
        return await found.limit(limit * _LOOKED_AT_ONCE).to_list(None)


def question(asked: Asked, after: str) -> Row:
    """One index narrows down, and it holds the order too; the rest is looked at row by row."""
    behind: Row = {"_id": {"$gt": after}} if after else {}
    if parts := parts_to_find(asked.name):
        return {"finds": max(parts, key=len), **behind}
    if asked.tag:
        return {"tags": asked.tag, **behind}
    if asked.staff is not None and len(asked.staff) == 1:
        return {"with": asked.staff[0], **behind}
    return behind


def _fits(row: Row, asked: Asked) -> bool:
    mine = asked.staff is None or bool(set(asked.staff) & set(row.get("with", ())))
    return mine and contains(row.get("name", ""), asked.name) and _tagged(row, asked.tag)


def _tagged(row: Row, tag: str) -> bool:
    return not tag or tag in row.get("tags", ())
