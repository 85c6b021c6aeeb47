"""Seats in themed groups: held, invited, seen, given up; told from the outside."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.model import Seat
from bot.store import Store
from bot.store.client import open_client
from scheduler import seats
from tests.world import TEAM, World

TAGS = """
标签:
  宝宝月龄: [0-6月龄, 6-12月龄]
"""
RULES = """
规则: 全局
免打扰: {员工: "20:00-09:00", 客户: "21:30-08:30"}
"""
SOP = """
SOP: 进群
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 打上标签, 标签组: 宝宝月龄}
步骤:
  - 步骤: 进主题群
    邀请入主题群: 0-6月龄
  - 步骤: 等她进群
    等事件:
      当: 入群
      主题: 0-6月龄
      最多等: 10天
      超时:
        - 步骤: 没进群
          结束: 没进群
"""


def a_theme(capacity: int = 10, **more: str) -> str:
    lines = {"占位有效": "72小时", "退群冷却": "30天", "满了": "[下一个群, 候补]", **more}
    return "\n".join(
        [
            "主题群: 0-6月龄",
            "群: {名称包含: 0-6月龄}",
            f"容量: {capacity}人",
            *(f"{name}: {value}" for name, value in lines.items()),
        ]
    )


async def open_shop(world: World, theme: str | None = None) -> None:
    files = {"tags.yaml": TAGS, "rules.yaml": RULES, "sop.yaml": SOP, "team.yaml": TEAM}
    await world.publish({**files, "theme.yaml": theme or a_theme()})


async def newcomer(world: World, name: str = "小雨妈妈", staff: str = "zhangli") -> str:
    """A customer who is tagged, and so is to be invited."""
    contact = await world.add_contact(staff, name=name)
    await world.act("edit_tags", staff=staff, contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.later(seconds=3)
    return contact


async def seat_of(world: World, contact: str) -> Seat:
    return (await world.store.seats.of(contact))[-1]


async def confirm_all(world: World) -> list[dict[str, Any]]:
    """Staff press 发送 on everything that waits for it; what reached customers."""
    for mass in (await world.ledger())["mass"]:
        await world.act("confirm", staff=mass["sender"], msgid=mass["msgid"])
    await world.later(hours=1)
    return list((await world.ledger())["delivered"])


async def test_a_member_is_seated_invited_and_seen_in_the_group(world: World) -> None:
    await open_shop(world)
    chat = await world.create_group("徐汇店 0-6月龄 1群")

    contact = await newcomer(world)
    reserved = await seat_of(world, contact)
    await world.later(minutes=15)
    (mass,) = (await world.ledger())["mass"]
    (delivered,) = await confirm_all(world)
    invited = await seat_of(world, contact)
    group = await world.store.groups.get(chat)
    assert group
    way = group.join_way["qr_code"]
    await world.act("scan", way=way, contact=contact)
    await world.later(seconds=5)

    assert (reserved.state, reserved.group) == ("已占位", chat)
    assert delivered["external_userid"] == contact
    assert mass["sender"] == "zhangli"
    invitation = await world.store.deliveries.get(f"{invited.id}:invite")
    assert invitation
    assert invitation.message["attachments"][0]["url"] == way
    assert invited.state == "已邀请"
    assert group.held == (invited.id,)
    seat, now = await seat_of(world, contact), await world.store.groups.get(chat)
    assert now
    assert (seat.state, seat.due_at) == ("已入群", None)
    assert (now.held, contact in now.roster) == ((), True)
    (join,) = (await world.ledger())["joins"][-1:]
    assert join["state"] == group.join_way["state"]
    (journey,) = await world.store.journeys.of(contact)
    assert (journey.state, journey.exit_reason) == ("done", "走完")


async def test_a_join_is_not_believed_before_wecom_shows_it(world: World) -> None:
    await open_shop(world)
    await world.create_group("徐汇店 0-6月龄 1群")
    contact = await newcomer(world)
    await world.later(minutes=15)
    await confirm_all(world)

    await world.later(hours=5)

    assert (await seat_of(world, contact)).state == "已邀请"


async def test_the_join_way_is_made_once_per_group(world: World) -> None:
    await open_shop(world)
    await world.create_group("徐汇店 0-6月龄 1群")

    for n in range(3):
        await newcomer(world, f"客户{n}")
    await world.later(minutes=15)

    ledger = await world.ledger()
    assert ledger["calls"]["externalcontact/groupchat/add_join_way"] == 1


async def test_invitations_to_one_group_go_together(world: World) -> None:
    await open_shop(world)
    await world.create_group("徐汇店 0-6月龄 1群")

    contacts = [await newcomer(world, f"客户{n}") for n in range(3)]
    await world.later(minutes=30)

    (mass,) = (await world.ledger())["mass"]
    assert sorted(mass["targets"]) == sorted(contacts)


async def test_joining_by_another_way_takes_the_seat(world: World) -> None:
    await open_shop(world)
    first = await world.create_group("徐汇店 0-6月龄 1群")
    second = await world.create_group("徐汇店 0-6月龄 2群")
    contact = await newcomer(world)

    await world.act("join_group", chat=second, contact=contact)
    await world.later(seconds=5)

    seat, group = await seat_of(world, contact), await world.store.groups.get(first)
    assert group
    assert (seat.state, seat.group, group.held) == ("已入群", second, ())


async def test_who_is_a_member_already_is_not_invited(world: World) -> None:
    await open_shop(world)
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.act("join_group", chat=chat, contact=contact)
    await world.later(seconds=5)

    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.later(hours=1)

    assert (await seat_of(world, contact)).state == "已入群"
    assert (await world.ledger())["mass"] == []


async def test_a_hold_expires_and_the_place_goes_to_who_waits(world: World) -> None:
    await open_shop(world, a_theme(2))  # the owner and one customer
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    first, second = await newcomer(world, "客户1"), await newcomer(world, "客户2")
    before = await seat_of(world, second)

    await world.later(hours=73)

    assert before.state == "候补"
    assert (await seat_of(world, first)).state == "占位过期"
    after = await seat_of(world, second)
    assert (after.state, after.group) == ("已占位", chat)


async def test_who_waits_is_placed_when_a_group_is_opened(world: World) -> None:
    await open_shop(world, a_theme(2))
    await world.create_group("徐汇店 0-6月龄 1群", members=["limin"])
    contact = await newcomer(world)
    waiting = await seat_of(world, contact)

    chat = await world.create_group("徐汇店 0-6月龄 2群")

    assert waiting.state == "候补"
    seat = await seat_of(world, contact)
    assert (seat.state, seat.group) == ("已占位", chat)


@pytest.mark.parametrize("how", ["left", "opted out"])
async def test_who_goes_while_waiting_is_not_invited_although_their_sop_had_ended(
    world: World, how: str
) -> None:
    """After the last step no 退出 rule is looked at any more; the place comes up later."""
    short = """
