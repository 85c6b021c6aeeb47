"""How many customers each member of staff has had through a channel: counted, never kept apart.

A friendship says through which channel and since when; so a callback that comes twice counts
once, and one that was lost counts as soon as the comparison with WeCom has found it.
"""

from datetime import datetime

from pymongo import ASCENDING, IndexModel

from bot.store.due import Rows


class Arrivals:
    def __init__(self, contacts: Rows) -> None:
        self._contacts = contacts

    async def prepare(self) -> None:
        keys = [("relations.state", ASCENDING), ("relations.since", ASCENDING)]
        await self._contacts.create_indexes([IndexModel(keys, name="arrivals")])

    async def by_staff(self, channel: str, since: datetime, until: datetime) -> dict[str, int]:
        """userid → customers added through ``channel`` from ``since`` up to, not including,
        ``until``; who has left again counts too."""
        then = {"state": channel, "since": {"$gte": since, "$lt": until}}
        found = await self._contacts.aggregate(
            [
                {"$match": {"relations": {"$elemMatch": then}}},
                {"$unwind": "$relations"},
                {"$match": {f"relations.{name}": asked for name, asked in then.items()}},
                {"$group": {"_id": "$relations.staff", "n": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: row["n"] async for row in found}
