"""What people look at of the outbox: what waits, what was refused and why, one row whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.model import Outgoing
from bot.store.due import Rows
from bot.store.leafing import Leaf, leaf, retire
from bot.store.rows import Row

KINDS: tuple[str, ...] = get_args(Outgoing.__annotations__["kind"])
STATES: tuple[str, ...] = get_args(Outgoing.__annotations__["state"])
_NEWEST = [("first_due_at", DESCENDING), ("_id", DESCENDING)]
_BY_STATE = [("state", ASCENDING), ("kind", ASCENDING)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows; no kinds: of any kind, no staff: whosesoever."""

    states: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    staff: str = ""


class OutboxList:
    """Reads of pages, and the one thing people may do to a row that has ended."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                IndexModel([*_BY_STATE, *_NEWEST], name="states"),
                IndexModel(
                    [("staff", ASCENDING), *_BY_STATE, *_NEWEST],
                    name="staff",
                    partialFilterExpression={"staff": {"$gt": ""}},
                ),
            ]
        )
        await retire(self._rows, "state")

    async def page(self, asked: Asked, after: str, limit: int) -> Leaf:
        """Newest first. Few states at a time: each state and kind is a scan of its own."""
        return await leaf(self._rows, _where(asked), "first_due_at", after, limit)

    async def ids(self, asked: Asked, after: str, limit: int) -> Leaf:
        """As :meth:`page`, but nothing of the rows except who they are."""
        shown = {"first_due_at": 1}
        return await leaf(self._rows, _where(asked), "first_due_at", after, limit, shown)

    async def count(self, asked: Asked, most: int) -> int:
        """How many there are, counted no further than ``most``."""
        return await self._rows.count_documents(_where(asked), limit=most)

    async def concerning(self, name: str, limit: int) -> list[Row]:
        """Calls about a customer, group, task or sending; those queued last first.

        Reading the index backwards brings rows of one key in the reverse of their insertion, which
        no index of ours would have to be kept for.
        """
        for field in ("subject", "about"):
            found = self._rows.find({field: name}, sort=[(field, DESCENDING)]).limit(limit)
            if rows := await found.to_list(None):
                return rows
        return []

    async def row(self, row_id: str) -> Row | None:
        """The whole row with its lease; None when there is none."""
        return await self._rows.find_one({"_id": row_id})

    async def begin_again(self, row_id: str, was: str, now: datetime, *, in_doubt: bool) -> bool:
        """Due once more; False when it is not ``was``, or its like is being sent right now.

        ``in_doubt``: it may have been carried out. It becomes ``sending``, so that this is looked
        into before anything is sent.
        """
        state = "sending" if in_doubt else "ready"
        try:
            result = await self._rows.update_one(
                {"_id": row_id, "state": was},
                {
                    "$set": {"state": state, "due_at": now, "attempts": 0},
                    "$unset": {"lease": "", "claims": ""},
                },
            )
        except DuplicateKeyError:  # of its serial, one at a time
            return False
        return result.modified_count == 1


def _where(asked: Asked) -> Row:
    """Every field of the index before its order is given, so that nothing is sorted in memory."""
    where: Row = {"staff": asked.staff} if asked.staff else {}
    return {
        **where,
        "state": _one_of(asked.states),
        "kind": _one_of(asked.kinds or KINDS),
    }


def _one_of(values: Sequence[str]) -> Row | str:
    return values[0] if len(values) == 1 else {"$in": list(values)}
