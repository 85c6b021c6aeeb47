"""A delivery joins exactly one mass message, however many gatherers try."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Sending
from bot.store.sendings import Sendings
from tests.conftest import Client

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
FIRST = Sending(
    id="base-0",
    base="base",
    staff="zhangli",
    subject_type="contact",
    message={"text": "您好"},
    content_hash="h",
    moment=NOON,
    expires_at=NOON + timedelta(days=1),
    due_at=NOON,
)


@pytest.fixture
async def sendings(mongo: Client, database: str) -> Sendings:
    store = Sendings(mongo[database]["sendings"])
    await store.prepare()
    return store


async def members_of(sendings: Sendings) -> dict[str, tuple[str, ...]]:
    return {sending.id: sending.members for sending in await sendings.all()}


async def test_joining_twice_joins_once(sendings: Sendings) -> None:
    first = await sendings.join(FIRST, ["a", "b"], 10)

    assert await sendings.join(FIRST, ["b", "a"], 10) == first
    assert await members_of(sendings) == {"base-0": ("a", "b")}


async def test_a_closed_message_takes_nobody_and_keeps_whom_it_has(sendings: Sendings) -> None:
    await sendings.join(FIRST, ["a"], 10)
    owner, (claimed,) = await sendings.claim(NOON, 10)
    assert await sendings.close(owner, claimed.id)

    placed = await sendings.join(FIRST, ["a", "b"], 10)
    assert placed == {"a": "base-0", "b": "base-1"}


async def test_who_was_sent_away_may_join_the_next_one(sendings: Sendings) -> None:
    await sendings.join(FIRST, ["a"], 10)
    owner, (claimed,) = await sendings.claim(NOON, 10)
    await sendings.end(owner, claimed.id, "cancelled", "免打扰")

    assert await sendings.join(FIRST, ["a"], 10) == {"a": "base-1"}


async def test_competing_gatherers_fill_parts_and_never_exceed_them(sendings: Sendings) -> None:
    everybody = [f"d{number:03}" for number in range(120)]
    shares = [everybody[number : number + 10] for number in range(0, 120, 10)]

    placed = await asyncio.gather(*(sendings.join(FIRST, share, 25) for share in shares))

    parts = await members_of(sendings)
    assert sorted(member for members in parts.values() for member in members) == everybody
    assert all(len(members) <= 25 for members in parts.values())
    told = {member: part for share in placed for member, part in share.items()}
    assert told == {member: part for part, members in parts.items() for member in members}


async def test_one_message_of_wecom_belongs_to_one_sending(sendings: Sendings) -> None:
    await sendings.join(FIRST, ["a"], 1)
    await sendings.join(FIRST, ["b"], 1)
    owner, claimed = await sendings.claim(NOON, 10)
    for sending in claimed:
        await sendings.close(owner, sending.id)

    assert await sendings.created("base-0", "msg", NOON, NOON)
    assert not await sendings.created("base-1", "msg", NOON, NOON)
    assert await sendings.owner_of("msg") == "base-0"
