"""Experiments: who was drawn into which arm, once and for good, and what came of it."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from bot.model import Assignment, Experiment
from bot.playbook.split import Ruling
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, from_row, slot_of, to_row

_BATCH = 1_000


class Experiments:
    def __init__(self, rows: Rows, assignments: Rows) -> None:
        self._rows = rows
        self._assignments = assignments
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [*Due.indexes(), IndexModel([("cards", ASCENDING)], name="cards", sparse=True)]
        )
        by_arm = [("experiment", ASCENDING), ("arm", ASCENDING), ("at", ASCENDING)]
        await self._assignments.create_indexes(
            [
                IndexModel(by_arm, name="arm"),
                IndexModel([("subject", ASCENDING)], name="subject"),
            ]
        )

    async def get(self, name: str) -> Experiment | None:
        row = await self._rows.find_one({"_id": name})
        return from_row(Experiment, row) if row else None

    async def all(self) -> list[Experiment]:
        """Every experiment that ever began, oldest first."""
        found = self._rows.find().sort("started_at", ASCENDING)
        return [from_row(Experiment, row) async for row in found]

    async def names(self) -> set[str]:
        """Every name that was ever used."""
        return {row["_id"] async for row in self._rows.find({}, {"_id": 1})}

    async def of_card(self, card: str) -> Experiment | None:
        """The experiment about which this card asks, or asked."""
        row = await self._rows.find_one({"cards": card})
        return from_row(Experiment, row) if row else None

    async def verdicts(self, names: Collection[str]) -> dict[str, Ruling]:
        """Of those of ``names`` that have a verdict."""
        wanted = {"_id": {"$in": sorted(names)}, "verdict": {"$gt": ""}}
        found = self._rows.find(wanted, {"verdict": 1, "decided_at": 1})
        return {row["_id"]: Ruling(row["verdict"], row["decided_at"]) async for row in found}

    # ---- who walks which arm -------------------------------------------------------------------

    async def begin(self, experiments: Iterable[Experiment]) -> None:
        """Remember those that have their first customer; one that began before is left alone."""
        rows = [to_row(one) | {"slot": slot_of(one.id)} for one in experiments]
        await insert_new(self._rows, rows)

    async def assign(self, drawn: Sequence[Assignment]) -> dict[tuple[str, str], str]:
        """Keep who was drawn into which arm; (experiment, subject) → the arm kept, maybe before."""
        await insert_new(self._assignments, [to_row(one) for one in drawn])
        kept = self._assignments.find({"_id": {"$in": [one.id for one in drawn]}})
        return {(row["experiment"], row["subject"]): row["arm"] async for row in kept}

    async def assignments(self, name: str) -> AsyncIterator[list[Assignment]]:
        """Everybody of an experiment, in batches."""
        batch: list[Assignment] = []
        async for row in self._assignments.find({"experiment": name}, batch_size=_BATCH):
            batch.append(from_row(Assignment, row))
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def assigned(self, subject: str) -> list[Assignment]:
        """Every experiment a customer takes part in, oldest first."""
        found = self._assignments.find({"subject": subject}).sort("at", ASCENDING)
        return [from_row(Assignment, row) async for row in found]

    async def nth_of(self, name: str, arm: str, n: int) -> datetime | None:
        """When the ``n``-th customer was drawn into the arm; None while there are fewer."""
        theirs = self._assignments.find({"experiment": name, "arm": arm}, {"at": 1})
        rows = await theirs.sort("at", ASCENDING).skip(n - 1).limit(1).to_list(None)
        return rows[0]["at"] if rows else None

    # ---- what came of it -----------------------------------------------------------------------

    async def claim(self, now: datetime, limit: int = 5) -> tuple[str, list[Experiment]]:
        owner, rows = await self.due.claim(now, limit)
        return owner, [from_row(Experiment, row) for row in rows]

    async def note(self, owner: str, experiment: Experiment, **change: Any) -> bool:
        """Write what was counted, or when to look again; False when it has moved on meanwhile.

        A ``due_at`` of None: nothing to do until somebody decides.
        """
        return await self._write(self._mine(owner, experiment), change)

    async def propose(self, owner: str, experiment: Experiment, card: str, **found: Any) -> bool:
        """running → asking: the owner is to decide; False when it has moved on meanwhile."""
        change = {"state": "asking", "card": card, **found}
        update = {"$set": change, "$addToSet": {"cards": card}}
        asked = await self._rows.update_one(self._mine(owner, experiment), update)
        return asked.modified_count == 1

    async def decide(self, owner: str, experiment: Experiment, **verdict: Any) -> bool:
        """running → decided, by the rule; False when it has moved on meanwhile."""
        return await self._write(self._mine(owner, experiment), {"state": "decided", **verdict})

    async def answer(self, card: str, *, by: str, at: datetime, arm: str) -> bool:
        """asking → decided, by the owner; False when the card was answered before."""
        verdict = {"verdict": arm, "decided_by": by, "decided_at": at}
        return await self._write(
            {"card": card, "state": "asking"}, {"state": "decided", "due_at": at, **verdict}
        )

    async def observe_again(self, card: str, at: datetime) -> bool:
        """asking → running for one more period; False when the card was answered before."""
        change = {"state": "running", "since": at, "due_at": at}
        return await self._write({"card": card, "state": "asking"}, change)

    async def release(self, owner: str, ids: Iterable[str]) -> None:
        """Let go of whatever a claim still holds; what is due stays due."""
        held = {"_id": {"$in": list(ids)}, "lease.owner": owner}
        await self._rows.update_many(held, {"$unset": {"lease": "", "claims": ""}})

    @staticmethod
    def _mine(owner: str, experiment: Experiment) -> Row:
        """As it was claimed: in the same state, in the same period."""
        return {
            "_id": experiment.id,
            "state": experiment.state,
            "since": experiment.since,
            "lease.owner": owner,
        }

    async def _write(self, which: Row, change: Row) -> bool:
        gone = [name for name, value in change.items() if value is None]
        update: Row = {"$set": {name: v for name, v in change.items() if v is not None}}
        if gone:
            update["$unset"] = dict.fromkeys(gone, "")
        return (await self._rows.update_one(which, update)).matched_count == 1
