"""Lists for people to look through: a page at a time, each answered by an index alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, IndexModel

from bot.playbook.naming import contains, parts_to_find
from bot.store.due import Rows
from bot.store.rows import Row

MOST_LOOKED_AT = 3_000  # rows for one page
_LOOKED_AT_ONCE = 10  # pages of candidates for one page shown
_GLANCE = 1_000  # keys of an index, to see whether it has few
_PARTS = 3  # of a long name; more would hardly narrow it down
_MERGED = 200  # so many beginnings of an index are merged in order without sorting


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; everything left empty is not asked. ``staff`` None: anybody's."""

    name: str = ""
    phone: str = ""  # the last four digits
    tag: str = ""  # 组/名
    staff: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """``after``: where the next page begins, "" behind the last; one may be short, even empty."""

    ids: tuple[str, ...]
    after: str = ""


class Finding:
    """Customers by name, phone, tag and member of staff, in the order of their ids."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        by_name = IndexModel([("finds", ASCENDING), ("_id", ASCENDING)], name="finds, id")
        by_staff = IndexModel([("with", ASCENDING), ("_id", ASCENDING)], name="with, id")
        by_phone = IndexModel(
            [("ends", ASCENDING), ("_id", ASCENDING)],
            name="ends, id",
            partialFilterExpression={"ends": {"$gt": ""}},  # few have one
        )
        await self._rows.create_indexes([by_name, by_staff, by_phone])

    async def customers(self, asked: Asked, after: str, limit: int) -> Page:
        """The next ``limit`` behind ``after``; fewer, or none, when they are hard to find.

        Where one index cannot tell by itself who fits, so many rows are looked at and no more.
        """
        ways = _ways(asked)
        where = await self._rarest(ways) if len(ways) > 1 else next(iter(ways), {})
        found: list[str] = []
        looked_at, at_once = 0, limit + 1 if len(ways) < 2 else limit * _LOOKED_AT_ONCE
        while len(found) <= limit:
            rows = await self._candidates(where, after, at_once)
            found += [row["_id"] for row in rows if _fits(row, asked)]
            if len(rows) < at_once:
                after = ""
                break
            after, looked_at = rows[-1]["_id"], looked_at + len(rows)
            if looked_at + at_once > MOST_LOOKED_AT:
                break
        return Page(tuple(found[:limit]), found[limit - 1] if len(found) > limit else after)

    async def _candidates(self, where: Row, after: str, limit: int) -> list[Row]:
        behind: Row = {"_id": {"$gt": after}} if after else {}
        shown = {"name": 1, "tags": 1, "with": 1, "ends": 1}
        found = self._rows.find({**where, **behind}, shown).sort("_id", ASCENDING)
        return await found.hint(_index(where)).limit(limit).to_list(None)

    async def _rarest(self, ways: Sequence[Row]) -> Row:
        """Of several questions the one with the fewest answers, as far as a glance can tell."""
        counts = await asyncio.gather(
            *(
                self._rows.count_documents(way, limit=_GLANCE, hint=_index(way))  # an index alone
                for way in ways
            )
        )
        return min(zip(counts, range(len(ways)), ways, strict=True))[2]


def _ways(asked: Asked) -> list[Row]:
    """Questions that an index answers in the order of ids; who is looked for fulfils them all."""
    parts = sorted(parts_to_find(asked.name), key=len, reverse=True)
    ways: list[Row] = [{"finds": part} for part in parts[:_PARTS]]
    if asked.phone:
        ways.append({"ends": asked.phone})
    if asked.tag:
        ways.append({"tags": asked.tag})
    if asked.staff is not None and len(asked.staff) <= _MERGED:
        ways.append({"with": {"$in": sorted(asked.staff)}})
    return ways


def _index(where: Row) -> str:
    return f"{next(iter(where))}, id" if where else "_id_"


def _fits(row: Row, asked: Asked) -> bool:
    mine = asked.staff is None or bool(set(asked.staff) & set(row.get("with", ())))
    reached = not asked.phone or asked.phone in row.get("ends", ())
    tagged = not asked.tag or asked.tag in row.get("tags", ())
    return mine and reached and tagged and contains(row.get("name", ""), asked.name)
