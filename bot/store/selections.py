"""Stream the customers of a selection, and bring rows of older versions up to what it asks."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from pymongo import ASCENDING, UpdateOne
from pymongo.errors import AutoReconnect, CursorNotFound

from bot.model import Contact
from bot.store.due import Rows
from bot.store.rows import Row
from bot.store.segments import BY_SHOP, KEPT, OF_TAGS, derived

BATCH = 1000
_FEW = 2 * BATCH  # counted further than this, a tag is not a rare one
_BY_ID = [("_id", ASCENDING)]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a selection is made: candidates by ``first``, of whom those stay who pass ``checks``.

    With ``hint`` both are answered by that index alone. On a million customers this is five times
    as fast as looking into each document, of which most are not in memory.
    """

    first: Row
    hint: str | None = None
    checks: tuple[tuple[Row, bool], ...] = ()
    """Those a query finds must stay (True) or go (False)."""


async def stream(rows: Rows, asked: Row, after: str = "") -> AsyncGenerator[str, None]:
    """Ids of the rows fulfilling ``asked`` in the order of ids, beginning behind ``after``."""
    plan = await planned(rows, asked)
    async with aclosing(_pages(rows, plan, after)) as pages:
        async for page in pages:
            for id in await _left(rows, plan, page):
                yield id


async def planned(rows: Rows, asked: Row) -> Plan:
    """By index alone when nothing but tags (and one shop) is asked; the rarest tag comes first."""
    parts = asked.get("$and", [asked])
    shops = [part for part in parts if _one_of(part) == "shop"]
    wanted = [part for part in parts if _one_of(part) in OF_TAGS]
    others = [part for part in parts if part not in shops and part not in wanted]
    if not wanted or len(shops) > 1 or not all(_excludes(part) for part in others):
        return Plan(asked)
    if shops:
        wanted.sort(key=lambda part: "tags" not in part)
        if "tags" not in wanted[0]:
            return Plan(asked)
    elif len(wanted) > 1:
        sizes = [await _size(rows, part) for part in wanted]
        wanted = [part for _, part in sorted(zip(sizes, wanted, strict=True), key=lambda p: p[0])]
    checks = [(part, True) for part in wanted[1:]] + [(_excluded(part), False) for part in others]
    hint = BY_SHOP if shops else OF_TAGS[_field(wanted[0])]
    return Plan({**wanted[0], **(shops[0] if shops else {})}, hint, tuple(checks))


async def _pages(rows: Rows, plan: Plan, after: str) -> AsyncGenerator[list[str], None]:
    """Candidates, a batch at a time.

    A cursor that MongoDB forgot (the reader took its time, or the primary changed) is opened
    again behind the last id; it is an error only when that brings nothing new either.
    """
    begun = ""
    while True:
        behind = {"$and": [plan.first, {"_id": {"$gt": after}}]} if after else plan.first
        found = rows.find(behind, {"_id": 1}, sort=_BY_ID, batch_size=BATCH, hint=plan.hint)
        try:
            async with found as cursor:
                while page := [row["_id"] for row in await cursor.to_list(BATCH)]:
                    after = page[-1]
                    yield page
            return
        except (CursorNotFound, AutoReconnect):
            if after == begun:
                raise
            begun = after


async def _left(rows: Rows, plan: Plan, page: Sequence[str]) -> Sequence[str]:
    """Those of a batch of candidates who pass every check."""
    for query, stay in plan.checks:
        if not page:
            break
        found = rows.find({**query, "_id": {"$in": page}}, {"_id": 1}, hint=OF_TAGS[_field(query)])
        ids = {row["_id"] for row in await found.to_list(None)}
        page = [id for id in page if (id in ids) == stay]
    return page


async def _size(rows: Rows, part: Row) -> int:
    """How many carry a tag, counted as far as it matters."""
    return await rows.count_documents(part, limit=_FEW, hint=OF_TAGS[_field(part)])


def _field(part: Row) -> str:
    return next(iter(part), "")


def _one_of(part: Row) -> str:
    """The field of which one value is wanted; "" when the part says anything else."""
    field = _field(part)
    wanted = part[field].get("$in", ()) if isinstance(part.get(field), dict) else ()
    return field if len(part) == 1 and len(wanted) == 1 else ""


def _excludes(part: Row) -> bool:
    field = _field(part)
    return field in OF_TAGS and "$nin" in part[field]


def _excluded(part: Row) -> Row:
    return {_field(part): {"$in": part[_field(part)]["$nin"]}}


async def complete(rows: Rows, read: Callable[[Row], Contact]) -> bool:
    """Do a batch of the rows that older versions wrote; False when there was none.

    Whoever changed a row meanwhile has completed it.
    """
    older: Row = {"kept": {"$in": [None, *range(KEPT)]}}
    found = await rows.find(older).limit(BATCH).to_list(None)
    writes = [
        UpdateOne({"_id": row["_id"], **older, **_seen(row)}, _fill(row, read)) for row in found
    ]
    if writes:
        await rows.bulk_write(writes, ordered=False)
    return bool(writes)


def _seen(row: Row) -> Row:
    return {"rev": row["rev"]} if "rev" in row else {"rev": None}


def _fill(row: Row, read: Callable[[Row], Contact]) -> Row:
    """Times are put newest first where they stand: another may be counted at this moment."""
    fill: Row = {"$set": derived(read(row))}
    newest_first = {"$each": [], "$sort": -1}
    if times := {f"happened.{kind}": newest_first for kind in row.get("happened", ())}:
        fill["$push"] = times
    return fill
