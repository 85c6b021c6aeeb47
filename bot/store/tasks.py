"""Tasks: given once, first tap wins, and every change is one query that says so."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from bot.model import Task
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, from_row, slot_of, to_row

NEW = {"state": "待派"}
GIVEN = {"state": {"$ne": "待派"}}
_FOLLOW_UP = timedelta(seconds=30)


class Tasks:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.due = Due(rows)

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                *Due.indexes(),
                IndexModel([("keys", ASCENDING)], name="keys", sparse=True),
                IndexModel([("dealt", ASCENDING)], name="dealt", sparse=True),
                IndexModel([("messages", ASCENDING)], name="messages", sparse=True),
                IndexModel([("staff", ASCENDING), ("open", ASCENDING)], name="staff"),
                IndexModel([("journey", ASCENDING)], name="journey"),
                IndexModel([("subject", ASCENDING)], name="subject"),
            ]
        )

    async def put(self, tasks: Sequence[Task]) -> None:
        """Keep new tasks; those already there are left alone."""
        if not tasks:
            return
        rows = [to_row(task) | {"slot": slot_of(task.subject)} for task in tasks]
        await insert_new(self._rows, rows)

    async def get(self, task_id: str) -> Task | None:
        row = await self._rows.find_one({"_id": task_id})
        return from_row(Task, row) if row else None

    async def many(self, ids: Iterable[str]) -> dict[str, Task]:
        """Those of ``ids`` that exist."""
        found = self._rows.find({"_id": {"$in": sorted(set(ids))}})
        return {row["_id"]: from_row(Task, row) async for row in found}

    async def of_card(self, card: str) -> Task | None:
        """The task any of whose cards is ``card``."""
        row = await self._rows.find_one({"dealt": card})
        return from_row(Task, row) if row else None

    async def open_of(self, staff: str) -> list[Task]:
        """What ``staff`` still has to do, earliest deadline first."""
        found = self._rows.find({"staff": staff, "open": True, "given_at": {"$exists": True}})
        return [from_row(Task, row) async for row in found.sort("deadline", ASCENDING)]

    async def about(self, subject: str, limit: int = 20) -> list[Task]:
        """The newest tasks about a customer or a group."""
        found = self._rows.find({"subject": subject}).sort("created_at", DESCENDING).limit(limit)
        return [from_row(Task, row) async for row in found]

    # giving

    async def claim_new(self, now: datetime, limit: int = 50) -> tuple[str, list[Task]]:
        owner, rows = await self.due.claim(now, limit, NEW)
        return owner, [from_row(Task, row) for row in rows]

    async def dealt(
        self,
        owner: str,
        task: Task,
        card: str,
        n: int,
        *,
        deadline: datetime,
        first_look: datetime,
        check_at: datetime,
    ) -> bool:
        """The ``n``-th card is on its way; False when the task is no longer ours to give.

        Until the sender says it arrived, the task is looked at again at ``check_at``.
        """
        change: Row = {"card": card, "cards": n, "due_at": check_at}
        change |= {"deadline": deadline, "first_look": first_look}
        result = await self._rows.update_one(
            {"_id": task.id, "lease.owner": owner, "open": True},
            {"$set": change, "$addToSet": {"dealt": card}, "$unset": {"lease": ""}},
        )
        return result.modified_count == 1

    async def delivered(self, task_id: str, response_code: str, at: datetime) -> None:
        """WeCom took a card of this task: the first one starts the clock of its ladder."""
        is_new = {"$eq": ["$state", NEW["state"]]}
        may_sleep = [{"$ne": ["$woken", True]}, {"$gt": ["$first_look", None]}]
        arrived = {"$concatArrays": ["$log", [_entry(at, "送达")]]}
        change = {
            "response_code": {"$literal": response_code},
            "given_at": {"$ifNull": ["$given_at", at]},
            "state": {"$cond": [is_new, "已送达", "$state"]},
            "due_at": {"$cond": [{"$and": [is_new, *may_sleep]}, "$first_look", "$due_at"]},
            "log": {"$cond": [is_new, arrived, "$log"]},
        }
        await self._rows.update_one({"_id": task_id}, [{"$set": change}])

    # what becomes of it

    async def claim_given(self, now: datetime, limit: int = 50) -> tuple[str, list[Task]]:
        owner, rows = await self.due.claim(now, limit, GIVEN)
        return owner, [from_row(Task, row) for row in rows]

    async def tapped(
        self,
        task: Task,
        words: Sequence[str],
        *,
        by: str,
        at: datetime,
        card: str,
        code: str,
        result: str,
        answer: Sequence[str] = (),
    ) -> Task | None:
        """The first tap of the person whose task it is wins; None when it is not this one.

        ``words`` are the proofs it gives: 按钮, 清单 or both.
        The same tap told again (by its ``code``) still wins, so that a retry ends what it began.
        """
        given = {"at": at, "by": by, "answer": list(answer), "card": card, "code": code}
        untold = {f"proofs.{word}": {"$exists": False} for word in words}
        proofs = {f"proofs.{word}": given for word in words}
        won = await self._rows.find_one_and_update(
            {"_id": task.id, "staff": by, "open": True, **untold},
            {
                "$set": {**proofs, "result": result, "done_by": by},
                "$push": {"log": _entry(at, "点了" + (result or "完成"), by)},
            },
            return_document=ReturnDocument.AFTER,
        )
        again = {"_id": task.id, f"proofs.{words[0]}.code": code}
        won = won or await self._rows.find_one(again)
        return from_row(Task, won) if won else None

    async def filled(
        self, task: Task, name: str, *, by: str, at: datetime, answer: str, message: str
    ) -> Task | None:
        """Their text of id ``message`` is the proof ``name``; None when that was there already, or
        the task is closed or with somebody else."""
        proof = {"at": at, "by": by, "answer": answer, "message": message}
        known = {"$getField": {"field": {"$literal": name}, "input": "$proofs"}}
        mine = {"_id": task.id, "staff": by, "open": True}
        row = await self._rows.find_one_and_update(
            {**mine, "$expr": {"$eq": [{"$type": known}, "missing"]}},
            [
                {"$set": {"proofs": _kept_first(name, proof)}},
                {"$set": {"messages": _appended("$messages", message), "done_by": by}},
                {"$set": {"log": _appended("$log", _entry(at, f"回复了：{answer}", by))}},
            ],
            return_document=ReturnDocument.AFTER,
        )
        return from_row(Task, row) if row else None

    async def of_message(self, message: str) -> Task | None:
        """The task that a text was taken for."""
        row = await self._rows.find_one({"messages": message})
        return from_row(Task, row) if row else None

    async def proved(self, task_id: str, added: Mapping[str, Mapping[str, Any]]) -> Task | None:
        """Add proofs; each is kept as it was first seen. None when the task is closed."""
        stages = [{"$set": {"proofs": _kept_first(name, p)}} for name, p in added.items()]
        row = await self._rows.find_one_and_update(
            {"_id": task_id, "open": True},
            stages,
            return_document=ReturnDocument.AFTER,
        )
        return from_row(Task, row) if row else None

    async def acknowledge(
        self, task_id: str, at: datetime, why: str, quality: str = "acknowledged"
    ) -> bool:
        """The worker's word is in; what WeCom is to show is not. True for the one who says so."""
        result = await self._rows.update_one(
            {"_id": task_id, "open": True, "evidence": ""},
            {
                "$set": {"state": "已完成", "evidence": quality},
                "$push": {"log": _entry(at, why)},
            },
        )
        return result.modified_count == 1

    async def end(
        self, task_id: str, state: str, evidence: str, at: datetime, why: str
    ) -> Task | None:
        """Close an open task; None when it was closed before.

        It stays due for a moment: whoever closes it still has to tell, see :meth:`told`.
        """
        row = await self._rows.find_one_and_update(
            {"_id": task_id, "open": True},
            {
                "$set": {
                    "open": False,
                    "state": state,
                    "evidence": evidence,
                    "ended_at": at,
                    "due_at": at + _FOLLOW_UP,
                },
                "$unset": {"keys": "", "lease": ""},
                "$push": {"log": _entry(at, why)},
            },
            return_document=ReturnDocument.AFTER,
        )
        return from_row(Task, row) if row else None

    async def told(self, task_id: str) -> None:
        """Everybody who waits for this closed task has been told."""
        await self._rows.update_one(
            {"_id": task_id, "open": False}, {"$unset": {"due_at": "", "lease": ""}}
        )

    # the ladder

    async def climb(
        self,
        owner: str,
        task: Task,
        *,
        due_at: datetime,
        rung: int,
        state: str,
        cards: int,
        card: str,
        entries: Iterable[tuple[datetime, str, str]] = (),
    ) -> bool:
        """Note how far up the ladder the task is; False when it changed meanwhile."""
        reached = {"rung": rung, "state": state, "cards": cards, "card": card, "due_at": due_at}
        seen = {"_id": task.id, "lease.owner": owner, "open": True, "state": task.state}
        result = await self._rows.update_one(
            seen | {"rung": task.rung},
            {
                "$set": reached,
                "$unset": {"lease": ""},
                "$push": {"log": {"$each": [_entry(*entry) for entry in entries]}},
                "$addToSet": {"dealt": card},
            },
        )
        return result.modified_count == 1

    async def overdue(self, owner: str, task: Task, at: datetime) -> bool:
        """The deadline has passed; somebody may still do it late. The row stays in hand."""
        result = await self._rows.update_one(
            {"_id": task.id, "lease.owner": owner, "open": True, "state": task.state},
            {"$set": {"state": "已逾期"}, "$push": {"log": _entry(at, "逾期")}},
        )
        return result.modified_count == 1

    async def hand_over(
        self,
        task: Task,
        to: str,
        *,
        at: datetime,
        why: str,
        state: str,
        due_at: datetime,
        rung: int,
        deadline: datetime | None = None,
        card: str = "",
        cards: int = 0,
    ) -> bool:
        """Give an open task to somebody else; False when it is not with ``task.staff`` any more."""
        change: Row = {"staff": to, "state": state, "due_at": due_at, "rung": rung, "card": card}
        if deadline:
            change["deadline"] = deadline
        update: Row = {
            "$set": change,
            "$unset": {"lease": ""},
            "$push": {"log": _entry(at, why, to) | {"from": task.staff}},
        }
        if card:
            change["cards"] = cards
            update["$addToSet"] = {"dealt": card}
        result = await self._rows.update_one(
            {"_id": task.id, "open": True, "staff": task.staff}, update
        )
        return result.modified_count == 1

    async def wait_until(self, owner: str, task_id: str, due_at: datetime) -> None:
        """Look at a claimed task again later."""
        await self._rows.update_one(
            {"_id": task_id, "lease.owner": owner},
            {"$set": {"due_at": due_at}, "$unset": {"lease": ""}},
        )

    async def release(self, owner: str, ids: Iterable[str], now: datetime) -> None:
        """Let go of what a claim still holds; what was woken meanwhile is not slept over."""
        mine = {"_id": {"$in": list(ids)}}
        await self._rows.update_many({**mine, "lease.owner": owner}, {"$unset": {"lease": ""}})
        woken = {**mine, "woken": True, "open": True}
        await self._rows.update_many(woken, {"$min": {"due_at": now}})

    async def wake(self, task_id: str, now: datetime) -> None:
        """Look at an open task now."""
        await self._wake({"_id": task_id}, now)

    async def wake_of_staff(self, staff: str, now: datetime) -> None:
        """Somebody left: look at what they still had to do."""
        await self._wake({"staff": staff}, now)

    async def wake_of_journeys(self, journeys: Iterable[str], now: datetime) -> None:
        """These journeys were left: look at what they still ask of people."""
        await self._wake({"journey": {"$in": list(journeys)}}, now)

    async def _wake(self, whose: Row, now: datetime) -> None:
        wake = {"$min": {"due_at": now}, "$set": {"woken": True}}
        await self._rows.update_many({**whose, "open": True}, wake)

    # counting

    async def tally(self) -> dict[str, int]:
        """How many were given, how they ended, and what it took; for reports."""
        group: Row = {
            "tasks_given": _sum_if({"$gt": ["$given_at", None]}),
            "tasks_acknowledged": _sum_if({"$in": ["$evidence", list(_OWN_WORD)]}),
            "tasks_verified": _sum_if({"$eq": ["$evidence", "verified"]}),
            "tasks_overdue": _sum_if({"$in": ["逾期", "$log.what"]}),
            "tasks_cancelled": _sum_if({"$eq": ["$state", "已取消"]}),
            "reminders": {"$sum": _entries_named("提醒")},
            "escalations": {"$sum": _entries_named("升级", "转派")},
        }
        cursor = await self._rows.aggregate([{"$group": {"_id": None} | group}])
        rows = await cursor.to_list(None)
        return {name: rows[0][name] if rows else 0 for name in group}


_OWN_WORD = ("acknowledged", "self_reported")


def _sum_if(test: Row) -> Row:
    return {"$sum": {"$cond": [test, 1, 0]}}


def _entries_named(*words: str) -> Row:
    named = {"$filter": {"input": "$log", "cond": {"$in": ["$$this.what", list(words)]}}}
    return {"$size": named}


def _appended(path: str, value: Any) -> Row:
    return {"$concatArrays": [{"$ifNull": [path, []]}, [{"$literal": value}]]}


def _entry(at: datetime, what: str, who: str = "") -> Row:
    return {"at": at, "what": what} | ({"who": who} if who else {})


def _kept_first(name: str, proof: Mapping[str, Any]) -> Row:
    """The proofs with one more; names may hold dots, so that no path can be written."""
    literal = {"$literal": name}
    known = {"$getField": {"field": literal, "input": "$proofs"}}
    value = {"$ifNull": [known, {"$literal": dict(proof)}]}
    return {"$setField": {"field": literal, "input": "$proofs", "value": value}}
