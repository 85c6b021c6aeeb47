"""No room in any group: a person is asked to open one, or WeCom opens it; seats never exceed it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.actions import new_groups, opening
from bot.model import Group, Task
from bot.sync.groups import read_group
from scheduler import new_groups as duty
from tests.scenarios.test_seats import (
    RULES,
    SOP,
    TAGS,
    a_theme,
    confirm_all,
    newcomer,
    open_shop,
    seat_of,
)
from tests.world import TEAM, World

THEME = "theme:0-6月龄"
BY_ITSELF = {"满了": "[下一个群, 自动建群, 候补]", "群名": '"{门店名} 0-6月龄 {序号}"'}


class Died(BaseException):
    """What SIGKILL looks like from inside one test."""


def dies_at(monkeypatch: pytest.MonkeyPatch, module: Any, point: str) -> None:
    """From now on whoever comes to ``point`` dies there."""

    def crash_point(name: str) -> None:
        if name == point:
            raise Died

    monkeypatch.setattr(module, "crash_point", crash_point)


async def asked(world: World) -> list[Task]:
    """The tasks to open a group, oldest first."""
    return list(reversed(await world.store.tasks.about(THEME)))


async def held(world: World, chat: str) -> tuple[set[str], set[str]]:
    """Who has a place in the group, and who in the one that opens behind it."""
    group = await world.store.groups.get(chat)
    assert group
    assert len(group.held) == len(set(group.held))
    assert len(group.next_held) == len(set(group.next_held))
    return set(group.held), set(group.next_held)


# ---- opened by a person -------------------------------------------------------------------------


async def test_all_who_wait_are_one_task_and_only_the_group_itself_proves_it(world: World) -> None:
    await open_shop(world, a_theme(1, 群名='"{门店名} 0-6月龄 {序号}群"'))
    await world.create_group("徐汇店 0-6月龄 3群", owner="zhangli")
    for n in range(3):
        await newcomer(world, f"客户{n}")

    (task,) = await asked(world)
    (card,) = (await world.ledger())["cards"]
    await world.act("tap", staff="zhangli", task_id=card["task_id"], key="知道了")
    await world.create_group("徐汇店 妈妈群", owner="zhangli")
    after_another = (await asked(world))[0]
    await world.create_group("徐汇店 0-6月龄 4群", owner="limin")

    assert (task.staff, task.state, task.sop) == ("zhangli", "已送达", "主题群")
    assert "徐汇店 0-6月龄 4群" in task.note
    assert after_another.open
    (ended,) = await asked(world)
    assert (ended.state, ended.evidence) == ("已核实", "verified")


async def test_the_one_who_is_to_own_the_groups_is_asked(world: World) -> None:
    await open_shop(world, a_theme(1, 群主="角色/私域主管"))
    await world.create_group("徐汇店 0-6月龄 1群")

    await newcomer(world)

    (task,) = await asked(world)
    assert task.staff == "wangfang"


async def test_a_theme_without_a_group_is_not_said_to_be_full(world: World) -> None:
    await open_shop(world, a_theme(1))

    await newcomer(world)

    (task,) = await asked(world)
    assert task.title == "主题“0-6月龄”还没有群，有客户在候补：请新建一个群"


async def test_no_task_stands_when_nobody_waits_any_more(world: World) -> None:
    await open_shop(world, a_theme(2))
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    first = await newcomer(world, "客户1")
    await world.act("join_group", chat=chat, contact=first)
    await world.later(seconds=5)
    second = await newcomer(world, "客户2")
    before = (await asked(world))[0]

    await world.act("leave_group", chat=chat, contact=first)
    await world.later(seconds=5)

    assert before.open
    assert (await seat_of(world, second)).state == "已占位"
    (task,) = await asked(world)
    assert (task.state, task.evidence) == ("已取消", "")
    assert "没有客户在候补" in task.log[-1]["what"]


async def test_a_task_nobody_did_is_given_again_while_people_wait(world: World) -> None:
    await open_shop(world, a_theme(1))
    await world.create_group("徐汇店 0-6月龄 1群")
    await newcomer(world)

    await world.turn_to("2026-11-26 12:00")

    first, again = await asked(world)
    assert (first.state, again.id) == ("已过期", "open:0-6月龄:2")
    assert again.open


async def test_a_group_that_came_is_proof_though_nobody_waits_any_more(world: World) -> None:
    await open_shop(world, a_theme(1))
    await world.create_group("徐汇店 0-6月龄 1群")
    await newcomer(world)
    (before,) = await asked(world)

    came = new_groups.came(Group(id="wr9", theme="0-6月龄"), world.now)
    await world.store.facts.record([came], world.now)
    await world.store.db["seats"].update_many({}, {"$set": {"state": "占位过期"}})
    theme = (await world.ctx.releases.head()).book.themes["0-6月龄"]
    assert await opening.call_off(world.ctx, theme)

    (after,) = await asked(world)
    assert (before.state, after.state, after.evidence) == ("已送达", "已核实", "verified")


# ---- opened by WeCom ----------------------------------------------------------------------------


async def full_house(world: World, cap: int = 2) -> str:
    """A group with its owner and one customer, full for us and for WeCom."""
    await world.sim.limits(group_capacity=cap)
    await open_shop(world, a_theme(cap, **BY_ITSELF))
    chat = await world.create_group("徐汇店 0-6月龄 1群", owner="zhangli")
    for n in range(cap - 1):
        member = await world.add_contact("limin", name=f"群友{n}")
        await world.act("join_group", chat=chat, contact=member)
    await world.later(seconds=5)
    return chat


async def scan(world: World, contact: str) -> None:
    """The customer uses the code of the invitation they were sent."""
    seat = await seat_of(world, contact)
    invitation = await world.store.deliveries.get(f"{seat.id}:invite")
    assert invitation
    way = invitation.message["attachments"][0]["url"]
    await world.act("scan", way=way, contact=contact)
    await world.later(seconds=5)


async def test_wecom_opens_the_next_group_for_who_finds_no_room(world: World) -> None:
    chat = await full_house(world)
    contact = await newcomer(world)
    behind = await seat_of(world, contact)
    await world.later(minutes=15)
    await confirm_all(world)

    await scan(world, contact)

    assert (behind.state, behind.group) == ("已占位", chat)
    assert await asked(world) == []
    seat = await seat_of(world, contact)
    opened = await world.store.groups.get(seat.group)
    assert opened
    assert opened.id != chat
    assert (opened.name, opened.theme, opened.owner) == ("徐汇店 0-6月龄2", "0-6月龄", "zhangli")
    assert seat.state == "已入群"
    assert await held(world, chat) == (set(), set())
    assert opened.held == ()
    lines = [row["what"] for row in await world.store.log.of(seat.id)]
    assert any("扫的是我们发的进群码" in what for what in lines)


async def test_no_more_are_held_behind_a_group_than_the_next_one_takes(world: World) -> None:
    chat = await full_house(world)

    contacts = [await newcomer(world, f"客户{n}") for n in range(3)]

    states = [(await seat_of(world, contact)).state for contact in contacts]
    assert states == ["已占位", "已占位", "候补"]
    assert len((await held(world, chat))[1]) == 2
    assert len(await asked(world)) == 1


async def test_who_was_held_behind_has_a_place_in_the_new_group(world: World) -> None:
    chat = await full_house(world, cap=3)
    contacts = [await newcomer(world, f"客户{n}") for n in range(3)]
    await world.later(minutes=15)
    await confirm_all(world)

    await scan(world, contacts[0])

    new = (await seat_of(world, contacts[0])).group
    taken, _ = await held(world, new)
    still_behind = (await held(world, chat))[1]
    seats = [await seat_of(world, contact) for contact in contacts[1:]]
    assert [seat.group for seat in seats] == [new, chat]
    assert (taken, still_behind) == ({seats[0].id}, {seats[1].id})  # the owner, a member, one held
    group = await world.store.groups.get(new)
    assert group
    assert group.members + len(group.held) == group.cap


async def test_the_code_is_made_once_and_its_numbers_go_on(world: World) -> None:
    chat = await full_house(world)
    for n in range(2):
        contact = await newcomer(world, f"客户{n}")
        await world.later(minutes=15)
        await confirm_all(world)
        await scan(world, contact)

    names = [group.name for group in await world.store.groups.of_theme("0-6月龄")]
    assert sorted(names) == ["徐汇店 0-6月龄 1群", "徐汇店 0-6月龄2", "徐汇店 0-6月龄3"]
    base = await world.store.groups.get(chat)
    assert base
    calls = (await world.ledger())["calls"]
    assert calls["externalcontact/groupchat/add_join_way"] == 1  # nobody had to join the first


async def test_a_code_of_a_theme_that_opens_no_groups_any_more_is_deleted(world: World) -> None:
    chat = await full_house(world)
    contact = await newcomer(world)
    await world.later(minutes=15)
    await confirm_all(world)
    await scan(world, contact)
    before = await world.store.groups.get(chat)

    await world.publish(
        {"tags.yaml": TAGS, "rules.yaml": RULES, "sop.yaml": SOP, "team.yaml": TEAM}
        | {"theme.yaml": a_theme(2)}
    )
    await world.later(hours=1)

    after = await world.store.groups.get(chat)
    assert before
    assert after
    assert (bool(before.next_way), after.next_way) == (True, {})
    calls = (await world.ledger())["calls"]
    assert calls["externalcontact/groupchat/del_join_way"] == 1


async def test_a_refused_code_is_asked_for_again_the_next_day(world: World) -> None:
    chat = await full_house(world)
    await world.sim.fault("externalcontact/groupchat/add_join_way", "41091", times=1)
    contact = await newcomer(world)
    await world.later(minutes=15)
    before = await world.store.groups.get(chat)

    await world.later(hours=25)

    after = await world.store.groups.get(chat)
    assert before
    assert after
    assert (before.next_way, bool(after.next_way)) == ({}, True)
    seat = await seat_of(world, contact)
    assert await world.store.deliveries.get(f"{seat.id}:invite")


# ---- half-way -----------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["groups.told", "groups.held", "groups.handing", "groups.moved"])
async def test_whoever_dies_announcing_a_group_leaves_the_rest_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    chat = await full_house(world, cap=3)
    contacts = [await newcomer(world, f"客户{n}") for n in range(3)]
    await world.later(minutes=15)
    async with world.deaf():
        made = await world.sim.act("create_group", name="徐汇店 0-6月龄2", owner="zhangli")
    new = str(made["chat_id"])

    await read_group(world.ctx, new, world.now)
    with monkeypatch.context() as patch:
        dies_at(patch, new_groups, point)
        with pytest.raises(Died):
            await duty.look(world.ctx)
    while await duty.look(world.ctx):
        pass

    taken, _ = await held(world, new)
    _, behind = await held(world, chat)
    seats = [await seat_of(world, contact) for contact in contacts]
    assert [seat.group for seat in seats] == [new, new, chat]
    assert taken == {seat.id for seat in seats[:2]}
    assert behind == {seats[2].id}
    facts = await world.store.facts.about(["新群:0-6月龄"], datetime(2020, 1, 1, tzinfo=UTC))
    assert [fact.data["chat"] for fact in facts] == [chat, new]


async def test_a_seat_given_up_while_it_moves_leaves_no_place_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = await full_house(world, cap=3)
    contact = await newcomer(world)
    seat = await seat_of(world, contact)
    async with world.deaf():
        made = await world.sim.act("create_group", name="徐汇店 0-6月龄2", owner="zhangli")
    new, hold = str(made["chat_id"]), world.store.groups.hold

    async def given_up_first(group: str, id: str) -> bool:
        rows = world.store.db["seats"]
        await rows.update_one({"_id": id}, {"$set": {"state": "占位过期"}})
        await world.store.groups.let_go(id)
        return await hold(group, id)

    await read_group(world.ctx, new, world.now)
    monkeypatch.setattr(world.store.groups, "hold", given_up_first)
    await duty.look(world.ctx)

    assert seat.state == "已占位"
    assert await held(world, new) == (set(), set())
    assert await held(world, chat) == (set(), set())
