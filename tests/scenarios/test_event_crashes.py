"""Whoever dies between two writes about an event is followed by one who ends it, once."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.actions import answers, news
from bot.context import Context
from bot.crash import arm
from bot.dispatcher import Dispatcher
from bot.sender import attempt
from bot.sender import customers as customers_calls
from bot.wecom.events import StaffText
from handlers import router
from scheduler import audiences, entries, journeys
from tests.scenarios import test_answers as filling
from tests.scenarios import test_facts as facts
from tests.scenarios.test_audiences import DAILY, begun, customers
from tests.scenarios.test_sop_steps import an_sop, publish, said, say
from tests.world import World, moment


class Died(BaseException):
    """What SIGKILL looks like from inside one test."""


@pytest.fixture(autouse=True)
def _dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def die(*_: int) -> None:
        raise Died

    monkeypatch.setattr(os, "kill", die)
    yield
    arm("kill=0,freeze=0,seconds=0")


async def dies(doing: Callable[[Context], Any], ctx: Context) -> None:
    """The next crash point kills."""
    arm("kill=1,freeze=0,seconds=0")
    with pytest.raises(Died):
        await doing(ctx)
    arm("kill=0,freeze=0,seconds=0")


def at(world: World, local: str) -> Context:
    return replace(world.ctx, now=lambda: moment(local))


async def leases_run_out(world: World) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for name in ("occurrences", "facts", "outbox", "inbox"):
        held = {"lease": {"$exists": True}}
        await world.store.db[name].update_many(held, {"$set": {"lease.until": long_ago}})


# --- 检查人群 ------------------------------------------------------------------------------------


async def test_an_audience_left_half_way_is_gone_through_to_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiences, "_PAGE", 2)
    entry = DAILY + ", 重复进入: 每次都进, 每天最多: 4人"
    await publish(world, an_sop(say("您好"), entry=entry))
    contacts = await customers(world, 5)

    await dies(audiences.look, at(world, "2026-11-23 10:00"))
    left = await begun(world, *contacts)
    await leases_run_out(world)
    await world.turn_to("2026-11-23 10:05")

    assert left == [1, 0, 0, 0, 0]
    assert await begun(world, *contacts) == [1, 1, 1, 1, 0]  # the first counts among the four
    assert len(await said(world)) == 4


async def test_who_was_begun_before_a_death_is_not_begun_again_by_the_same_look(
    world: World,
) -> None:
    await publish(world, an_sop(say("您好"), entry=DAILY + ", 重复进入: 每次都进"))
    (contact,) = await customers(world, 1)
    await dies(audiences.look, at(world, "2026-11-23 10:00"))
    await world.store.db["journeys"].update_one({"subject": contact}, {"$set": {"state": "done"}})

    await leases_run_out(world)
    await world.turn_to("2026-11-23 10:05")

    assert await begun(world, contact) == [1]


# --- 事件开始旅程 --------------------------------------------------------------------------------


async def test_a_fact_whose_finder_died_begins_its_sop_once(world: World) -> None:
    await facts.publish(world, an_sop(say("谢谢"), entry="当: 下单, 重复进入: 每次都进"))
    contact = await world.add_contact()
    await world.post_event(id="o-1", subject=contact, kind="order")
    await world.quiet()
    await drain_inbox(world)
    await dies(entries.look, world.ctx)
    (journey,) = await world.store.journeys.of(contact)
    done = {"$set": {"state": "done"}, "$unset": {"due_at": ""}}
    await world.store.db["journeys"].update_one({"_id": journey.id}, done)

    await leases_run_out(world)
    await world.later(minutes=1)

    assert [one.id for one in await world.store.journeys.of(contact)] == [journey.id]


async def drain_inbox(world: World) -> None:
    """What was posted is handled, and nothing else happens."""
    while await Dispatcher(world.ctx, router, "normal").work():
        pass


async def test_a_stage_whose_finder_died_before_telling_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = "当: 阶段变化, 体系: 母婴KOC, 到达: 活跃"
    await facts.publish(world, an_sop(say("活跃了"), entry=entry))
    contact = await world.add_contact()
    tell = news.tell_contact

    async def dead(*_: Any) -> None:
        raise RuntimeError("died before telling")

    monkeypatch.setattr(news, "tell_contact", dead)
    await facts.post(world, contact, "stage", system="母婴KOC", stage="活跃")
    silent = await said(world)
    monkeypatch.setattr(news, "tell_contact", tell)
    await world.later(seconds=10)  # the event is handled again

    assert silent == []
    assert await said(world) == ["活跃了"]


# --- 去标签 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("deaths", [1, 2, 3])
async def test_a_tag_taken_off_is_told_of_whatever_dies_around_the_call(
    world: World, deaths: int
) -> None:
    off = "  - 步骤: 去掉\n    何时: 1小时后\n    去标签: [勿扰]\n"
    heard = an_sop(
        say("没有勿扰了"), name="听", entry="当: 去掉标签, 标签: 勿扰, 重复进入: 每次都进"
    )
    await facts.publish(world, an_sop(off, name="去"), heard)
    contact = await world.add_contact()
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["管理/勿扰"])
    await world.later(minutes=59)
    await world.pass_by(minutes=2)
    await journeys.look(world.ctx)

    await dies_while_calling(world, deaths)
    await leases_run_out(world)
    await world.later(minutes=2)

    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ()
    assert await said(world) == ["没有勿扰了"]
    assert await world.store.contacts.news(contact) == []


async def dies_while_calling(world: World, number: int) -> None:
    """The ``number``-th crash point kills: before the call, behind it, behind our own copy."""
    passed = 0

    def point(_: str) -> None:
        nonlocal passed
        passed += 1
        if passed == number:
            raise Died

    owner, (row,) = await world.store.outbox.claim(world.now, "normal", 9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempt, "crash_point", point)
        patch.setattr(customers_calls, "crash_point", point)
        with pytest.raises(Died):
            await attempt.attempt(world.ctx, owner, row)


# --- 填写 ----------------------------------------------------------------------------------------


async def test_an_answer_kept_before_a_death_ends_its_task_and_fills_no_other(
    world: World,
) -> None:
    await publish(world, an_sop(filling.asking(filling.NUMBER)))
    first = await world.add_contact(name="小雨妈妈")
    second = await world.add_contact(name="乐乐妈妈")
    text = StaffText.model_validate(
        {
            "from_user": "zhangli",
            "content": "SF1",
            "msg_id": "m-1",
            "at": world.now,
            "to_user": "ww",
            "agent_id": "1",
        }
    )

    await dies(lambda ctx: answers.take(ctx, text), world.ctx)
    half = await filling.the_task(world, first)
    reply = await answers.take(world.ctx, text)

    assert half.open
    task = await filling.the_task(world, first)
    assert (task.state, task.evidence) == ("已完成", "self_reported")
    assert (await filling.the_task(world, second)).proofs == {}
    assert reply == (
        "已记到任务“给小雨妈妈寄小样”：快递单号 SF1\n"
        "还有 1 项在等你回复，下一条会记到“给乐乐妈妈寄小样”：快递单号"
    )
