"""What WeCom counted in customer groups: for each day, and of each owner's groups together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.store.due import Rows
from bot.store.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerDay:
    """All groups of one owner on one day; what is "ever" counts up to the end of that day."""

    day: date
    owner: str
    groups: int
    groups_that_ever_wrote: int
    members: int
    new_members: int
    members_that_ever_wrote: int
    messages_ever: int


class GroupDays:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def known(self, since: date) -> set[date]:
        """The days since then that were read."""
        found = self._rows.find({"_id": {"$gte": since.isoformat()}}, {"_id": 1})
        return {date.fromisoformat(row["_id"]) async for row in found}

    async def keep(self, day: date, items: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """What groupchat/statistic said about a day that is over; read twice, kept once."""
        kept: Row = {"items": [dict(item) for item in items], "at": at}
        await self._rows.update_one({"_id": day.isoformat()}, {"$setOnInsert": kept}, upsert=True)

    async def between(self, first: date, last: date) -> list[OwnerDay]:
        """By day and owner."""
        where = {"_id": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
        days = self._rows.find(where).sort("_id", 1)
        return [
            _owner_day(date.fromisoformat(row["_id"]), item)
            async for row in days
            for item in sorted(row["items"], key=lambda item: str(item["owner"]))
        ]


def _owner_day(day: date, item: Mapping[str, Any]) -> OwnerDay:
    told = item["data"]
    return OwnerDay(
        day=day,
        owner=item["owner"],
        groups=told.get("chat_total", 0),
        groups_that_ever_wrote=told.get("chat_has_msg", 0),
        members=told.get("member_total", 0),
        new_members=told.get("new_member_cnt", 0),
        members_that_ever_wrote=told.get("member_has_msg", 0),
        messages_ever=told.get("msg_total", 0),
    )
