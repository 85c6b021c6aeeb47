"""What many ask for at once is one command, and each is answered as if alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient, monitoring
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

from bot.store.fresh import insert_new
from bot.store.together import Gathered, by_ids, change, swap


class Heard(monitoring.CommandListener):
    """The commands that were sent about rows."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "insert", "update"):
            self.names.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def rows(mongo_url: str, database: str, heard: Heard) -> AsyncIterator[Gathered]:
    """Rows a, b and c."""
    async with AsyncMongoClient[dict[str, Any]](mongo_url, event_listeners=[heard]) as client:
        rows = Gathered(client[database], "together")
        await rows.delete_many({})
        await rows.insert_many([{"_id": id, "owner": "me", "n": 0} for id in "abc"])
        heard.names.clear()
        yield rows


async def test_reads_by_id_travel_together(rows: Gathered, heard: Heard) -> None:
    found = await asyncio.gather(*(rows.find_one({"_id": id}) for id in "abxa"))
    assert [row and row["_id"] for row in found] == ["a", "b", None, "a"]
    assert heard.names == ["find"]


async def test_nobody_shares_a_row_with_another_caller(rows: Gathered) -> None:
    one, other = await asyncio.gather(*(rows.find_one({"_id": "a"}) for _ in range(2)))
    assert one is not None
    assert other is not None
    one["n"] = 7
    assert other["n"] == 0


async def test_a_read_shows_what_was_written_before_it_was_asked(rows: Gathered) -> None:
    async def write_then_read(id: str) -> Any:
        await rows.update_one({"_id": id}, {"$set": {"n": 1}})
        row = await rows.find_one({"_id": id})
        return row and row["n"]

    assert await asyncio.gather(*map(write_then_read, "abc")) == [1, 1, 1]


async def test_different_columns_are_read_apart(rows: Gathered) -> None:
    whole, part = await asyncio.gather(
        rows.find_one({"_id": "a"}), rows.find_one({"_id": "a"}, {"n": 1})
    )
    assert whole == {"_id": "a", "owner": "me", "n": 0}
    assert part == {"_id": "a", "n": 0}


async def test_other_questions_are_asked_as_ever(rows: Gathered) -> None:
    assert await rows.find_one({"_id": "a", "owner": "you"}) is None
    assert await rows.find_one({"owner": "me"}, sort=[("_id", -1)]) == {
        "_id": "c",
        "owner": "me",
        "n": 0,
    }


async def test_rows_by_id_come_in_the_order_of_their_ids(rows: Gathered, heard: Heard) -> None:
    assert list(await by_ids(rows, ["c", "x", "a", "c"])) == ["a", "c"]
    assert heard.names == ["find"]


async def test_inserts_travel_together_and_tell_each_what_was_there(
    rows: Gathered, heard: Heard
) -> None:
    known = await asyncio.gather(
        insert_new(rows, [{"_id": "d"}, {"_id": "a", "n": 5}]),
        insert_new(rows, [{"_id": "e"}]),
        insert_new(rows, [{"_id": "b", "n": 5}]),
    )
    assert [[row["_id"] for row in some] for some in known] == [["a"], [], ["b"]]
    assert heard.names == ["insert"]
    assert sorted([row["_id"] async for row in rows.find()]) == list("abcde")


async def test_only_who_asked_for_it_hears_of_a_refused_insert(rows: Gathered) -> None:
    wrong, right = await asyncio.gather(
        rows.insert_many([{"_id": "a"}], ordered=False),
        rows.insert_many([{"_id": "d"}], ordered=False),
        return_exceptions=True,
    )
    assert isinstance(wrong, BulkWriteError)
    assert wrong.details["writeErrors"][0]["index"] == 0
    assert not isinstance(right, BaseException)


async def test_swaps_travel_together_and_each_learns_whether_it_fitted(
    rows: Gathered, heard: Heard
) -> None:
    fitted = await asyncio.gather(
        swap(rows, {"_id": "a", "owner": "me"}, {"$set": {"n": 1}}),
        swap(rows, {"_id": "b", "owner": "you"}, {"$set": {"n": 1}}),
        swap(rows, {"_id": "c", "owner": "me"}, [{"$set": {"n": {"$add": ["$n", 1]}}}]),
        swap(rows, {"_id": "x", "owner": "me"}, {"$set": {"n": 1}}),
    )
    assert fitted == [True, False, True, False]
    assert [row["n"] async for row in rows.find().sort("_id", 1)] == [1, 0, 1]
    assert heard.names[:2] == ["update", "find"]


async def test_when_every_swap_fits_nothing_is_read_again(rows: Gathered, heard: Heard) -> None:
    mine = [swap(rows, {"_id": id, "owner": "me"}, {"$set": {"n": 1}}) for id in "abc"]
    assert await asyncio.gather(*mine) == [True, True, True]
    assert heard.names == ["update"]


async def test_a_swap_that_changes_nothing_fitted_all_the_same(rows: Gathered) -> None:
    same = [swap(rows, {"_id": id, "owner": "me"}, {"$set": {"n": 0}}) for id in "ab"]
    assert await asyncio.gather(*same, swap(rows, {"_id": "x"}, {"$set": {"n": 0}})) == [
        True,
        True,
        False,
    ]


async def test_a_swap_into_somebody_elses_place_is_told_to_its_caller_alone(
    rows: Gathered,
) -> None:
    await rows.create_index("serial", unique=True, partialFilterExpression={"serial": {"$gt": ""}})
    await rows.update_one({"_id": "a"}, {"$set": {"serial": "one"}})
    taken, free, missing = await asyncio.gather(
        swap(rows, {"_id": "b"}, {"$set": {"serial": "one"}}),
        swap(rows, {"_id": "c"}, {"$set": {"serial": "two"}}),
        swap(rows, {"_id": "x"}, {"$set": {"serial": "three"}}),
        return_exceptions=True,
    )
    await rows.drop_index("serial_1")
    assert isinstance(taken, DuplicateKeyError)
    assert (free, missing) == (True, False)


async def test_changes_nobody_asks_about_travel_together(rows: Gathered, heard: Heard) -> None:
    await asyncio.gather(*(change(rows, {"_id": id}, {"$inc": {"n": 1}}) for id in "abcx"))
    assert heard.names == ["update"]
    assert [row["n"] async for row in rows.find().sort("_id", 1)] == [1, 1, 1]


async def test_a_caller_who_gave_up_takes_nobody_along(rows: Gathered) -> None:
    leaving = asyncio.create_task(rows.find_one({"_id": "a"}))
    staying = asyncio.create_task(rows.find_one({"_id": "b"}))
    await asyncio.sleep(0)
    leaving.cancel()
    row = await staying
    assert row is not None
    assert row["_id"] == "b"


async def test_what_breaks_the_command_is_told_to_everybody_and_the_next_is_free(
    rows: Gathered,
) -> None:
    broken = [rows.find_one({"_id": id}, {"n": {"$nonsense": 1}}) for id in "ab"]
    told = await asyncio.gather(*broken, return_exceptions=True)
    assert all(isinstance(error, OperationFailure) for error in told)
    assert await rows.find_one({"_id": "a"}) is not None
