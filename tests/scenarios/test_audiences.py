"""检查人群: at its moment, once over all processes, everybody who is in it begins."""

import asyncio
from dataclasses import replace

from bot.store import Store
from bot.store.client import open_client
from scheduler import audiences, moments
from tests.scenarios.test_sop_steps import an_sop, publish, said, say, story
from tests.world import World, moment

DAILY = "当: 每天 10:00 检查人群, 条件: [{有标签: 孕期}]"


async def customers(world: World, count: int, *, tag: str = "宝宝月龄/孕期") -> list[str]:
    """In the order of their ids."""
    found = []
    for _ in range(count):
        contact = await world.add_contact()
        await world.act("edit_tags", staff="zhangli", contact=contact, add=[tag])
        await world.later(seconds=5)
        found.append(contact)
    return sorted(found)


async def begun(world: World, *contacts: str) -> list[int]:
    return [len(await world.store.journeys.of(contact)) for contact in contacts]


async def test_everybody_who_is_in_it_begins_at_its_moment(world: World) -> None:
    await publish(world, an_sop(say("您好"), entry=DAILY))
    inside = await customers(world, 2)
    (outside,) = await customers(world, 1, tag="管理/勿扰")

    await world.turn_to("2026-11-23 09:59")
    early = await begun(world, *inside, outside)
    await world.turn_to("2026-11-23 10:01")

    assert early == [0, 0, 0]
    assert await begun(world, *inside, outside) == [1, 1, 0]
    assert await said(world) == ["您好", "您好"]


async def test_who_comes_to_be_in_it_begins_at_the_next_look_and_nobody_twice(
    world: World,
) -> None:
    await publish(world, an_sop(say("您好"), entry=DAILY))
    first = await customers(world, 1)
    await world.turn_to("2026-11-23 10:01")
    later = await customers(world, 1)
    await world.turn_to("2026-11-24 09:59")
    before = await begun(world, *first, *later)
    await world.turn_to("2026-11-24 10:01")

    assert before == [1, 0]
    assert await begun(world, *first, *later) == [1, 1]


async def test_whoever_may_enter_again_begins_again_once_a_look(world: World) -> None:
    await publish(world, an_sop(say("您好"), entry=DAILY + ", 重复进入: 退出后2天可再进"))
    await customers(world, 1)

    heard = []
    for day in (23, 24, 25, 26):
        await world.turn_to(f"2026-11-{day} 10:05")
        heard.append(len(await said(world)))

    assert heard == [1, 1, 2, 2]


async def test_a_full_day_sends_the_rest_to_the_next(world: World) -> None:
    await publish(world, an_sop(say("您好"), entry=DAILY + ", 每天最多: 2人"))
    contacts = await customers(world, 5)

    heard = []
    for day in (23, 24, 25):
        await world.turn_to(f"2026-11-{day} 10:05")
        heard.append(len(await said(world)))

    assert heard == [2, 4, 5]
    assert await begun(world, *contacts) == [1] * 5
    turned_away = [what for what in await story(world, contacts[2]) if "已满" in what]
    assert turned_away == ["没有进入“新客”：今天已满 2 人"]


async def test_a_weekly_look_goes_on_the_next_day_when_the_day_is_full(world: World) -> None:
    weekly = DAILY.replace("每天 10:00", "每周一 10:00") + ", 每天最多: 2人"
    await publish(world, an_sop(say("您好"), entry=weekly))
    await customers(world, 5)

    heard = []
    for day in (23, 24, 25, 26):
        await world.turn_to(f"2026-11-{day} 10:05")
        heard.append(len(await said(world)))

    assert heard == [2, 4, 5, 5]


async def test_a_paused_sop_looks_at_nobody_and_makes_up_for_nothing(world: World) -> None:
    sop = an_sop(say("您好"), entry=DAILY)
    await publish(world, sop.replace("状态: 启用", "状态: 暂停"))
    contacts = await customers(world, 1)
    await world.turn_to("2026-11-23 12:00")
    await publish(world, sop)

    await world.turn_to("2026-11-24 09:59")
    before = await begun(world, *contacts)
    await world.turn_to("2026-11-24 10:01")

    assert before == [0]
    assert await begun(world, *contacts) == [1]


async def test_of_the_looks_missed_while_nobody_worked_one_is_made_up_for(world: World) -> None:
    await publish(world, an_sop(say("您好"), entry=DAILY + ", 重复进入: 每次都进"))
    await customers(world, 1)

    await world.pass_by(days=2, hours=3)
    await world.later(hours=3)

    assert await said(world) == ["您好"]
    rows = await world.store.db["occurrences"].find().to_list(None)
    assert [row["_id"] for row in rows] == ["新客/检查人群@2026-11-25T02:00Z"]


async def test_two_processes_at_one_moment_begin_everybody_once(
    world: World, mongo_url: str, database: str
) -> None:
    await publish(world, an_sop(say("您好"), entry=DAILY + ", 重复进入: 每次都进"))
    contacts = await customers(world, 3)
    now = moment("2026-11-23 10:00")
    async with open_client(mongo_url) as client:
        other = replace(world.ctx, store=Store(client, database), now=lambda: now)
        ours = replace(world.ctx, now=lambda: now)
        await asyncio.gather(*(audiences.look(ctx) for ctx in (ours, other, ours, other)))
    await world.turn_to("2026-11-23 10:01")

    assert await begun(world, *contacts) == [1, 1, 1]


async def test_the_next_look_is_known(world: World) -> None:
    await publish(world, an_sop(say("您好"), entry=DAILY.replace("每天", "农历除夕")))

    assert await moments.next_moment(world.ctx) == moment("2027-02-05 10:00")
