"""Tasks of one kind for one person, due together: one card, one tap, each with its own proof."""

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bot.actions import tapping
from bot.crash import arm
from bot.model import Task
from scheduler import reminders
from scheduler import tasks as giving
from tests.scenarios.test_task_crashes import Died, at, death, leases_run_out
from tests.scenarios.test_tasks import (
    BOTH,
    BUTTON,
    TAG,
    asking,
    cards_of,
    open_shop,
    shown_on,
    tag,
    tap,
    texts_of,
)
from tests.world import World, moment

NIGHT, MORNING = "2026-11-23 21:30", "2026-11-24 09:00"


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The next crash point kills."""

    def die(*_: int) -> None:
        raise Died

    monkeypatch.setattr(os, "kill", die)
    yield
    arm("kill=0,freeze=0,seconds=0")


async def arrive(world: World, count: int, staff: str = "zhangli") -> list[str]:
    """So many customers come in the evening, one after the other."""
    if world.now < moment(NIGHT):
        await world.turn_to(NIGHT)
    found = []
    for n in range(count):
        found.append(await world.add_contact(staff, name=f"客户{n}"))
        await world.later(minutes=3)
    return found


async def tasks_of(world: World, contacts: list[str]) -> list[Task]:
    return [task for who in contacts for task in await world.store.tasks.about(who)]


async def lines_on(world: World, task: Task) -> list[str]:
    row = await world.store.outbox.get(f"card:{task.shared}")
    assert row
    card = row.body["template_card"]
    return [line["value"] for line in card["horizontal_content_list"]]


async def test_three_customers_are_one_card_with_one_button(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, 3)

    await world.turn_to("2026-11-24 09:01")

    (card,) = await cards_of(world)
    assert card["title"] == "和 3 位客户 打个招呼，问清宝宝月龄"
    tasks = await tasks_of(world, contacts)
    assert [task.state for task in tasks] == ["已送达"] * 3
    assert {"客户0", "客户1", "客户2"} <= set(await lines_on(world, tasks[0]))

    await tap(world, card)

    done = await tasks_of(world, contacts)
    assert [(task.state, task.evidence, task.result) for task in done] == [
        ("已完成", "acknowledged", "已问到")
    ] * 3
    assert "3 位客户已完成 · 张丽" in await shown_on(world, card)


async def test_what_wecom_shows_verifies_each_for_itself_and_the_card_says_how_many(
    world: World,
) -> None:
    await open_shop(world, asking(BOTH))
    contacts = await arrive(world, 3)
    await world.turn_to("2026-11-24 09:01")
    (card,) = await cards_of(world)

    await tag(world, contacts[0])
    await tap(world, card)
    after_tap, shown = await tasks_of(world, contacts), await shown_on(world, card)
    await tag(world, contacts[1])
    two = await tasks_of(world, contacts)
    await tag(world, contacts[2])

    assert [task.evidence for task in after_tap] == ["verified", "acknowledged", "acknowledged"]
    assert "等系统核实（已核实 1/3）" in shown
    assert [task.evidence for task in two] == ["verified", "verified", "acknowledged"]
    assert [task.state for task in await tasks_of(world, contacts)] == ["已核实"] * 3
    assert await shown_on(world, card) == "✓ 3 位客户都已核实"


async def test_a_card_without_a_button_tells_how_many_are_verified(world: World) -> None:
    await open_shop(world, asking(TAG))
    contacts = await arrive(world, 2)
    await world.turn_to("2026-11-24 09:01")
    (card,) = await cards_of(world)
    await tag(world, contacts[0])

    await tap(world, card, "知道了")

    assert await shown_on(world, card) == "系统看到结果后自动完成（已核实 1/2）"


async def test_more_than_six_are_named_in_a_list(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, 8)

    await world.turn_to("2026-11-24 09:01")

    (card,) = await cards_of(world)
    assert card["title"].startswith("和 8 位客户")
    (listed,) = await texts_of(world, "zhangli")
    assert all(f"客户{n}" in listed for n in range(8))
    await tap(world, card)
    assert {task.state for task in await tasks_of(world, contacts)} == {"已完成"}


async def test_a_card_counts_once_however_many_are_on_it(world: World) -> None:
    await open_shop(world, asking(BUTTON))  # three new tasks a day
    await arrive(world, 5)
    await world.turn_to("2026-11-24 09:01")
    for name in ("甲", "乙", "丙"):
        await world.add_contact("zhangli", name=name)

    titles = [card["title"] for card in await cards_of(world)]
    assert [title[:4] for title in titles] == ["和 5 ", "和 甲 ", "和 乙 "]


async def test_tasks_that_want_an_answer_each_stay_single(world: World) -> None:
    await open_shop(world, asking("[按钮: [很满意, 有问题]]"))
    await arrive(world, 2)

    await world.turn_to("2026-11-24 09:01")

    assert len(await cards_of(world)) == 2


async def test_a_reminder_of_a_shared_card_is_one_card_with_who_is_left(world: World) -> None:
    await open_shop(world, asking(BOTH))
    contacts = await arrive(world, 3)
    await world.turn_to("2026-11-24 09:01")
    await world.act("order", contact=contacts[0], amount=99)  # leaves the SOP
    await world.later(minutes=1)

    await world.turn_to("2026-11-24 11:30")

    first, again = await cards_of(world)
    assert again["title"] == "【提醒】和 2 位客户 打个招呼，问清宝宝月龄"
    assert await texts_of(world, "zhangli") == []
    await tap(world, again)
    states = [task.state for task in await tasks_of(world, contacts)]
    assert states == ["已取消", "已完成", "已完成"]
    assert "等系统核实" in await shown_on(world, again)
    for contact in contacts[1:]:
        await tag(world, contact)
    assert "完成 2，系统核实 2" in await shown_on(world, first)
    assert await shown_on(world, again) == "✓ 2 位客户都已核实"


async def test_who_left_the_sop_before_the_card_went_out_is_not_on_it(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, 3)
    await world.turn_to("2026-11-24 08:59")
    await world.sim.fault("message/send", "-1", times=3)
    await world.turn_to(MORNING)
    await world.act("order", contact=contacts[1], amount=99)

    await world.later(minutes=3)

    (card,) = await cards_of(world)
    assert card["title"] == "和 2 位客户 打个招呼，问清宝宝月龄"
    await tap(world, card)
    states = [task.state for task in await tasks_of(world, contacts)]
    assert states == ["已完成", "已取消", "已完成"]


async def test_a_card_waits_a_moment_for_what_is_about_to_join_it(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, 2)
    await world.turn_to("2026-11-24 08:59")
    walking = {"_id": "问月龄:wmX:1", "sop": "问月龄", "subject": "wmX", "state": "done"}
    rows = world.store.db["journeys"]
    await rows.insert_one({**walking, "due_at": moment(MORNING)})

    await giving.look(at(world, MORNING))
    held = await tasks_of(world, contacts)
    await rows.delete_one({"_id": walking["_id"]})
    await world.turn_to("2026-11-24 09:01")

    assert [(task.state, task.held) for task in held] == [("待派", 1)] * 2
    assert [card["title"][:5] for card in await cards_of(world)] == ["和 2 位"]


@pytest.mark.parametrize("count", [1, 3])
async def test_the_card_of_a_reminder_nobody_noted_works_too(
    world: World, dying: None, count: int
) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, count)
    await world.turn_to("2026-11-24 10:59")
    with death():
        await reminders.look(at(world, "2026-11-24 11:01"))
    await leases_run_out(world)

    await world.turn_to("2026-11-24 11:05")

    _, again = await cards_of(world)
    assert again["title"].startswith("【提醒】")
    await tap(world, again)
    assert {task.state for task in await tasks_of(world, contacts)} == {"已完成"}


async def test_a_foreign_tap_answers_for_nobody(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, 2)
    await world.turn_to("2026-11-24 09:01")
    (card,) = await cards_of(world)

    await tap(world, card, staff="limin")

    assert all(task.open for task in await tasks_of(world, contacts))
    (told,) = await texts_of(world, "limin")
    assert told.endswith("这个任务属于 张丽")


@pytest.mark.parametrize("chance", [0.3, 0.6, 1.0])
async def test_whoever_dies_while_giving_or_taking_a_shared_card_loses_and_doubles_nothing(
    world: World, dying: None, chance: float
) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, 3)
    await world.turn_to("2026-11-24 08:59")
    arm(f"kill={chance},freeze=0,seconds=0")
    with suppress(Died):
        await giving.look(at(world, MORNING))
    arm("kill=0,freeze=0,seconds=0")
    await leases_run_out(world)

    await world.turn_to("2026-11-24 09:05")

    (card,) = await cards_of(world)
    assert card["title"].startswith("和 3 位客户")
    await tap(world, card)
    assert {task.state for task in await tasks_of(world, contacts)} == {"已完成"}


async def test_a_tap_half_taken_is_taken_to_the_end_by_the_next(
    world: World, dying: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The callback stays in the inbox until its handler is through."""
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, 3)
    await world.turn_to("2026-11-24 09:01")
    (card,) = await cards_of(world)
    points = iter([False, True])  # the second task's point

    def dies_once(name: str) -> None:
        if name == "tapping.between" and next(points, False):
            raise RuntimeError("the process is gone")

    monkeypatch.setattr(tapping, "crash_point", dies_once)
    await tap(world, card)
    half = [task.state for task in await tasks_of(world, contacts)]
    await world.later(minutes=5)

    assert sorted(half) == ["已完成", "已送达", "已送达"]
    assert {task.state for task in await tasks_of(world, contacts)} == {"已完成"}
    assert "3 位客户已完成" in await shown_on(world, card)
