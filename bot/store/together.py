"""Collections that make one command of what many callers ask for in the same moment.

Nearly every command we send names one row by its id, and each costs client and server the same
whether it carries one row or fifty. What comes while a command is under way goes, together, into
the next one; a caller alone waits no longer than before. Nothing is answered before it is done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import Context
from itertools import count
from secrets import token_hex
from typing import Any, Generic, TypeVar

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.results import BulkWriteResult, InsertManyResult

from bot.store.rows import Row

MOST = 500  # callers in one command
ALREADY_THERE = 11000
MARK = "swap"  # names the newest of several changes made together, so that each can be told apart

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_process = token_hex(4)
_swaps = count()


class Together(Generic[Asked, Answer]):
    """``do`` is given what was asked, in order, and answers each in that order.

    An answer that is an exception is raised to whoever asked; one that ``do`` raises, to all.
    """

    def __init__(
        self, do: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]]
    ) -> None:
        self._do = do
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._doing: asyncio.Task[None] | None = None

    async def ask(self, wanted: Asked) -> Answer:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((wanted, answer))
        if self._doing is None:
            # It begins in the loop's next turn, so all of this turn share a command; and in a
            # context of its own, lest the first caller's time limit be everybody's.
            self._doing = loop.create_task(self._work(), context=Context())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._answer(batch)
        finally:
            self._doing = None

    async def _answer(self, batch: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._do([wanted for wanted, _ in batch])
        except Exception as error:  # an edge: whatever it is, the callers must hear of it
            answers = [error] * len(batch)
        for (_, answer), given in zip(batch, answers, strict=True):
            if answer.done():  # its caller was cancelled
                continue
            if isinstance(given, Exception):
                answer.set_exception(given)
            else:
                answer.set_result(given)


class Gathered(AsyncCollection[Row]):
    """A collection whose reads by id, unordered inserts and single changes travel together."""

    def __init__(self, database: AsyncDatabase[Row], name: str) -> None:
        super().__init__(database, name)
        self._reads: dict[str, Together[str, Row | None]] = {}
        self._inserts = Together(self._insert_all)
        self._changes = Together(self._change_all)
        self._swapping = Together(self._swap_all)

    async def find_one(self, filter: Any | None = None, *args: Any, **kwargs: Any) -> Row | None:
        """As always; together with others when only ``_id`` is asked for."""
        if filter is None or not _by_id(filter) or kwargs or len(args) > 1:
            return await super().find_one(filter, *args, **kwargs)
        return await self._reader(args[0] if args else None).ask(filter["_id"])

    async def insert_many(  # type: ignore[override]
        self, documents: Sequence[Row], ordered: bool = True
    ) -> InsertManyResult:
        """As always; together with others unless ``ordered``."""
        if ordered:
            return await super().insert_many(documents, ordered)
        return await self._inserts.ask(documents)

    async def change(self, filter: Row, update: Update) -> None:
        await self._changes.ask(UpdateOne(filter, update))

    async def swap(self, filter: Row, update: Update) -> bool:
        return await self._swapping.ask((filter, update))

    def _reader(self, shown: Mapping[str, Any] | None) -> Together[str, Row | None]:
        key = repr(shown)
        if key not in self._reads:

            async def read(ids: Sequence[str]) -> list[Row | Exception | None]:
                if len(ids) == 1:
                    return [await super(Gathered, self).find_one({"_id": ids[0]}, shown)]
                found = self.find({"_id": {"$in": sorted(set(ids))}}, shown)
                rows = {row["_id"]: row for row in await found.to_list(None)}
                return [dict(rows[id]) if id in rows else None for id in ids]

            self._reads[key] = Together(read)
        return self._reads[key]

    async def _insert_all(
        self, asked: Sequence[Sequence[Row]]
    ) -> list[InsertManyResult | Exception]:
        try:
            await super().insert_many([row for rows in asked for row in rows], ordered=False)
        except BulkWriteError as error:
            parts = _shared(error, [len(rows) for rows in asked])
        else:
            parts = [None] * len(asked)
        return [
            part or InsertManyResult([row["_id"] for row in rows], acknowledged=True)
            for part, rows in zip(parts, asked, strict=True)
        ]

    async def _change_all(self, asked: Sequence[UpdateOne]) -> list[Exception | None]:
        try:
            await self.bulk_write(list(asked), ordered=False)
        except BulkWriteError as error:
            return list(_shared(error, [1] * len(asked)))
        return [None] * len(asked)

    async def _swap_all(self, asked: Sequence[tuple[Row, Update]]) -> list[bool | Exception]:
        if len(asked) == 1:
            return [(await self.update_one(*asked[0])).matched_count == 1]
        marks = [f"{_process}-{next(_swaps)}" for _ in asked]
        writes = [
            UpdateOne(filter, _marked(update, mark))
            for (filter, update), mark in zip(asked, marks, strict=True)
        ]
        errors: list[BulkWriteError | None] = [None] * len(asked)
        try:
            result = await self.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            errors = _shared(error, [1] * len(asked))
            result = BulkWriteResult(dict(error.details), acknowledged=True)
        done = await self._which(asked, marks, result.matched_count + sum(map(bool, errors)))
        return [
            _one(error) if error else swapped for error, swapped in zip(errors, done, strict=True)
        ]

    async def _which(
        self, asked: Sequence[tuple[Row, Update]], marks: Sequence[str], settled: int
    ) -> list[bool]:
        """The server only counts how many filters fitted; unless all did, look for our marks."""
        if settled == len(asked):
            return [True] * len(asked)
        ids = sorted({filter["_id"] for filter, _ in asked})
        found = self.find({"_id": {"$in": ids}}, {MARK: 1})
        there = {row.get(MARK) for row in await found.to_list(None)}
        return [mark in there for mark in marks]


async def change(rows: AsyncCollection[Row], filter: Row, update: Update) -> None:
    """Change the one row that fits, if there is one; its caller does not ask whether."""
    if isinstance(rows, Gathered):
        await rows.change(filter, update)
    else:
        await rows.update_one(filter, update)


async def swap(rows: AsyncCollection[Row], filter: Row, update: Update) -> bool:
    """Change the row ``filter`` names by its ``_id`` if it is still as ``filter`` says; whether.

    Only for rows nobody else may change while it fits: under a lease, or by their revision.
    """
    if isinstance(rows, Gathered):
        return await rows.swap(filter, update)
    return (await rows.update_one(filter, update)).matched_count == 1


async def by_ids(rows: AsyncCollection[Row], ids: Iterable[str]) -> dict[str, Row]:
    """The rows of ``ids`` that are there, in the order of their ids."""
    wanted = sorted(set(ids))
    found = await asyncio.gather(*(rows.find_one({"_id": id}) for id in wanted))
    return {row["_id"]: row for row in found if row}


def _by_id(filter: Any) -> bool:
    return isinstance(filter, dict) and len(filter) == 1 and isinstance(filter.get("_id"), str)


def _marked(update: Update, mark: str) -> Any:
    if isinstance(update, Mapping):
        return {**update, "$set": {**update.get("$set", {}), MARK: mark}}
    return [*update, {"$set": {MARK: mark}}]


def _one(error: BulkWriteError) -> Exception:
    """What ``update_one`` would have raised."""
    told = error.details["writeErrors"]
    if told and told[0]["code"] == ALREADY_THERE:
        return DuplicateKeyError(told[0]["errmsg"], ALREADY_THERE, told[0])
    return error


def _shared(error: BulkWriteError, sizes: Sequence[int]) -> list[BulkWriteError | None]:
    """Each caller's part of what the server refused; a lack of durability concerns everybody."""
    told = error.details
    parts: list[BulkWriteError | None] = []
    start = 0
    for size in sizes:
        theirs = [
            {**refused, "index": refused["index"] - start}
            for refused in told["writeErrors"]
            if start <= refused["index"] < start + size
        ]
        failed = theirs or told["writeConcernErrors"]
        parts.append(BulkWriteError({**told, "writeErrors": theirs}) if failed else None)
        start += size
    return parts
