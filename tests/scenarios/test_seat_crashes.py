"""Seats when somebody dies or is overtaken half-way: no place is lost, none is given twice."""

from typing import Any

import pytest

from bot.actions import news
from bot.store.seats import Seats
from bot.sync.groups import read_group
from scheduler import seats
from tests.scenarios.test_seats import a_theme, newcomer, open_shop, seat_of
from tests.world import World

THEME = "0-6月龄"
ADD_JOIN_WAY = "externalcontact/groupchat/add_join_way"


async def held_in(world: World, chat: str) -> tuple[str, ...]:
    group = await world.store.groups.get(chat)
    assert group
    return group.held


async def test_a_place_is_free_though_who_gave_it_up_died(world: World) -> None:
    await open_shop(world, a_theme(2))  # the owner and one customer
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    first, second = await newcomer(world, "客户1"), await newcomer(world, "客户2")
    await world.pass_by(hours=73)
    owner, batch = await world.store.seats.claim(world.now)
    (seat,) = (seat for seat in batch if seat.subject == first)

    assert await world.store.seats.gives_up(owner, seat, "占位有效期已过", world.now)
    await world.store.seats.release(owner, [seat.id for seat in batch], world.now)  # the lease ends
    await world.later(seconds=5)

    gone, after = await seat_of(world, first), await seat_of(world, second)
    assert gone.state == "占位过期"
    assert (after.state, after.group) == ("已占位", chat)
    assert await held_in(world, chat) == (after.id,)
    await world.later(hours=2)  # its invitation is withdrawn meanwhile
    assert (await seat_of(world, first)).due_at is None


async def test_a_place_held_after_the_seat_was_taken_is_let_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(world)
    first = await world.create_group("徐汇店 0-6月龄 1群")
    second = await world.create_group("徐汇店 0-6月龄 2群")
    hold = world.store.groups.hold

    async def too_late(chat: str, seat: str) -> bool:
        found = await world.store.seats.get(seat)
        assert found
        if await world.store.seats.joined(THEME, found.subject, second, world.now):
            await world.store.groups.let_go(seat)
        return await hold(chat, seat)

    monkeypatch.setattr(world.store.groups, "hold", too_late)
    contact = await newcomer(world)

    assert (await seat_of(world, contact)).state == "已入群"
    assert await held_in(world, first) == ()


async def test_a_place_the_next_one_relies_on_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(world)
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    held = Seats.held
    overtaken: list[str] = []

    async def by_another_first(self: Seats, owner: str, *what: Any) -> bool:
        if not overtaken:
            seat = what[0]
            overtaken.append(seat.id)
            await self.release(owner, [seat.id], world.now)
            other, (again,) = await self.claim(world.now)
            assert await held(self, other, again, *what[1:])
        return await held(self, owner, *what)

    monkeypatch.setattr(Seats, "held", by_another_first)
    contact = await newcomer(world)

    seat = await seat_of(world, contact)
    assert (overtaken, seat.state) == ([seat.id], "已占位")
    assert await held_in(world, chat) == (seat.id,)


async def test_a_join_way_that_failed_is_tried_the_next_day(world: World) -> None:
    await open_shop(world)
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    await world.sim.fault(ADD_JOIN_WAY, "40058", times=1)
    contact = await newcomer(world)
    await world.later(minutes=15)
    before = await world.store.groups.get(chat)

    await world.later(hours=25)

    after = await world.store.groups.get(chat)
    assert before
    assert after
    assert (before.join_way, bool(after.join_way)) == ({}, True)
    seat = await seat_of(world, contact)
    assert await world.store.deliveries.get(f"{seat.id}:invite")


async def test_one_word_of_room_is_passed_on_until_there_is_none(world: World) -> None:
    await open_shop(world, a_theme(1))
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    contacts = [await newcomer(world, f"客户{n}") for n in range(3)]
    before = [(await seat_of(world, contact)).state for contact in contacts]
    group = await world.store.groups.get(chat)
    assert group

    await world.store.groups.place(chat, theme=THEME, cap=3, shop=group.shop)
    await world.store.seats.wake_waiting(THEME, world.now)
    while await seats.look(world.ctx):
        pass

    assert before == ["候补"] * 3
    after = [(await seat_of(world, contact)).state for contact in contacts]
    assert after == ["已占位", "已占位", "候补"]


async def test_who_came_by_our_code_is_told_from_the_others(world: World) -> None:
    await open_shop(world)
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    scanned, invited = await newcomer(world, "客户1"), await newcomer(world, "客户2")
    group = await world.store.groups.get(chat)
    assert group

    async with world.deaf():
        await world.sim.act("scan", way=group.join_way["qr_code"], contact=scanned)
        await world.sim.act("join_group", chat=chat, contact=invited)
    await read_group(world.ctx, chat, world.now)
    await news.tell_news(world.ctx)

    said = {}
    for contact in (scanned, invited):
        lines = await world.store.log.of((await seat_of(world, contact)).id)
        (said[contact],) = (row["what"] for row in lines if "入座" in row["what"])
    assert "扫的是我们发的进群码" in said[scanned]
    assert "扫的是" not in said[invited]
