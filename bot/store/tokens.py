"""The access tokens all processes share, and who may fetch the next one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from bot.store.rows import Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of one secret's token; seconds are on the server's clock."""

    value: str = ""
    seconds_left: float = 0.0
    lifetime_seconds: float = 0.0
    refused: tuple[int, str] | None = None


class TokenShelf:
    """One document per secret. ``app`` says whose it is: another app's token is no token."""

    def __init__(self, rows: AsyncCollection[Row]) -> None:
        self._rows = rows

    async def read(self, name: str, app: str) -> Kept:
        """The token, or what WeCom said when it refused to give one."""
        found = await self._rows.aggregate(
            [{"$match": {"_id": name, "app": app}}, {"$set": {"now": "$$NOW"}}]
        )
        row = next(iter(await found.to_list(1)), None)
        return _kept(row) if row else Kept()

    async def reserve(self, name: str, app: str, owner: str, seconds: float) -> bool:
        """Become the one process that fetches; False while another one does."""
        free = {"$lte": [{"$ifNull": ["$lease.until", _EPOCH]}, "$$NOW"]}
        lease = {"owner": owner, "until": _in(seconds)}
        other = {"$ne": ["$app", app]}
        row = await self._rows.find_one_and_update(
            {"_id": name},
            [
                {"$set": {"lease": {"$cond": [free, lease, "$lease"]}}},
                {"$set": {"foreign": {"$and": [other, {"$eq": ["$lease.owner", owner]}]}}},
                {
                    "$set": {
                        "app": {"$cond": ["$foreign", app, "$app"]},
                        "token": {"$cond": ["$foreign", None, "$token"]},
                        "refused": {"$cond": ["$foreign", None, "$refused"]},
                    }
                },
                {"$unset": "foreign"},
            ],
            projection={"lease": 1},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return row is not None and row["lease"]["owner"] == owner

    async def keep(self, name: str, owner: str, value: str, seconds: float) -> None:
        """Store the token ``owner`` fetched and let the others have it."""
        fresh = {
            "token": {"$literal": value},
            "expires_at": _in(seconds),
            "lifetime_seconds": seconds,
            "refused": None,
            "lease": None,
        }
        await self._rows.update_one({"_id": name, "lease.owner": owner}, [{"$set": fresh}])

    async def refuse(self, name: str, owner: str, refused: tuple[int, str], seconds: float) -> None:
        """Remember that WeCom refused, so that nobody asks again for ``seconds``."""
        code, message = refused
        why = {"code": code, "message": {"$literal": message}, "until": _in(seconds)}
        await self._rows.update_one(
            {"_id": name, "lease.owner": owner}, [{"$set": {"refused": why, "lease": None}}]
        )

    async def release(self, name: str, owner: str) -> None:
        """The fetch failed for a passing reason: anybody may try."""
        await self._rows.update_one({"_id": name, "lease.owner": owner}, {"$set": {"lease": None}})

    async def drop(self, name: str, value: str) -> bool:
        """Forget ``value`` if it is still the stored one: an older one's refusal is no news."""
        result = await self._rows.update_one(
            {"_id": name, "token": value}, {"$set": {"token": None}}
        )
        return result.modified_count == 1


def _in(seconds: float) -> Row:
    milliseconds = int(seconds * 1000)
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": milliseconds}}


def _kept(row: dict[str, Any]) -> Kept:
    refused = row.get("refused")
    if refused and refused["until"] > row["now"]:
        return Kept(refused=(refused["code"], refused["message"]))
    if not row.get("token"):
        return Kept()
    return Kept(
        value=row["token"],
        seconds_left=(row["expires_at"] - row["now"]).total_seconds(),
        lifetime_seconds=row["lifetime_seconds"],
    )
