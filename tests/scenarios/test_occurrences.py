"""Moments of group calendars: each comes once, late ones are known as late."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.model import Occurrence
from bot.store import Store
from bot.store.client import open_client
from scheduler import moments, occurrences
from tests.world import TEAM, World, moment

THEME = """
主题群: 0-6月龄
群: {名称包含: 0-6月龄}
容量: 190人
"""


def a_calendar(
    when: str = "每周三 12:00",
    *,
    state: str = "启用",
    least: int = 1,
    name: str = "收集问题",
    more: str = "",
) -> str:
    return f"""
SOP: 群周历
负责人: 李敏
状态: {state}
对象: 客户群
进入:
  当: 群属于主题
  主题: 0-6月龄
  条件:
    - 群人数: 不少于{least}人
日历:
  时区: Asia/Shanghai
步骤:
  - 步骤: {name}
    何时: {when}
    {more}
    派任务:
      标题: 在【{{群名}}】收集本周问题
      给: 群主
      完成依据: [按钮: 已收集]
      期限: 6小时
"""


async def publish(world: World, sop: str) -> None:
    await world.publish({"team.yaml": TEAM, "theme.yaml": THEME, "sop.yaml": sop})


async def cards(world: World) -> list[dict[str, Any]]:
    return list((await world.ledger())["cards"])


async def kept(world: World) -> list[Occurrence]:
    rows = await world.store.db["occurrences"].find().sort("scheduled_at").to_list(None)
    found = [await world.store.occurrences.get(row["_id"]) for row in rows]
    return [one for one in found if one]


async def test_a_date_of_a_group_calendar_comes_once_for_every_group(world: World) -> None:
    await publish(world, a_calendar("2026-11-24 12:00"))
    for n, owner in ((1, "zhangli"), (2, "limin")):
        await world.create_group(f"徐汇店 0-6月龄 {n}群", owner)

    await world.turn_to("2026-11-24 11:59")
    early = await cards(world)
    await world.turn_to("2026-11-24 12:01")
    dealt = await cards(world)
    await world.turn_to("2026-11-26 12:01")

    assert (early, len(dealt)) == ([], 2)
    assert await cards(world) == dealt
    assert len(await kept(world)) == 1


async def test_every_group_of_the_theme_gets_its_moment(world: World) -> None:
    await publish(world, a_calendar())
    for n, owner in ((1, "zhangli"), (2, "limin")):
        await world.create_group(f"徐汇店 0-6月龄 {n}群", owner)
    await world.create_group("徐汇店 会员群")

    await world.turn_to("2026-11-25 11:59")
    early = await cards(world)
    await world.turn_to("2026-11-25 12:01")

    assert early == []
    titles = sorted(card["title"] for card in await cards(world))
    assert titles == [f"在【徐汇店 0-6月龄 {n}群】收集本周问题" for n in (1, 2)]
    (one,) = await kept(world)
    assert one.id == "群周历/收集问题@2026-11-25T04:00Z"
    assert (one.state, one.late, one.due_at) == ("done", False, None)


async def test_it_comes_again_next_week(world: World) -> None:
    await publish(world, a_calendar())
    await world.create_group("徐汇店 0-6月龄 1群")

    await world.turn_to("2026-12-02 12:01")

    assert len(await cards(world)) == 2
    assert [one.state for one in await kept(world)] == ["done", "done"]


async def test_groups_too_small_take_no_part(world: World) -> None:
    await publish(world, a_calendar(least=2))
    await world.create_group("徐汇店 0-6月龄 1群")
    await world.create_group("徐汇店 0-6月龄 2群", members=["limin"])

    await world.turn_to("2026-11-25 12:01")

    assert [card["title"] for card in await cards(world)] == [
        "在【徐汇店 0-6月龄 2群】收集本周问题"
    ]


async def test_what_was_before_publication_never_comes(world: World) -> None:
    await world.create_group("徐汇店 0-6月龄 1群")
    await world.turn_to("2026-11-25 12:30")

    await publish(world, a_calendar())
    await world.turn_to("2026-12-01 12:00")

    assert await kept(world) == []


async def test_three_processes_and_a_restart_push_once(
    world: World, mongo_url: str, database: str
) -> None:
    await publish(world, a_calendar())
    for n in range(5):
        await world.create_group(f"徐汇店 0-6月龄 {n}群")

    async def a_process() -> None:
        async with open_client(mongo_url) as client:
            noon = moment("2026-11-25 12:00")
            ctx = replace(world.ctx, store=Store(client, database), now=lambda: noon)
            while await occurrences.look(ctx):
                pass

    await asyncio.gather(*(a_process() for _ in range(3)))
    await a_process()
    await world.turn_to("2026-11-25 12:01")

    assert len(await kept(world)) == 1
    assert await world.store.db["journeys"].count_documents({}) == 5
    assert await world.store.db["tasks"].count_documents({"state": "已送达"}) == 5
    assert [card["title"] for card in await cards(world)] == ["在【5 个群】收集本周问题"]


async def test_what_was_missed_is_caught_up_as_late(world: World) -> None:
    await publish(world, a_calendar())
    await world.create_group("徐汇店 0-6月龄 1群")
    after_the_outage = replace(world.ctx, now=lambda: moment("2026-11-25 13:00"))

    assert await occurrences.look(after_the_outage)

    (one,) = await kept(world)
    assert (one.late, one.scheduled_at) == (True, moment("2026-11-25 12:00"))


async def test_a_paused_calendar_is_not_caught_up(world: World) -> None:
    await publish(world, a_calendar())
    await world.create_group("徐汇店 0-6月龄 1群")
    await world.turn_to("2026-11-24 09:00")
    await publish(world, a_calendar(state="暂停"))
    await world.turn_to("2026-11-26 09:00")

    await publish(world, a_calendar())
    await world.turn_to("2026-12-02 12:01")

    assert [one.scheduled_at for one in await kept(world)] == [moment("2026-12-02 12:00")]


async def test_another_time_begins_with_its_publication(world: World) -> None:
    await publish(world, a_calendar())
    await world.create_group("徐汇店 0-6月龄 1群")
    await world.turn_to("2026-11-26 09:00")

    await publish(world, a_calendar("每周二 12:00"))
    await world.turn_to("2026-12-02 12:30")

    assert [one.scheduled_at for one in await kept(world)] == [
        moment("2026-11-25 12:00"),
        moment("2026-12-01 12:00"),
    ]


async def test_a_step_that_is_gone_is_skipped(world: World) -> None:
    await publish(world, a_calendar())
    await world.create_group("徐汇店 0-6月龄 1群")
    noted = Occurrence(
        id="群周历/旧步骤@2026-11-23T01:00Z",
        sop="群周历",
        step="旧步骤",
        scheduled_at=world.now,
        due_at=world.now,
    )
    await world.store.occurrences.put([noted])

    await world.settle()

    (one,) = await kept(world)
    assert one.state == "skipped"
    assert await cards(world) == []


async def test_expansion_goes_on_where_it_stopped(world: World) -> None:
    await publish(world, a_calendar())
    chats = sorted([await world.create_group(f"徐汇店 0-6月龄 {n}群") for n in range(3)])
    noted = Occurrence(
        id="群周历/收集问题@2026-11-23T01:00Z",
        sop="群周历",
        step="收集问题",
        scheduled_at=world.now,
        cursor=chats[1],
        due_at=world.now,
    )
    await world.store.occurrences.put([noted])

    await world.settle()

    journeys = await world.store.db["journeys"].find().to_list(None)
    assert [journey["subject"] for journey in journeys] == [chats[2]]


async def test_the_next_moment_is_known_beforehand(world: World) -> None:
    assert await moments.next_moment(world.ctx) is None

    await publish(world, a_calendar("每月最后一个工作日 16:00"))

    assert await moments.next_moment(world.ctx) == moment("2026-11-30 16:00")
    later = replace(world.ctx, now=lambda: moment("2026-11-30 16:00") + timedelta(seconds=1))
    assert await moments.next_moment(later) == moment("2026-12-31 16:00")
