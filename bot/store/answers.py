"""What members sent in on 打卡页 and 答题页: once per occasion, and the first time counts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from bot.model import Record
from bot.store.due import Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, from_row, to_row

KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Record):
    """``id`` is the customer's and the occasion's; ``said`` holds question and answer."""

    contact: str
    form: str
    at: datetime
    said: tuple[dict[str, Any], ...] = ()
    tags: tuple[str, ...] = field(default=())
    handed_on: bool = False  # everything that follows from it is under way


class Answers:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def prepare(self) -> None:
        seconds = int(KEPT.total_seconds())
        mine = [("contact", ASCENDING), ("form", ASCENDING), ("at", DESCENDING)]
        await self._rows.create_indexes(
            [
                IndexModel(mine, name="contact"),
                IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=seconds),
            ]
        )

    async def get(self, answer_id: str) -> Answer | None:
        row = await self._rows.find_one({"_id": answer_id})
        return _answer(row) if row else None

    async def put(self, answer: Answer) -> Answer:
        """What is kept under this id: what was sent first."""
        row = to_row(answer)
        return _answer(row) if not await insert_new(self._rows, [row]) else await self._kept(row)

    async def handed_on(self, answer_id: str) -> None:
        await self._rows.update_one({"_id": answer_id}, {"$set": {"handed_on": True}})

    async def of(self, contact: str, form: str = "", limit: int = 60) -> list[Answer]:
        """The customer's latest, of one form or of all."""
        mine: Row = {"contact": contact} | ({"form": form} if form else {})
        found = self._rows.find(mine).sort([("form", ASCENDING), ("at", DESCENDING)]).limit(limit)
        return [_answer(row) async for row in found]

    async def _kept(self, row: Row) -> Answer:
        kept = await self._rows.find_one({"_id": row["_id"]})
        return _answer(kept or row)


def _answer(row: Row) -> Answer:
    return from_row(Answer, row)
