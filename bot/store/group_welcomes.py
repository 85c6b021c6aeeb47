"""Welcomes of customer groups: what each is to say, and what WeCom has made of it.

``rev`` counts what is wanted; ``made_rev`` is the newest that WeCom has.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.errors import DuplicateKeyError

from bot.model import GroupWelcome
from bot.store.due import Rows
from bot.store.rows import Row, from_row


class GroupWelcomes:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def all(self) -> list[GroupWelcome]:
        found = self._rows.find().sort("_id", 1)
        return [from_row(GroupWelcome, row) async for row in found]

    async def get(self, welcome_id: str) -> GroupWelcome | None:
        row = await self._rows.find_one({"_id": welcome_id})
        return from_row(GroupWelcome, row) if row else None

    async def want(
        self, welcome_id: str, theme: str, owner: str, message: Mapping[str, Any], seen_rev: int
    ) -> bool:
        """It is to say this from now on ({}: it is to go); False when it was changed meanwhile."""
        wanted: Row = {"theme": theme, "owner": owner, "message": dict(message)}
        update = {"$set": {**wanted, "rev": seen_rev + 1, "error": ""}}
        if seen_rev:
            mine = {"_id": welcome_id, "rev": seen_rev}
            return (await self._rows.update_one(mine, update)).modified_count == 1
        fresh: Row = {"made_rev": 0, "template_id": "", "asked": []}
        try:
            await self._rows.update_one(
                {"_id": welcome_id, "rev": 0}, update | {"$setOnInsert": fresh}, upsert=True
            )
        except DuplicateKeyError:
            return False
        return True

    async def card_made(self, welcome_id: str, card_id: str, card_qr: str) -> None:
        """The owner has a QR code of their own."""
        made = {"card_id": card_id, "card_qr": card_qr}
        await self._rows.update_one({"_id": welcome_id}, {"$set": made})

    async def made(self, welcome_id: str, rev: int, template_id: str) -> None:
        """WeCom has it as it was wanted; a new template is to be selected by every owner anew."""
        done: Row = {"made_rev": rev, "error": ""}
        await self._rows.update_one(
            {"_id": welcome_id, "template_id": {"$ne": template_id}, "made_rev": {"$lt": rev}},
            {"$set": {"template_id": template_id, "asked": []}},
        )
        await self._rows.update_one(
            {"_id": welcome_id, "made_rev": {"$lt": rev}, "template_id": template_id},
            {"$set": done},
        )

    async def lost(self, welcome_id: str, template_id: str) -> None:
        """Somebody deleted the template in WeCom: another is made."""
        await self._rows.update_one(
            {"_id": welcome_id, "template_id": template_id}, {"$set": {"template_id": ""}}
        )

    async def deleted(self, welcome_id: str, rev: int) -> None:
        """Nobody wants it and WeCom has it no more."""
        await self._rows.delete_one({"_id": welcome_id, "rev": rev})

    async def troubled(self, welcome_id: str, rev: int, why: str) -> None:
        await self._rows.update_one({"_id": welcome_id, "rev": rev}, {"$set": {"error": why}})

    async def were_asked(self, welcome_id: str, template_id: str, owners: Sequence[str]) -> None:
        """These owners have the task to select it."""
        mine = {"_id": welcome_id, "template_id": template_id}
        await self._rows.update_one(mine, {"$addToSet": {"asked": {"$each": list(owners)}}})
