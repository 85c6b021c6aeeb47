"""Tasks: given once, first tap wins, and every change is one query that says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument, UpdateOne

from bot.model import Task
from bot.store.due import Due, Rows
from bot.store.fresh import insert_new
from bot.store.rows import Row, by_sop, from_row, slot_of, to_row

NEW = {"state": "待派"}
GIVEN = {"state": {"$ne": "待派"}}
_FOLLOW_UP = timedelta(seconds=30)
_EPOCH = datetime.fromtimestamp(0, UTC)


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
                IndexModel([("sharing", ASCENDING)], name="sharing", sparse=True),
                IndexModel([("choices", ASCENDING)], name="choices", sparse=True),
                IndexModel([("staff", ASCENDING), ("open", ASCENDING)], name="staff"),
                IndexModel([("staff", ASCENDING), ("given_at", ASCENDING)], name="given to"),
                IndexModel(
                    [("deadline", ASCENDING)],
                    name="open deadlines",
                    partialFilterExpression={"open": True},
                ),
                IndexModel([("journey", ASCENDING)], name="journey"),
                IndexModel([("subject", ASCENDING)], name="subject"),
                IndexModel([("created_at", ASCENDING)], name="made"),
                by_sop("created_at"),
                IndexModel([("ended_at", ASCENDING)], name="ended", sparse=True),
                IndexModel(
                    [("said_at", ASCENDING)],
                    name="said, open",
                    partialFilterExpression={"open": True, "said_at": {"$exists": True}},
                ),
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

    async def all_of_card(self, card: str) -> list[Task]:
        """Every task ``card`` was ever about."""
        found = self._rows.find({"dealt": card}).sort("_id", ASCENDING)
        return [from_row(Task, row) async for row in found]

    async def shared(self, name: str) -> list[Task]:
        """The tasks that ever were on the shared card of this name."""
        found = self._rows.find({"sharing": name}).sort("_id", ASCENDING)
        return [from_row(Task, row) async for row in found]

    async def open_of(self, staff: str) -> list[Task]:
        """What ``staff`` still has to do, earliest deadline first."""
        found = self._rows.find({"staff": staff, "open": True, "given_at": {"$exists": True}})
        return [from_row(Task, row) async for row in found.sort("deadline", ASCENDING)]

    async def open_about(self, subject: str) -> list[Task]:
        """What somebody still has to do about a customer, a group or a theme."""
        found = self._rows.find({"subject": subject, "open": True}).sort("_id", ASCENDING)
        return [from_row(Task, row) async for row in found]

    async def overdue_open(self, now: datetime, limit: int = 1_000) -> list[Task]:
        """Open tasks past their deadline that nobody has said are done, earliest first."""
        given = {"given_at": {"$exists": True}, "evidence": ""}
        late = {"open": True, "deadline": {"$lte": now}, **given}
        found = self._rows.find(late).sort([("deadline", ASCENDING), ("_id", ASCENDING)])
        return [from_row(Task, row) async for row in found.limit(limit)]

    async def passed_on(self) -> list[Task]:
        """Open tasks that came to who answers for them because nobody else did them.

        Those too that are overdue with them by now: nobody else hears of these.
        """
        given_up = {"$elemMatch": {"what": "转派", "from": {"$gt": ""}}}
        theirs = {"open": True, "evidence": "", "log": given_up, "deadline": {"$gt": _EPOCH}}
        found = self._rows.find(theirs).sort("deadline", ASCENDING)
        tasks = [from_row(Task, row) async for row in found]
        return [task for task in tasks if _handed_over(task) == "转派"]

    async def count_open(self) -> dict[str, int]:
        """Staff → how many tasks they have in hand."""
        group = {"_id": "$staff", "n": {"$sum": 1}}
        found = await self._rows.aggregate([{"$match": {"open": True}}, {"$group": group}])
        return {row["_id"]: row["n"] async for row in found}

    async def about(self, subject: str, limit: int = 20) -> list[Task]:
        """The newest tasks about a customer or a group."""
        found = self._rows.find({"subject": subject}).sort("created_at", DESCENDING).limit(limit)
        return [from_row(Task, row) async for row in found]

    # giving

    async def claim_new(
        self, now: datetime, limit: int = 50, like: Task | None = None
    ) -> tuple[str, list[Task]]:
        """Tasks whose moment has come; only those of the step and person of ``like``, if given."""
        where: Row = dict(NEW)
        if like:
            where |= {"staff": like.staff, "sop": like.sop, "step": like.step}
        owner, rows = await self.due.claim(now, limit, where)
        return owner, [from_row(Task, row) for row in rows]

    async def hold(self, owner: str, task_id: str, due_at: datetime) -> None:
        """Others that go onto the same card are still to come."""
        await self._rows.update_one(
            {"_id": task_id, "lease.owner": owner},
            {"$set": {"due_at": due_at}, "$inc": {"held": 1}, "$unset": {"lease": ""}},
        )

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
        """The ``n``-th card of one task is on its way, see :meth:`dealt_all`; False when the task
        is no longer ours to give."""
        as_it_was = replace(task, cards=n - 1)
        times = {"deadline": deadline, "first_look": first_look, "check_at": check_at}
        return await self.dealt_all({task.id: owner}, [as_it_was], card, "", **times) == 1

    async def dealt_all(
        self,
        owners: Mapping[str, str],
        tasks: Sequence[Task],
        card: str,
        shared: str,
        *,
        deadline: datetime,
        first_look: datetime,
        check_at: datetime,
    ) -> int:
        """The next card of these tasks is on its way; how many of them were still ours to give.

        ``owners``: who claimed each; ``shared``: the name of a card for several. Until the sender
        says it arrived, they are looked at again at ``check_at``.
        """
        reached: Row = {"card": card, "shared": shared, "due_at": check_at}
        reached |= {"deadline": deadline, "first_look": first_look}
        added = {"dealt": card} | ({"sharing": shared} if shared else {})
        writes = [
            UpdateOne(
                {"_id": task.id, "lease.owner": owners[task.id], "open": True},
                {
                    "$set": reached | {"cards": task.cards + 1},
                    "$addToSet": added,
                    "$unset": {"lease": ""},
                },
            )
            for task in tasks
        ]
        return (await self._rows.bulk_write(writes, ordered=False)).modified_count

    async def delivered(self, about: str, response_code: str, at: datetime) -> None:
        """WeCom took a card of a task, or of those that share it: the first starts the ladder."""
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
        whose = {"$or": [{"_id": about}, {"sharing": about, "shared": about}]}
        await self._rows.update_many(whose, [{"$set": change}])

    # what becomes of it

    async def claim_given(self, now: datetime, limit: int = 50) -> tuple[str, list[Task]]:
        owner, rows = await self.due.claim(now, limit, GIVEN)
        return owner, [from_row(Task, row) for row in rows]

    async def looked_at(self, after: datetime, until: datetime, staff: str = "") -> list[Task]:
        """Open tasks given (those of ``staff``) whose next look is in (after, until]."""
        whose = {"staff": staff} if staff else {}
        soon = {**GIVEN, **whose, "open": True, "due_at": {"$gt": after, "$lte": until}}
        found = self._rows.find(soon).sort("due_at", ASCENDING)
        return [from_row(Task, row) async for row in found]

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
        page: bool = False,
    ) -> Task | None:
        """The first tap of the person whose task it is wins; None when it is not this one.

        ``words`` are the proofs it gives: 按钮, 清单 or both. ``page``: said on their page, on no
        card.
        The same tap told again (by its ``code``) still wins, so that a retry ends what it began.
        """
        given: Row = {"at": at, "by": by, "answer": list(answer), "code": code}
        given |= {"page": True} if page else {"card": card}
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
                "$set": {"state": "已完成", "evidence": quality, "said_at": at},
                "$push": {"log": _entry(at, why)},
            },
        )
        return result.modified_count == 1

    async def end(
        self, task_id: str, state: str, evidence: str, at: datetime, why: str, by: str = ""
    ) -> Task | None:
        """Close an open task; None when it was closed before.

        ``by``: who says so in place of the person whose task it is.
        It stays due for a moment: whoever closes it still has to tell, see :meth:`told`.
        """
        vouched = {"done_by": by, "proofs.代为确认": {"at": at, "by": by}} if by else {}
        row = await self._rows.find_one_and_update(
            {"_id": task_id, "open": True},
            {
                "$set": {
                    "open": False,
                    "state": state,
                    "evidence": evidence,
                    "ended_at": at,
                    "due_at": at + _FOLLOW_UP,
                    **vouched,
                },
                "$unset": {"keys": "", "lease": "", "asked": ""},
                "$push": {"log": _entry(at, why, by)},
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
        shared: str | None = None,
        woken: bool = False,
        entries: Iterable[tuple[datetime, str, str]] = (),
    ) -> bool:
        """Note how far up the ladder the task is; False when it changed meanwhile.

        ``shared``: the name of the new card, "" for one of its own; None: there is no new one.
        ``woken``: the time of its 稍后 has come.
        """
        reached: Row = {"rung": rung, "state": state, "cards": cards, "card": card}
        added: Row = {"dealt": card}
        if shared is not None:
            reached["shared"] = shared
        if shared:
            added["sharing"] = shared
        seen = {"_id": task.id, "lease.owner": owner, "open": True, "state": task.state}
        result = await self._rows.update_one(
            seen | {"rung": task.rung},
            {
                "$set": reached | {"due_at": due_at},
                "$unset": {"lease": ""} | ({"later_until": ""} if woken else {}),
                "$push": {"log": {"$each": [_entry(*entry) for entry in entries]}},
                "$addToSet": added,
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
        shared: str = "",
    ) -> bool:
        """Give an open task to somebody else; False when it is not with ``task.staff`` any more."""
        change: Row = {"staff": to, "state": state, "due_at": due_at, "rung": rung, "card": card}
        change["shared"] = shared
        if deadline:
            change["deadline"] = deadline
        update: Row = {
            "$set": change,
            "$unset": {"lease": "", "asked": "", "later_until": ""},
            "$push": {"log": _entry(at, why, to) | {"from": task.staff}},
        }
        if card:
            change["cards"] = cards
            update["$addToSet"] = {"dealt": card} | ({"sharing": shared} if shared else {})
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


def _handed_over(task: Task) -> str:
    """How it came to whoever has it now."""
    return next((entry["what"] for entry in reversed(task.log) if entry.get("from")), "")


def _entry(at: datetime, what: str, who: str = "") -> Row:
    return {"at": at, "what": what} | ({"who": who} if who else {})


def _kept_first(name: str, proof: Mapping[str, Any]) -> Row:
    """The proofs with one more; names may hold dots, so that no path can be written."""
    literal = {"$literal": name}
    known = {"$getField": {"field": literal, "input": "$proofs"}}
    value = {"$ifNull": [known, {"$literal": dict(proof)}]}
    return {"$setField": {"field": literal, "input": "$proofs", "value": value}}
