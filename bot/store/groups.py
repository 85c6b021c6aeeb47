"""Customer groups: who is in them, changed only from the revision read, and their seats."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.model import Fact, Group
from bot.store.due import Rows
from bot.store.memberships import SITS, sitting
from bot.store.rows import Row, from_row, to_row
from bot.store.together import change

MARKETING_KEPT = 20
_OTHERS = ("held", "join_way", "marketing", "next_held", "next_way", "announced")
_BULKY = {"roster": 0, SITS: 0, "news": 0, "joined": 0, "left": 0}


class Groups:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                IndexModel([("theme", ASCENDING), ("_id", ASCENDING)], name="theme"),
                IndexModel([("news._id", ASCENDING)], name="news", sparse=True),
                IndexModel([("held", ASCENDING)], name="held"),
                IndexModel([("next_held", ASCENDING)], name="next held"),
                IndexModel([("theme", ASCENDING), ("announced", ASCENDING)], name="announced"),
                IndexModel([("next_way.config_id", ASCENDING)], name="next way", sparse=True),
            ]
        )

    # ---- what WeCom says ------------------------------------------------------------------------

    async def get(self, chat_id: str) -> Group | None:
        row = await self._rows.find_one({"_id": chat_id})
        return from_row(Group, row) if row else None

    async def many(self, ids: Iterable[str]) -> dict[str, Group]:
        """Those of ``ids`` that we know."""
        found = self._rows.find({"_id": {"$in": sorted(set(ids))}})
        return {row["_id"]: from_row(Group, row) async for row in found}

    async def all(self) -> list[Group]:
        """Every group not dismissed, by id; without roster and history."""
        found = self._rows.find({"open": True}, _BULKY).sort("_id", ASCENDING)
        return [from_row(Group, row) async for row in found]

    async def of_theme(self, theme: str) -> list[Group]:
        """The open groups of a theme, by id; without roster and history."""
        found = self._rows.find({"theme": theme, "open": True}, _BULKY).sort("_id", ASCENDING)
        return [from_row(Group, row) async for row in found]

    async def read(self, chat_id: str) -> tuple[Group | None, int]:
        """Our copy and its revision, to be named when it is changed; 0 while there is none."""
        row = await self._rows.find_one({"_id": chat_id})
        return (from_row(Group, row), row.get("rev", 0)) if row else (None, 0)

    async def store(self, group: Group, seen: int, news: Sequence[Fact] = ()) -> bool:
        """Keep a changed group; False when our copy changed since revision ``seen``.

        Seats, join ways and marketing belong to others and stay as they are.
        """
        known = to_row(group) | {SITS: sitting(group.roster)}
        fresh = {name: known.pop(name) for name in _OTHERS}
        del known["_id"]
        update: Row = {"$set": {**known, "rev": seen + 1}, "$setOnInsert": fresh}
        if news:
            update["$push"] = {"news": {"$each": [to_row(fact) for fact in news]}}
        if seen:
            swapped = await self._rows.update_one({"_id": group.id, "rev": seen}, update)
            return swapped.modified_count == 1
        try:
            await self._rows.update_one({"_id": group.id, "rev": 0}, update, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    async def dismissed(self, chat_id: str) -> bool:
        """The group is no more; False when that was known, or the group was not."""
        gone = await self._rows.update_one(
            {"_id": chat_id, "open": True}, {"$set": {"open": False}, "$inc": {"rev": 1}}
        )
        return gone.modified_count == 1

    async def place(self, chat_id: str, *, theme: str, cap: int, shop: str) -> None:
        """What our own configuration says about the group."""
        placed = {"theme": theme, "cap": cap, "shop": shop}
        await self._rows.update_one({"_id": chat_id}, {"$set": placed, "$inc": {"rev": 1}})

    # ---- who came and left, until it is told -----------------------------------------------------

    async def news(self, chat_id: str) -> list[Fact]:
        """Joins and leaves that were noticed and not yet told to anybody."""
        row = await self._rows.find_one({"_id": chat_id}, {"news": 1})
        return [from_row(Fact, fact) for fact in (row or {}).get("news", ())]

    async def told(self, chat_id: str, facts: Iterable[Fact]) -> None:
        gone = {"_id": {"$in": [fact.id for fact in facts]}}
        await change(self._rows, {"_id": chat_id}, {"$pull": {"news": gone}})

    async def with_news(self, limit: int = 100) -> list[str]:
        """Groups somebody began to tell about and did not finish."""
        found = self._rows.find({"news._id": {"$exists": True}}, {"_id": 1}).limit(limit)
        return [row["_id"] async for row in found]

    # ---- seats ----------------------------------------------------------------------------------

    async def hold(self, chat_id: str, seat: str) -> bool:
        """Reserve a place for ``seat``, if one is free; holding it twice holds it once."""
        free = {"$lt": [{"$add": ["$members", {"$size": "$held"}]}, "$cap"]}
        held = await self._rows.update_one(
            {"_id": chat_id, "open": True, "held": {"$ne": seat}, "$expr": free},
            {"$push": {"held": seat}},
        )
        if held.modified_count:
            return True
        return await self._rows.find_one({"_id": chat_id, "held": seat}, {"_id": 1}) is not None

    async def hold_next(self, chat_id: str, seat: str) -> bool:
        """Reserve a place in the group WeCom opens once this one is full: never more than fit."""
        free = {"$lt": [{"$size": {"$ifNull": ["$next_held", []]}}, "$cap"]}
        held = await self._rows.update_one(
            {"_id": chat_id, "open": True, "next_held": {"$ne": seat}, "$expr": free},
            {"$push": {"next_held": seat}},
        )
        if held.modified_count:
            return True
        known = {"_id": chat_id, "next_held": seat}
        return await self._rows.find_one(known, {"_id": 1}) is not None

    async def let_go(self, seat: str) -> None:
        """The seat is taken, or given up: whichever group holds it has the place back."""
        held = {"$or": [{"held": seat}, {"next_held": seat}]}
        await self._rows.update_many(held, {"$pull": {"held": seat, "next_held": seat}})

    async def handed_on(self, chat_id: str, seat: str) -> None:
        """The group behind ``chat_id`` is there and holds the seat itself."""
        await self._rows.update_one({"_id": chat_id}, {"$pull": {"next_held": seat}})

    async def holding(self, seat: str) -> Group | None:
        """The group in which, or behind which, a place is reserved for ``seat``."""
        row = await self._rows.find_one({"$or": [{"held": seat}, {"next_held": seat}]}, _BULKY)
        return from_row(Group, row) if row else None

    async def with_member(self, theme: str, member: str) -> Group | None:
        """An open group of the theme in which ``member`` sits."""
        row = await self._rows.find_one(
            {"theme": theme, "open": True, f"roster.{member}": {"$exists": True}}, _BULKY
        )
        return from_row(Group, row) if row else None

    async def all_with_member(self, themes: Sequence[str], member: str) -> list[Group]:
        """The open groups of these themes in which ``member`` sits, by name."""
        sits = {"theme": {"$in": list(themes)}, "open": True, f"roster.{member}": {"$exists": True}}
        found = self._rows.find(sits, _BULKY).sort([("name", ASCENDING), ("_id", ASCENDING)])
        return [from_row(Group, row) async for row in found]

    async def join_way_made(self, chat_id: str, way: Mapping[str, str]) -> None:
        """The group has a QR code of its own: ``config_id``, ``qr_code`` and ``state``."""
        await self._rows.update_one({"_id": chat_id}, {"$set": {"join_way": dict(way)}})

    async def next_way_made(self, chat_id: str, way: Mapping[str, str]) -> None:
        """There is a code that opens the next group; that one's name begins with ``base``."""
        await self._rows.update_one({"_id": chat_id}, {"$set": {"next_way": dict(way)}})

    async def next_way_gone(self, chat_id: str, config_id: str) -> None:
        """The code opens no groups any more."""
        where = {"_id": chat_id, "next_way.config_id": config_id}
        await self._rows.update_one(where, {"$unset": {"next_way": ""}})

    async def with_next_way(self) -> list[Group]:
        """Groups, dismissed ones too, whose code opens another one."""
        found = self._rows.find({"next_way.config_id": {"$exists": True}}, _BULKY)
        return [from_row(Group, row) async for row in found.sort("_id", ASCENDING)]

    async def unannounced(self, theme: str) -> list[Group]:
        """Groups that have come to ``theme`` and of which nobody has been told yet."""
        new = {"theme": theme, "announced": {"$ne": theme}, "open": True}
        found = self._rows.find(new, _BULKY).sort("_id", ASCENDING)
        return [from_row(Group, row) async for row in found]

    async def told_of(self, chat_id: str, theme: str) -> None:
        """Whoever waited for the group of this theme has heard of it."""
        here = {"_id": chat_id, "theme": theme}
        await self._rows.update_one(here, {"$set": {"announced": theme}})

    async def marketed(self, chat_id: str, at: datetime) -> None:
        """A marketing message reached the group; told twice, it counts once."""
        last = {"$each": [at], "$sort": 1, "$slice": -MARKETING_KEPT}
        new = {"_id": chat_id, "marketing": {"$ne": at}}
        await self._rows.update_one(new, {"$push": {"marketing": last}})
