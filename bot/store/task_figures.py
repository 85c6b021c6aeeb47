"""What became of the tasks that were made in a time: counted for reports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.playbook.evidence import OWN_WORDS, OWN_WORDS_BEGIN
from bot.store.due import Rows
from bot.store.rows import Row

Fate = Literal[
    "verified",
    "acknowledged",
    "self_reported",
    "manager_override",
    "cannot",
    "cancelled",
    "given_up",
    "waiting",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPile:
    """So many tasks of one step and person that met the same fate."""

    sop: str
    step: str
    staff: str  # who had them last
    fate: Fate
    given: bool
    verifiable: bool  # WeCom or a posted event can show that it was done
    overdue: bool
    escalated: bool  # its manager was told, or got it
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFigures:
    """What one member of staff was given in a time, and what became of it."""

    given: int = 0
    own_word: int = 0  # said by themselves to be done
    verified: int = 0
    overdue: int = 0  # not done at the deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """So many tasks of one person have a deadline that is near; ``overdue`` of them are over it."""

    staff: str
    count: int
    overdue: int


class TaskFigures:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def of_staff(self, staff: str, since: datetime) -> OwnFigures:
        """Of the tasks that came to ``staff`` since then and are with them."""
        group: Row = {
            "_id": None,
            "given": {"$sum": 1},
            "own_word": _sum_if({"$in": ["$evidence", ["acknowledged", "self_reported"]]}),
            "verified": _sum_if({"$eq": ["$evidence", "verified"]}),
            "overdue": _sum_if(_logged("逾期")),
        }
        match = {"staff": staff, "given_at": {"$gte": since}}
        cursor = await self._rows.aggregate([{"$match": match}, {"$group": group}])
        rows = await cursor.to_list(1)
        return OwnFigures(**{k: n for k, n in rows[0].items() if k != "_id"} if rows else {})

    async def piles(self, since: datetime, until: datetime, sop: str = "") -> list[TaskPile]:
        """Of the tasks made from ``since`` until before ``until``, of one SOP or of all."""
        match: Row = {"created_at": {"$gte": since, "$lt": until}} | ({"sop": sop} if sop else {})
        group = {"_id": _KIND, "count": {"$sum": 1}}
        stages: list[Row] = [{"$match": match}, {"$group": group}, {"$sort": {"_id": 1}}]
        found = await self._rows.aggregate(stages)
        return [TaskPile(**row["_id"], count=row["count"]) async for row in found]

    async def in_hand(self, now: datetime, until: datetime) -> list[InHand]:
        """Given tasks nobody has said are done, with a deadline before ``until``, by person."""
        given = {"given_at": {"$exists": True}, "evidence": ""}
        match: Row = {"open": True, "deadline": {"$lt": until}, **given}
        late = {"$cond": [{"$lte": ["$deadline", now]}, 1, 0]}
        group: Row = {"_id": "$staff", "count": {"$sum": 1}, "overdue": {"$sum": late}}
        found = await self._rows.aggregate([{"$match": match}, {"$group": group}])
        return [InHand(staff=row.pop("_id"), **row) async for row in found]


def _sum_if(test: Row) -> Row:
    return {"$sum": {"$cond": [test, 1, 0]}}


def _logged(*words: str) -> Row:
    """Whether its log has an entry of one of these."""
    had = {"$ifNull": ["$log.what", []]}
    return {"$gt": [{"$size": {"$setIntersection": [had, list(words)]}}, 0]}


_SEEN = {
    "$filter": {
        "input": {"$ifNull": ["$proofs_wanted", []]},
        "as": "one",
        "cond": {
            "$and": [
                {"$not": [{"$in": ["$$one", sorted(OWN_WORDS)]}]},
                {"$ne": [{"$indexOfCP": ["$$one", OWN_WORDS_BEGIN]}, 0]},
            ]
        },
    }
}
#: The word or proof there is counts first; without any, how it ended.
_FATE = {
    "$switch": {
        "branches": [
            {"case": {"$gt": ["$evidence", ""]}, "then": "$evidence"},
            {"case": {"$gt": ["$cannot", ""]}, "then": "cannot"},
            {"case": {"$eq": ["$state", "已取消"]}, "then": "cancelled"},
            {"case": {"$eq": ["$state", "已过期"]}, "then": "given_up"},
        ],
        "default": "waiting",
    }
}
_KIND = {
    "sop": "$sop",
    "step": "$step",
    "staff": "$staff",
    "fate": _FATE,
    "given": {"$gt": ["$given_at", None]},
    "verifiable": {"$gt": [{"$size": _SEEN}, 0]},
    "overdue": _logged("逾期"),
    "escalated": _logged("升级", "转派"),
}
