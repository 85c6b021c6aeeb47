"""Tasks an admin gives to others when a process dies half-way: each is given once, told once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from bot import work
from bot.actions.arranging import BY_HAND, MANAGER, Moved, assign, reassign
from bot.crash import arm
from bot.model import Task
from bot.store.task_lists import Wanted
from console.task_list import as_args
from tests.scenarios.test_task_crashes import Died
from tests.scenarios.test_tasks import BUTTON, asking, cards_of, open_shop, shown_on, tap
from tests.world import World


@contextmanager
def death_at(nth: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process dies at the ``nth`` crash point it comes to."""
    passed = 0

    def die(*_: int) -> None:
        nonlocal passed
        passed += 1
        if passed == nth:
            raise Died

    monkeypatch.setattr(os, "kill", die)
    arm("kill=1,freeze=0,seconds=0")
    with pytest.raises(Died):
        yield
    arm("kill=0,freeze=0,seconds=0")


async def two_for_zhangli(world: World) -> list[Task]:
    """Two customers, one card."""
    await open_shop(world, asking(BUTTON))
    await world.turn_to("2026-11-23 21:00")
    for name in "甲乙":
        await world.add_contact("zhangli", name=name)
    await world.turn_to("2026-11-24 09:05")
    return await world.store.tasks.open_of("zhangli")


async def leases_run_out(world: World) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    held = {"lease": {"$exists": True}}
    await world.store.db["work"].update_many(held, {"$set": {"lease.until": long_ago}})


async def test_the_card_is_put_before_the_tasks_move_and_only_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = await two_for_zhangli(world)
    assert len(given) == 2
    (before,) = await cards_of(world, "zhangli")

    with death_at(1, monkeypatch):
        await reassign(world.ctx, given, "limin")
    again = await reassign(world.ctx, await world.store.tasks.open_of("zhangli"), "limin")
    await world.settle()

    assert again == Moved(moved=2)
    (card,) = await cards_of(world, "limin")
    assert len(await world.store.tasks.open_of("limin")) == 2
    assert await world.store.tasks.open_of("zhangli") == []
    assert await shown_on(world, before) == "已转派给 李敏"
    await tap(world, card, staff="limin")
    assert {(await world.store.tasks.get(task.id)).done_by for task in given} == {"limin"}  # type: ignore[union-attr]


async def test_a_list_begun_again_gives_each_task_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_for_zhangli(world)
    args = {**as_args(Wanted()), "to": "limin"}
    id = await work.begin(world.ctx, "reassign", args, "wangfang")

    with death_at(2, monkeypatch):  # the first is where the work was claimed
        await work.do_next(world.ctx)
    await leases_run_out(world)
    await world.settle()

    done = await world.store.work.get(id)
    assert done
    assert (done.state, done.says) == ("完成", "改派了 2 项。")
    assert len(await cards_of(world, "limin")) == 1
    assert len(await world.store.tasks.open_of("limin")) == 2


async def test_who_left_meanwhile_gets_nothing(world: World) -> None:
    given = await two_for_zhangli(world)
    args = {**as_args(Wanted()), "to": "limin"}
    await world.sim.act("staff_leaves", staff="limin")
    await world.settle()

    id = await work.begin(world.ctx, "reassign", args, "wangfang")
    await world.settle()

    done = await world.store.work.get(id)
    assert done
    assert (done.state, "已不在职" in done.says) == ("失败", True)
    assert len(await world.store.tasks.open_of("zhangli")) == len(given)


async def test_what_was_said_to_be_done_stays_where_it_is(world: World) -> None:
    both = "[按钮: 已问到, 客户被打上标签组: 宝宝月龄]"
    await open_shop(world, asking(both))
    await world.add_contact("zhangli", name="甲")
    (card,) = await cards_of(world)
    await tap(world, card)
    (task,) = await world.store.tasks.open_of("zhangli")

    done = await reassign(world.ctx, [task], MANAGER)

    assert (task.evidence, done) == ("acknowledged", Moved(over=1))
    assert [one.staff for one in await world.store.tasks.about(task.subject)] == ["zhangli"]


async def test_one_wish_is_one_task(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    wish = {"wish": "w" * 20, "contact": "wm1", "to": "limin", "title": "回电话", "note": ""}

    for _ in range(2):
        await assign(world.ctx, **wish, limit="2小时", by="王芳")
    await world.settle()

    (task,) = await world.store.tasks.about("wm1")
    assert (task.sop, task.note, task.staff) == (BY_HAND, "王芳 安排", "limin")
    assert len(await cards_of(world, "limin")) == 1
