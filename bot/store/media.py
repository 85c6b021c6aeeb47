"""Pictures uploaded to WeCom: their media_id, as long as WeCom keeps it."""

from datetime import datetime

from bot.store.due import Rows


class Media:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, sha: str, now: datetime) -> str:
        """The media_id of these bytes; empty when they have to be uploaded (again)."""
        row = await self._rows.find_one({"_id": sha, "expires_at": {"$gt": now}})
        return str(row["media_id"]) if row else ""

    async def put(self, sha: str, media_id: str, expires_at: datetime) -> None:
        change = {"media_id": media_id, "expires_at": expires_at}
        await self._rows.update_one({"_id": sha}, {"$set": change}, upsert=True)

    async def forget(self, media_ids: list[str]) -> None:
        """WeCom no longer knows these."""
        await self._rows.delete_many({"media_id": {"$in": media_ids}})
