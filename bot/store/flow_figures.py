"""Where people stand in an SOP, what its steps came to, and how it is doing: bounded counting.

Of a big SOP only some slots are looked at, which hold subjects by hash and so are a fair sample;
every figure then says that it is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from bot.store.rows import SLOTS, Row

MOST = 10_000  # journeys read for one picture
LISTED = 3_000  # journeys read for one line of the list
_SHARE_OF = 2_000  # pushes read for one share
_FINISHED = "走完"
_OPEN = ["ready", "gathered", "created"]


@dataclass(slots=True)
class StepFigures:
    """One step. ``came``: entered or passed over; ``left``: left the SOP standing here."""

    came: int = 0
    coming: int = 0
    here: int = 0
    left: int = 0
    sent: int = 0
    suppressed: int = 0
    failed: int = 0
    to_send: int = 0
    tasks_done: int = 0
    tasks_open: int = 0
    tasks_overdue: int = 0

    def plus(self, other: "StepFigures") -> "StepFigures":
        """Of a step that had another name before."""
        names = StepFigures.__slots__
        return StepFigures(*(getattr(self, name) + getattr(other, name) for name in names))


@dataclass(slots=True)
class FlowFigures:
    """``scale``: one counted stands for so many; 1.0: everybody was counted."""

    scale: float = 1.0
    entered: int = 0
    under_way: int = 0
    steps: dict[str, StepFigures] = field(default_factory=dict)

    def step(self, name: str) -> StepFigures:
        return self.steps.setdefault(name, StepFigures())


@dataclass(frozen=True, slots=True)
class Health:
    """How one SOP does. ``suppressed``: the share of its lately decided pushes; None: it had none.

    ``more``: under way are so many, or more.
    """

    entered: int
    roughly: bool
    under_way: int
    more: bool
    overdue: int
    suppressed: float | None
    last: datetime | None


class Flows:
    """Indexes are made by the classes the rows belong to: "sop" leads by SOP and slot."""

    def __init__(self, db: AsyncDatabase[Row]) -> None:
        self._db = db

    async def figures(self, sops: Sequence[str], now: datetime) -> FlowFigures:
        """Of the SOP of these names."""
        slots = await self._slots(sops, MOST)
        found = FlowFigures(scale=SLOTS / slots)
        where = _of(sops, slots)
        await self._journeys(where, found)
        await self._pushes(where, found)
        await self._tasks(where, found, now)
        if slots < SLOTS:
            _scale(found)
        return found

    async def health(
        self, sops: Sequence[str], since: datetime, overdue: Mapping[str, int]
    ) -> Health:
        """Of the SOP of these names; ``overdue`` is what :meth:`overdue` has counted."""
        slots = await self._slots(sops, LISTED)
        entered = await self._db["journeys"].count_documents(_of(sops, slots))
        active = {"sop": {"$in": list(sops)}, "state": "active"}
        under_way = await self._db["journeys"].count_documents(active, limit=LISTED)
        return Health(
            entered=round(entered * SLOTS / slots),
            roughly=slots < SLOTS,
            under_way=under_way,
            more=under_way == LISTED,
            overdue=sum(overdue.get(name, 0) for name in sops),
            suppressed=await self._suppressed(sops, since),
            last=await self._last(sops),
        )

    async def overdue(self, now: datetime) -> dict[str, int]:
        """SOP → tasks past their deadline and still open."""
        stages: list[Row] = [
            {"$match": {"open": True, "deadline": {"$lt": now}}},
            {"$limit": MOST},
            {"$group": {"_id": "$sop", "n": {"$sum": 1}}},
        ]
        return {row["_id"]: row["n"] async for row in await self._db["tasks"].aggregate(stages)}

    async def _slots(self, sops: Sequence[str], most: int) -> int:
        """How many slots hold about as many journeys as may be read."""
        one = await self._db["journeys"].count_documents(_of(sops, 1), limit=most)
        return SLOTS if one * SLOTS <= most else max(1, most // one)

    async def _journeys(self, where: Row, found: FlowFigures) -> None:
        left = {"state": "done", "exit_reason": {"$ne": _FINISHED}}
        facets = {
            "entered": [{"$count": "n"}],
            "standing": [{"$match": {"state": "active"}}, _grouped(step="$step", phase="$phase")],
            "left": [{"$match": left}, _grouped(step="$step")],
            "came": [{"$unwind": "$past"}, _grouped(step="$past")],
        }
        shown = {"step": 1, "phase": 1, "state": 1, "exit_reason": 1, "past": 1}
        stages: list[Row] = [{"$match": where}, {"$project": shown}, {"$facet": facets}]
        (row,) = await (await self._db["journeys"].aggregate(stages)).to_list(None)
        found.entered = sum(one["n"] for one in row["entered"])
        for one in row["standing"]:
            found.under_way += one["n"]
            step = found.step(one["_id"]["step"])
            if one["_id"]["phase"] == "before":
                step.coming += one["n"]
            else:
                step.here += one["n"]
        for one in row["left"]:
            found.step(one["_id"].get("step", "")).left += one["n"]
        for one in row["came"]:
            found.step(one["_id"]["step"]).came += one["n"]

    async def _pushes(self, where: Row, found: FlowFigures) -> None:
        stages: list[Row] = [{"$match": where}, _grouped(step="$step", state="$state")]
        async for row in await self._db["deliveries"].aggregate(stages):
            step, state, n = found.step(row["_id"]["step"]), row["_id"]["state"], row["n"]
            if state == "delivered":
                step.sent += n
            elif state == "suppressed":
                step.suppressed += n
            elif state in _OPEN:
                step.to_send += n
            else:
                step.failed += n

    async def _tasks(self, where: Row, found: FlowFigures, now: datetime) -> None:
        late = {"$and": [{"$gt": ["$deadline", None]}, {"$lt": ["$deadline", now]}]}
        done = {"$in": ["$state", ["已完成", "已核实"]]}
        stages: list[Row] = [
            {"$match": where},
            _grouped(step="$step", open="$open", late=late, done=done),
        ]
        async for row in await self._db["tasks"].aggregate(stages):
            about, n = row["_id"], row["n"]
            step = found.step(about["step"])
            if about.get("open"):
                step.tasks_open += n
                step.tasks_overdue += n if about["late"] else 0
            elif about["done"]:
                step.tasks_done += n

    async def _suppressed(self, sops: Sequence[str], since: datetime) -> float | None:
        lately = {**_of(sops, SLOTS), "planned_at": {"$gte": since}}
        stages: list[Row] = [
            {"$match": lately},
            {"$limit": _SHARE_OF},
            {"$match": {"state": {"$nin": _OPEN}}},
            {"$group": {"_id": {"$eq": ["$state", "suppressed"]}, "n": {"$sum": 1}}},
        ]
        counts = {r["_id"]: r["n"] async for r in await self._db["deliveries"].aggregate(stages)}
        return counts.get(True, 0) / sum(counts.values()) if counts else None

    async def _last(self, sops: Sequence[str]) -> datetime | None:
        """When somebody last entered."""
        where = {"sop": {"$in": list(sops)}, "slot": {"$in": list(range(SLOTS))}}
        row = await self._db["journeys"].find_one(
            where, {"_id": 0, "entered_at": 1}, sort=[("entered_at", -1)], hint="sop"
        )
        return row["entered_at"] if row else None


def _of(sops: Sequence[str], slots: int) -> Row:
    return {"sop": {"$in": list(sops)}, "slot": {"$in": list(range(slots))}}


def _grouped(**by: Any) -> Row:
    return {"$group": {"_id": by, "n": {"$sum": 1}}}


def _scale(found: FlowFigures) -> None:
    found.entered = round(found.entered * found.scale)
    found.under_way = round(found.under_way * found.scale)
    for step in found.steps.values():
        for name in StepFigures.__slots__:
            setattr(step, name, round(getattr(step, name) * found.scale))
