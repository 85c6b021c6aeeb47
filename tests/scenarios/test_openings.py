"""Groups that come to a theme are sent down the SOPs that begin with that, each once."""

import asyncio
from typing import Any

from scheduler import openings
from tests.world import TEAM, World

THEME = """
主题群: 术后
用途: 服务
群: {名称包含: 术后}
"""


def a_sop(*, least: int = 1) -> str:
    return f"""
SOP: 术后30天
负责人: 李敏
状态: 启用
对象: 客户群
进入:
  当: 群属于主题
  主题: 术后
  条件:
    - 群人数: 不少于{least}人
步骤:
  - 步骤: 须知
    何时: 第1天 12:00
    错过时: 顺延到下个可发时段
    发到群: {{文案: 术后须知, 由: 群主, 时效: 24小时}}
  - 步骤: 第三天
    何时: 第3天 12:00
    派任务:
      标题: 问问【{{群名}}】恢复得怎么样
      给: 群主
      完成依据: [按钮: 已问]
      期限: 6小时
"""


async def publish(world: World, sop: str) -> None:
    await world.publish({"team.yaml": TEAM, "theme.yaml": THEME, "sop.yaml": sop})


async def cards(world: World) -> list[dict[str, Any]]:
    return list((await world.ledger())["cards"])


async def test_a_group_that_comes_to_a_theme_walks_its_sop_once(world: World) -> None:
    await publish(world, a_sop())
    group = await world.create_group("术后1群")

    await world.later(days=4)

    entered = await world.store.journeys.of(group)
    assert [journey.id for journey in entered] == [f"术后30天:{group}:1"]
    assert len(await cards(world)) == 1


async def test_a_group_there_already_begins_when_the_sop_is_published(world: World) -> None:
    group = await world.create_group("术后1群")
    await world.later(days=2)
    await publish(world, a_sop())

    await world.later(days=4)

    assert [j.exit_reason for j in await world.store.journeys.of(group)] == ["走完"]


async def test_a_group_too_small_begins_once_it_has_grown(world: World) -> None:
    await publish(world, a_sop(least=4))
    group = await world.create_group("术后1群")
    await world.later(days=1)
    before = await world.store.journeys.of(group)
    for _ in range(3):
        customer = await world.add_contact()
        await world.act("join_group", chat=group, contact=customer)
    await world.later(hours=6)

    assert not before
    assert len(await world.store.journeys.of(group)) == 1


async def test_a_group_of_another_theme_is_left_alone(world: World) -> None:
    await publish(world, a_sop())
    group = await world.create_group("闲聊1群")

    await world.later(days=1)

    assert not await world.store.journeys.of(group)


async def test_two_looks_at_once_begin_a_group_once(world: World) -> None:
    await publish(world, a_sop())
    group = await world.create_group("术后1群")

    await asyncio.gather(openings.look(world.ctx), openings.look(world.ctx))

    assert len(await world.store.journeys.of(group)) == 1


async def test_a_dismissed_group_has_left_by_itself(world: World) -> None:
    await publish(world, a_sop())
    group = await world.create_group("术后1群")
    await world.turn_to("2026-11-23 14:00")
    await world.act("dismiss_group", chat=group)

    await world.turn_to("2026-11-26 09:00")

    (journey,) = await world.store.journeys.of(group)
    assert journey.exit_reason == "退出：群已解散"
    assert await cards(world) == []


async def test_a_group_renamed_out_of_its_theme_gets_nothing_more(world: World) -> None:
    await publish(world, a_sop())
    group = await world.create_group("术后1群")
    await world.turn_to("2026-11-23 14:00")
    await world.act("rename_group", chat=group, name="老友群")

    await world.turn_to("2026-11-26 09:00")

    (journey,) = await world.store.journeys.of(group)
    assert journey.exit_reason == "退出：群不再属于主题“术后”"
    assert await cards(world) == []
