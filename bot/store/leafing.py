"""Leaf through a collection newest first: every page costs what it shows, however far one went."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.errors import OperationFailure

from bot.store.due import Rows
from bot.store.rows import Row

_NO_SUCH_INDEX = 27
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # rows without ``by`` are in no list


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page; ``after`` is what to ask the next one with, "" on the last."""

    rows: list[Row]
    after: str = ""


async def leaf(
    rows: Rows, where: Mapping[str, Any], by: str, after: str, limit: int, shown: Row | None = None
) -> Leaf:
    """Rows that fit ``where``, newest ``by`` first. The index ends with (``by``, ``_id``).

    Two questions, since one with $or would read again whatever came in the same moment as the
    last row of the page before. An ``after`` that is none of ours begins at the beginning.
    """
    order = [(by, DESCENDING), ("_id", DESCENDING)]
    since = _moment(after)
    found: list[Row] = []
    if since:
        at, last = since
        ties = rows.find({**where, by: at, "_id": {"$lt": last}}, shown, sort=order)
        found = await ties.limit(limit + 1).to_list(None)
    if len(found) <= limit:
        older = {**where, by: {"$lt": since[0]} if since else {"$gt": _LONG_AGO}}
        rest = rows.find(older, shown, sort=order).limit(limit + 1 - len(found))
        found += await rest.to_list(None)
    more = len(found) > limit
    found = found[:limit]
    return Leaf(found, f"{found[-1][by].isoformat()}|{found[-1]['_id']}" if more else "")


async def retire(rows: Rows, *names: str) -> None:
    """Drop indexes that an earlier version made and nobody asks any more: they cost writes."""
    there = await rows.index_information()
    for name in names:
        if name in there:
            try:
                await rows.drop_index(name)
            except OperationFailure as error:  # another process was faster
                if error.code != _NO_SUCH_INDEX:
                    raise


def _moment(after: str) -> tuple[datetime, str] | None:
    at, bar, last = after.partition("|")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, last) if bar and moment.tzinfo else None
