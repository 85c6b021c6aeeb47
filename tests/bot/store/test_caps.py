"""However many senders compete, nobody is reached more often than the rules say."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import CapWindow, Class
from bot.store.caps import Caps
from bot.store.client import open_client
from tests.conftest import Client

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def a_day(limit: int = 1, at: datetime = NOON) -> CapWindow:
    start = at.replace(hour=0)
    return CapWindow(rule=f"每天{limit}条", limit=limit, since=start, until=start + DAY)


def rolling(limit: int, days: int = 7, at: datetime = NOON, cls: Class | None = None) -> CapWindow:
    span = timedelta(days=days)
    rule = f"每{days}天{limit}条"
    return CapWindow(rule=rule, limit=limit, cls=cls, since=at - span, span=span)


@pytest.fixture
async def caps(mongo: Client, database: str) -> Caps:
    return Caps(mongo[database]["caps"])


async def test_a_full_day_names_its_rule_and_its_end(caps: Caps) -> None:
    assert await caps.reserve("cust:wmA", "one", "服务", NOON, [a_day()]) is None

    full = await caps.reserve("cust:wmA", "two", "服务", NOON, [a_day()])

    assert full is not None
    assert (full.rule, full.free_at) == ("每天1条", NOON.replace(hour=0) + DAY)


async def test_the_same_key_holds_one_place(caps: Caps) -> None:
    for _ in range(3):
        assert await caps.reserve("cust:wmA", "one", "服务", NOON, [a_day()]) is None

    assert len(await caps.hits("cust:wmA")) == 1


async def test_a_released_place_is_free_again(caps: Caps) -> None:
    await caps.reserve("cust:wmA", "one", "服务", NOON, [a_day()])
    await caps.release("cust:wmA", "one")

    assert await caps.reserve("cust:wmA", "two", "服务", NOON, [a_day()]) is None


async def test_a_rolling_window_is_free_when_its_oldest_hit_is_forgotten(caps: Caps) -> None:
    for number in range(3):
        at = NOON + number * DAY
        assert await caps.reserve("c", str(number), "服务", at, [rolling(3, at=at)]) is None

    at = NOON + 4 * DAY
    full = await caps.reserve("c", "four", "服务", at, [rolling(3, at=at)])

    assert full is not None
    assert full.free_at == NOON + 7 * DAY + timedelta(milliseconds=1)
    at = full.free_at
    assert await caps.reserve("c", "four", "服务", at, [rolling(3, at=at)]) is None


async def test_marketing_has_a_window_of_its_own(caps: Caps) -> None:
    windows = [rolling(3), rolling(1, cls="营销")]
    assert await caps.reserve("c", "news", "营销", NOON, windows) is None

    assert await caps.reserve("c", "more news", "营销", NOON, windows) is not None
    assert await caps.reserve("c", "care", "服务", NOON, windows) is None


async def test_a_place_moves_to_when_it_was_received(caps: Caps) -> None:
    await caps.reserve("c", "one", "服务", NOON, [a_day()])
    await caps.move("c", "one", NOON + DAY)

    assert await caps.reserve("c", "two", "服务", NOON + DAY, [a_day(at=NOON + DAY)]) is not None


async def test_what_wecom_refuses_is_believed(caps: Caps) -> None:
    await caps.shut("c", NOON + DAY)

    full = await caps.reserve("c", "one", "服务", NOON, [a_day()])

    assert full is not None
    assert full.free_at == NOON + DAY
    later = NOON + DAY
    assert await caps.reserve("c", "one", "服务", later, [a_day(at=later)]) is None


async def test_a_limit_of_none_lets_nobody_through(caps: Caps) -> None:
    assert await caps.reserve("c", "one", "服务", NOON, [a_day(0)]) is not None


@pytest.fixture
async def competitors(mongo_url: str, database: str) -> AsyncIterator[list[Caps]]:
    clients = [open_client(mongo_url) for _ in range(4)]
    yield [Caps(client[database]["caps"]) for client in clients]
    for client in clients:
        await client.close()


async def test_four_clients_and_800_reservations_never_exceed(competitors: list[Caps]) -> None:
    subjects = [f"cust:wm{number}" for number in range(5)]
    windows = [a_day(2), rolling(3), rolling(1, cls="营销")]

    async def compete(who: int, caps: Caps) -> int:
        won = 0
        for number in range(200):
            subject = subjects[number % len(subjects)]
            cls: Class = "营销" if number % 3 == 0 else "服务"
            key = f"{who}:{number}"
            won += await caps.reserve(subject, key, cls, NOON, windows) is None
        return won

    won = await asyncio.gather(*(compete(who, caps) for who, caps in enumerate(competitors)))

    hits = [await competitors[0].hits(subject) for subject in subjects]
    assert sum(won) == sum(len(some) for some in hits)
    assert all(len(some) == 2 for some in hits)
    assert all(sum(hit["cls"] == "营销" for hit in some) <= 1 for some in hits)
