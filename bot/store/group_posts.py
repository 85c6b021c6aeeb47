"""What we sent into customer groups and WeCom says arrived: counted for reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.store.due import Rows


@dataclass(frozen=True, slots=True)
class Posts:
    """``service`` and ``marketing`` messages of a time; ``last``: when the newest ever arrived."""

    service: int = 0
    marketing: int = 0
    last: datetime | None = None


class GroupPosts:
    def __init__(self, deliveries: Rows) -> None:
        self._deliveries = deliveries

    async def of(self, chats: Iterable[str], since: datetime, until: datetime) -> dict[str, Posts]:
        """By group, of those that ever got any."""
        arrived = {"$and": [{"$gte": ["$delivered_at", since]}, {"$lt": ["$delivered_at", until]}]}

        def count(cls: str) -> dict[str, object]:
            return {"$sum": {"$cond": [{"$and": [arrived, {"$eq": ["$cls", cls]}]}, 1, 0]}}

        match = {"subject": {"$in": sorted(set(chats))}, "state": "delivered"}
        group = {
            "_id": "$subject",
            "service": count("服务"),
            "marketing": count("营销"),
            "last": {"$max": "$delivered_at"},
        }
        found = await self._deliveries.aggregate([{"$match": match}, {"$group": group}])
        return {
            row["_id"]: Posts(row["service"], row["marketing"], row["last"]) async for row in found
        }
