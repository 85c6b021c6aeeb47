"""Tasks whose giver dies half-way, and tasks of an SOP that pauses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.actions.dealing import card_of
from bot.context import Context
from bot.crash import arm
from bot.model import Task
from scheduler import reminders
from scheduler import tasks as giving
from tests.scenarios.test_tasks import (
    BUTTON,
    LATER,
    RULES,
    SCRIPT,
    TAGS,
    asking,
    cards_of,
    open_shop,
    tap,
    texts_of,
    the_task,
)
from tests.world import TEAM, World, moment

NIGHT, MORNING = "2026-11-23 21:30", "2026-11-24 09:00"


class Died(BaseException):
    """What SIGKILL looks like from inside one test."""


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The next crash point kills."""

    def die(*_: int) -> None:
        raise Died

    monkeypatch.setattr(os, "kill", die)
    yield
    arm("kill=0,freeze=0,seconds=0")


@contextmanager
def death() -> Iterator[None]:
    arm("kill=1,freeze=0,seconds=0")
    with pytest.raises(Died):
        yield
    arm("kill=0,freeze=0,seconds=0")


def at(world: World, local: str) -> Context:
    return replace(world.ctx, now=lambda: moment(local))


async def leases_run_out(world: World) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    held = {"lease": {"$exists": True}}
    await world.store.db["tasks"].update_many(held, {"$set": {"lease.until": long_ago}})


async def arrives_at_night(world: World) -> tuple[str, Task]:
    await open_shop(world, asking(BUTTON))
    await world.turn_to(NIGHT)
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    return contact, await the_task(world, contact)


async def switch(world: World, state: str) -> None:
    sop = asking(BUTTON).replace("状态: 启用", f"状态: {state}")
    files = {"rules.yaml": RULES, "tags.yaml": TAGS, "sop.yaml": sop, "script.yaml": SCRIPT}
    await world.publish({**files, "team.yaml": TEAM})


# ---- giving -------------------------------------------------------------------------------------


async def test_a_card_noted_but_not_put_is_put_by_the_next(world: World) -> None:
    contact, _ = await arrives_at_night(world)
    nine = moment(MORNING)
    owner, (task,) = await world.store.tasks.claim_new(nine)
    assert await world.store.tasks.dealt(
        owner,
        task,
        card_of(task, 1),
        1,
        deadline=nine + timedelta(days=1),
        first_look=nine + timedelta(hours=2),
        check_at=nine + timedelta(minutes=1),
    )

    await world.turn_to("2026-11-24 09:02")

    (card,) = await cards_of(world)
    await tap(world, card)
    assert (await the_task(world, contact)).state == "已完成"


async def test_whoever_dies_while_giving_leaves_a_record(world: World, dying: None) -> None:
    contact, _ = await arrives_at_night(world)
    with death():
        await giving.look(at(world, MORNING))
    noted = await the_task(world, contact)

    await world.turn_to("2026-11-24 09:02")
    given = await the_task(world, contact)
    await world.turn_to("2026-11-24 11:30")

    assert (noted.card, noted.cards) == (card_of(noted, 1), 1)
    assert (given.state, given.deadline) == ("已送达", noted.deadline)
    assert [card["title"][:4] for card in await cards_of(world)] == ["和 小雨", "【提醒】"]


async def test_a_card_put_again_waits_for_working_hours(world: World, dying: None) -> None:
    await arrives_at_night(world)
    with death():
        await giving.look(at(world, "2026-11-24 19:59"))
    assert await world.store.outbox.counts() == {}

    await world.store.db["tasks"].update_many({}, {"$set": {"due_at": moment("2026-11-24 20:00")}})
    await world.turn_to("2026-11-25 09:01")

    (card,) = await cards_of(world)
    assert card["at"].startswith("2026-11-25T01:00")


async def test_an_arrival_without_a_record_is_looked_at(world: World) -> None:
    contact, task = await arrives_at_night(world)

    await world.store.tasks.delivered(task.id, "$title", world.now)

    arrived = await the_task(world, contact)
    assert (arrived.state, arrived.response_code) == ("已送达", "$title")
    assert arrived.due_at == task.due_at


