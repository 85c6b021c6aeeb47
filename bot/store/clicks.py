"""How often 获客链接 were followed: WeCom's daily figures, and the steps it tells of one by one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pymongo import ASCENDING, IndexModel

from bot.store.due import Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row

Step = Literal["opened", "requested"]
KEPT = timedelta(days=800)


class Clicks:
    def __init__(self, days: Rows, steps: Rows) -> None:
        self._days = days
        self._steps = steps

    async def prepare(self) -> None:
        old = KEPT.days * 86400
        for rows in (self._days, self._steps):
            await rows.create_indexes(
                [
                    IndexModel([("channel", ASCENDING), ("at", ASCENDING)], name="channel"),
                    IndexModel("at", name="old", expireAfterSeconds=old),
                ]
            )

    async def read(
        self, channel: str, link_id: str, day: str, at: datetime, clicks: int, added: int
    ) -> None:
        """What WeCom counts for one local day, which begins ``at``; the newest word holds."""
        figures: Row = {"channel": channel, "at": at, "clicks": clicks, "added": added}
        await self._days.update_one({"_id": f"{link_id}@{day}"}, {"$set": figures}, upsert=True)

    async def step(self, channel: str, link_id: str, kind: Step, at: datetime) -> None:
        """Somebody came as far as this. WeCom names nobody, so one second holds one of a kind."""
        row: Row = {"_id": f"{kind}:{link_id}:{at.isoformat()}", "channel": channel}
        await insert_new(self._steps, [{**row, "kind": kind, "at": at}])

    async def totals(self, since: datetime, until: datetime) -> dict[str, int]:
        """Clicks per channel on the days that begin from ``since`` until before ``until``."""
        match = {"at": {"$gte": since, "$lt": until}}
        group = {"_id": "$channel", "n": {"$sum": "$clicks"}}
        found = await self._days.aggregate([{"$match": match}, {"$group": group}])
        return {row["_id"]: row["n"] async for row in found}

    async def steps(self, since: datetime, until: datetime) -> Mapping[tuple[str, str], int]:
        """(channel, opened | requested) → how many in this time."""
        match = {"at": {"$gte": since, "$lt": until}}
        group = {"_id": {"channel": "$channel", "kind": "$kind"}, "n": {"$sum": 1}}
        found = await self._steps.aggregate([{"$match": match}, {"$group": group}])
        return {(r["_id"]["channel"], r["_id"]["kind"]): r["n"] async for r in found}

    async def ever(self, kind: Step) -> bool:
        """Whether WeCom has ever told us of such a step: it does not do so for every company."""
        return await self._steps.find_one({"kind": kind}, {"_id": 1}) is not None
