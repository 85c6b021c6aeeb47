"""`replay`: another rule, asked about yesterday, says what would have been; and changes nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace as changed
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Contact, Relation
from bot.playbook import happenings
from bot.replay import Replayed, replay
from bot.replay.recorded import as_of
from config.loader import load_texts
from tests.world import TEAM, World, moment, open_world

TAGS = "标签: {管理: [员工, 勿扰], 宝宝月龄: [0-6月龄]}"
NEW = """
SOP: 新客
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 添加好友
  条件: [{没有标签: [%s]}]
退出:
  - {当: 打上标签, 标签: %s}
步骤:
  - 步骤: 等月龄
    等事件: {当: %s, 最多等: 5天}
  - 步骤: 等
    等待: 5天
"""
ORDERED = """
SOP: 谢谢下单
负责人: 王芳
状态: %s
对象: 客户
进入: {当: 下单}
步骤:
  - 步骤: 等
    等待: 5天
"""
MONTHS = "打上标签, 标签组: 宝宝月龄"


def shop(new: str, ordered: str = "停用") -> dict[str, str]:
    return {"team.yaml": TEAM, "tags.yaml": TAGS, "a.yaml": new, "b.yaml": ORDERED % ordered}


THEN = shop(NEW % ("员工", "员工", MONTHS))


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        await world.publish(THEN)
        yield world


async def lived(world: World) -> tuple[str, str]:
    """Two customers: one got a tag of age and ordered, the other was told to be left alone."""
    first = await world.add_contact(name="小雨妈妈")
    second = await world.add_contact(name="乐乐妈妈")
    await world.later(hours=1)
    await world.act("edit_tags", staff="zhangli", contact=first, add=["宝宝月龄/0-6月龄"])
    await world.act("edit_tags", staff="zhangli", contact=second, add=["管理/勿扰"])
    await world.later(hours=1)
    await world.post_event(id="order-1", subject=first, kind="order")
    await world.settle()
    await world.later(hours=1)
    # In production the machine's clock, by which callbacks are kept, is the clock of business.
    kept = {"$set": {"received_at": moment("2026-11-23 09:00")}}
    await world.store.db["inbox"].update_many({}, kept)
    return first, second


async def asked(world: World, texts: dict[str, str], only: str = "") -> list[Replayed]:
    since, until = moment("2026-11-23 00:00"), moment("2026-11-24 00:00")
    return list((await replay(world.ctx, load_texts(texts), since, until, only)).events)


def differing(events: list[Replayed]) -> list[tuple[Any, ...]]:
    return [(e.name, e.happening.what, e.then, e.now) for e in events if e.differs]


async def everything(world: World) -> dict[str, list[dict[str, Any]]]:
    db = world.store.db
    return {
        name: await db[name].find().sort("_id").to_list(None)
        for name in sorted(await db.list_collection_names())
    }


async def test_the_same_rules_would_do_the_same(world: World) -> None:
    await lived(world)

    events = await asked(world, THEN)

    assert differing(events) == []
    assert [(e.name, e.happening.what, e.then) for e in events] == [
        ("小雨妈妈", "添加 zhangli 为好友", ("进入“新客”",)),
        ("乐乐妈妈", "添加 zhangli 为好友", ("进入“新客”",)),
        ("小雨妈妈", "打上标签“宝宝月龄/0-6月龄”", ("“新客”的“等月龄”等到了",)),
    ]


async def test_another_rule_shows_what_it_would_have_changed(world: World) -> None:
    await lived(world)

    left_alone = await asked(world, shop(NEW % ("员工", "勿扰", MONTHS)))
    waiting_for_orders = await asked(world, shop(NEW % ("员工", "员工", "下单")))
    thanking = await asked(world, shop(NEW % ("员工", "员工", MONTHS), "启用"))

    assert differing(left_alone) == [
        ("乐乐妈妈", "打上标签“管理/勿扰”", (), ("退出“新客”（打上标签）",)),
    ]
    tagged = ("小雨妈妈", "打上标签“宝宝月龄/0-6月龄”", ("“新客”的“等月龄”等到了",), ())
    assert differing(waiting_for_orders) == [tagged]
    assert differing(thanking) == [("小雨妈妈", "下单", (), ("进入“谢谢下单”",))]


async def test_customers_are_judged_as_they_were_not_as_they_are(world: World) -> None:
    """乐乐妈妈 carries 勿扰 today, and did not when she was added."""
    await lived(world)

    events = await asked(world, shop(NEW % ("勿扰", "员工", MONTHS)))

    assert differing(events) == []


async def test_a_rule_that_turns_people_away_says_why(world: World) -> None:
    await lived(world)
    rule = "条件: [{没有标签: [员工]}]"
    stricter = (NEW % ("员工", "员工", MONTHS)).replace(rule, "条件: [{近30天下单: 不少于1次}]")

    events = await asked(world, shop(stricter))

    assert [(e.then, e.now, e.why) for e in events if "好友" in e.happening.what] == [
        (("进入“新客”",), (), ("不会进入“新客”：近30天下单不少于1次（0次） ✗",))
    ] * 2


async def test_a_replay_changes_nothing(world: World) -> None:
    await lived(world)
    before = await everything(world)

    await asked(world, shop(NEW % ("勿扰", "勿扰", "下单"), "启用"))

    assert await everything(world) == before


async def test_one_event_can_be_looked_at_alone(world: World) -> None:
    first, _ = await lived(world)

    events = await asked(world, shop(NEW % ("员工", "员工", MONTHS), "启用"), "order:order-1")

    assert [(e.happening.subject, e.now) for e in events] == [(first, ("进入“谢谢下单”",))]


async def test_callbacks_nobody_handled_are_counted_apart(world: World) -> None:
    await lived(world)
    db = world.store.db["inbox"]
    await db.update_one({"route": "contact"}, {"$set": {"state": "dead"}})
    await db.update_one({"route": "contact", "state": "done"}, {"$set": {"envelope": "damaged"}})

    since, until = moment("2026-11-23 00:00"), moment("2026-11-24 00:00")
    report = await replay(world.ctx, load_texts(THEN), since, until)

    assert (report.callbacks["dead"], report.callbacks["unreadable"]) == (1, 1)


def test_what_came_later_is_undone() -> None:
    now = moment("2026-11-23 12:00")
    names = {"et1": "管理/勿扰", "et2": "管理/员工"}
    friend = Relation(staff="limin", since=now - timedelta(days=9), tags=("et1",), lost="by_staff")
    later = Relation(staff="zhangli", since=now)
    contact = Contact(id="wm1", relations=(friend, later), tags=("管理/勿扰",))
    facts = [
        happenings.tagged("wm1", "管理/勿扰", "limin", now - timedelta(hours=1), ""),
        happenings.untagged("wm1", "管理/员工", "limin", now - timedelta(hours=2), ""),
        changed(
            happenings.tagged("wm1", "x/y", "limin", now, ""),
            data={"staff": "limin", "how": "by_staff"},
        ),
    ]

    was = as_of(contact, now - timedelta(hours=3), facts, names)

    assert was.tags == ("管理/员工",)
    assert was.relations == (changed(friend, tags=("et2",), lost=""),)
