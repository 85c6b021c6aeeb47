"""How far everybody under way has been told of what is live; one document for all processes."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from bot.store.due import FREE, Rows, lease, token
from bot.store.releases import Head
from bot.store.rows import Row

AGAIN_SECONDS = 15  # processes may work by the head before for a few seconds: look a second time
_ONLY: Row = {"_id": "sweep"}


@dataclass(frozen=True, slots=True)
class Sweep:
    """From ``done`` to ``to``; ``place`` is the last journey seen: (SOP, subject, thread).

    ``via`` are heads in between that not everybody was told of: some may have walked by them.
    """

    done: Head
    via: tuple[Head, ...]
    to: Head
    place: tuple[str, str, str]
    second: bool
    recalled: int  # the newest release whose 撤回未发 was done
    owner: str


class Sweeps:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def ring(self, now: datetime) -> None:
        """Head has moved: there is something to look at."""
        await self._rows.update_one(_ONLY, {"$set": {"due_at": now}}, upsert=True)

    async def claim(self, head: Head) -> Sweep | None:
        """The sweep to go on with, leased; None when all is done or somebody else is at it.

        When head has moved meanwhile, it begins anew, towards the new head.
        """
        row = await self._row()
        if "done" not in row and head.n == 1:  # before the first release nobody was under way
            await self._rows.update_one(
                {**_ONLY, "done": None}, {"$set": {"done": _of(head)}, "$unset": {"due_at": ""}}
            )
            return None
        to = row.get("to") or {}
        if to.get("rev") != head.rev or to.get("n") != head.n:
            if row.get("done") == _of(head):
                await self._rest()
                return None
            change: Row = {"to": _of(head), "place": ["", "", ""], "second": False}
            change["via"] = [*row.get("via", ()), *([to] if to else ())]
            seen = {**_ONLY, "to": row.get("to")}
            begun: Row = {"$set": {**_literal(change), "ready_at": "$$NOW"}}
            fresh: list[Row] = [begun, {"$unset": "lease"}]
            await self._rows.update_one(seen, fresh)
        sweep = await self._lease()
        if sweep is None:
            await self._rest()
        return sweep

    async def advance(self, sweep: Sweep, place: tuple[str, str, str]) -> bool:
        """Everybody up to here has been looked at; False when the sweep is no longer ours."""
        change = {"$set": {"place": list(place)}, "$unset": {"lease": ""}}
        return (await self._rows.update_one(self._mine(sweep), change)).modified_count == 1

    async def recalled(self, n: int) -> None:
        """撤回未发 of release ``n`` was done, and is not done again."""
        await self._rows.update_one(_ONLY, {"$max": {"recalled": n}})

    async def finish(self, sweep: Sweep) -> bool:
        """Everybody has been looked at: once more after a while, then it is done."""
        if not sweep.second:
            wait = {"startDate": "$$NOW", "unit": "second", "amount": AGAIN_SECONDS}
            first: Row = {
                "second": True,
                "place": ["", "", ""],
                "ready_at": {"$dateAdd": wait},
            }
            write: Any = [{"$set": first}, {"$unset": ["lease", "due_at"]}]
        else:
            write = {
                "$set": {"done": _of(sweep.to)},
                "$unset": dict.fromkeys(("to", "via", "lease", "place", "second", "due_at"), ""),
            }
        return (await self._rows.update_one(self._mine(sweep), write)).modified_count == 1

    async def _row(self) -> Row:
        row = await self._rows.find_one(_ONLY)
        if row is not None:
            return row
        with suppress(DuplicateKeyError):  # another process was first: it is there now
            await self._rows.insert_one({**_ONLY})
        return {}

    async def _rest(self) -> None:
        """Nothing to do for now: who looks at what is due need not look here."""
        await self._rows.update_one(_ONLY, {"$unset": {"due_at": ""}})

    async def _lease(self) -> Sweep | None:
        owner = token()
        open_: Row = {"to": {"$exists": True}, "$expr": {"$lte": ["$ready_at", "$$NOW"]}}
        row = await self._rows.find_one_and_update(
            {"$and": [_ONLY, open_, FREE]},
            [{"$set": {"lease": lease(owner)}}],
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            return None
        sop, subject, thread = row["place"]
        done = _head(row.get("done") or {})
        return Sweep(
            done=done,
            via=tuple(_head(one) for one in row.get("via", ())),
            to=_head(row["to"]),
            place=(sop, subject, thread),
            second=bool(row["second"]),
            recalled=int(row.get("recalled", 0)),
            owner=owner,
        )

    @staticmethod
    def _mine(sweep: Sweep) -> Row:
        return {**_ONLY, "lease.owner": sweep.owner, "to": _of(sweep.to)}


def _of(head: Head) -> Row:
    states = [{"sop": sop, "state": state} for sop, state in sorted(head.states.items())]
    return {"n": head.n, "rev": head.rev, "states": states}


def _head(row: Mapping[str, Any]) -> Head:
    states = {one["sop"]: one["state"] for one in row.get("states", ())}
    return Head(int(row.get("n", 0)), int(row.get("rev", 0)), states)


def _literal(change: Mapping[str, Any]) -> Row:
    """As values of a pipeline: the name of an SOP may begin with a dollar."""
    return {name: {"$literal": value} for name, value in change.items()}
