"""Every call in the outbox is made once, whatever happens to the call or to us."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Journey, Outgoing, Task
from bot.sender import Sender
from bot.sender.attempt import attempt
from bot.sender.hand import Hand, OutOfTime
from bot.wecom import bodies, cards
from bot.wecom.client import TIMEOUT_SECONDS
from tests.world import World, open_world

AGENT = 1000002
SOP = """
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 回访
    何时: 第9天 10:00
    发给客户: {文案: 用得还好吗, 由: 跟进人}
"""
SEND = "message/send"
MARK = "externalcontact/mark_tag"
WELCOME = "externalcontact/send_welcome_msg"


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        await world.sim.limits(hang_seconds=0.3)
        yield world


def card(world: World, name: str = "t1", staff: str = "zhangli", **more: Any) -> Outgoing:
    id = f"card:{name}:1"
    body = cards.task_card(
        card=cards.card_id(id), title="回访", buttons=[cards.Button(key="a", text="好")]
    )
    row = Outgoing(
        id=id,
        kind="card",
        body=cards.to_staff(AGENT, [staff], body),
        staff=staff,
        about=name,
        due_at=world.now,
    )
    return replace(row, **more)


def text(world: World, name: str = "x1", words: str = "你好") -> Outgoing:
    body = cards.text(AGENT, ["zhangli"], words)
    return Outgoing(id=name, kind="text", body=body, staff="zhangli", due_at=world.now)


def tag(world: World, contact: str, name: str = "e1", **change: list[str]) -> Outgoing:
    body = {"userid": "zhangli", "external_userid": contact, "add": [], "remove": [], **change}
    return Outgoing(id=name, kind="tag", body=body, subject=contact, due_at=world.now)


async def outcome(world: World, id: str) -> tuple[str, str]:
    row = await world.store.outbox.get(id)
    assert row
    return row.state, row.error


@pytest.mark.parametrize("fault", ["executed_then_timeout", "executed_then_cut", "cut", "5xx"])
async def test_a_lost_answer_makes_no_second_card(world: World, fault: str) -> None:
    await world.sim.fault(SEND, fault, times=1)
    await world.store.outbox.put([card(world)])
    await world.later(minutes=5)

    assert len((await world.ledger())["cards"]) == 1
    assert await outcome(world, "card:t1:1") == ("sent", "")


@pytest.mark.parametrize("fault", ["executed_then_timeout", "executed_then_cut", "cut", "5xx"])
async def test_a_lost_answer_makes_no_second_text(world: World, fault: str) -> None:
    await world.sim.fault(SEND, fault, times=1)
    await world.store.outbox.put([text(world)])
    await world.later(minutes=5)

    assert len((await world.ledger())["texts"]) == 1
    assert await outcome(world, "x1") == ("sent", "")


async def test_two_texts_that_say_the_same_both_arrive(world: World) -> None:
    await world.store.outbox.put([text(world, "x1"), text(world, "x2")])
    await world.settle()

    assert len((await world.ledger())["texts"]) == 2


async def test_messages_to_one_person_arrive_in_their_order(world: World) -> None:
    rows = [text(world, f"x{number:02}", f"第{number}段") for number in range(20)]
    await world.store.outbox.put(reversed(rows))
    await world.settle()

    told = [row["content"] for row in (await world.ledger())["texts"]]
    assert told == [f"第{number}段" for number in range(20)]


async def test_a_text_whose_fate_nobody_can_find_out_any_more_is_shown(world: World) -> None:
    row = text(world)
    await world.store.outbox.put(
        [replace(row, state="sending", attempt_at=world.now - timedelta(hours=1))]
    )
    await world.settle()

    state, error = await outcome(world, "x1")
    assert state == "unknown"
    assert "发送结果不明" in error
    assert (await world.ledger())["texts"] == []


async def test_a_card_says_in_the_log_that_it_left(world: World) -> None:
    await world.store.outbox.put([card(world)])
    await world.settle()

    told = [row["what"] for row in await world.store.log.of("t1")]
    assert told == ["任务卡片已发出（zhangli）"]


@pytest.mark.parametrize("fault", ["-1", "45009", "token_void", "42001", "6000", "45033"])
async def test_trouble_on_the_way_only_delays(world: World, fault: str) -> None:
    await world.sim.fault(SEND, fault, times=1)
    await world.store.outbox.put([card(world)])
    await world.later(minutes=10)

    assert len((await world.ledger())["cards"]) == 1
    assert await outcome(world, "card:t1:1") == ("sent", "")


async def test_a_refusal_is_final_and_says_why_in_chinese(world: World) -> None:
    await world.store.outbox.put([card(world, staff="nobody")])
    await world.later(hours=1)

    assert await outcome(world, "card:t1:1") == ("failed", "成员不存在或不在应用的可见范围内")
    assert (await world.ledger())["calls"][SEND] == 1


async def test_trouble_that_does_not_end_is_given_up_with_a_reason(world: World) -> None:
    await world.sim.fault(SEND, "-1")
    await world.store.outbox.put([card(world)])
    await world.later(hours=8)

    state, error = await outcome(world, "card:t1:1")
    assert state == "failed"
    assert error.startswith("企业微信一直繁忙")


async def test_nothing_is_sent_after_its_time(world: World) -> None:
    await world.store.outbox.put([card(world, expires_at=world.now)])
    await world.settle()

    assert await outcome(world, "card:t1:1") == ("expired", "时效已过")


async def test_two_senders_send_each_row_once(world: World) -> None:
    rows = [card(world, f"t{number}", "zhangli" if number % 2 else "limin") for number in range(50)]
    await world.store.outbox.put(rows)
    senders = [Sender(world.ctx, "normal") for _ in range(2)]

    async def all_work(sender: Sender) -> None:
        while await sender.work():
            pass

    await asyncio.gather(*map(all_work, senders))

    ledger = await world.ledger()
    assert len({row["task_id"] for row in ledger["cards"]}) == 50
    assert ledger["calls"][SEND] == 50
    assert ledger["dropped"] == []


async def test_nobody_gets_more_cards_in_a_minute_than_wecom_lets_through(world: World) -> None:
    await world.store.outbox.put([card(world, f"t{number}") for number in range(70)])
    await world.later(minutes=5)

    ledger = await world.ledger()
    assert len(ledger["cards"]) == 70
    assert ledger["dropped"] == []


async def test_a_sender_that_slept_past_its_lease_sends_nothing(world: World) -> None:
    await world.store.outbox.put([card(world)])
    sleeper, (row,) = await world.store.outbox.claim(world.now, "normal", 10)
    await _lease_runs_out(world)
    while await Sender(world.ctx, "normal").work():
        pass
    calls = (await world.ledger())["calls"][SEND]

    await attempt(world.ctx, sleeper, row)
    assert (await world.ledger())["calls"][SEND] == calls == 1
    assert await outcome(world, "card:t1:1") == ("sent", "")


async def test_no_call_begins_that_could_outlive_its_lease(world: World) -> None:
    row = card(world)
    hand = Hand(world.ctx, "me", row, deadline=time.monotonic() + TIMEOUT_SECONDS - 0.1)

    with pytest.raises(OutOfTime):
        await hand.call(SEND, row.body)
    assert SEND not in (await world.ledger())["calls"]


async def test_a_row_left_behind_while_sending_is_looked_into(world: World) -> None:
    """We died after the call and before its record: the same task_id comes back as sent."""
    row = card(world)
    await world.ctx.wecom.call(SEND, row.body)
    await world.store.outbox.put([row])
    dead, (row,) = await world.store.outbox.claim(world.now, "normal", 10)
    assert await world.store.outbox.start(dead, row, world.now)
    assert not await Sender(world.ctx, "normal").work()

    await _lease_runs_out(world)
    await world.settle()
    assert len((await world.ledger())["cards"]) == 1
    assert await outcome(world, "card:t1:1") == ("sent", "")


async def _lease_runs_out(world: World) -> None:
    await world.store.db["outbox"].update_many(
        {}, {"$set": {"lease.until": datetime.fromisoformat("2020-01-01T00:00:00+00:00")}}
    )


# ---- what is not wanted any more ----------------------------------------------------------------


async def keep_task(world: World, *, journey_state: str = "active", is_open: bool = True) -> None:
    journey = Journey(
        id="关怀:wmA:1",
        sop="关怀",
        subject="wmA",
        entered_at=world.now,
        step_at=world.now,
        state="active" if journey_state == "active" else "done",
        exit_reason="" if journey_state == "active" else "退出：下单",
    )
    await world.store.journeys.begin(journey)
    task = Task(
        id="t1",
        journey=journey.id,
        sop="关怀",
        step="回访",
        subject="wmA",
        staff="zhangli",
        title="回访",
        created_at=world.now,
        open=is_open,
    )
    await world.store.tasks.put([task])
    await world.store.outbox.put([card(world)])


async def test_a_card_of_a_journey_that_was_left_is_not_sent(world: World) -> None:
    await world.publish({"sop.yaml": SOP})
    await keep_task(world, journey_state="done")
    await world.settle()

    assert await outcome(world, "card:t1:1") == ("suppressed", "已退出")


async def test_a_card_of_a_paused_sop_is_not_sent(world: World) -> None:
    await world.publish({"sop.yaml": SOP.replace("启用", "暂停")})
    await keep_task(world)
    await world.settle()

    assert await outcome(world, "card:t1:1") == ("suppressed", "已暂停")


async def test_a_card_that_arrived_gives_its_task_to_the_worker(world: World) -> None:
    await world.publish({"sop.yaml": SOP})
    await world.sim.fault(SEND, "executed_then_cut", times=1)
    await keep_task(world)
    await world.later(minutes=1)

    task = await world.store.tasks.get("t1")
    assert task
    assert task.state == "已送达"


# ---- welcome ------------------------------------------------------------------------------------


def welcome(world: World, code: str) -> Outgoing:
    return Outgoing(
        id=f"welcome:{code}",
        kind="welcome",
        lane="urgent",
        body={"welcome_code": code, "message": {"text": "欢迎", "attachments": []}},
        due_at=world.now,
        expires_at=world.now + timedelta(seconds=20),
    )


async def test_a_welcome_whose_answer_was_lost_is_never_sent_again(world: World) -> None:
    await world.sim.fault(WELCOME, "cut", times=1)
    await world.store.outbox.put([welcome(world, "code")])
    await world.later(minutes=1)

    state, error = await outcome(world, "welcome:code")
    assert state == "unknown"
    assert "不再重发" in error
    assert (await world.ledger())["calls"][WELCOME] == 1


async def test_a_spent_welcome_code_is_recorded(world: World) -> None:
    await world.store.outbox.put([welcome(world, "code")])
    await world.settle()

    assert await outcome(world, "welcome:code") == (
        "failed",
        "欢迎语凭证无效或已过期（20 秒内有效）",
    )


async def test_a_call_that_hangs_holds_up_no_welcome(world: World) -> None:
    await world.sim.limits(hang_seconds=4)
    await world.sim.fault(WELCOME, "hang", times=1)
    urgent = Sender(world.ctx, "urgent")
    await world.store.outbox.put([welcome(world, "slow")])
    await urgent.work()

    await world.store.outbox.put([welcome(world, "quick")])
    started = time.monotonic()
    while (await outcome(world, "welcome:quick"))[0] == "ready":
        await urgent.work()
    assert time.monotonic() - started < 2
    assert (await outcome(world, "welcome:slow"))[0] == "sending"
    await urgent.finish()


# ---- tags, join ways, ticks ---------------------------------------------------------------------


async def test_a_tag_wecom_lacks_is_made_and_the_news_is_told(world: World) -> None:
    contact = await world.add_contact("zhangli")
    await world.store.outbox.put([tag(world, contact, add=["宝宝月龄/0-6月龄"])])
    await world.settle()

    (row,) = (await world.ledger())["tags"]
    assert (row["external_userid"], row["by"]) == (contact, "api")
    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ("宝宝月龄/0-6月龄",)
    facts = await world.store.facts.about([f"标签组:{contact}:宝宝月龄"], world.now)
    assert len(facts) == 1


async def test_a_lost_answer_tells_the_news_of_a_tag_once(world: World) -> None:
    contact = await world.add_contact("zhangli")
    since = world.now
    await world.sim.fault(MARK, "executed_then_cut", times=1)
    await world.store.outbox.put([tag(world, contact, add=["来源/门店"])])
    await world.later(minutes=1)

    assert len(await world.store.facts.about([f"标签:{contact}:来源/门店"], since)) == 1
    assert await outcome(world, "e1") == ("sent", "")


async def test_tags_of_one_customer_are_changed_one_at_a_time(world: World) -> None:
    """WeCom answers 45035 to two changes of the same customer at once."""
    contact = await world.add_contact("zhangli")
    await world.sim.limits(exclusive_seconds=0.05)
    rows = [tag(world, contact, f"e{n}", add=[f"兴趣/第{n}种"]) for n in range(10)]
    await world.store.outbox.put(rows)
    senders = [Sender(world.ctx, "normal") for _ in range(2)]
    await asyncio.gather(*(sender.work() for sender in senders))
    await world.later(minutes=1)

    ledger = await world.ledger()
    assert ledger["errors"].get("45035", 0) == 0
    assert len({row["tag"] for row in ledger["tags"]}) == 10


async def test_a_tag_deleted_in_wecom_is_looked_up_again(world: World) -> None:
    contact = await world.add_contact("zhangli")
    await world.store.outbox.put([tag(world, contact, "e1", add=["来源/门店"])])
    await world.settle()
    await world.sim.fault(MARK, "40068", times=1)
    await world.store.outbox.put([tag(world, contact, "e2", add=["来源/门店"])])
    await world.later(minutes=1)

    assert await outcome(world, "e2") == ("sent", "")


async def test_a_join_way_is_made_once_when_we_die_half_way(world: World) -> None:
    chat = await world.create_group("新手妈妈1群")
    body = bodies.add_join_way([chat], "seat")
    row = Outgoing(id=f"join_way:{chat}", kind="join_way", body=body, about=chat, due_at=world.now)
    await world.sim.fault("externalcontact/groupchat/get_join_way", "-1", times=1)
    await world.store.outbox.put([row])
    await world.later(minutes=1)

    group = await world.store.groups.get(chat)
    assert group
    assert group.join_way["qr_code"].startswith("http")
    assert group.join_way["state"] == "seat"
    assert (await world.ledger())["calls"]["externalcontact/groupchat/add_join_way"] == 1


async def test_a_tick_spent_by_the_lost_attempt_counts_as_made(world: World) -> None:
    answer = await world.ctx.wecom.call(SEND, card(world).body)
    body = cards.buttons_replaced(AGENT, ["zhangli"], answer["response_code"], "已完成")
    row = Outgoing(id="tick:1", kind="tick", lane="urgent", body=body, due_at=world.now)
    await world.sim.fault("message/update_template_card", "executed_then_cut", times=1)
    await world.store.outbox.put([row])
    await world.later(minutes=1)
    assert await outcome(world, "tick:1") == ("sent", "")

    await world.store.outbox.put([replace(row, id="tick:2", due_at=world.now)])
    await world.settle()
    assert await outcome(world, "tick:2") == ("failed", "卡片凭证已失效")
