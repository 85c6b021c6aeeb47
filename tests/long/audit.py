"""What must be true of our own books at any midnight, whatever happened during the day.

Written against the collections and not with the code it watches. Every line it answers is a breach.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.store import Store

Row = dict[str, Any]

SHANGHAI = ZoneInfo("Asia/Shanghai")
OPTED_OUT = "管理/勿扰"
QUIET = {"contact": (time(21, 30), time(8, 30)), "group": (time(22), time(8))}
CAPACITY = {"KOC荣誉群": 100}  # of a theme's groups; of all others 190
CAPS = {"cust": {1: 1, 7: 3}, "chat": {1: 2}}  # whose ledger → days → how many
OWN_WORDS = ("按钮", "清单", "代为确认", "填写:")
OWN_SOURCES = ("mark_tag", "tap")


@dataclass(slots=True)
class Findings:
    """``late``: what fits only because staff confirmed later than it was created."""

    breaches: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)


async def audit(store: Store, since: datetime) -> Findings:
    """Look at everything; ``since`` is when the company began, with members of no seat of ours."""
    found = Findings()
    books = _Books(store)
    found.breaches += [line async for line in books.seats(since)]
    found.breaches += [line async for line in books.evidence()]
    found.breaches += [line async for line in books.quiet()]
    found.breaches += [line async for line in books.wanted()]
    found.breaches += [line async for line in books.threads()]
    async for line, is_late in books.caps():
        (found.late if is_late else found.breaches).append(line)
    return found


class _Books:
    def __init__(self, store: Store) -> None:
        self._db = store.db

    async def seats(self, since: datetime) -> AsyncIterator[str]:
        """What we promised fits: founders, staff, those we let in, and the seats held.

        Who comes by himself may push a group over; that is nobody's promise.
        """
        taken: dict[str, set[str]] = {}
        async for seat in self._db["seats"].find({"state": "已入群"}):
            taken.setdefault(seat["group"], set()).add(seat["subject"])
        holding = {"open": True, "theme": {"$gt": ""}, "held.0": {"$exists": True}}
        async for group in self._db["groups"].find(holding):
            ours = [
                who
                for who, row in group["roster"].items()
                if who in taken.get(group["_id"], ()) or _was_there(row, since)
            ]
            held = group["held"]
            room = CAPACITY.get(group["theme"], 190)
            if len(ours) + len(held) > room:
                sizes = f"{len(ours)} members and {len(held)} held"
                yield f"seats: {group['name']} of {room} has {sizes}"
            if len(held) != len(set(held)):
                yield f"seats: {group['name']} holds a seat twice"

    async def evidence(self) -> AsyncIterator[str]:
        """Whatever counts as verified was seen in WeCom, after it was asked for, not done by us."""
        told = {"proofs": 1, "created_at": 1}
        found = self._db["tasks"].find({"evidence": "verified"}, told)
        verified = await found.to_list(None)
        ids = [proof.get("fact") for row in verified for proof in row["proofs"].values()]
        found = self._db["facts"].find({"_id": {"$in": ids}}, {"keys": 1, "at": 1, "source": 1})
        facts = {row["_id"]: row for row in await found.to_list(None)}
        for task in verified:
            seen = [name for name in task["proofs"] if not name.startswith(OWN_WORDS)]
            if not any(_proves(facts.get(task["proofs"][n].get("fact")), task, n) for n in seen):
                yield f"evidence: task {task['_id']} is verified by {sorted(task['proofs'])}"
        done = {"evidence": "", "state": {"$in": ["已完成", "已核实"]}}
        async for task in self._db["tasks"].find(done):
            yield f"evidence: task {task['_id']} is {task['state']} by nobody's word"

    async def quiet(self) -> AsyncIterator[str]:
        """Nothing was created at night, and at midnight nothing waits for staff to confirm it."""
        made = {"created_at": {"$exists": True}}
        found = self._db["sendings"].find(made, {"created_at": 1, "subject_type": 1})
        for sending in await found.to_list(None):
            at = sending["created_at"].astimezone(SHANGHAI)
            if _inside(at.time(), *QUIET[sending["subject_type"]]):
                yield f"quiet: {sending['_id']} was created at {at:%m-%d %H:%M}"
        async for delivery in self._db["deliveries"].find({"state": "created"}):
            yield f"quiet: {delivery['_id']} is still with staff at midnight"

    async def wanted(self) -> AsyncIterator[str]:
        """Nothing was created for somebody who had opted out or was nobody's friend any more."""
        since = {row["subject"]: row["at"] async for row in await self._opted_out()}
        async for row in self._db["contacts"].find({"relations.lost": {"$nin": ["", None]}}):
            gone = [r.get("version") for r in row["relations"] if r.get("lost")]
            if len(gone) == len(row["relations"]) and all(gone):
                since[row["_id"]] = min(max(gone), since.get(row["_id"], max(gone)))
        theirs = {"subject": {"$in": sorted(since)}, "sending": {"$gt": ""}}
        mine = [row async for row in self._db["deliveries"].find(theirs)]
        made = await self._made(mine)
        for delivery in mine:
            at, left_at = made.get(delivery["sending"]), since[delivery["subject"]]
            if at and at > left_at:
                yield f"wanted: {delivery['_id']} was created {at} for who left at {left_at}"

    async def _opted_out(self) -> Any:
        """Customer → since when they have worn the tag, by the newest word of it."""
        return await self._db["facts"].aggregate(
            [
                {"$match": {"data.tag": OPTED_OUT, "data.gone": {"$ne": True}}},
                {"$group": {"_id": "$subject", "at": {"$max": "$at"}}},
                {"$project": {"_id": 0, "subject": "$_id", "at": 1}},
            ]
        )

    async def threads(self) -> AsyncIterator[str]:
        """Nobody walks the same SOP twice in one thread, nor is told the same twice by a step."""
        by = {"sop": "$sop", "subject": "$subject", "thread": "$thread"}
        calendars = {"thread": {"$gt": ""}}
        once = {"sop": "新客7天欢迎"}
        async for row in self._twice("journeys", {"$or": [calendars, once]}, by):
            yield f"threads: {row['_id']} was begun {row['n']} times"
        by = {"journey": "$journey", "step": "$step", "subject": "$subject"}
        reached = {"state": {"$in": ["created", "delivered"]}}
        async for row in self._twice("deliveries", reached, by):
            yield f"threads: {row['_id']} was sent {row['n']} times"
        async for row in self._twice("tasks", {}, by):
            yield f"threads: {row['_id']} was given {row['n']} times"

    async def _twice(self, rows: str, where: Row, by: Row) -> AsyncIterator[Row]:
        found = await self._db[rows].aggregate(
            [
                {"$match": where},
                {"$group": {"_id": by, "n": {"$sum": 1}}},
                {"$match": {"n": {"$gt": 1}}},
            ]
        )
        async for row in found:
            yield row

    async def caps(self) -> AsyncIterator[tuple[str, bool]]:
        """No ledger holds more than its limits; True where a late confirmation made it so."""
        several = {"_id": {"$regex": "^(cust|chat):"}, "hits.1": {"$exists": True}}
        for ledger in await self._db["caps"].find(several).to_list(None):
            hits = sorted(ledger["hits"], key=lambda hit: hit["at"])
            for days, limit in CAPS[ledger["_id"].partition(":")[0]].items():
                for full in _over(hits, days, limit):
                    keys = [hit["k"] for hit in full]
                    line = f"caps: {ledger['_id']} has {len(full)} in {days} days: {keys}"
                    yield line, await self._was_late(full)

    async def _was_late(self, hits: Sequence[Row]) -> bool:
        """Whether one of them was created on another day than it was received."""
        ids = {"_id": {"$in": [hit["k"] for hit in hits]}}
        rows = {row["_id"]: row async for row in self._db["deliveries"].find(ids)}
        made = await self._made(rows.values())
        return any(
            (row := rows.get(hit["k"])) is not None
            and (at := made.get(row.get("sending", "")))
            and _day(at) != _day(hit["at"])
            for hit in hits
        )

    async def _made(self, deliveries: Any) -> Mapping[str, datetime]:
        """Sending → when it was created in WeCom."""
        ids = sorted({row["sending"] for row in deliveries if row.get("sending")})
        found = self._db["sendings"].find({"_id": {"$in": ids}}, {"created_at": 1})
        return {row["_id"]: row["created_at"] async for row in found if row.get("created_at")}


def _over(hits: Sequence[Row], days: int, limit: int) -> list[list[Row]]:
    """The windows that hold too many: a day of the calendar, or the last ``days`` × 24 hours."""
    if days == 1:
        counted = Counter(_day(hit["at"]) for hit in hits)
        full = [day for day, n in counted.items() if n > limit]
        return [[hit for hit in hits if _day(hit["at"]) == day] for day in full]
    span = timedelta(days=days)
    windows = ([h for h in hits if last["at"] - span <= h["at"] <= last["at"]] for last in hits)
    return [window for window in windows if len(window) > limit]


def _proves(fact: Row | None, task: Row, name: str) -> bool:
    if fact is None or fact["source"] in OWN_SOURCES or name not in fact["keys"]:
        return False
    return bool(fact["at"] >= task["created_at"].replace(microsecond=0))


def _was_there(member: Row, since: datetime) -> bool:
    at = member.get("at")
    return member.get("type") == 1 or (at is not None and at <= since)


def _day(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d}"


def _inside(at: time, begins: time, ends: time) -> bool:
    return at >= begins or at < ends