SOP: 进群
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 打上标签, 标签组: 宝宝月龄}
退出:
  - {当: 打上标签, 标签: 勿扰}
步骤:
  - 步骤: 进主题群
    邀请入主题群: 0-6月龄
"""
    await world.publish(
        {
            "tags.yaml": TAGS + "  管理: [勿扰]\n",
            "rules.yaml": RULES,
            "sop.yaml": short,
            "team.yaml": TEAM,
            "theme.yaml": a_theme(2),
        }
    )
    await world.create_group("徐汇店 0-6月龄 1群", members=["limin"])
    contact = await newcomer(world)
    assert (await seat_of(world, contact)).state == "候补"
    assert [j.state for j in await world.store.journeys.of(contact)] == ["done"]

    if how == "left":
        await world.act("delete_by_customer", staff="zhangli", contact=contact)
    else:
        await world.act("edit_tags", staff="zhangli", contact=contact, add=["管理/勿扰"])
    await world.later(minutes=5)
    await world.create_group("徐汇店 0-6月龄 2群")
    await world.later(hours=2)

    assert (await seat_of(world, contact)).state == "占位过期"
    assert await world.store.deliveries.of(contact) == []


async def test_leaving_frees_the_place_and_cools_down(world: World) -> None:
    await open_shop(world, a_theme(2))
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    first = await newcomer(world, "客户1")
    await world.act("join_group", chat=chat, contact=first)
    await world.later(seconds=5)
    second = await newcomer(world, "客户2")
    waiting = await seat_of(world, second)

    await world.act("leave_group", chat=chat, contact=first)
    await world.later(seconds=5)

    assert waiting.state == "候补"
    assert (await seat_of(world, first)).state == "已退群"
    assert (await seat_of(world, second)).state == "已占位"
    again = Seat(
        id="again",
        theme="0-6月龄",
        subject=first,
        staff="zhangli",
        created_at=world.now,
        due_at=world.now,
    )
    await world.store.seats.put([again])
    await world.later(seconds=5)
    refused = await seat_of(world, first)
    assert refused.state == "占位过期"
    assert "退群冷却" in str(refused.log)


async def test_so_many_are_admitted_a_day(world: World) -> None:
    await open_shop(world, a_theme(10, 每天最多="2人"))
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    contacts = [await newcomer(world, f"客户{n}") for n in range(3)]
    today = [(await seat_of(world, contact)).state for contact in contacts]
    group = await world.store.groups.get(chat)

    await world.turn_to("2026-11-24 00:30")

    assert today == ["已占位", "已占位", "候选"]
    assert group
    assert len(group.held) == 2
    assert (await seat_of(world, contacts[2])).state == "已占位"


async def test_the_customers_own_shop_comes_first(world: World) -> None:
    await open_shop(world)
    await world.act("staff_joins", staff="boss", name="老板", department=[1])
    await world.create_group("总部 0-6月龄 0群", owner="boss")
    mine = await world.create_group("徐汇店 0-6月龄 1群")

    contact = await newcomer(world)

    assert (await seat_of(world, contact)).group == mine


async def test_never_more_seats_than_places_with_many_looking(
    world: World, mongo_url: str, database: str
) -> None:
    await open_shop(world, a_theme(8))
    chats = [await world.create_group(f"徐汇店 0-6月龄 {n}群") for n in (1, 2)]
    candidates = [
        Seat(
            id=f"j{n}:1:0",
            theme="0-6月龄",
            subject=f"wm{n}",
            staff="zhangli",
            created_at=world.now,
            due_at=world.now,
        )
        for n in range(40)
    ]
    await world.store.seats.put(candidates)

    async def a_process() -> None:
        async with open_client(mongo_url) as client:
            ctx = replace(world.ctx, store=Store(client, database))
            for _ in range(4):
                await seats.look(ctx)

    await asyncio.gather(*(a_process() for _ in range(4)))

    groups = await world.store.groups.many(chats)
    assert [len(set(groups[chat].held)) for chat in chats] == [7, 7]
    states = [(await seat_of(world, f"wm{n}")).state for n in range(40)]
    assert (states.count("已占位"), states.count("候补")) == (14, 26)
