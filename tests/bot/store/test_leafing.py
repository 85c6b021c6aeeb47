"""Lists of pages: every row once, in order, whatever comes meanwhile; indexes nobody needs go."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.store.inbox_list import InboxList
from bot.store.leafing import leaf
from bot.store.outbox_list import OutboxList
from bot.store.together import Gathered
from tests.conftest import Client

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_every_row_is_on_one_page_also_when_many_came_in_one_moment(
    mongo: Client, database: str, size: int
) -> None:
    rows = Gathered(mongo[database], "leaves")
    await rows.insert_many(
        [{"_id": f"{n:02}", "at": NOON + timedelta(minutes=n // 5)} for n in range(17)]
    )

    seen, after = [], ""
    while True:
        found = await leaf(rows, {}, "at", after, size)
        seen += [row["_id"] for row in found.rows]
        await rows.insert_one({"_id": f"new{len(seen)}", "at": NOON + timedelta(days=1)})
        after = found.after
        if not after:
            break

    assert seen == [f"{n:02}" for n in reversed(range(17))]


@pytest.mark.parametrize("after", ["x", "|", "2026-11-23|a", "9|9"])
async def test_a_place_nobody_was_told_of_is_the_beginning(
    mongo: Client, database: str, after: str
) -> None:
    rows = Gathered(mongo[database], "leaves")
    await rows.insert_one({"_id": "a", "at": NOON})

    assert [row["_id"] for row in (await leaf(rows, {}, "at", after, 5)).rows] == ["a"]


async def test_indexes_of_an_earlier_version_are_dropped_once(mongo: Client, database: str) -> None:
    inbox, outbox = Gathered(mongo[database], "inbox"), Gathered(mongo[database], "outbox")
    await inbox.create_index([("received_at", 1)], name="dead")
    await outbox.create_index([("state", 1), ("kind", 1)], name="state")

    for _ in range(2):
        await InboxList(inbox).prepare()
        await OutboxList(outbox).prepare()

    assert "dead" not in await inbox.index_information()
    assert "state" not in await outbox.index_information()
