"""Seats: never more than there are, one living seat per customer and theme."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Group, Seat
from bot.store import Store
from bot.store.client import open_client

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
CAP, GROUPS, PEOPLE = 20, 3, 90


@pytest.fixture
async def stores(mongo_url: str, database: str) -> AsyncIterator[list[Store]]:
    """Four processes' worth of connections."""
    async with (
        open_client(mongo_url) as a,
        open_client(mongo_url) as b,
        open_client(mongo_url) as c,
        open_client(mongo_url) as d,
    ):
        found = [Store(client, database) for client in (a, b, c, d)]
        await found[0].seats.prepare()
        await found[0].groups.prepare()
        yield found


@pytest.fixture
def store(stores: list[Store]) -> Store:
    return stores[0]


def a_seat(n: int) -> Seat:
    return Seat(
        id=f"j{n}:1:0",
        theme="0-6月龄",
        subject=f"wm{n}",
        staff="zhangli",
        journey=f"j{n}",
        created_at=NOW,
        due_at=NOW,
    )


async def a_group(store: Store, id: str, members: int = 0, cap: int = CAP) -> Group:
    group = Group(id=id, name=id, owner="zhangli", theme="0-6月龄", members=members, cap=cap)
    assert await store.groups.store(group, 0)
    return group


async def test_never_more_seats_than_places(stores: list[Store]) -> None:
    ids = [(await a_group(stores[0], f"wr{n}")).id for n in range(GROUPS)]

    async def find(n: int) -> str:
        groups = stores[n % len(stores)].groups
        for id in ids:
            if await groups.hold(id, f"seat{n}"):
                return id
        return ""

    found = await asyncio.gather(*(find(n) for n in range(PEOPLE)))

    assert [found.count(id) for id in ids] == [CAP] * GROUPS
    assert found.count("") == PEOPLE - CAP * GROUPS
    groups = await stores[0].groups.many(ids)
    assert all(len(set(g.held)) == len(g.held) == CAP for g in groups.values())


async def test_members_and_held_places_share_the_room(store: Store) -> None:
    await a_group(store, "wr1", members=CAP - 1)

    assert await store.groups.hold("wr1", "a")
    assert not await store.groups.hold("wr1", "b")
    assert await store.groups.hold("wr1", "a")  # holding it twice holds it once
    await store.groups.let_go("a")
    assert await store.groups.hold("wr1", "b")


async def test_a_customer_has_one_living_seat_per_theme(store: Store) -> None:
    first, again = a_seat(1), replace(a_seat(1), id="j1:7:0")

    await store.seats.put([first, again, replace(a_seat(1), id="other", theme="6-12月龄")])

    assert [seat.id for seat in await store.seats.of("wm1")] == ["j1:1:0", "other"]


async def test_a_seat_given_up_makes_room_for_a_new_one(store: Store) -> None:
    await store.seats.put([a_seat(1)])
    owner, (seat,) = await store.seats.claim(NOW)
    assert await store.seats.gives_up(owner, seat, "占位有效期已过", NOW)

    await store.seats.put([replace(a_seat(1), id="j1:7:0")])

    assert [seat.state for seat in await store.seats.of("wm1")] == ["占位过期", "候选"]


async def test_joining_takes_the_seat_once(store: Store) -> None:
    await store.seats.put([a_seat(1)])

    before = await store.seats.joined("0-6月龄", "wm1", "wr9", NOW)
    again = await store.seats.joined("0-6月龄", "wm1", "wr9", NOW)

    assert before
    assert (before.state, again) == ("候选", None)
    seat = await store.seats.get("j1:1:0")
    assert seat
    assert (seat.state, seat.group, seat.due_at) == ("已入群", "wr9", None)


async def test_joining_after_the_time_was_over_counts(store: Store) -> None:
    await store.seats.put([a_seat(1)])
    owner, (seat,) = await store.seats.claim(NOW)
    await store.seats.gives_up(owner, seat, "占位有效期已过", NOW)

    assert await store.seats.joined("0-6月龄", "wm1", "wr9", NOW)
    assert (await store.seats.of("wm1"))[0].state == "已入群"


async def test_a_late_word_of_an_invitation_does_not_undo_the_join(store: Store) -> None:
    await store.seats.put([a_seat(1)])
    await store.seats.joined("0-6月龄", "wm1", "wr9", NOW)

    await store.seats.invited("j1:1:0", NOW)

    assert (await store.seats.of("wm1"))[0].state == "已入群"


async def test_leaving_is_remembered_with_its_time(store: Store) -> None:
    await store.seats.put([a_seat(1)])
    await store.seats.joined("0-6月龄", "wm1", "wr9", NOW)

    assert await store.seats.left("wm1", "wr9", NOW + timedelta(days=1))
    assert await store.seats.last_left("0-6月龄", "wm1") == NOW + timedelta(days=1)


async def test_who_waited_longest_is_woken_first(store: Store) -> None:
    seats = [a_seat(n) for n in range(3)]
    await store.seats.put(seats)
    owner, claimed = await store.seats.claim(NOW)
    for seat in claimed:
        await store.seats.waits(owner, seat, NOW + timedelta(days=1), "满了", NOW)

    await store.seats.wake_waiting("0-6月龄", NOW, 2)

    _, woken = await store.seats.claim(NOW)
    assert len(woken) == 2
    assert {seat.state for seat in woken} == {"候补"}


async def test_two_places_wake_two(store: Store) -> None:
    await store.seats.put([a_seat(n) for n in range(3)])
    owner, claimed = await store.seats.claim(NOW)
    for seat in claimed:
        await store.seats.waits(owner, seat, NOW + timedelta(days=1), "满了", NOW)

    await store.seats.wake_waiting("0-6月龄", NOW)
    await store.seats.wake_waiting("0-6月龄", NOW)

    _, woken = await store.seats.claim(NOW)
    assert len(woken) == 2


async def test_a_place_that_comes_free_while_we_look_is_not_slept_over(store: Store) -> None:
    await store.seats.put([a_seat(1)])
    owner, (seat,) = await store.seats.claim(NOW)

    await store.seats.wake_waiting("0-6月龄", NOW)
    assert await store.seats.waits(owner, seat, NOW + timedelta(days=1), "满了", NOW)
    await store.seats.release(owner, [seat.id], NOW)

    _, (again,) = await store.seats.claim(NOW)
    assert again.state == "候补"


async def test_no_more_are_held_behind_a_group_than_one_group_takes(store: Store) -> None:
    await a_group(store, "wr1", members=CAP)

    held = await asyncio.gather(*(store.groups.hold_next("wr1", f"s{n}") for n in range(3 * CAP)))

    assert sum(held) == CAP
    group = await store.groups.get("wr1")
    assert group
    assert len(set(group.next_held)) == len(group.next_held) == CAP
    first = group.next_held[0]
    assert await store.groups.hold_next("wr1", first)  # holding it twice holds it once
    await store.groups.let_go(first)
    assert await store.groups.holding(first) is None
    assert await store.groups.hold_next("wr1", "late")
