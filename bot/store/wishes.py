"""What people want of their tasks besides doing them: later, not at all, by a colleague."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from bot.model import Task
from bot.store.due import Rows
from bot.store.rows import Row, from_row


class Wishes:
    """Changes of rows of ``tasks``; their indexes are made by :class:`bot.store.tasks.Tasks`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def postpone(self, ids: Iterable[str], by: str, until: datetime, now: datetime) -> None:
        """稍后: ``by`` is not reminded of their open tasks before ``until``; twice is once."""
        mine: Row = {**_open(ids, by), "later_until": {"$ne": until}}
        entry = {"at": now, "what": "稍后", "who": by}
        await self._rows.update_many(
            mine,
            {
                "$set": {"later_until": until, "woken": True},
                "$min": {"due_at": now},
                "$push": {"log": entry},
            },
        )

    async def ask(self, ids: Iterable[str], by: str, at: datetime, card: str) -> None:
        """做不了: their next text says why."""
        asked = {"at": at, "card": card}
        await self._rows.update_many(_open(ids, by), {"$set": {"asked": asked}})

    async def asked_of(self, staff: str, since: datetime) -> list[Task]:
        """The tasks of the card about which ``staff`` was asked last, not before ``since``."""
        asked = {"staff": staff, "open": True, "asked.at": {"$gte": since}}
        found = self._rows.find(asked).sort([("asked.at", -1), ("_id", ASCENDING)])
        tasks = [from_row(Task, row) async for row in found]
        return [task for task in tasks if task.asked["card"] == tasks[0].asked["card"]]

    async def forget(self, ids: Iterable[str], by: str) -> None:
        """They are not asked any more."""
        await self._rows.update_many(_open(ids, by), {"$unset": {"asked": ""}})

    async def excuse(
        self, ids: Iterable[str], by: str, why: str, message: str, *, asked: bool = True
    ) -> list[Task]:
        """Their text of id ``message`` says why; the tasks it was taken for.

        ``asked`` False: they say it on their page, nobody had to ask.
        """
        mine: Row = _open(ids, by) | ({"asked": {"$exists": True}} if asked else {})
        change = {"$set": {"cannot": why}, "$push": {"messages": message}, "$unset": {"asked": ""}}
        await self._rows.update_many(mine, change)
        return await self.excused(message)

    async def excused(self, message: str) -> list[Task]:
        """The tasks whose excuse this text was."""
        return await self._find({"messages": message, "cannot": {"$gt": ""}})

    async def choosing(self, ids: Iterable[str], card: str) -> None:
        """Somebody decides about these tasks on ``card``."""
        whose = {"_id": {"$in": list(ids)}}
        await self._rows.update_many(whose, {"$addToSet": {"choices": card}})

    async def of_choice(self, card: str) -> list[Task]:
        """The tasks about which somebody decides on this card."""
        return await self._find({"choices": card})

    async def orphans(self, subject: str, why: str, now: datetime) -> None:
        """Somebody new looks after this customer: see to the tasks that ``why`` made homeless."""
        theirs = {"subject": subject, "open": True, "log.what": why}
        wake = {"$min": {"due_at": now}, "$set": {"woken": True}}
        await self._rows.update_many(theirs, wake)

    async def _find(self, where: dict[str, Any]) -> list[Task]:
        found = self._rows.find(where).sort("_id", ASCENDING)
        return [from_row(Task, row) async for row in found]


def _open(ids: Iterable[str], staff: str) -> Row:
    return {"_id": {"$in": list(ids)}, "staff": staff, "open": True}
