"""Seats: one living place per customer and theme, from candidate to member."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.model import Seat
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, from_row, slot_of, to_row

LIVING = ("候选", "已占位", "已邀请", "已入群", "候补")
WAITING = ("候选", "候补")
HOLDING = ("已占位", "已邀请")
PROPOSED = "建议"  # a better group: nothing is held until the member of staff says yes


def given_up(seat: Seat, why: str) -> str:
    """What is written down about a seat that ends without anybody in it."""
    what = "的位子没有了" if seat.state in HOLDING else "不再邀请"  # who waits has none to lose
    return f"主题“{seat.theme}”{what}：{why}"


class Seats:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel(
                    [("theme", ASCENDING), ("subject", ASCENDING)],
                    name="one at a time",
                    unique=True,
                    partialFilterExpression={"state": {"$in": list(LIVING)}},
                ),
                IndexModel([("group", ASCENDING), ("state", ASCENDING)], name="group"),
                IndexModel([("subject", ASCENDING), ("created_at", ASCENDING)], name="subject"),
                IndexModel([("theme", ASCENDING), ("state", ASCENDING)], name="theme"),
                IndexModel([("keys", ASCENDING)], name="keys", sparse=True),
            ]
        )

    async def put(self, seats: Sequence[Seat]) -> None:
        """Keep new candidates; whoever has a living seat in the theme gets no second one."""
        if not seats:
            return
        rows = [to_row(seat) | {"slot": slot_of(seat.subject)} for seat in seats]
        for row in rows:
            if not row["keys"]:  # so that only who waits for something is in that index
                del row["keys"]
        await insert_new(self._rows, rows)

    async def get(self, seat_id: str) -> Seat | None:
        row = await self._rows.find_one({"_id": seat_id})
        return from_row(Seat, row) if row else None

    async def of(self, subject: str) -> list[Seat]:
        """Every seat a customer had, oldest first."""
        found = self._rows.find({"subject": subject}).sort("created_at", ASCENDING)
        return [from_row(Seat, row) async for row in found]

    async def sitting(self, theme: str, subject: str) -> Seat | None:
        """The seat on which the customer sits in the theme."""
        row = await self._rows.find_one({"theme": theme, "subject": subject, "state": "已入群"})
        return from_row(Seat, row) if row else None

    async def living(self, theme: str, subject: str) -> Seat | None:
        """The one seat of the customer in the theme that is waited for, held or taken."""
        where = {"theme": theme, "subject": subject, "state": {"$in": list(LIVING)}}
        row = await self._rows.find_one(where)
        return from_row(Seat, row) if row else None

    async def proposed(self, theme: str, subject: str) -> bool:
        """Whether a move into the theme is being proposed, or about to be."""
        where = {"subject": subject, "theme": theme, "state": PROPOSED}
        return await self._rows.find_one(where, {"_id": 1}) is not None

    async def waiting(self, themes: Iterable[str]) -> list[Seat]:
        """Everybody on the waiting list of these themes, who has waited longest first."""
        listed = {"theme": {"$in": sorted(set(themes))}, "state": "候补"}
        found = self._rows.find(listed).sort([("created_at", ASCENDING), ("_id", ASCENDING)])
        return [from_row(Seat, row) async for row in found]

    async def waiting_before(self, seat: Seat, most: int = 999) -> int:
        """How many have waited longer for their theme than this seat, at most ``most``."""
        longer = {"theme": seat.theme, "state": "候补", "created_at": {"$lt": seat.created_at}}
        return await self._rows.count_documents(longer, limit=most)

    async def anybody_waits(self, theme: str) -> bool:
        """Whether somebody is on the waiting list of the theme."""
        return await self._rows.find_one({"theme": theme, "state": "候补"}, {"_id": 1}) is not None

    async def claim(self, now: datetime, limit: int = 50) -> tuple[str, list[Seat]]:
        owner, rows = await self.due.claim(now, limit)
        return owner, [from_row(Seat, row) for row in rows]

    async def last_left(self, theme: str, subject: str) -> datetime | None:
        """When the customer last left a group of the theme."""
        row = await self._rows.find_one(
            {"theme": theme, "subject": subject, "state": "已退群"}, sort=[("left_at", DESCENDING)]
        )
        return row.get("left_at") if row else None

    # what the scheduler does with a claimed seat

    async def held(self, owner: str, seat: Seat, group: str, at: datetime) -> bool:
        """A place in ``group`` is reserved for the seat."""
        return await self._swap(
            owner, seat, {"state": "已占位", "group": group, "held_at": at, "due_at": at}, at
        )

    async def waits(self, owner: str, seat: Seat, until: datetime, why: str, at: datetime) -> bool:
        """No room anywhere: on the waiting list, tried again at ``until`` at the latest."""
        change = {"state": "候补", "due_at": until}
        return await self._swap(owner, seat, change, at, why)

    async def gives_up(self, owner: str, seat: Seat, why: str, at: datetime) -> bool:
        """The time is over, or there is nothing to be had.

        It stays due, and ours, until ``cleared``: whatever it held is still to be let go.
        """
        change = {"state": "占位过期", "due_at": at}
        return await self._swap(owner, seat, change, at, why, keep=True)

    async def cleared(self, seat_id: str) -> None:
        """What became of its place and its invitation is known: nobody need look at it any more."""
        await self._rows.update_one(
            {"_id": seat_id, "state": {"$in": ["占位过期", "已入群", "已退群"]}},
            {"$unset": {"due_at": "", "lease": ""}},
        )

    async def asks(self, owner: str, seat: Seat, key: str, until: datetime) -> None:
        """建议: the member of staff is asked; ``key`` tells of their answer, ``until`` at last."""
        await self._rows.update_one(
            {"_id": seat.id, "lease.owner": owner, "state": PROPOSED},
            {"$set": {"keys": [key], "due_at": until}},
        )

    async def accepted(self, owner: str, seat: Seat, at: datetime) -> bool:
        """They want to move the customer: a candidate like any other.

        False when the customer has a living seat of the theme by now, or ours is not ours.
        """
        try:
            return await self._swap(owner, seat, {"state": "候选", "due_at": at}, at, "同意换群")
        except DuplicateKeyError:
            return False

    async def look_again(self, owner: str, seat: Seat, at: datetime) -> None:
        await self._rows.update_one(
            {"_id": seat.id, "lease.owner": owner},
            {"$set": {"due_at": at}, "$unset": {"lease": ""}},
        )

    async def waits_for_gap(self, owner: str, seat: Seat, until: datetime) -> None:
        """邀请间隔: another invitation is in the way, until it is too old or comes to nothing."""
        await self._rows.update_one(
            {"_id": seat.id, "lease.owner": owner},
            {"$set": {"due_at": until, "gap": True}, "$unset": {"lease": ""}},
        )

    async def gap_is_over(self, subject: str, now: datetime) -> None:
        """The invitation in the way came to nothing: look at what waited for that."""
        waiting = {"subject": subject, "gap": True, "state": {"$in": [*WAITING, PROPOSED]}}
        wake = {"$min": {"due_at": now}, "$set": {"woken": True}, "$unset": {"gap": ""}}
        await self._rows.update_many(waiting, wake)

    async def release(self, owner: str, ids: Iterable[str], now: datetime) -> None:
        """Let go of what a claim still holds; what was woken meanwhile is not slept over."""
        mine = {"_id": {"$in": list(ids)}}
        await self._rows.update_many({**mine, "lease.owner": owner}, {"$unset": {"lease": ""}})
        woken = {**mine, "woken": True, "due_at": {"$exists": True}}
        await self._rows.update_many(woken, {"$min": {"due_at": now}})

    # what happened to a seat

    async def invited(self, seat_id: str, at: datetime) -> None:
        """The invitation reached the customer; the hold goes on until it expires."""
        await self._rows.update_one(
            {"_id": seat_id, "state": "已占位"},
            {"$set": {"state": "已邀请", "invited_at": at}, "$push": {"log": _entry(at, "已邀请")}},
        )

    async def joined(self, theme: str, subject: str, group: str, at: datetime) -> Seat | None:
        """The customer sits in a group of the theme: the seat as it was before, None without one.

        A seat whose time was over counts too, as long as no other one lives.
        """
        taken = {
            "$set": {"state": "已入群", "group": group, "joined_at": at},
            "$unset": {"due_at": "", "lease": ""},
            "$push": {"log": _entry(at, "已入群", group)},
        }
        for states in ((*WAITING, *HOLDING), ("占位过期",)):
            where = {"theme": theme, "subject": subject, "state": {"$in": list(states)}}
            try:
                row = await self._rows.find_one_and_update(
                    where, taken, sort=[("created_at", DESCENDING)]
                )
            except DuplicateKeyError:  # seen before, on a living seat
                return None
            if row:
                return from_row(Seat, row)
        return None

    async def moved(self, seat_id: str, origin: str, group: str) -> bool:
        """The place held behind ``origin`` is now one in ``group``; False when it was given up."""
        where = {"_id": seat_id, "group": origin, "state": {"$in": list(HOLDING)}}
        return (await self._rows.update_one(where, {"$set": {"group": group}})).modified_count == 1

    async def settle_later(self, seat_id: str, at: datetime) -> None:
        """The customer sits there already, and their invitation is still out."""
        taken = {"_id": seat_id, "state": "已入群"}
        await self._rows.update_one(taken, {"$set": {"due_at": at}})

    async def left(self, subject: str, group: str, at: datetime) -> Seat | None:
        """The member has gone; None when no seat stood for the place."""
        row = await self._rows.find_one_and_update(
            {"subject": subject, "group": group, "state": "已入群", "joined_at": {"$lte": at}},
            {
                "$set": {"state": "已退群", "left_at": at},
                "$push": {"log": _entry(at, "已退群", group)},
            },
        )
        return from_row(Seat, row) if row else None

    async def wake_group(self, group: str, now: datetime) -> None:
        """The group can now be joined: look at the seats held in it."""
        wake = {"$min": {"due_at": now}, "$set": {"woken": True}}
        await self._rows.update_many({"group": group, "state": "已占位"}, wake)

    async def wake_subject(self, subject: str, now: datetime) -> None:
        """The customer is not who they were: look at what they wait for."""
        asked = {"state": PROPOSED, "keys": {"$exists": True}}
        waiting = {"subject": subject, "$or": [{"state": {"$in": list(WAITING)}}, asked]}
        wake = {"$min": {"due_at": now}, "$set": {"woken": True}}
        await self._rows.update_many(waiting, wake)

    async def wake_waiting(self, theme: str, now: datetime, limit: int = 1) -> None:
        """Room for ``limit`` more: the longest waiting are looked at first.

        Who was woken already and has yet to look is passed over. Who is being looked at is not:
        they may have found no room just before it came up.
        """
        asleep: Row = {"$or": [{"woken": {"$ne": True}}, {"due_at": {"$gt": now}}]}
        waiting = {"theme": theme, "state": {"$in": list(WAITING)}} | asleep
        found = self._rows.find(waiting, {"_id": 1}).sort("created_at", ASCENDING).limit(limit)
        if ids := [row["_id"] async for row in found]:
            wake = {"$min": {"due_at": now}, "$set": {"woken": True}}
            await self._rows.update_many({"_id": {"$in": ids}} | waiting, wake)

    async def tally(self) -> dict[str, int]:
        """How many seats were ever held, invited and joined; for reports."""
        group: Row = {"_id": None}
        for name, field in (
            ("seats_reserved", "held_at"),
            ("invited", "invited_at"),
            ("joined", "joined_at"),
        ):
            group[name] = {"$sum": {"$cond": [{"$gt": [f"${field}", None]}, 1, 0]}}
        rows = await (await self._rows.aggregate([{"$group": group}])).to_list(None)
        names = ("seats_reserved", "invited", "joined")
        return {name: rows[0][name] if rows else 0 for name in names}

    async def _swap(
        self,
        owner: str,
        seat: Seat,
        change: dict[str, Any],
        at: datetime,
        why: str = "",
        *,
        keep: bool = False,
    ) -> bool:
        """From the state seen to another; False when somebody else changed it meanwhile."""
        update: Row = {"$set": change} if keep else {"$set": change, "$unset": {"lease": ""}}
        if change["state"] != seat.state:
            update["$push"] = {"log": _entry(at, change["state"], why or change.get("group", ""))}
        seen = {"_id": seat.id, "lease.owner": owner, "state": seat.state}
        return (await self._rows.update_one(seen, update)).modified_count == 1


def _entry(at: datetime, what: str, more: str = "") -> Row:
    return {"at": at, "what": what} | ({"more": more} if more else {})
