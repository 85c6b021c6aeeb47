"""A call made once more by hand is never made twice: whoever clicks, however often, whenever."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.actions.again import again
from bot.store.outbox_list import KINDS, OutboxList
from tests.bot.test_sender import SEND, SOP, card, keep_task, outcome, tag, text, welcome
from tests.world import World, open_world


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        await world.sim.limits(hang_seconds=0.3)
        yield world


async def refused(world: World) -> None:
    """A text that WeCom would not take, and would take by now."""
    await world.sim.fault(SEND, "60020", times=1)
    await world.store.outbox.put([text(world)])
    await world.settle()
    assert (await outcome(world, "x1"))[0] == "failed"


async def test_what_was_refused_is_sent_when_the_cause_is_mended(world: World) -> None:
    await refused(world)

    made = await again(world.ctx, ["x1"])
    await world.later(minutes=1)

    assert (made.count, dict(made.kept)) == (1, {})
    assert await outcome(world, "x1") == ("sent", "")
    assert len((await world.ledger())["texts"]) == 1


async def test_asked_twice_it_is_sent_once(world: World) -> None:
    await refused(world)

    first, second = await again(world.ctx, ["x1"]), await again(world.ctx, ["x1"])
    await world.later(minutes=1)
    third = await again(world.ctx, ["x1"])
    await world.later(minutes=1)

    assert (first.count, second.count, third.count) == (1, 0, 0)
    assert len((await world.ledger())["texts"]) == 1


async def test_two_people_who_click_in_the_same_moment_are_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refused(world)
    begin_again = OutboxList.begin_again

    async def overtaken(self: OutboxList, *what: object, **how: object) -> bool:
        monkeypatch.undo()
        assert (await again(world.ctx, ["x1"])).count == 1
        await world.settle()
        return await begin_again(self, *what, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(OutboxList, "begin_again", overtaken)
    late = await again(world.ctx, ["x1"])
    await world.later(minutes=1)

    assert late.count == 0
    assert len((await world.ledger())["texts"]) == 1


async def test_a_card_that_may_have_arrived_arrives_once(world: World) -> None:
    await world.publish({"sop.yaml": SOP})
    await world.sim.fault(SEND, "executed_then_cut", times=10)
    await keep_task(world)
    await world.later(hours=9)
    assert (await outcome(world, "card:t1:1"))[0] == "unknown"

    await again(world.ctx, ["card:t1:1"])
    await world.later(minutes=1)

    assert len((await world.ledger())["cards"]) == 1
    assert (await outcome(world, "card:t1:1"))[0] == "sent"


@pytest.mark.parametrize("fault", ["executed_then_cut", "cut"])
async def test_a_text_that_may_have_arrived_is_not_sent_a_day_later(
    world: World, fault: str
) -> None:
    """Refused in the end, so it counts as failed; but once its answer had been lost."""
    await world.sim.fault(SEND, fault, times=1)
    await world.store.outbox.put([text(world)])
    await world.settle()
    await world.sim.fault(SEND, "60020", times=1)
    await world.later(minutes=1)
    assert (await outcome(world, "x1"))[0] == "failed"
    await world.later(hours=24)
    before = len((await world.ledger())["texts"])

    made = await again(world.ctx, ["x1"])
    await world.later(minutes=1)

    assert made.count == 1
    assert (await outcome(world, "x1"))[0] == "unknown"
    assert len((await world.ledger())["texts"]) == before


async def test_a_card_whose_task_is_over_stays_where_it_is(world: World) -> None:
    await world.publish({"sop.yaml": SOP})
    await world.sim.fault(SEND, "60020", times=1)
    await keep_task(world)
    await world.settle()
    await world.store.db["tasks"].update_one({"_id": "t1"}, {"$set": {"open": False}})

    made = await again(world.ctx, ["card:t1:1"])
    await world.later(minutes=1)

    assert (made.count, dict(made.kept)) == (0, {"card:t1:1": "任务已结束"})
    assert (await world.ledger())["cards"] == []


async def test_a_welcome_is_not_sent_again(world: World) -> None:
    await world.store.outbox.put([welcome(world, "code")])
    await world.later(minutes=1)

    made = await again(world.ctx, ["welcome:code"])

    assert made.count == 0
    assert "20 秒内" in made.kept["welcome:code"]


async def test_what_went_well_is_left_alone(world: World) -> None:
    await world.store.outbox.put([text(world)])
    await world.settle()

    made = await again(world.ctx, ["x1", "nothing"])

    assert (made.count, list(made.kept)) == (0, ["x1"])
    assert len((await world.ledger())["texts"]) == 1


async def test_one_of_two_changes_of_a_customer_waits_for_the_other(world: World) -> None:
    contact = await world.add_contact()
    one = replace(tag(world, contact, "e1", add=["管理/勿扰"]), state="unknown", due_at=None)
    other = replace(tag(world, contact, "e2", add=["管理/勿扰"]), state="sending", due_at=None)
    await world.store.outbox.put([one, other])

    made = await again(world.ctx, ["e1"])

    assert made.count == 0
    assert "同一客户" in made.kept["e1"]


async def test_dying_between_two_of_many_loses_neither(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is asked once more, after a crash, goes on with those that were not begun."""
    await world.sim.fault(SEND, "60020", times=2)
    await world.store.outbox.put([text(world, "x1", "一"), text(world, "x2", "二")])
    await world.settle()
    points = iter([None, RuntimeError("died")])

    def dying(name: str) -> None:
        if error := next(points, None):
            raise error

    monkeypatch.setattr("bot.actions.again.crash_point", dying)
    with pytest.raises(RuntimeError, match="died"):
        await again(world.ctx, ["x1", "x2"])
    await world.later(minutes=1)
    await again(world.ctx, ["x1", "x2"])
    await world.later(minutes=1)

    assert sorted(row["content"] for row in (await world.ledger())["texts"]) == ["一", "二"]


async def test_every_kind_of_call_says_whether_it_can_be_repeated(world: World) -> None:
    rows = [
        replace(
            card(world, kind),
            id=kind,
            kind=kind,
            body={"external_userid": "wm1"},
            state="failed",
            due_at=None,
        )
        for kind in KINDS
    ]
    await world.store.outbox.put(rows)

    made = await again(world.ctx, KINDS)

    assert made.count + len(made.kept) == len(KINDS)
    assert set(KINDS) - set(made.kept) == {"card", "text", "tag", "remark", "join_way"}
