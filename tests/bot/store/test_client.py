"""What is acknowledged has been written by the majority."""

from datetime import UTC, datetime

import pytest
from pymongo import WriteConcern

from bot.store.client import open_client


@pytest.mark.parametrize("asked", ["", "?w=1", "?w=0"])
async def test_writes_wait_for_the_majority_whatever_the_address_says(asked: str) -> None:
    async with open_client(f"mongodb://127.0.0.1:1/{asked}") as client:
        concern = client["qunce"]["inbox"].write_concern

    assert concern == WriteConcern(w="majority")


async def test_moments_come_back_with_their_zone(mongo_url: str, database: str) -> None:
    moment = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
    async with open_client(mongo_url) as client:
        await client[database]["moments"].insert_one({"_id": 1, "at": moment})
        row = await client[database]["moments"].find_one({"_id": 1})

    assert row == {"_id": 1, "at": moment}
