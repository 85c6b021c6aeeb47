from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import AsyncMongoClient, monitoring

from bot.store.paces import Paces
from bot.wecom import errors
from bot.wecom.pace import FIRST_SLICE, PER_API, PER_MEMBER, UNDER_WAY, Budget, pauses
from tests.bot.wecom.peer import START, Client, Rows

PATH = "externalcontact/get"


@pytest.fixture
def db(mongo: Client, database: str) -> Rows:
    return mongo[database]


def test_each_45009_in_a_row_waits_for_a_longer_period() -> None:
    now = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai

    ladder = pauses(45009, now)

    waits = [until - now for until in ladder]
    assert waits == [
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(hours=1),
        timedelta(minutes=1),  # the end of WeCom's natural day
    ]


def test_a_used_up_quota_waits_an_hour_at_least() -> None:
    assert pauses(45036, START)[0] == START + timedelta(hours=1)


def test_our_windows_are_longer_than_wecoms_by_what_may_be_under_way() -> None:
    for minute, hour in (PER_API, PER_MEMBER):
        assert minute.span == timedelta(minutes=1) + UNDER_WAY
        assert hour.span == timedelta(hours=1) + UNDER_WAY
    assert PER_MEMBER[0].limit <= 30
    assert PER_MEMBER[1].limit <= 1000
    assert PER_API[0].limit <= 10_000
    assert PER_API[1].limit <= 150_000


class Counted(monitoring.CommandListener):
    def __init__(self) -> None:
        self.commands = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.commands += event.command_name == "findAndModify"

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...
    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


async def test_a_thousand_calls_of_an_api_do_not_cost_a_thousand_queries(
    mongo_url: str, db: Rows
) -> None:
    counted = Counted()
    async with AsyncMongoClient[dict[str, Any]](
        mongo_url, tz_aware=True, event_listeners=[counted]
    ) as client:
        budget = Budget(Paces(client[db.name]["paces"]), "me")
        for _ in range(1000):
            await budget.take(PATH, (), START)

    assert counted.commands < 25


async def test_a_quiet_process_borrows_only_a_few_at_a_time(db: Rows) -> None:
    budget = Budget(Paces(db["paces"]), "me")

    for minute in range(5):
        await budget.take(PATH, (), START + timedelta(minutes=2 * minute))

    row = await db["paces"].find_one({"_id": f"api:{PATH}"}) or {}
    assert sum(bucket["n"] for bucket in row["used"]["hour"]) == 5 * FIRST_SLICE


async def test_borrowed_permits_are_not_used_later_than_their_second(db: Rows) -> None:
    budget = Budget(Paces(db["paces"]), "me")
    for _ in range(3):
        await budget.take(PATH, (), START)  # one borrowed permit is left
    await Paces(db["paces"]).open_breaker(f"api:{PATH}", [START + timedelta(minutes=1)], START)

    with pytest.raises(errors.Paced):
        await budget.take(PATH, (), START + timedelta(seconds=1))


async def test_two_processes_together_keep_to_the_limit_of_an_api(db: Rows) -> None:
    budgets = [Budget(Paces(db["paces"]), name) for name in "ab"]
    made = 0

    async def call_on_and_on() -> None:
        nonlocal made
        while True:
            await budgets[made % 2].take(PATH, (), START)
            made += 1

    with pytest.raises(errors.Paced) as raised:
        await call_on_and_on()

    assert PER_API[0].limit - 100 <= made <= PER_API[0].limit
    assert raised.value.until == START + PER_API[0].span + PER_API[0].grain
