"""Counting for reports: whole collections in one look, never on a path that must be fast."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from bot.store.rows import Row

_SETTLED = ["delivered", "failed", "expired", "suppressed", "cancelled"]


class Tallies:
    def __init__(self, db: AsyncDatabase[Row]) -> None:
        self._db = db

    async def customers(self) -> dict[str, int]:
        contacts = self._db["contacts"]
        return {
            "contacts_added": await contacts.count_documents({}),
            "tagged": await contacts.count_documents({"tags.0": {"$exists": True}}),
        }

    async def pushes(self) -> dict[str, Any]:
        """Per delivery, invitations included; suppressed and expired ones by their reason."""
        found = await self._db["deliveries"].aggregate(
            [{"$group": {"_id": {"state": "$state", "reason": "$reason"}, "n": {"$sum": 1}}}]
        )
        staff_did = {"confirmed_at": {"$exists": True}}
        groups = [(r["_id"]["state"], r["_id"].get("reason") or "", r["n"]) async for r in found]
        dropped: dict[str, int] = {}
        for state, reason, count in groups:
            if state in ("suppressed", "expired"):
                name = reason or state
                dropped[name] = dropped.get(name, 0) + count
        return {
            "pushes_due": sum(count for _, _, count in groups),
            "pushes_created": await self._count("deliveries", {"created_at": {"$exists": True}}),
            "pushes_confirmed": await self._count("deliveries", staff_did),
            "pushes_delivered": sum(n for state, _, n in groups if state == "delivered"),
            "sendings": await self._count("sendings", {"msgid": {"$gt": ""}}),
            "suppressed": dict(sorted(dropped.items())),
        }

    async def by_message(self) -> dict[tuple[str, str], Row]:
        """(WeCom's msgid, customer or group) → the delivery it was to carry.

        A delivery withdrawn for the night and offered again stands under both messages;
        ``current`` tells the one whose fate it shares.
        """
        deliveries = self._db["deliveries"].find({}, {"subject": 1, "state": 1, "sending": 1})
        wanted = {row["_id"]: row async for row in deliveries}
        found: dict[tuple[str, str], Row] = {}
        sendings = self._db["sendings"].find({"msgid": {"$gt": ""}}, {"msgid": 1, "members": 1})
        async for sending in sendings:
            for member in sending["members"]:
                row = wanted[member]
                current = row["sending"] == sending["_id"]
                found[sending["msgid"], row["subject"]] = {**row, "current": current}
        return found

    async def overdue_pushes(self, now: datetime) -> int:
        """Pushes still open although their validity is over: nobody looks after them."""
        late = {"state": {"$nin": _SETTLED}, "expires_at": {"$lt": now}}
        return await self._count("deliveries", late)

    async def cards_said_delivered(self) -> set[str]:
        """WeCom's task ids of cards whose outbox row says sent."""
        sent = {"kind": "card", "state": "sent"}
        found = self._db["outbox"].find(sent, {"body.template_card.task_id": 1})
        return {row["body"]["template_card"]["task_id"] async for row in found}

    async def latest(self, limit: int) -> list[Row]:
        """The last lines of the log, newest first."""
        return await self._db["journey_log"].find().sort("at", -1).limit(limit).to_list(None)

    async def _count(self, collection: str, where: Mapping[str, Any]) -> int:
        return await self._db[collection].count_documents(dict(where))
