"""`queue`: what waits, since when, why, and what to do about it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.backlog import Pile, age, in_words, piles
from tests.world import TEAM, World, moment, open_world

SHOP = {
    "team.yaml": TEAM,
    "rules.yaml": """
规则: 全局
免打扰: {客户: 21:30-08:30}
频控: {每位客户: {每天: 1条}}
""",
    "sop.yaml": """
SOP: 新客
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 早安
    何时: 当天 10:00
    发给客户: {文案: 早安, 由: 跟进人, 时效: 20小时}
  - 步骤: 晚安
    何时: 当天 20:00
    发给客户: {文案: 晚安, 由: 跟进人, 时效: 20小时}
  - 步骤: 问需求
    派任务: {标题: 问需求, 给: 跟进人, 完成依据: [按钮: 已问到], 期限: 1小时}
""",
}


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        await world.publish(SHOP)
        yield world


async def waiting(world: World) -> dict[str, Pile]:
    return {pile.name: pile for pile in await piles(world.ctx)}


async def test_an_empty_company_has_nothing_to_do(world: World) -> None:
    found = await waiting(world)

    assert {pile.count for pile in found.values()} == {0}
    assert not any(pile.bad for pile in found.values())


async def test_a_push_tells_what_it_waits_for(world: World) -> None:
    await world.add_contact(name="小雨妈妈")
    await world.turn_to("2026-11-23 10:05")

    asked = (await waiting(world))["群发等员工确认"]
    (mass,) = (await world.ledger())["mass"]
    await world.act("confirm", staff="zhangli", msgid=mass["msgid"])
    await world.turn_to("2026-11-23 20:05")
    held = (await waiting(world))["推送待发"]

    assert (asked.count, asked.what[0][:7]) == (1, "张丽 1 个；")
    assert held.what == ("1 条等到 12小时后：“晚安”频控:每天1条，顺延到 11-24 08:30",)
    assert not held.bad


async def test_overdue_tasks_are_counted_by_member_of_staff(world: World) -> None:
    await world.add_contact()
    await world.turn_to("2026-11-23 23:00")

    assert (await waiting(world))["任务待派"].what == ("过了期限还没完成：张丽 1 个",)


async def test_a_dead_callback_says_how_to_put_it_back(world: World) -> None:
    await world.add_contact()
    rows = world.store.db["inbox"]
    await rows.update_one(
        {"route": "contact"}, {"$set": {"state": "dead", "why": "KeyError: x", "subject": "wm1"}}
    )

    dead = (await waiting(world))["回调处理失败"]

    assert dead.count == 1
    assert dead.what[0].endswith("wm1：KeyError: x")
    assert "qunce replay --dead" in dead.cure


async def test_work_that_nobody_does_says_so_after_a_while(world: World) -> None:
    contact = await world.add_contact()
    journeys = world.store.db["journeys"]
    late = {"due_at": world.now - timedelta(hours=3)}

    await journeys.update_one({"subject": contact}, {"$set": {"due_at": world.now}})
    soon = (await waiting(world))["旅程到点待走"]
    await journeys.update_one({"subject": contact}, {"$set": {**late, "stuck": True}})
    found = await waiting(world)

    assert (soon.count, soon.bad) == (1, False)
    assert found["旅程到点待走"].cure.startswith("到点很久没人处理：确认 qunce run")
    assert found["旅程卡住"].what == (f"“新客”停在“早安”：{contact}",)


def test_the_lines_show_ages_and_cures() -> None:
    now = moment("2026-11-23 10:00")
    pile = Pile("回调处理失败", 2, now - timedelta(hours=3), ("abc：坏了",), "放回去")

    assert list(in_words([pile], now)) == [
        ("回调处理失败：2，最早 3小时前", True),
        ("  abc：坏了", False),
        ("  → 放回去", False),
    ]


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-0.5, "刚刚"),
        (-5, "5分钟前"),
        (-90, "1小时前"),
        (-3000, "2天前"),
        (0.5, "马上"),
        (65, "1小时后"),
    ],
)
def test_an_age_in_words(minutes: float, said: str) -> None:
    now = moment("2026-11-23 10:00")

    assert age(now + timedelta(minutes=minutes), now) == said
