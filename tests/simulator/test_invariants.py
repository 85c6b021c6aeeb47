"""Every promise of the company is broken on purpose, and the simulator sees it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simulator.client import AES_KEY, Refused, Sim, open_sim

PROMISES = {
    "quiet": {
        "single": ["21:30", "08:30"],
        "group": ["22:00", "08:00"],
        "staff": ["20:00", "09:00"],
    },
    "opted_out": ["管理/勿扰"],
    "caps": [
        {"to": "single", "days": 1, "limit": 1},
        {"to": "single", "days": 7, "limit": 3},
        {"to": "single", "days": 7, "limit": 1, "words": ["专属券"]},
        {"to": "group", "days": 1, "limit": 2},
    ],
    "same_words_days": {"single": 90, "group": 21},
}
TAGS = [{"name": "管理", "tags": ["勿扰"]}]
APP = {"app": {"url": "http://127.0.0.1:9/nobody", "token": "t", "aes_key": AES_KEY}}
MORNING = "2026-11-02T10:00:00+08:00"
CREATE = "externalcontact/add_msg_template"


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """One customer, 张丽's; ten o'clock in the morning, when nobody is asleep."""
    async with open_sim() as sim:
        await sim.setup(promises=PROMISES, tag_groups=TAGS, callbacks=APP)
        await sim.act("add_contact", staff="zhangli", contact="wm1", name="小雨妈妈")
        await sim.clock(MORNING)
        yield sim


async def push(sim: Sim, words: str = "您好", **more: Any) -> str:
    body = {"chat_type": "single", "sender": "zhangli", "text": {"content": words}}
    answer = await sim.call(CREATE, {**body, "external_userid": ["wm1"], **more})
    return str(answer["msgid"])


async def push_to_group(sim: Sim, words: str) -> None:
    chats = list((await sim.get("company"))["groups"].values())
    body = {"chat_type": "group", "sender": "zhangli", "chat_id_list": chats}
    await sim.call(CREATE, {**body, "text": {"content": words}})


async def card(sim: Sim) -> None:
    button = {"text": "完成", "key": "done"}
    shown = {
        "card_type": "button_interaction",
        "task_id": "t1",
        "main_title": {"title": "问月龄"},
        "button_list": [button],
    }
    body = {"touser": "zhangli", "agentid": 1000002, "msgtype": "template_card"}
    await sim.call("message/send", {**body, "template_card": shown})


async def breaches(sim: Sim) -> list[str]:
    rows = (await sim.ledger())["breaches"]
    assert (await sim.next())["breaches"] == len(rows)
    return [row["promise"] for row in rows]


async def test_what_keeps_every_promise_is_no_breach(sim: Sim) -> None:
    await sim.act("confirm", staff="zhangli", msgid=await push(sim))
    await push_to_group(sim, "早上好")
    await card(sim)
    assert await breaches(sim) == []


async def test_a_push_at_night_is_a_breach(sim: Sim) -> None:
    await sim.clock("2026-11-02T21:30:00+08:00")
    await push(sim)
    assert await breaches(sim) == ["in the quiet hours of single"]


async def test_the_end_of_the_quiet_hours_is_not_quiet(sim: Sim) -> None:
    await sim.clock("2026-11-03T08:29:00+08:00")
    await push_to_group(sim, "早上好")
    await push(sim)
    await sim.clock("2026-11-04T08:30:00+08:00")
    await push(sim, "又见面了")
    assert await breaches(sim) == ["in the quiet hours of single"]


async def test_a_group_has_quiet_hours_of_its_own(sim: Sim) -> None:
    await sim.clock("2026-11-02T21:45:00+08:00")
    await push_to_group(sim, "晚上好")
    await sim.clock("2026-11-02T22:00:00+08:00")
    await push_to_group(sim, "晚安")
    assert await breaches(sim) == ["in the quiet hours of group"]


async def test_a_card_in_the_evening_of_staff_is_a_breach(sim: Sim) -> None:
    await sim.clock("2026-11-02T20:00:00+08:00")
    await card(sim)
    assert await breaches(sim) == ["in the quiet hours of staff"]


async def test_a_push_to_who_opted_out_is_a_breach_from_the_next_moment_on(sim: Sim) -> None:
    await sim.act("edit_tags", staff="zhangli", contact="wm1", add=["管理/勿扰"])
    withdrawn = await push(sim)
    await sim.call("externalcontact/cancel_groupmsg_send", {"msgid": withdrawn})
    assert await breaches(sim) == []
    await sim.clock("2026-11-02T10:30:00+08:00")
    await push(sim, "还在吗")
    assert await breaches(sim) == ["a push to somebody tagged 管理/勿扰"]


async def test_a_push_to_who_left_is_a_breach(sim: Sim) -> None:
    await sim.act("add_contact", staff="zhangli", contact="wm2", name="安安妈妈")
    await sim.act("delete_by_customer", staff="zhangli", contact="wm1")
    await sim.clock("2026-11-02T10:30:00+08:00")
    await push(sim, external_userid=["wm1", "wm2"])
    assert await breaches(sim) == ["a push to somebody who left"]


async def test_a_second_push_on_one_day_is_a_breach_though_nobody_confirmed(sim: Sim) -> None:
    await push(sim, "一")
    await push(sim, "二")
    assert await breaches(sim) == ["more than 1 in 1 days"]


async def test_what_was_withdrawn_does_not_count(sim: Sim) -> None:
    msgid = await push(sim, "一")
    await sim.call("externalcontact/cancel_groupmsg_send", {"msgid": msgid})
    await push(sim, "二")
    assert await breaches(sim) == []


async def test_a_late_confirmation_counts_on_its_own_day(sim: Sim) -> None:
    msgid = await push(sim, "一")
    await sim.clock("2026-11-03T10:00:00+08:00")
    await sim.act("confirm", staff="zhangli", msgid=msgid)
    await push(sim, "二")
    assert await breaches(sim) == ["more than 1 in 1 days"]


async def test_a_fourth_push_in_seven_days_is_a_breach(sim: Sim) -> None:
    for day in range(2, 6):
        await sim.clock(f"2026-11-0{day}T12:00:00+08:00")
        await push(sim, f"第{day}天")
    assert await breaches(sim) == ["more than 3 in 7 days"]


async def test_a_second_coupon_in_seven_days_is_a_breach(sim: Sim) -> None:
    await push(sim, "给您一张专属券")
    await sim.clock("2026-11-05T12:00:00+08:00")
    await push(sim, "再给您一张专属券")
    assert await breaches(sim) == ["more than 1 in 7 days"]


async def test_the_same_words_twice_are_a_breach(sim: Sim) -> None:
    await sim.act("confirm", staff="zhangli", msgid=await push(sim, "欢迎"))
    await sim.clock("2026-12-20T12:00:00+08:00")
    await push(sim, "欢迎")
    assert await breaches(sim) == ["the same words twice"]


async def test_a_third_push_to_a_group_on_one_day_is_a_breach(sim: Sim) -> None:
    for words in ("一", "二", "三"):
        await push_to_group(sim, words)
    assert await breaches(sim) == ["more than 2 in 1 days"]


async def test_a_fourth_reminder_is_a_breach(sim: Sim) -> None:
    msgid = await push(sim)
    for _ in range(3):
        await sim.call("externalcontact/remind_groupmsg_send", {"msgid": msgid})
    with pytest.raises(Refused):
        await sim.call("externalcontact/remind_groupmsg_send", {"msgid": msgid})
    assert await breaches(sim) == ["faster than WeCom allows"]


async def test_a_message_wecom_drops_is_a_breach(sim: Sim) -> None:
    await sim.post("limits", {"messages_per_member_minute": 1})
    for words in ("一", "二"):
        body = {"touser": "zhangli", "agentid": 1000002, "msgtype": "text"}
        await sim.call("message/send", {**body, "text": {"content": words}})
    assert await breaches(sim) == ["dropped by WeCom without a word"]


async def test_without_promises_nothing_is_checked(sim: Sim) -> None:
    await sim.setup()
    await sim.act("add_contact", staff="zhangli", contact="wm1")
    await sim.clock("2026-11-02T23:00:00+08:00")
    await push(sim)
    await push(sim)
    assert await breaches(sim) == []
