"""The QR codes of channels: what WeCom was told, what it is to be told next, one change at a time.

A change is numbered. It is written down here before its call is put into the outbox, and counts
as answered once; whoever dies in between is followed by somebody who finds it written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, UpdateOne

from bot.model import Way
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, from_row, slot_of, to_row

PLAN = "*"
"""The row that is due when the folder has changed."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Ways:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        """A release may be live already that no older version made codes for."""
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel([("channel", ASCENDING)], name="channel"),
                IndexModel([("state", ASCENDING), ("_id", ASCENDING)], name="in use"),
            ]
        )
        first = {"_id": PLAN, "channel": "", "due_at": _LONG_AGO}
        await insert_new(self._rows, [first])

    async def ring(self, now: datetime) -> None:
        """Another release is live: compare its channels with the codes there are."""
        change: Row = {"$set": {"channel": "", "due_at": now}, "$unset": {"lease": ""}}
        await self._rows.update_one({"_id": PLAN}, change, upsert=True)

    async def get(self, way_id: str) -> Way | None:
        row = await self._rows.find_one({"_id": way_id})
        return from_row(Way, row) if row else None

    async def of(self, channel: str = "") -> list[Way]:
        """The codes there are of a channel, or of all: that all share first."""
        where = {"channel": channel} if channel else {"channel": {"$ne": ""}}
        found = self._rows.find(where | {"state": "在用"}).sort("_id", ASCENDING)
        return [from_row(Way, row) async for row in found]

    async def listed(self, after: str, limit: int) -> list[Way]:
        """The next ``limit`` codes behind ``after``, channel by channel: that all share first."""
        where: Row = {"state": "在用", **({"_id": {"$gt": after}} if after else {})}
        found = self._rows.find(where).sort("_id", ASCENDING).limit(limit)
        return [from_row(Way, row) async for row in found]

    async def ever_of(self, channel: str) -> list[Way]:
        """Those that are gone, too."""
        found = self._rows.find({"_id": {"$ne": PLAN}, "channel": channel}).sort("_id", ASCENDING)
        return [from_row(Way, row) async for row in found]

    async def claim(self, now: datetime, limit: int = 20) -> tuple[str, list[Way]]:
        owner, rows = await self.due.claim(now, limit)
        return owner, [from_row(Way, row) for row in rows]

    async def plant(self, ways: Sequence[Way], now: datetime) -> None:
        """These codes are wanted: what is missing is there now, and everything is looked at."""
        await insert_new(self._rows, [to_row(_slotted(way)) for way in ways])
        again = {"state": "在用", "config_id": "", "qr_code": "", "users": [], "due_at": now}
        revived = [
            UpdateOne({"_id": way.id, "state": "已删"}, {"$set": again, "$unset": {"gone_at": ""}})
            for way in ways
        ]
        if revived:
            await self._rows.bulk_write(revived, ordered=False)
        await self.wake(now)

    async def wake(self, now: datetime, channel: str = "") -> None:
        """Look at the codes of a channel, or at all, again."""
        where: Row = {"state": "在用", "channel": channel or {"$ne": ""}}
        await self._rows.update_many(where, {"$set": {"woken": True}, "$min": {"due_at": now}})

    async def settled(self, owner: str, way_id: str) -> None:
        """The folder's channels and the codes agree; due again when another release is live."""
        await self._rows.update_one(
            {"_id": way_id, "lease.owner": owner}, {"$unset": {"due_at": "", "lease": ""}}
        )

    # ---- what the scheduler does with a claimed code ---------------------------------------------

    async def ask(
        self, owner: str, way: Way, wanted: Mapping[str, Any], standing: str = ""
    ) -> bool:
        """Change number ``asked + 1`` is wanted; False when the code is no longer ours.

        It stays due until its call is in the outbox.
        """
        change = {"asked": way.asked + 1, "wanted": dict(wanted), "standing": standing, "error": ""}
        mine = {"_id": way.id, "lease.owner": owner, "asked": way.asked, "done": way.asked}
        return (await self._rows.update_one(mine, {"$set": change})).modified_count == 1

    async def look_again(self, owner: str, way: Way, at: datetime, **learned: Any) -> None:
        """Nothing to do before ``at``; unless somebody woke the code while we looked."""
        mine = {"_id": way.id, "lease.owner": owner}
        asleep = mine | {"woken": {"$ne": True}}
        change: Row = {"$set": {**learned, "due_at": at}, "$unset": {"lease": "", "claims": ""}}
        if not (await self._rows.update_one(asleep, change)).matched_count:
            change = {"$set": learned} if learned else {}
            await self._rows.update_one(mine, {**change, "$unset": {"lease": "", "claims": ""}})

    async def goes(self, owner: str, way: Way, at: datetime, until: datetime) -> None:
        """Its channel is no longer in the folder: kept until then, should it come back."""
        mine = {"_id": way.id, "lease.owner": owner}
        change = {"gone_at": at, "due_at": until}
        await self._rows.update_one(mine, {"$set": change, "$unset": {"lease": ""}})

    async def stays(self, owner: str, way: Way) -> None:
        """Its channel is in the folder, perhaps again."""
        mine = {"_id": way.id, "lease.owner": owner}
        await self._rows.update_one(mine, {"$unset": {"gone_at": ""}})

    async def never_made(self, owner: str, way: Way) -> None:
        """Nobody wants it, and WeCom does not have it."""
        mine = {"_id": way.id, "lease.owner": owner}
        gone: Row = {"$set": {"state": "已删"}, "$unset": {"due_at": "", "lease": ""}}
        await self._rows.update_one(mine, gone)

    async def differs(self, owner: str, way: Way, **seen: Any) -> None:
        """WeCom has it otherwise than it was told."""
        await self._rows.update_one({"_id": way.id, "lease.owner": owner}, {"$set": seen})

    # ---- what became of a change -----------------------------------------------------------------

    async def answered(self, way_id: str, number: int, now: datetime, **learned: Any) -> bool:
        """Change ``number`` is over; False when that was known. The code is looked at again."""
        once = {"_id": way_id, "done": {"$lt": number}}
        change: Row = {
            "$set": {**learned, "done": number, "woken": True},
            "$min": {"due_at": now},
        }
        return (await self._rows.update_one(once, change)).modified_count == 1

    async def deleted(self, way_id: str, number: int) -> bool:
        """WeCom has it no more; False when that was known."""
        once = {"_id": way_id, "done": {"$lt": number}}
        change: Row = {
            "$set": {"done": number, "state": "已删", "config_id": "", "qr_code": "", "users": []},
            "$unset": {"due_at": "", "lease": "", "woken": "", "gone_at": ""},
        }
        return (await self._rows.update_one(once, change)).modified_count == 1


def _slotted(way: Way) -> Way:
    return replace(way, slot=slot_of(way.channel))
