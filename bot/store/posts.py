"""Posts: one member of staff's share of one moment (朋友圈), from ready to what came of it.

A published one still has a ``due_at`` while its echo is to be read.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pymongo import ASCENDING, IndexModel, UpdateOne

from bot.model import Post
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, from_row, to_row

Ending = Literal["failed", "expired", "suppressed", "cancelled"]

_OPEN = ("ready", "gathered", "created")
_IN_HAND = {"$in": ["gathered", "created"]}
_LET_GO = {"lease": "", "claims": ""}
_IDLE = {"due_at": "", **_LET_GO}


class Posts:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel([("posting", ASCENDING)], name="posting"),
                IndexModel([("column", ASCENDING), ("occasion", ASCENDING)], name="column"),
                IndexModel([("planned_at", ASCENDING)], name="planned"),
                IndexModel([("state", ASCENDING), ("sop", ASCENDING)], name="state"),
            ]
        )

    async def put(self, rows: Iterable[Post]) -> None:
        """Add posts; one that another group asked for before is left alone."""
        await insert_new(self._rows, [to_row(row) for row in rows])

    async def get(self, post_id: str) -> Post | None:
        row = await self._rows.find_one({"_id": post_id})
        return from_row(Post, row) if row else None

    async def many(self, ids: Iterable[str]) -> list[Post]:
        found = self._rows.find({"_id": {"$in": sorted(set(ids))}}).sort("_id", ASCENDING)
        return [from_row(Post, row) async for row in found]

    async def all(self) -> list[Post]:
        return [from_row(Post, row) async for row in self._rows.find().sort("_id", ASCENDING)]

    async def used(self, column: str, besides: str) -> Counter[str]:
        """How often each piece of a 栏目 was published, or is about to be, on other occasions."""
        had = {
            "column": column,
            "occasion": {"$ne": besides},
            "state": {"$in": [*_OPEN, "published"]},
        }
        each = {"_id": {"piece": "$piece", "occasion": "$occasion"}}
        found = await self._rows.aggregate([{"$match": had}, {"$group": each}])
        return Counter([row["_id"]["piece"] async for row in found])

    async def open_of(self, posting: str) -> list[Post]:
        """The members of a posting whose fate is not known yet."""
        found = self._rows.find({"posting": posting, "state": _IN_HAND})
        return [from_row(Post, row) async for row in found]

    async def claim(self, now: datetime, limit: int) -> tuple[str, list[Post]]:
        """Lease due posts that are ready; the token and the posts."""
        return await self._claim(now, limit, "ready")

    async def claim_published(self, now: datetime, limit: int) -> tuple[str, list[Post]]:
        """Lease published ones whose echo is due; the token and the posts."""
        return await self._claim(now, limit, "published")

    # ---- by the gatherer, under its token --------------------------------------------------------

    async def postpone(self, owner: str, later: Mapping[str, tuple[datetime, str]]) -> None:
        """Until when, and why."""
        await self._ready(
            owner,
            {
                key: {"$set": {"due_at": at, "reason": why}, "$unset": _LET_GO}
                for key, (at, why) in later.items()
            },
        )

    async def drop(self, owner: str, ends: Mapping[str, tuple[Ending, str]]) -> None:
        """These will never be published, for the reasons given."""
        await self._ready(
            owner,
            {
                key: {"$set": {"state": state, "reason": reason}, "$unset": _IDLE}
                for key, (state, reason) in ends.items()
            },
        )

    async def gather(self, owner: str, posting_of: Mapping[str, str]) -> None:
        """These are members of a posting now and wait for its fate."""
        await self._ready(
            owner,
            {
                key: {
                    "$set": {"state": "gathered", "posting": posting, "reason": ""},
                    "$unset": _IDLE,
                }
                for key, posting in posting_of.items()
            },
        )

    # ---- by the posting they are in --------------------------------------------------------------

    async def of_posting(self, posting: str, members: Sequence[str]) -> list[Post]:
        """Those of ``members`` that are this posting's to publish, and nobody else's.

        One whose gatherer died before it could name a posting belongs to whoever sends first.
        """
        unnamed = {"_id": {"$in": list(members)}, "state": "ready", "posting": ""}
        named = {"$set": {"state": "gathered", "posting": posting}, "$unset": _IDLE}
        await self._rows.update_many(unnamed, named)
        return [post for post in await self.many(members) if post.posting == posting]

    async def created(self, posting: str, at: datetime) -> None:
        """WeCom asks its people from now on; the first time counts, it may be offered again."""
        gathered = {"posting": posting, "state": "gathered"}
        first = {"$ifNull": ["$created_at", at]}
        await self._rows.update_many(
            gathered, [{"$set": {"state": "created", "created_at": first}}]
        )

    async def published(
        self, posting: str, ids: Sequence[str], at: datetime, echo_at: datetime
    ) -> None:
        """Seen by WeCom as published; its echo is read at ``echo_at``."""
        await self._end(
            posting,
            ids,
            {"state": "published", "published_at": at, "reason": "", "due_at": echo_at},
        )

    async def end(self, posting: str, ids: Sequence[str], state: Ending, reason: str) -> None:
        """Members of a posting that did not publish it."""
        await self._end(posting, ids, {"state": state, "reason": reason})

    async def offer_again(
        self, posting: str, ids: Sequence[str], due_at: datetime, why: str
    ) -> None:
        """Members of a posting that was withdrawn before they published it."""
        again = {"state": "ready", "posting": "", "due_at": due_at, "reason": why}
        await self._end(posting, ids, again)

    # ---- its echo --------------------------------------------------------------------------------

    async def heard(self, owner: str, post_id: str, due_at: datetime | None, **echo: int) -> None:
        """What WeCom counts by now; looked at again at ``due_at`` (None: never)."""
        update: Row = {"$set": dict(echo), "$unset": _IDLE if due_at is None else _LET_GO}
        if due_at is not None:
            update["$set"]["due_at"] = due_at
        mine = {"_id": post_id, "lease.owner": owner}
        await self._rows.update_one(mine, {name: what for name, what in update.items() if what})

    # ---- 撤回未发 --------------------------------------------------------------------------------

    async def unsent(self, sop: str, steps: Iterable[str] | None) -> list[Post]:
        """What was made for these steps (None: all) and has not reached its end."""
        theirs: Row = {"state": {"$in": list(_OPEN)}, "sop": sop}
        if steps is not None:
            theirs["step"] = {"$in": sorted(steps)}
        return [from_row(Post, row) async for row in self._rows.find(theirs)]

    async def recall(self, ids: Sequence[str], reason: str) -> set[str]:
        """End those that WeCom does not have yet; the others end when it gives them back.

        The ids of those that ended.
        """
        mine = {"_id": {"$in": list(ids)}}
        ended: Row = {"state": "cancelled", "reason": reason, "recalled": True, "posting": ""}
        await self._rows.update_many(
            {**mine, "state": {"$in": ["ready", "gathered"]}}, {"$set": ended, "$unset": _IDLE}
        )
        given_back = {"$set": {"recalled": True, "reason": reason}}
        await self._rows.update_many({**mine, "state": "created"}, given_back)
        found = self._rows.find({**mine, "state": "cancelled"}, {"_id": 1})
        return {row["_id"] async for row in found}

    # ---- for reports -----------------------------------------------------------------------------

    async def tally(
        self, since: datetime, until: datetime, by: Sequence[str], where: Mapping[str, Any]
    ) -> list[Row]:
        """Posts planned in [since, until) by these fields: how many came how far, and the echo."""
        match = {"planned_at": {"$gte": since, "$lt": until}, **where}
        group: Row = {
            "_id": {name: f"${name}" for name in by},
            "due": {"$sum": 1},
            "created": _count({"$gt": ["$created_at", None]}),
            "published": _count({"$eq": ["$state", "published"]}),
            "open": _count({"$in": ["$state", list(_OPEN)]}),
            "forgotten": _count(
                {"$and": [{"$gt": ["$created_at", None]}, {"$eq": ["$state", "expired"]}]}
            ),
            "recalled": _count({"$eq": ["$state", "cancelled"]}),
            "dropped": _count(
                {
                    "$and": [
                        {"$not": {"$gt": ["$created_at", None]}},
                        {"$in": ["$state", ["failed", "expired", "suppressed"]]},
                    ]
                }
            ),
            "unknown": _count(
                {"$and": [{"$gt": ["$created_at", None]}, {"$eq": ["$state", "failed"]}]}
            ),
            "heard": _count({"$gt": ["$looks", 0]}),
            "audience": {"$sum": "$audience"},
            "likes": {"$sum": "$likes"},
            "comments": {"$sum": "$comments"},
        }
        found = await self._rows.aggregate(
            [{"$match": match}, {"$group": group}, {"$sort": {"_id": 1}}]
        )
        return [{**row.pop("_id"), **row} for row in await found.to_list(None)]

    async def reasons(
        self, since: datetime, until: datetime, where: Mapping[str, Any]
    ) -> dict[str, int]:
        """Why posts planned in [since, until) were never published: reason → how many."""
        ended = {"$in": ["failed", "expired", "suppressed", "cancelled"]}
        match = {"planned_at": {"$gte": since, "$lt": until}, "state": ended, **where}
        found = await self._rows.aggregate(
            [
                {"$match": match},
                {"$group": {"_id": "$reason", "n": {"$sum": 1}}},
                {"$sort": {"n": -1, "_id": 1}},
            ]
        )
        return {row["_id"]: row["n"] async for row in found}

    async def _claim(self, now: datetime, limit: int, state: str) -> tuple[str, list[Post]]:
        owner, rows = await self.due.claim(now, limit, {"state": state})
        return owner, [from_row(Post, row) for row in rows]

    async def _ready(self, owner: str, updates: Mapping[str, Row]) -> None:
        writes = [
            UpdateOne({"_id": key, "lease.owner": owner, "state": "ready"}, update)
            for key, update in updates.items()
        ]
        if writes:
            await self._rows.bulk_write(writes, ordered=False)

    async def _end(self, posting: str, ids: Sequence[str], change: Row) -> None:
        if ids:
            mine = {"_id": {"$in": list(ids)}, "posting": posting, "state": _IN_HAND}
            await self._rows.update_many(mine, {"$set": change})


def _count(true: Row) -> Row:
    return {"$sum": {"$cond": [true, 1, 0]}}
