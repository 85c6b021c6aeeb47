"""Figures about groups: what can be known, beside what it is part of, and what nobody can know."""

from datetime import timedelta
from typing import Any

import pytest

from bot import reports
from bot.reports.report import Asked, CannotReport, Report
from bot.sync import sync_everything
from tests.world import World, moment

THEME = """
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
容量: 150人
"""
SENDING = """
SOP: 群周历
对象: 客户群
负责人: 王芳
状态: 启用
进入: {当: 群属于主题, 主题: 新手妈妈}
步骤:
  - 步骤: 内容
    何时: 每天 10:00
    发到群: {文案: 喂养小知识, 由: 群主}
  - 步骤: 促销
    何时: 每周二 15:00
    发到群: {文案: 今天优惠, 由: 群主, 类型: 营销}
"""
STATISTIC = "externalcontact/groupchat/statistic"


async def report(world: World, *, days: int = 30, by: str = "", about: str = "") -> Report:
    since = world.now - timedelta(days=days)
    asked = Asked(since=since, until=world.now + timedelta(seconds=1), by=by, about=about)
    made = await reports.report("主题群")(world.ctx, asked)
    names = {column.name for column in made.columns}
    assert all(names == set(row) for row in made.rows), "every row has every figure"
    return made


async def a_group(world: World, joining: int, leaving: int = 0) -> tuple[str, list[str]]:
    """A group some customers join, of whom some leave again."""
    chat = await world.create_group("新手妈妈1群")
    contacts = [await world.add_contact("zhangli", name=f"妈妈{n}") for n in range(joining)]
    for contact in contacts:
        await world.act("join_group", chat=chat, contact=contact)
    for contact in contacts[:leaving]:
        await world.act("leave_group", chat=chat, contact=contact)
    return chat, contacts


async def test_growth_and_who_stayed_stand_beside_what_they_are_part_of(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    await a_group(world, 4, leaving=1)
    await world.create_group("闲聊群", "limin")

    made = await report(world)

    mine, other = made.rows
    shown = ("members", "customers", "capacity", "joined", "stayed", "left", "net")
    assert [mine[name] for name in shown] == [4, 3, 150, 4, 3, 1, 3]
    assert mine["last_seen"] is not None
    assert (other["theme"], other["capacity"], other["per_promotion"]) == (
        "（不属于任何主题）",
        None,
        None,
    )
    assert {column.name: column.of for column in made.columns}["stayed"] == "joined"


async def test_what_happened_before_the_time_asked_about_does_not_count(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    await a_group(world, 3, leaving=1)
    await world.later(days=3)

    (row,) = (await report(world, days=1)).rows

    assert (row["joined"], row["left"], row["net"], row["customers"]) == (0, 0, 0, 2)


async def test_content_and_promotion_are_counted_when_they_arrived(world: World) -> None:
    await world.publish({"theme.yaml": THEME, "sop.yaml": SENDING})
    await a_group(world, 1)
    for day in ("23", "24", "25"):
        await world.turn_to(f"2026-11-{day} 16:00")
        if day == "25":
            break  # nobody confirms the last one
        for mass in (await world.ledger())["mass"]:
            await world.act("confirm", staff="zhangli", msgid=mass["msgid"])

    (row,) = (await report(world)).rows

    assert (row["content"], row["promotion"], row["per_promotion"]) == (2, 1, 2.0)
    assert row["last_seen"] > moment("2026-11-24 14:00")


async def test_cohorts_say_how_many_of_each_week_are_still_there(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    chat, _ = await a_group(world, 3, leaving=2)
    await world.turn_to("2026-12-01 10:00")
    late = await world.add_contact("zhangli", name="后来的")
    await world.act("join_group", chat=chat, contact=late)

    rows = (await report(world, by="入群周")).rows

    assert [(r["week"], r["joined"], r["stayed"], r["weeks"]) for r in rows] == [
        ("11-23 至 11-29", 3, 1, 1),
        ("11-30 至 12-06", 1, 1, 0),
    ]


async def test_messages_are_told_per_owner_and_day_and_that_this_is_all_there_is(
    world: World,
) -> None:
    await world.publish({"theme.yaml": THEME})
    chat, contacts = await a_group(world, 2)
    await world.act("say", chat=chat, contact=contacts[0], count=3)
    await world.turn_to("2026-11-24 10:00")
    await world.act("say", chat=chat, contact=contacts[1], count=2)
    await world.turn_to("2026-11-25 10:00")

    made = await report(world, days=3, by="群主")

    shown = [(r["owner"], r["day"], r["messages"], r["messages_more"]) for r in made.rows]
    assert shown[-2:] == [("张丽", "2026-11-23", 3, 3), ("张丽", "2026-11-24", 5, 2)]
    assert [r["members_wrote"] for r in made.rows][-2:] == [1, 2]
    assert any("单个群、单个人的，企业微信不给" in note for note in made.notes)


async def test_each_day_is_read_once(world: World) -> None:
    await world.create_group("新手妈妈1群")
    await sync_everything(world.ctx)
    first = (await world.ledger())["calls"][STATISTIC]
    await sync_everything(world.ctx)
    assert (await world.ledger())["calls"][STATISTIC] == first == 30

    await world.turn_to("2026-11-25 10:00")
    assert (await world.ledger())["calls"][STATISTIC] == 32


async def test_without_permission_for_statistics_everything_else_is_compared(world: World) -> None:
    await world.create_group("新手妈妈1群")
    await world.sim.fault(STATISTIC, "48002")

    counts = await sync_everything(world.ctx)

    assert (counts.groups, counts.failed) == (1, 1)
    assert (await world.ledger())["calls"][STATISTIC] == 1


@pytest.mark.parametrize(
    ("asked", "said"), [({"about": "没有的"}, "没有主题群"), ({"by": "天"}, "入群周")]
)
async def test_what_does_not_exist_is_answered_with_what_does(
    world: World, asked: dict[str, Any], said: str
) -> None:
    await world.publish({"theme.yaml": THEME})
    with pytest.raises(CannotReport, match=said):
        await report(world, **asked)
