"""Deliveries: one customer's or group's share of one step, from ready to its final answer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pymongo import ASCENDING, IndexModel, UpdateOne

from bot.model import Delivery
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, by_sop, from_row, to_row
from bot.store.together import by_ids

Ending = Literal["failed", "expired", "suppressed", "cancelled"]

_OPEN = ("ready", "gathered", "created")
_IDLE = {"due_at": "", "lease": "", "claims": ""}


class Deliveries:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel([("subject", ASCENDING), ("due_at", ASCENDING)], name="subject"),
                IndexModel([("sending", ASCENDING)], name="sending"),
                IndexModel([("journey", ASCENDING)], name="journey"),
                IndexModel([("state", ASCENDING), ("sop", ASCENDING)], name="state"),
                IndexModel([("planned_at", ASCENDING)], name="planned"),
                by_sop("planned_at"),
            ]
        )

    async def put(self, rows: Iterable[Delivery]) -> None:
        """Add deliveries; one already there is left alone."""
        fresh = [to_row(row) for row in rows]
        if not fresh:
            return
        await insert_new(self._rows, fresh)

    async def get(self, delivery_id: str) -> Delivery | None:
        row = await self._rows.find_one({"_id": delivery_id})
        return from_row(Delivery, row) if row else None

    async def many(self, ids: Iterable[str]) -> list[Delivery]:
        return [from_row(Delivery, row) for row in (await by_ids(self._rows, ids)).values()]

    async def of(self, subject: str) -> list[Delivery]:
        """Everything meant for a customer or group, oldest first."""
        found = self._rows.find({"subject": subject}).sort("planned_at", ASCENDING)
        return [from_row(Delivery, row) async for row in found]

    async def used(self, subject: str, column: str) -> Counter[str]:
        """How often a group was sent, or is about to be, each piece of a 栏目."""
        had = {"subject": subject, "column": column, "state": {"$in": [*_OPEN, "delivered"]}}
        return Counter([row.get("piece", "") async for row in self._rows.find(had, {"piece": 1})])

    async def open_of(self, sending: str) -> list[Delivery]:
        """The members of a sending whose fate is not known yet."""
        found = self._rows.find({"sending": sending, "state": {"$in": ["gathered", "created"]}})
        return [from_row(Delivery, row) async for row in found]

    async def in_hand(self, subject: str) -> list[Delivery]:
        """What is on its way to this customer or group, and not confirmed by staff."""
        theirs = {"subject": subject, "state": {"$in": ["gathered", "created"]}}
        return [from_row(Delivery, row) async for row in self._rows.find(theirs)]

    async def claim(self, now: datetime, limit: int) -> tuple[str, list[Delivery]]:
        """Lease due deliveries that are ready; the token and the deliveries."""
        owner, rows = await self.due.claim(now, limit, {"state": "ready"})
        return owner, [from_row(Delivery, row) for row in rows]

    async def service_later(
        self, subjects: Iterable[str], after: datetime, until: datetime
    ) -> Counter[str]:
        """How many 服务 deliveries are ready for each subject, to be sent between the moments."""
        waiting = {
            "subject": {"$in": sorted(set(subjects))},
            "state": "ready",
            "cls": "服务",
            "due_at": {"$gt": after, "$lt": until},
        }
        found = self._rows.find(waiting, {"subject": 1})
        return Counter([row["subject"] async for row in found])

    # ---- by the gatherer, under its token --------------------------------------------------------

    async def postpone(
        self, owner: str, until: Mapping[str, datetime], why: Mapping[str, str]
    ) -> None:
        await self._bulk(
            owner,
            {
                key: {
                    "$set": {"due_at": at, "reason": why.get(key, "")},
                    "$unset": {"lease": "", "claims": ""},
                }
                for key, at in until.items()
            },
        )

    async def drop(self, owner: str, ends: Mapping[str, tuple[Ending, str]]) -> None:
        """These will never be sent, for the reasons given."""
        await self._bulk(
            owner,
            {
                key: {"$set": {"state": state, "reason": reason}, "$unset": _IDLE}
                for key, (state, reason) in ends.items()
            },
        )

    async def gather(self, owner: str, sending_of: Mapping[str, str]) -> None:
        """These are members of a sending now and wait for its fate."""
        await self._bulk(
            owner,
            {
                key: {
                    "$set": {"state": "gathered", "sending": sending, "reason": ""},
                    "$unset": _IDLE,
                }
                for key, sending in sending_of.items()
            },
        )

    async def _bulk(self, owner: str, updates: Mapping[str, Row]) -> None:
        writes = [
            UpdateOne({"_id": key, "lease.owner": owner, "state": "ready"}, update)
            for key, update in updates.items()
        ]
        if writes:
            await self._rows.bulk_write(writes, ordered=False)

    # ---- by the sending they are in --------------------------------------------------------------

    async def of_sending(self, sending: str, members: Sequence[str]) -> list[Delivery]:
        """Those of ``members`` that are this sending's to send, and nobody else's.

        A gatherer that froze may have put a delivery into a second part; it belongs to the one it
        names. One that died in between named none: it belongs to whoever sends first.
        """
        unnamed = {"_id": {"$in": list(members)}, "state": "ready", "sending": ""}
        named = {"$set": {"state": "gathered", "sending": sending}, "$unset": _IDLE}
        theirs = await self.many(members)
        if any(delivery.state == "ready" and not delivery.sending for delivery in theirs):
            await self._rows.update_many(unnamed, named)
            theirs = await self.many(members)
        return [delivery for delivery in theirs if delivery.sending == sending]

    async def created(self, sending: str, at: datetime) -> None:
        """WeCom has the mass message; staff have not confirmed it."""
        await self._rows.update_many(
            {"sending": sending, "state": "gathered"},
            {"$set": {"state": "created"}, "$min": {"created_at": at}},
        )

    async def confirmed(self, sending: str, ids: Sequence[str], at: datetime) -> None:
        """Staff pressed the button for these; the first time counts, as does every outcome."""
        mine = {"_id": {"$in": list(ids)}, "sending": sending}
        await self._rows.update_many(mine, {"$min": {"confirmed_at": at}})

    async def delivered(self, sending: str, at: Mapping[str, datetime]) -> None:
        writes = [
            UpdateOne(
                {"_id": key, "sending": sending, "state": {"$in": ["gathered", "created"]}},
                {
                    "$set": {"state": "delivered", "delivered_at": moment},
                    "$min": {"confirmed_at": moment},
                },
            )
            for key, moment in at.items()
        ]
        if writes:
            await self._rows.bulk_write(writes, ordered=False)

    async def end(self, sending: str, ids: Sequence[str], state: Ending, reason: str) -> None:
        """Members of a sending that did not get it."""
        if not ids:
            return
        await self._rows.update_many(
            {
                "_id": {"$in": list(ids)},
                "sending": sending,
                "state": {"$in": ["gathered", "created"]},
            },
            {"$set": {"state": state, "reason": reason}},
        )

    async def offer_again(
        self, sending: str, ids: Sequence[str], due_at: datetime, why: str
    ) -> None:
        """Members of a sending that was withdrawn before they got it."""
        if not ids:
            return
        await self._rows.update_many(
            {
                "_id": {"$in": list(ids)},
                "sending": sending,
                "state": {"$in": ["gathered", "created"]},
            },
            {"$set": {"state": "ready", "sending": "", "due_at": due_at, "reason": why}},
        )

    # ---- 撤回未发 --------------------------------------------------------------------------------

    async def unsent(self, sop: str, steps: Iterable[str] | None) -> list[Delivery]:
        """What was made for these steps (None: all) and has not reached its end."""
        theirs: Row = {"state": {"$in": list(_OPEN)}, "sop": sop}
        if steps is not None:
            theirs["step"] = {"$in": sorted(steps)}
        return [from_row(Delivery, row) async for row in self._rows.find(theirs)]

    async def recall(self, ids: Sequence[str], reason: str) -> set[str]:
        """End those that WeCom does not have yet; the others end when it gives them back.

        The ids of those that ended.
        """
        mine = {"_id": {"$in": list(ids)}}
        ended: Row = {"state": "cancelled", "reason": reason, "recalled": True, "sending": ""}
        await self._rows.update_many(
            {**mine, "state": {"$in": ["ready", "gathered"]}}, {"$set": ended, "$unset": _IDLE}
        )
        given_back = {"$set": {"recalled": True, "reason": reason}}
        await self._rows.update_many({**mine, "state": "created"}, given_back)
        found = self._rows.find({**mine, "state": "cancelled"}, {"_id": 1})
        return {row["_id"] async for row in found}

    async def counts(self) -> dict[tuple[str, str], int]:
        """How many there are per (state, reason)."""
        group = {"_id": {"state": "$state", "reason": "$reason"}, "n": {"$sum": 1}}
        found = await self._rows.aggregate([{"$group": group}])
        return {(r["_id"]["state"], r["_id"]["reason"]): r["n"] async for r in found}

    async def unfinished(self) -> int:
        return await self._rows.count_documents({"state": {"$in": list(_OPEN)}})
