"""What MongoDB really did for a page: every query of it, with the index used and the keys looked at.

MongoDB's own profiler tells, so that nobody has to write the queries down a second time.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

_PROFILE = "system.profile"
_ROOM = 64 * 1024 * 1024
_WRITING = ("update", "remove")
_ASKING = ("query", "getmore", "command", *_WRITING)


@dataclass(frozen=True, slots=True)
class Look:
    """One command as MongoDB carried it out."""

    collection: str
    what: str  # find, aggregate, count … update, remove
    plan: str  # IXSCAN { staff: 1, open: 1 }, IDHACK, COLLSCAN …
    keys: int
    docs: int
    given: int
    asked: dict[str, Any]

    @property
    def scans(self) -> bool:
        return "COLLSCAN" in self.plan

    @property
    def page(self) -> int:
        """How many rows it was to give at most, as far as it says so; else how many it gave."""
        stages = self.asked.get("pipeline", [])
        limits = [stage["$limit"] for stage in stages if "$limit" in stage]
        return max([self.asked.get("limit", 0), self.given, *limits[:1]])

    @property
    def counts(self) -> bool:
        """Whether it adds up rows, or writes down what was added up, instead of showing them."""
        stages = {name for stage in self.asked.get("pipeline", []) for name in stage}
        return self.what in ("count", "distinct", *_WRITING) or bool(
            stages & {"$group", "$count", "$facet"}
        )

    def __str__(self) -> str:
        asked = {k: v for k, v in self.asked.items() if not k.startswith(("$", "lsid"))}
        figures = f"{self.keys} keys, {self.docs} documents, {self.given} given"
        return f"{self.collection}: {figures}, {self.plan}\n      {str(asked)[:700]}"


@asynccontextmanager
async def watched(db: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[list[Look]]:
    """The list is filled when the block is left."""
    looks: list[Look] = []
    await db.command("profile", 0)
    await db[_PROFILE].drop()
    await db.create_collection(_PROFILE, capped=True, size=_ROOM)
    await db.command("profile", 2)
    try:
        yield looks
    finally:
        await db.command("profile", 0)
    asked = await db[_PROFILE].find({"op": {"$in": list(_ASKING)}}).to_list(None)
    named = ((row["ns"].partition(".")[2], row) for row in asked)
    looks += [_look(name, row) for name, row in named if name not in (_PROFILE, "$cmd")]


def _look(collection: str, row: dict[str, Any]) -> Look:
    asked = row.get("originatingCommand") or row["command"]
    return Look(
        collection=collection,
        what=row["op"] if row["op"] in _WRITING else next(iter(asked), row["op"]),
        plan=row.get("planSummary", ""),
        keys=row.get("keysExamined", 0),
        docs=row.get("docsExamined", 0),
        given=row.get("nreturned", 0),
        asked=asked,
    )


def wasteful(
    looks: Sequence[Look], *, shown: int, counted: int, small: Collection[str]
) -> list[str]:
    """What is wrong with these: a collection read from end to end, or too much looked at.

    A list may look at twice what it shows, or twice ``shown`` where it shows less; adding up may
    look at ``counted`` rows, or as many as it says it adds up at most. ``small`` collections may
    be read as they are: whatever the company does, they have few rows.
    """
    found = []
    for look in looks:
        most = max(counted, look.page) if look.counts else 2 * max(look.page, shown)
        if look.collection in small:
            continue
        if look.scans:
            found.append(f"reads everything: {look}")
        elif max(look.keys, look.docs) > most:
            found.append(f"looks at more than {most}: {look}")
    return found
