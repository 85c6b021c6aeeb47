"""获客链接: what the link of each channel is to be, and what WeCom has made of it.

``rev`` counts what is wanted; ``made_rev`` is the newest that WeCom has. One more row, the watch,
says when all of them are looked at next.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from bot.model import AcquisitionLink
from bot.store.due import Due, Rows
from bot.store.rows import Row, from_row

WATCH = "watch"
_TROUBLE: Row = {"trouble": "", "trouble_on": ""}
_OF_WECOM: Row = {"link_id": "", "url": "", "read_day": ""}
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class Links:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [*Due.indexes(), IndexModel("link_id", name="link", sparse=True)]
        )
        await self._rows.update_one(
            {"_id": WATCH}, {"$setOnInsert": {"due_at": _AT_ONCE}}, upsert=True
        )

    # when they are looked at

    async def ring(self, now: datetime) -> None:
        """Something that a link depends on may have changed: look at them now."""
        change: Row = {"$min": {"due_at": now}, "$set": {"woken": True}}
        await self._rows.update_one({"_id": WATCH}, change, upsert=True)

    async def claim(self, now: datetime) -> tuple[str, Row] | None:
        """The watch, leased; None when it is not due or somebody else looks already."""
        owner, rows = await self.due.claim(now, 1, {"_id": WATCH})
        return (owner, rows[0]) if rows else None

    async def renew(self, owner: str) -> None:
        await self.due.renew(owner, [WATCH])

    async def rest(self, owner: str, due_at: datetime | None, **learned: Any) -> None:
        """Look again at ``due_at`` (None: not before somebody rings), or at once if rung since."""
        mine: Row = {"_id": WATCH, "lease.owner": owner}
        gone: Row = {"lease": "", "claims": ""}
        known: Row = {"$set": learned} if learned else {}
        if due_at:
            change: Row = {"$set": {**learned, "due_at": due_at}, "$unset": gone}
        else:
            change = {**known, "$unset": {**gone, "due_at": ""}}
        asleep = await self._rows.update_one({**mine, "woken": {"$ne": True}}, change)
        if not asleep.matched_count:
            await self._rows.update_one(mine, {**known, "$unset": gone})

    async def quota(self) -> Mapping[str, Any] | None:
        """``balance`` and ``at`` as last asked; None when never."""
        row = await self._rows.find_one({"_id": WATCH}, {"quota": 1})
        return (row or {}).get("quota")

    # the links

    async def all(self) -> list[AcquisitionLink]:
        found = self._rows.find({"channel": {"$exists": True}}).sort("_id", 1)
        return [from_row(AcquisitionLink, row) async for row in found]

    async def get(self, channel: str) -> AcquisitionLink | None:
        row = await self._rows.find_one({"_id": _id(channel)})
        return from_row(AcquisitionLink, row) if row else None

    async def of_link(self, link_id: str) -> AcquisitionLink | None:
        """The channel's, by WeCom's id; None for a link that is not ours."""
        row = await self._rows.find_one({"link_id": link_id}) if link_id else None
        return from_row(AcquisitionLink, row) if row else None

    async def want(
        self, channel: str, users: Sequence[str], *, skip_verify: bool
    ) -> AcquisitionLink:
        """What the link is to be; without ``users`` it is not to be at all."""
        wanted: Row = {"users": list(users), "skip_verify": skip_verify}
        while True:
            row = await self._rows.find_one({"_id": _id(channel)})
            if row and {name: row[name] for name in wanted} == wanted:
                return from_row(AcquisitionLink, row)
            try:
                changed = await self._rows.find_one_and_update(
                    {"_id": _id(channel), "rev": row["rev"] if row else 0},
                    {
                        "$set": {**wanted, "channel": channel},
                        "$inc": {"rev": 1},
                        "$unset": _TROUBLE,
                    },
                    upsert=row is None,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                continue
            if changed:
                return from_row(AcquisitionLink, changed)

    async def made(self, channel: str, rev: int, link_id: str, url: str) -> None:
        """WeCom has what ``rev`` wants."""
        known: Row = {"link_id": link_id, "url": url}
        change: Row = {"$set": known, "$max": {"made_rev": rev}, "$unset": _TROUBLE}
        await self._rows.update_one({"_id": _id(channel)}, change)

    async def troubled(self, channel: str, rev: int, why: str, day: str) -> None:
        """WeCom would not have what ``rev`` wants."""
        known: Row = {"trouble": why, "trouble_on": day}
        await self._rows.update_one({"_id": _id(channel), "rev": rev}, {"$set": known})

    async def deleted(self, channel: str, rev: int) -> None:
        """WeCom has it no more, and nobody has wanted it again since."""
        await self._rows.delete_one({"_id": _id(channel), "rev": rev})

    async def vanished(self, link_id: str) -> None:
        """Somebody else deleted it in WeCom: what is wanted has to be made again."""
        lost: Row = {"$inc": {"rev": 1}, "$unset": _OF_WECOM}
        await self._rows.update_one({"link_id": link_id}, lost)

    async def forget(self, link_id: str) -> None:
        """WeCom has it no more; the change in hand makes another."""
        await self._rows.update_one({"link_id": link_id}, {"$unset": _OF_WECOM})

    async def goes(self, channel: str, at: datetime) -> None:
        """Its channel is not in the folder any more; the first word counts."""
        where = {"_id": _id(channel), "gone_at": None}
        await self._rows.update_one(where, {"$set": {"gone_at": at}})

    async def stays(self, channel: str) -> None:
        await self._rows.update_one({"_id": _id(channel)}, {"$unset": {"gone_at": ""}})

    async def told(self, channel: str, link_id: str) -> None:
        """People were told the address of this link."""
        await self._rows.update_one({"_id": _id(channel)}, {"$set": {"told": link_id}})

    async def read_to(self, channel: str, day: str) -> None:
        """Its figures are known up to this local day, which may not be over."""
        await self._rows.update_one({"_id": _id(channel)}, {"$max": {"read_day": day}})


def _id(channel: str) -> str:
    return f"link:{channel}"
