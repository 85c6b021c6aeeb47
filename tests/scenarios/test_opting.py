"""停止推送: from the moment somebody asks, nothing more reaches them."""

import asyncio
from typing import Any

import pytest

from bot.actions import opting
from bot.actions.opting import STOPPED
from tests.scenarios.test_seats import a_theme, newcomer, seat_of
from tests.scenarios.test_seats import open_shop as open_themes
from tests.world import TEAM, World

SOP = """SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    何时: 立即
    发给客户: {文案: 您好, 由: 跟进人, 时效: 3天}
"""
RULES = '规则: 全局\n免打扰: {员工: "20:00-09:00", 客户: "21:30-08:30"}\n'


async def open_shop(world: World) -> tuple[str, str]:
    """Two customers who are to get the same message."""
    await world.publish({"sop.yaml": SOP, "team.yaml": TEAM, "rules.yaml": RULES})
    return await world.add_contact(name="小雨妈妈"), await world.add_contact(name="大雨妈妈")


async def reached(world: World) -> list[str]:
    """Whom staff reach when they press the button on all they have."""
    for mass in (await world.ledger())["mass"]:
        if mass.get("state") != "cancelled":
            await world.act("confirm", staff=mass["sender"], msgid=mass["msgid"])
    await world.later(hours=2)
    return sorted(one["external_userid"] for one in (await world.ledger())["delivered"])


async def outcome(world: World, contact: str) -> tuple[str, str]:
    (delivery,) = await world.store.deliveries.of(contact)
    return delivery.state, delivery.reason


async def test_what_is_not_gathered_yet_is_not_sent(world: World) -> None:
    await world.publish({"team.yaml": TEAM, "rules.yaml": RULES})
    first = await world.add_contact(name="小雨妈妈")
    await opting.stop(world.ctx, first)
    await world.publish({"sop.yaml": SOP, "team.yaml": TEAM, "rules.yaml": RULES})
    await world.act("delete_by_customer", staff="zhangli", contact=first)
    await world.act("add_contact", staff="zhangli", contact=first)
    await world.later(minutes=5)

    assert await outcome(world, first) == ("suppressed", STOPPED)
    said = [row["what"] for row in await world.store.log.of(first)]
    assert "“问候”不发了：客户要求停止推送" in said  # decided before it took anybody's place
    assert (await world.ledger())["mass"] == []


async def test_who_stops_while_wecom_makes_the_message_is_taken_out_of_it_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await open_shop(world)
    call = world.ctx.wecom.call

    async def meanwhile(path: str, *what: Any, **how: Any) -> dict[str, Any]:
        if path == "externalcontact/add_msg_template":
            await opting.stop(world.ctx, first)
        return await call(path, *what, **how)

    monkeypatch.setattr(world.ctx.wecom, "call", meanwhile)
    await world.later(minutes=10)

    assert (await outcome(world, first))[0] == "cancelled"
    assert await reached(world) == [second]


async def test_who_stops_while_a_message_is_gathered_is_left_out_of_it(world: World) -> None:
    first, second = await open_shop(world)
    assert (await outcome(world, first))[0] == "gathered"

    await opting.stop(world.ctx, first)
    await world.later(minutes=5)

    assert await outcome(world, first) == ("suppressed", STOPPED)
    assert await reached(world) == [second]


async def test_a_message_in_the_hands_of_staff_is_taken_back_and_sent_to_the_others(
    world: World,
) -> None:
    first, second = await open_shop(world)
    await world.later(minutes=5)
    assert (await outcome(world, first))[0] == "created"

    await opting.stop(world.ctx, first)
    await world.later(minutes=10)

    assert (await outcome(world, first))[0] == "cancelled"
    assert await reached(world) == [second]


async def test_the_story_says_who_stopped_it_and_why(world: World) -> None:
    first, _ = await open_shop(world)

    await opting.stop(world.ctx, first, by="wangfang", why="来电要求")

    said = [row["what"] for row in await world.store.log.of(first)]
    assert "停止推送：以后不再给这位客户发消息，wangfang要求的（来电要求）" in said


async def test_many_at_once_stop_it_once(world: World) -> None:
    first, _ = await open_shop(world)

    changed = await asyncio.gather(*(opting.stop(world.ctx, first) for _ in range(6)))

    assert sorted(changed) == [False] * 5 + [True]
    stop = await opting.standing(world.ctx, first)
    assert stop
    assert (stop.stopped, stop.n) == (True, 1)


async def test_resuming_what_was_never_stopped_is_nothing(world: World) -> None:
    first, _ = await open_shop(world)

    assert await opting.resume(world.ctx, first) is False
    assert await opting.standing(world.ctx, first) is None


@pytest.mark.parametrize("dies_at", ["log", "told", "withdrawn"])
async def test_what_a_crash_left_undone_is_done_by_the_clock(
    world: World, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    first, second = await open_shop(world)
    await world.later(minutes=5)

    async def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    part = {
        "log": (world.store.log, "write"),
        "told": (world.store.outbox, "put"),
        "withdrawn": (world.store.stops, "settled"),
    }[dies_at]
    with monkeypatch.context() as crash:
        crash.setattr(*part, dies)
        with pytest.raises(KeyboardInterrupt):
            await opting.stop(world.ctx, first)
    await world.later(minutes=10)

    assert (await outcome(world, first))[0] == "cancelled"
    assert await reached(world) == [second]
    said = [row["what"] for row in await world.store.log.of(first) if "停止推送" in row["what"]]
    assert len(said) == 1
    told = [text for text in (await world.ledger())["texts"] if "停止推送" in str(text)]
    assert len(told) == 1
    stop = await opting.standing(world.ctx, first)
    assert stop
    assert stop.due_at is None


async def test_who_stopped_is_not_invited_into_a_group(world: World) -> None:
    await open_themes(world)
    await world.create_group("徐汇店 0-6月龄 1群")
    contact = await world.add_contact()
    await opting.stop(world.ctx, contact)

    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.later(hours=1)

    seat = await seat_of(world, contact)
    assert (seat.state, seat.log[-1]["more"]) == ("占位过期", "客户停止了推送")
    assert (await world.ledger())["mass"] == []


async def test_who_stops_while_a_place_is_held_gives_it_to_the_next(world: World) -> None:
    await open_themes(world, a_theme(2))  # the owner and one customer
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    first, second = await newcomer(world, "客户1"), await newcomer(world, "客户2")
    assert [(await seat_of(world, c)).state for c in (first, second)] == ["已占位", "候补"]

    await opting.stop(world.ctx, first)
    await world.turn_to("2026-11-27 12:00")  # its time is over

    assert (await seat_of(world, first)).state == "占位过期"
    after = await seat_of(world, second)
    assert (after.state, after.group) == ("已占位", chat)
    assert first not in [target for m in (await world.ledger())["mass"] for target in m["targets"]]
