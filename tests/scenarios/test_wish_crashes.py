"""Whoever dies half-way through a hand-over, a reason or a choice leaves nothing half done."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from bot.actions import colleagues, excuses, handing
from scheduler import reminders
from tests.scenarios.test_menu import CANNOT, PASS, a_task, choose, write
from tests.scenarios.test_task_crashes import Died, at, leases_run_out
from tests.scenarios.test_tasks import cards_of, tap, texts_of, the_task
from tests.world import World


def dies_once(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, error: Callable[..., Any]
) -> None:
    """The next crash point of ``module`` raises; those after it do not."""
    left = [error]

    def point(_: str) -> None:
        if left:
            raise left.pop()()

    monkeypatch.setattr(module, "crash_point", point)


async def test_a_hand_over_half_done_is_done_by_the_next_with_the_same_card(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, _ = await a_task(world)
    await world.store.staff.left("zhangli")
    await world.store.tasks.wake_of_staff("zhangli", world.now)
    dies_once(monkeypatch, handing, Died)
    with pytest.raises(Died):
        await reminders.look(at(world, "2026-11-23 09:05"))
    half = await the_task(world, contact)
    await leases_run_out(world)

    await world.later(minutes=10)

    assert half.staff == "zhangli"
    assert (await the_task(world, contact)).staff == "wangfang"
    (card,) = await cards_of(world, "wangfang")
    await tap(world, card, staff="wangfang")
    assert (await the_task(world, contact)).done_by == "wangfang"


async def test_a_reason_kept_but_not_acted_on_is_acted_on_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, card = await a_task(world)
    await choose(world, card, CANNOT)
    dies_once(monkeypatch, excuses, lambda: RuntimeError("the process is gone"))

    await write(world, "客户电话停机")
    half = await the_task(world, contact)
    await world.later(minutes=5)

    assert (half.cannot, half.open) == ("客户电话停机", True)
    task = await the_task(world, contact)
    assert (task.state, task.open) == ("已取消", False)
    assert len(await texts_of(world, "wangfang")) == 1


async def test_a_choice_noted_but_not_put_is_put_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, card = await a_task(world)
    dies_once(monkeypatch, colleagues, lambda: RuntimeError("the process is gone"))

    await choose(world, card, PASS)
    await world.later(minutes=5)

    (choice,) = await cards_of(world, "wangfang")
    key = "qunce:give:wangfang:zhangli"
    await tap(world, choice, key, "wangfang", options={"to": ["limin"]})
    assert (await the_task(world, contact)).staff == "limin"
