"""The inbox: callbacks kept before they are acknowledged, until they are handled."""

import logging
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

import pymongo
from pymongo import ASCENDING, IndexModel, WriteConcern
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from bot.model import Incoming
from bot.store.due import Due, Rows, lease, token
from bot.store.rows import Row, from_row, slot_of
from bot.store.together import change

log = logging.getLogger(__name__)

KEEP_DAYS = 30  # a repeat of a callback is recognised for as long
_ALREADY_THERE = 11000


class Inbox:
    def __init__(self, rows: Rows, start: int = 0) -> None:
        self._rows = rows
        # Whatever the connection string says: an acknowledged callback must outlive a crash.
        self._durable = rows.with_options(write_concern=WriteConcern("majority", j=True))
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes("lane"),
                IndexModel(
                    [("delete_at", ASCENDING)], name="ttl", expireAfterSeconds=0, sparse=True
                ),
            ]
        )

    async def put_many(self, incoming: Sequence[Incoming], seconds: float) -> frozenset[str]:
        """Keep callbacks: the ids that are durable within ``seconds``, those of repeats too."""
        ids = frozenset(one.id for one in incoming)
        try:
            with pymongo.timeout(seconds):
                await self._durable.insert_many([_row(one) for one in incoming], ordered=False)
        except BulkWriteError as error:
            return ids - _refused(error.details, incoming)
        except PyMongoError as error:
            log.warning("the inbox is out of reach: %s", type(error).__name__)
            return frozenset()
        return ids

    async def begin(self, incoming: Incoming) -> str | None:
        """Keep what is handled right here, under a lease; the token that ends it.

        None: it came before. Should whoever holds it die, the next claim finds it.
        """
        fresh: Row = {name: {"$literal": value} for name, value in _row(incoming).items()}
        fresh["lease"] = lease(owner := token())
        known: Row = {"$ne": [{"$type": "$state"}, "missing"]}
        keep: Row = {"$replaceWith": {"$cond": [known, "$$ROOT", fresh]}}
        try:
            put = await self._durable.update_one({"_id": incoming.id}, [keep], upsert=True)
        except DuplicateKeyError:  # the same at the same moment
            return None
        return owner if put.upserted_id is not None else None

    async def claim(
        self, now: datetime, *, lane: str, limit: int = 100
    ) -> tuple[str, list[Incoming]]:
        """Lease due callbacks of one lane: the token that ends them, and the callbacks."""
        owner, rows = await self.due.claim(now, limit, {"lane": lane})
        return owner, [from_row(Incoming, row) for row in rows]

    async def next_due(self) -> datetime | None:
        return await self.due.next_due()

    async def finish(self, incoming_id: str, owner: str, state: str, why: str = "") -> None:
        """It is ``done``, ``ignored`` or ``dead``; kept a while, so that repeats are recognised."""
        forget_at = {"$dateAdd": {"startDate": "$$NOW", "unit": "day", "amount": KEEP_DAYS}}
        await change(
            self._rows,
            {"_id": incoming_id, "lease.owner": owner},
            [
                {"$set": {"state": state, "why": {"$literal": why}, "delete_at": forget_at}},
                {"$unset": ["due_at", "lease"]},
            ],
        )

    async def postpone(
        self, incoming_id: str, owner: str, until: datetime, why: str, *, failed: bool = True
    ) -> None:
        """Let it be handled later; ``failed`` says whether that counts as a try."""
        await change(
            self._rows,
            {"_id": incoming_id, "lease.owner": owner},
            {
                "$set": {"due_at": until, "why": why},
                "$inc": {"tries": int(failed)},
                "$unset": {"lease": ""},
            },
        )

    async def get(self, incoming_id: str) -> Incoming | None:
        row = await self._rows.find_one({"_id": incoming_id})
        return from_row(Incoming, row) if row else None

    async def dead(self, limit: int = 100) -> list[Incoming]:
        """What nobody could handle, newest first."""
        found = self._rows.find({"state": "dead"}, sort=[("received_at", -1)]).limit(limit)
        return [from_row(Incoming, row) async for row in found]

    async def received(self, since: datetime, until: datetime) -> AsyncGenerator[Incoming, None]:
        """What came in between, handled or not, as far as it is still kept; in no order."""
        between = {"received_at": {"$gte": since, "$lt": until}}
        async for row in self._rows.find(between, batch_size=1000):
            yield from_row(Incoming, row)

    async def replay(self, incoming_id: str, now: datetime) -> bool:
        """Give a dead callback another chance; False if it is not dead."""
        result = await self._rows.update_one(
            {"_id": incoming_id, "state": "dead"},
            {
                "$set": {"state": "new", "due_at": now, "tries": 0},
                "$unset": {"delete_at": "", "lease": ""},
            },
        )
        return result.modified_count == 1

    async def waiting(self) -> int:
        """How many callbacks are not handled yet."""
        lanes = {"$in": ["urgent", "normal"]}  # so that the index can answer
        return await self._rows.count_documents({"lane": lanes, "due_at": {"$exists": True}})


def _row(one: Incoming) -> Row:
    return {
        "_id": one.id,
        "route": one.route,
        "envelope": one.envelope,
        "lane": one.lane,
        "subject": one.subject,
        "slot": slot_of(one.subject),
        "state": one.state,
        "received_at": one.received_at,
        "due_at": one.due_at,
        "tries": one.tries,
    }


def _refused(details: Any, incoming: Sequence[Incoming]) -> frozenset[str]:
    """Which ids are not durable, by what the server answered to a batch."""
    if details["writeConcernErrors"]:
        log.warning("the inbox could not reach its majority")
        return frozenset(one.id for one in incoming)
    errors = [error for error in details["writeErrors"] if error["code"] != _ALREADY_THERE]
    if errors:
        log.warning("the inbox refused %d rows, code %s", len(errors), errors[0]["code"])
    return frozenset(incoming[error["index"]].id for error in errors)
