import asyncio
import itertools
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.store.client import open_client
from bot.store.paces import Grant, Paces
from bot.wecom.pace import PER_API, PER_MEMBER, UNDER_WAY
from tests.bot.wecom.peer import START, Client, Rows

KEY = "api:message/send"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def db(mongo: Client, database: str) -> Rows:
    return mongo[database]


@pytest.fixture
def paces(db: Rows) -> Paces:
    return Paces(db["paces"])


async def take(paces: Paces, now: datetime, *, owner: str = "me", want: int = 1) -> Grant:
    return await paces.take(KEY, PER_API, want=want, now=now, owner=owner)


def most_within(moments: list[datetime], span: timedelta) -> int:
    """The fullest sliding window."""
    ordered, start, most = sorted(moments), 0, 0
    for end, moment in enumerate(ordered):
        while ordered[start] <= moment - span:
            start += 1
        most = max(most, end - start + 1)
    return most


@dataclass
class Sender:
    """One process that sends as fast as it may; each message takes up to ten seconds to arrive."""

    paces: Paces
    arrived: dict[str, list[datetime]]
    dice: random.Random

    async def send_all_it_may(self, member: str, now: datetime, left: list[int]) -> datetime | None:
        while left[0]:
            left[0] -= 1
            grant = await self.paces.take(
                f"member:{member}", PER_MEMBER, want=1, now=now, owner="me"
            )
            if grant.until:
                left[0] += 1
                return grant.until
            late = UNDER_WAY * self.dice.random()
            self.arrived[member].append(now + late)
        return None


@pytest.mark.parametrize(
    ("members", "each"), [pytest.param(10, 800, id="minute"), pytest.param(1, 2000, id="hour")]
)
async def test_two_processes_never_send_a_member_more_than_wecom_delivers(
    mongo_url: str, db: Rows, members: int, each: int
) -> None:
    arrived: dict[str, list[datetime]] = defaultdict(list)
    dice = random.Random(1)
    names = [f"m{n}" for n in range(members)]
    left = {name: [each] for name in names}
    async with open_client(mongo_url) as other:
        senders = [Sender(Paces(rows["paces"]), arrived, dice) for rows in (db, other[db.name])]
        now = START
        while any(rest[0] for rest in left.values()):
            waits = await asyncio.gather(
                *(s.send_all_it_may(m, now, left[m]) for s in senders for m in names)
            )
            now = min((until for until in waits if until), default=now)
            now += timedelta(seconds=dice.random())

    for moments in arrived.values():
        assert len(moments) == each
        assert most_within(moments, MINUTE) <= 30
        assert most_within(moments, HOUR) <= 1000
    assert now - START < each * timedelta(seconds=4.5)


async def test_when_full_it_says_when_there_is_room_again(paces: Paces) -> None:
    minute = PER_MEMBER[0]
    for second in range(minute.limit):
        at = START + timedelta(seconds=second)
        assert (await paces.take("member:a", PER_MEMBER, want=1, now=at, owner="me")).count == 1

    refused = await paces.take("member:a", PER_MEMBER, want=1, now=at, owner="me")
    assert refused.until == START + minute.span + minute.grain
    almost = refused.until - timedelta(milliseconds=1)

    assert not (await paces.take("member:a", PER_MEMBER, want=1, now=almost, owner="me")).count
    assert (
        await paces.take("member:a", PER_MEMBER, want=1, now=refused.until, owner="me")
    ).count == 1


async def test_a_slice_is_cut_to_what_is_left(paces: Paces) -> None:
    limit = PER_API[0].limit

    assert (await take(paces, START, want=limit - 30)).count == limit - 30
    assert (await take(paces, START, want=100)).count == 30
    assert (await take(paces, START, want=100)).count == 0


async def test_a_permit_given_back_can_be_taken_again(paces: Paces) -> None:
    for _ in range(PER_MEMBER[0].limit):
        await paces.take("member:a", PER_MEMBER, want=1, now=START, owner="me")

    await paces.give_back("member:a", PER_MEMBER, START)

    assert (await paces.take("member:a", PER_MEMBER, want=1, now=START, owner="me")).count == 1
    assert (await paces.take("member:a", PER_MEMBER, want=1, now=START, owner="me")).count == 0


async def test_a_process_whose_clock_is_behind_gets_no_more(paces: Paces) -> None:
    ahead = START + timedelta(seconds=5)
    taken = [
        await paces.take("member:a", PER_MEMBER, want=1, now=now, owner="me")
        for now in itertools.islice(itertools.cycle((ahead, START)), 40)
    ]

    assert sum(grant.count for grant in taken) == PER_MEMBER[0].limit


async def test_documents_do_not_grow(paces: Paces, db: Rows) -> None:
    for step in range(500):
        await take(paces, START + step * timedelta(seconds=11))

    row = await db["paces"].find_one({"_id": KEY}) or {}
    assert len(row["used"]["minute"]) <= 72
    assert len(row["used"]["hour"]) <= 63


async def test_when_the_pause_is_over_only_one_is_let_through(paces: Paces) -> None:
    until = START + MINUTE
    await paces.open_breaker(KEY, [until], START)

    shut = await take(paces, START)
    grants = await asyncio.gather(*(take(paces, until, owner=f"p{n}") for n in range(10)))

    assert shut.until == until
    assert [grant.count for grant in grants if grant.probe] == [1]
    assert sum(grant.count for grant in grants) == 1
    assert all(grant.until and grant.until > until for grant in grants if not grant.probe)


async def test_when_the_probe_is_answered_all_go_again(paces: Paces) -> None:
    until = START + MINUTE
    await paces.open_breaker(KEY, [until], START)
    await take(paces, until, owner="probe")

    await paces.close_breaker(KEY, "somebody else")
    assert (await take(paces, until)).count == 0
    await paces.close_breaker(KEY, "probe")

    assert (await take(paces, until, want=50)) == Grant(50)


async def test_a_probe_whose_process_died_is_replaced(paces: Paces, db: Rows) -> None:
    until = START + MINUTE
    await paces.open_breaker(KEY, [until], START)
    await take(paces, until, owner="the dead")
    past = datetime.now(UTC) - timedelta(seconds=1)
    await db["paces"].update_one({"_id": KEY}, {"$set": {"probe.until": past}})

    assert (await take(paces, until, owner="the living")).probe


async def test_stragglers_do_not_make_the_pause_longer_but_a_refused_probe_does(
    paces: Paces,
) -> None:
    ladder = [MINUTE, 5 * MINUTE, HOUR]

    async def refused(now: datetime) -> timedelta:
        return await paces.open_breaker(KEY, [now + pause for pause in ladder], now) - now

    assert await refused(START) == MINUTE
    assert await refused(START + timedelta(seconds=2)) == timedelta(seconds=58)
    after = START + MINUTE
    assert (await take(paces, after, owner="probe")).probe
    assert await refused(after) == 5 * MINUTE
    assert await refused(after + 5 * MINUTE) == HOUR
    assert await refused(after + 2 * HOUR) == HOUR
