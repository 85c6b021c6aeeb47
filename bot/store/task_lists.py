"""Tasks for people to look through: by state, person and SOP, each answered by an index alone."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

from pymongo import ASCENDING, DESCENDING, IndexModel

from bot.model import Task
from bot.store.due import Rows
from bot.store.rows import Row, from_row

Pile = Literal["undone", "overdue", "told", "verified", "cancelled", "expired", "all"]
_UNDONE: Final = ("待派", "已送达", "已转派", "已逾期", "已升级")
_ENDED: Final = ("已完成", "已核实", "已取消", "已过期")
#: A task is in one state, so that what somebody said and what the system saw are never one number.
STATES: Final[Mapping[Pile, tuple[str, ...]]] = {
    "undone": _UNDONE,
    "overdue": ("已逾期", "已升级"),
    "told": ("已完成",),  # what the system has still to see may be missing
    "verified": ("已核实",),
    "cancelled": ("已取消",),
    "expired": ("已过期",),
    "all": (*_UNDONE, *_ENDED),
}
PILES: Final = get_args(Pile)
MOST_COUNTED: Final = 10_000
_SCANS: Final = 200  # of one query that MongoDB merges without sorting
_AT_ONCE: Final = 500  # read at once by who wants them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``staff`` None: anybody's. ``sop`` "": of every SOP. ``oldest`` first, else the newest."""

    pile: Pile = "undone"
    staff: tuple[str, ...] | None = None
    sop: str = ""

    @property
    def oldest(self) -> bool:
        """Who is late waits longest first; anything else begins with what is new."""
        return self.pile == "overdue"


@dataclass(frozen=True, slots=True)
class Place:
    """The last task of a page."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class TaskPage:
    """``after``: the place behind which the next page begins; None behind the last."""

    tasks: tuple[Task, ...]
    after: Place | None = None


class TaskLists:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        """One index for each way to ask; nothing is looked at that is not shown."""
        ways = [_keys(sop=sop, staff=staff) for sop in (False, True) for staff in (False, True)]
        await self._rows.create_indexes(
            [IndexModel([(key, ASCENDING) for key in keys], name=", ".join(keys)) for keys in ways]
        )

    async def page(self, wanted: Wanted, limit: int, after: Place | None = None) -> TaskPage:
        """The next ``limit`` tasks."""
        found = [row for part in _parts(wanted) for row in await self._read(part, after, limit + 1)]
        found.sort(key=lambda row: (row["created_at"], row["_id"]), reverse=not wanted.oldest)
        shown = found[:limit]
        last = shown[-1] if len(found) > limit else None
        tasks = tuple(from_row(Task, row) for row in shown)
        return TaskPage(tasks, Place(last["created_at"], last["_id"]) if last else None)

    async def stream(self, wanted: Wanted) -> AsyncIterator[Sequence[Task]]:
        """All of them, in batches; what leaves the list meanwhile hides nothing behind it."""
        after: Place | None = None
        while True:
            page = await self.page(wanted, _AT_ONCE, after)
            yield page.tasks
            if page.after is None:
                return
            after = page.after

    async def count(self, wanted: Wanted, most: int = MOST_COUNTED) -> int:
        """How many there are; no more than ``most`` are counted."""
        counted = 0
        for part in _parts(wanted):
            if counted < most:
                how: dict[str, Any] = {"limit": most - counted, "hint": hint(part)}
                counted += await self._rows.count_documents(question(part), **how)
        return counted

    async def _read(self, part: Wanted, after: Place | None, limit: int) -> list[Row]:
        rows: list[Row] = []
        for behind in _behind(part, after):
            if len(rows) < limit:
                found = self._rows.find({**question(part), **behind}).hint(hint(part))
                rows += await found.sort(order(part)).limit(limit - len(rows)).to_list(None)
        return rows


def question(wanted: Wanted) -> Row:
    """Equal to something in every field the index begins with, so that it holds the order too."""
    asked: Row = {"state": {"$in": list(STATES[wanted.pile])}}
    if wanted.staff is not None:
        asked["staff"] = {"$in": list(wanted.staff)}
    if wanted.sop:
        asked["sop"] = wanted.sop
    return asked


def order(wanted: Wanted) -> list[tuple[str, int]]:
    way = ASCENDING if wanted.oldest else DESCENDING
    return [("created_at", way), ("_id", way)]


def hint(wanted: Wanted) -> str:
    """The index that answers."""
    return ", ".join(_keys(sop=bool(wanted.sop), staff=wanted.staff is not None))


def _keys(*, sop: bool, staff: bool) -> list[str]:
    return [*(["sop"] * sop), *(["staff"] * staff), "state", "created_at", "_id"]


def _parts(wanted: Wanted) -> list[Wanted]:
    """As many questions as it takes, each with no more beginnings than are merged in order."""
    if wanted.staff is None:
        return [wanted]
    size = _SCANS // len(STATES[wanted.pile])
    people = sorted(set(wanted.staff))
    return [
        replace(wanted, staff=tuple(people[start : start + size]))
        for start in range(0, len(people), size)
    ]


def _behind(wanted: Wanted, after: Place | None) -> list[Row]:
    """What comes after a place: those made in the same moment, then those of other moments."""
    if after is None:
        return [{}]
    past = "$gt" if wanted.oldest else "$lt"
    return [{"created_at": after.at, "_id": {past: after.id}}, {"created_at": {past: after.at}}]
