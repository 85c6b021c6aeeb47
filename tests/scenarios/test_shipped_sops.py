"""The shipped SOPs run as they are written, from the first event to the last step."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.demo import SHOP, STAFF
from tests.world import World, open_world

DEPARTMENTS = [
    {"id": 1, "name": "总部", "parentid": 0},
    {"id": 2, "name": "徐汇店", "parentid": 1},
    {"id": 3, "name": "静安店", "parentid": 1},
]
PEOPLE = [
    {"userid": id, "name": name, "department": departments, "leader": leads}
    for id, (name, departments, leads) in STAFF.items()
]


@pytest.fixture
async def shop(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    """The shipped folder, live, in its own company."""
    async with open_world(
        mongo_url,
        database,
        tmp_path,
        departments=DEPARTMENTS,
        staff=PEOPLE,
        groups=[{"name": "KOC荣誉群1", "owner": "wangfang", "members": 5}],
    ) as world:
        await world.publish(SHOP)
        yield world


async def card_of(world: World, about: str) -> dict[str, Any]:
    """The newest card whose title speaks of this."""
    cards = [card for card in (await world.ledger())["cards"] if about in card["title"]]
    assert cards, f"no card about {about}"
    return cards[-1]


async def tap(world: World, card: dict[str, Any], key: str, **more: Any) -> None:
    await world.act("tap", staff=card["userid"], task_id=card["task_id"], key=key, **more)


async def stage(world: World, contact: str, name: str, score: int, id: str) -> None:
    told = {"system": "母婴KOC", "stage": name, "score": score, "reason": "近30天参与答题 3 次 +9"}
    assert await world.post_event(id=id, kind="stage", subject=contact, **told) == 200
    await world.settle()


async def test_a_koc_is_grown_step_by_step_as_her_stages_are_told(shop: World) -> None:
    contact = await shop.add_contact("zhangli", name="小雨妈妈")
    await stage(shop, contact, "活跃", 15, "s1")

    await shop.turn_to("2026-11-24 10:30")
    thanks = await card_of(shop, "最近很活跃")
    assert "小雨妈妈 最近很活跃（近30天参与答题 3 次 +9）" in thanks["title"]
    await tap(shop, thanks, "愿意分享")

    await shop.turn_to("2026-11-26 11:00")
    await card_of(shop, "写一条真实使用体验")
    await shop.act("edit_tags", staff="zhangli", contact=contact, add=[await shared(shop)])
    await stage(shop, contact, "表达分享", 30, "s2")

    await shop.turn_to("2026-11-27 15:30")
    gift = await card_of(shop, "寄小样并电话感谢")
    assert gift["userid"] == "wangfang"
    await tap(shop, gift, "已寄出")
    await shop.act("text", staff="wangfang", content="SF1234567890")
    (task,) = [t for t in await shop.store.tasks.about(contact) if t.step == "专属感"]
    assert (task.open, task.evidence) == (False, "self_reported")
    assert "KOC-专属" in str((await shop.store.contacts.get(contact)).tags)  # type: ignore[union-attr]

    await stage(shop, contact, "专属感", 62, "s3")
    await shop.turn_to("2026-12-11 11:00")

    assert (await card_of(shop, "确认带群意愿"))["userid"] == "wangfang"
    journey = next(j for j in await shop.store.journeys.of(contact) if j.sop == "母婴KOC培养")
    assert (journey.state, journey.exit_reason) == ("done", "走完")


async def test_a_koc_with_a_group_of_her_own_has_reached_the_goal(shop: World) -> None:
    contact = await shop.add_contact("zhangli", name="小雨妈妈")
    await stage(shop, contact, "活跃", 15, "s1")
    await shop.turn_to("2026-11-24 10:30")

    await stage(shop, contact, "KOC自建群", 70, "s2")

    journey = next(j for j in await shop.store.journeys.of(contact) if j.sop == "母婴KOC培养")
    assert (journey.state, journey.goal) == ("done", "达成")


async def shared(world: World) -> str:
    """The full name of the tag that proves she shared."""
    book = (await world.ctx.releases.head()).book
    return book.tag("已分享体验")


async def test_a_koc_who_is_not_willing_is_left_in_peace(shop: World) -> None:
    contact = await shop.add_contact("zhangli", name="小雨妈妈")
    await stage(shop, contact, "活跃", 15, "s1")
    await shop.turn_to("2026-11-24 10:30")
    await tap(shop, await card_of(shop, "最近很活跃"), "先观察")

    await shop.turn_to("2026-12-25 10:00")

    journey = next(j for j in await shop.store.journeys.of(contact) if j.sop == "母婴KOC培养")
    assert (journey.state, journey.exit_reason) == ("done", "意愿不足，30天后可再评估")


STAFF_WITH_FRIENDS = ("zhangli", "liuyang")
FRIENDS = 1300  # each: enough for 200 in every arm of a fifth of them
NAME, CARE, COUPON = "召回文案2026Q4", "A-关怀", "B-专属券"


@pytest.fixture
async def old_shop(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    """The same company with customers who bought long ago and were silent since."""
    async with open_world(
        mongo_url,
        database,
        tmp_path,
        departments=DEPARTMENTS,
        staff=PEOPLE,
        friends=[{"staff": s, "count": FRIENDS, "days": 200} for s in STAFF_WITH_FRIENDS],
    ) as world:
        bought = (world.now - timedelta(days=100)).isoformat()
        known = [id for s in STAFF_WITH_FRIENDS for id in await world.store.contacts.of_staff(s)]
        await asyncio.gather(
            *(
                world.post_event(id=f"old-{who}", subject=who, kind="order", at=bought)
                for who in known
            )
        )
        await world.settle()
        await world.publish(SHOP)
        yield world


async def received(world: World, step: str) -> Counter[str]:
    rows = world.store.db["deliveries"].find({"step": step, "state": "delivered"})
    return Counter([row["subject"] async for row in rows])


async def a_day_goes_by(world: World, day: str, bought: set[str]) -> None:
    """Staff confirm what they were given; of those who got the coupon one in four buys."""
    await world.turn_to(f"{day} 11:00")
    for mass in (await world.ledger())["mass"]:
        await world.sim.act("confirm", staff=mass["sender"], msgid=mass["msgid"])
    await world.turn_to(f"{day} 14:00")
    for who in await received(world, "发专属券"):
        if who not in bought and who[-1] in "abcdefghijklm":
            bought.add(who)
            await world.post_event(id=f"new-{who}", subject=who, kind="order")
    await world.settle()


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_silent_are_called_back_by_an_experiment_that_comes_to_its_verdict(
    old_shop: World,
) -> None:
    world, bought = old_shop, set[str]()
    days = [f"{date(2026, 11, 24) + timedelta(days=n)}" for n in range(18)]
    for day in days:
        await a_day_goes_by(world, day, bought)
        if cards := [c for c in (await world.ledger())["cards"] if c["userid"] == "wangfang"]:
            break
    (card,) = cards
    tried = await received(world, "发关怀"), await received(world, "发专属券")
    await tap(world, card, "promote")
    for later in [*days[days.index(day) + 1 :], "2026-12-12", "2026-12-13"]:
        await a_day_goes_by(world, later, bought)

    assert all(len(arm) >= 200 and set(arm.values()) == {1} for arm in tried)
    assert await world.store.releases.head() == 2
    live = (await world.store.releases.files(2))["04-沉默召回AB.yaml"]
    assert "分流试验" not in live
    assert "发专属券" in live
    winners = await received(world, "发专属券")
    assert set(winners.values()) == {1}
    assert len(winners) > 1500