@pytest.mark.parametrize("state", ["unknown", "expired"])
async def test_a_card_lost_on_its_way_goes_to_the_manager(world: World, state: str) -> None:
    await open_shop(world, asking(BUTTON))
    await world.sim.fault("message/send", "-1", times=4)
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    owner, (row,) = await world.store.outbox.claim(world.now + timedelta(hours=1), "normal", 9)
    assert row.kind == "card"
    assert await world.store.outbox.end(owner, row.id, state, error="没有应答")  # type: ignore[arg-type]

    await world.later(hours=2)

    assert await cards_of(world) == []
    card = (await cards_of(world, "wangfang"))[0]
    await tap(world, card, staff="wangfang")
    assert (await the_task(world, contact)).done_by == "wangfang"


# ---- pausing ------------------------------------------------------------------------------------


async def test_a_paused_sop_gives_nothing_until_it_goes_on(world: World) -> None:
    contact, _ = await arrives_at_night(world)
    await switch(world, "暂停")
    await world.turn_to("2026-11-24 15:00")
    waiting, rows = await the_task(world, contact), await world.store.outbox.counts()
    await switch(world, "启用")

    await world.later(hours=1)

    assert (waiting.state, waiting.cards, rows) == ("待派", 0, {})
    (card,) = await cards_of(world)
    await tap(world, card)
    assert (await the_task(world, contact)).state == "已完成"


async def test_a_card_held_back_by_a_pause_is_dealt_afresh(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    await world.sim.fault("message/send", "-1", times=4)
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await switch(world, "暂停")
    await world.turn_to("2026-11-25 15:00")
    held = await cards_of(world)
    await switch(world, "启用")

    await world.later(hours=1, minutes=1)

    assert held == []
    (card,) = await cards_of(world)
    task = await the_task(world, contact)
    assert (task.cards, task.state) == (2, "已送达")
    assert task.deadline
    assert task.deadline > world.now
    await tap(world, card)
    assert (await the_task(world, contact)).state == "已完成"


async def test_nobody_is_reminded_while_the_sop_is_paused(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await switch(world, "暂停")
    await world.turn_to("2026-11-25 12:00")
    task = await the_task(world, contact)
    rows, told = await world.store.outbox.about(task.id), await texts_of(world, "wangfang")
    await switch(world, "启用")

    await world.later(hours=1)

    assert (task.state, task.rung, told, len(rows)) == ("已送达", 0, [], 1)
    assert (await the_task(world, contact)).rung


async def test_what_proves_a_task_counts_during_a_pause(world: World) -> None:
    tag = "[客户被打上标签组: 宝宝月龄]"
    await open_shop(world, asking(tag))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await open_shop(world, asking(tag).replace("启用", "暂停"))

    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.later(seconds=3)

    assert (await the_task(world, contact)).state == "已核实"


async def test_a_task_of_a_stopped_sop_is_not_dealt_for_ever(world: World) -> None:
    to_the_end = asking(BUTTON).replace(LATER, "")
    await open_shop(world, to_the_end)
    await world.sim.fault("message/send", "-1", times=4)
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await open_shop(world, to_the_end.replace("启用", "停用"))

    await world.later(hours=3)

    task = await the_task(world, contact)
    assert (task.state, task.open, task.cards) == ("已取消", False, 1)


# ---- reminding ----------------------------------------------------------------------------------


async def test_a_reminder_nobody_noted_does_not_take_the_managers_card(
    world: World, dying: None
) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-23 10:59")
    with death():
        await reminders.look(at(world, "2026-11-23 11:01"))
    await leases_run_out(world)
    reminder = await world.store.outbox.get(f"card:{(await the_task(world, contact)).id}:2")
    assert reminder
    assert reminder.staff == "zhangli"

    await world.act("staff_leaves", staff="zhangli")
    await world.later(minutes=2)

    (card,) = await cards_of(world, "wangfang")
    await tap(world, card, staff="wangfang")
    assert (await the_task(world, contact)).done_by == "wangfang"


async def test_a_deadline_noted_but_not_told_is_told_by_the_next(world: World, dying: None) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-24 08:59")
    with death():
        await reminders.look(at(world, "2026-11-24 09:01"))
    task = await the_task(world, contact)
    untold = await world.store.db["facts"].find_one({"_id": f"task:{task.id}"})
    await leases_run_out(world)

    await world.turn_to("2026-11-24 09:02")

    assert (task.state, untold) == ("已逾期", None)
    told = await world.store.db["facts"].find_one({"_id": f"task:{task.id}"})
    assert told
    assert told["data"]["result"] == "逾期"
    assert len(await texts_of(world, "wangfang")) == 1
