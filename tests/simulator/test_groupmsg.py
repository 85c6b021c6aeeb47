"""企业群发: nothing reaches a customer before staff confirm it."""

from typing import Any

import pytest

from tests.simulator.client import Refused, Sim

PATH = "externalcontact/"


async def create(sim: Sim, targets: list[str], **more: Any) -> str:
    body = {"sender": "zhangli", "external_userid": targets, "text": {"content": "育儿测评"}}
    return str((await sim.call(PATH + "add_msg_template", {**body, **more}))["msgid"])


async def results(sim: Sim, msgid: str) -> list[int]:
    body = {"msgid": msgid, "userid": "zhangli"}
    answer = await sim.call(PATH + "get_groupmsg_send_result", body)
    return [row["status"] for row in answer["send_list"]]


async def code_of(sim: Sim, path: str, body: dict[str, Any]) -> int:
    with pytest.raises(Refused) as refusal:
        await sim.call(PATH + path, body)
    return int(refusal.value.code)


async def friends(sim: Sim, count: int) -> list[str]:
    return [
        (await sim.act("add_contact", staff="zhangli", name=f"客户{n}"))["external_userid"]
        for n in range(count)
    ]


async def test_only_a_confirmed_message_is_delivered(sim: Sim) -> None:
    await sim.setup()
    first, second = await friends(sim, 2)
    msgid = await create(sim, [first, second])
    task = (await sim.call(PATH + "get_groupmsg_task", {"msgid": msgid}))["task_list"]
    assert task == [{"userid": "zhangli", "status": 0}]
    assert await results(sim, msgid) == [0, 0]
    assert (await sim.ledger())["delivered"] == []

    await sim.act("delete_by_customer", staff="zhangli", contact=second)
    assert (await sim.act("confirm", staff="zhangli", msgid=msgid))["confirmed"]
    assert not (await sim.act("confirm", staff="zhangli", msgid=msgid))["confirmed"]
    assert await results(sim, msgid) == [1, 2]
    books = await sim.ledger()
    assert [row["external_userid"] for row in books["delivered"]] == [first]
    assert books["delivered"][0]["content_hash"] == books["mass"][0]["content_hash"]


async def test_a_customer_receives_as_many_a_month_as_it_has_days(sim: Sim) -> None:
    await sim.setup(limits={"monthly_cap": 2})
    (customer,) = await friends(sim, 1)
    statuses = []
    for _ in range(3):
        msgid = await create(sim, [customer])
        await sim.act("confirm", staff="zhangli", msgid=msgid)
        statuses += await results(sim, msgid)
    await sim.clock("2026-12-01T00:00:00+08:00")
    msgid = await create(sim, [customer])
    await sim.act("confirm", staff="zhangli", msgid=msgid)

    assert [*statuses, *await results(sim, msgid)] == [1, 1, 3, 1]
    assert [row["status"] for row in (await sim.ledger())["undelivered"]] == [3]


async def test_a_cancelled_message_stays_unsent(sim: Sim) -> None:
    await sim.setup()
    msgid = await create(sim, await friends(sim, 1))
    await sim.call(PATH + "cancel_groupmsg_send", {"msgid": msgid})

    assert not (await sim.act("confirm", staff="zhangli", msgid=msgid))["confirmed"]
    assert await code_of(sim, "cancel_groupmsg_send", {"msgid": msgid}) == 41093
    assert await code_of(sim, "remind_groupmsg_send", {"msgid": msgid}) == 41093


async def test_staff_can_be_reminded_three_times_a_day(sim: Sim) -> None:
    await sim.setup()
    msgid = await create(sim, await friends(sim, 1))
    for _ in range(3):
        await sim.call(PATH + "remind_groupmsg_send", {"msgid": msgid})
    assert await code_of(sim, "remind_groupmsg_send", {"msgid": msgid}) == 41094

    await sim.clock("2026-11-03T08:00:00+08:00")
    await sim.call(PATH + "remind_groupmsg_send", {"msgid": msgid})


async def test_strangers_stand_in_the_fail_list(sim: Sim) -> None:
    await sim.setup()
    (customer,) = await friends(sim, 1)
    other = (await sim.act("add_contact", staff="limin", name="别人的"))["external_userid"]
    body = {
        "sender": "zhangli",
        "external_userid": [customer, other, "wmnobody"],
        "text": {"content": "您好"},
    }
    answer = await sim.call(PATH + "add_msg_template", body)
    assert answer["fail_list"] == [other, "wmnobody"]

    body["external_userid"] = ["wmnobody"]
    assert await code_of(sim, "add_msg_template", body) == 41048
    with_nothing = {"sender": "zhangli", "external_userid": [customer]}
    assert await code_of(sim, "add_msg_template", with_nothing) == 40063


async def test_a_group_push_goes_to_the_senders_own_groups(sim: Sim) -> None:
    made = await sim.setup()
    chat_id = made["groups"]["0-6月龄1群"]
    body = {"chat_type": "group", "text": {"content": "周三答疑"}}
    chats = {**body, "sender": "zhangli", "chat_id_list": [chat_id]}
    msgid = (await sim.call(PATH + "add_msg_template", chats))["msgid"]
    assert await results(sim, msgid) == []

    await sim.act("confirm", staff="zhangli", msgid=msgid)
    assert await results(sim, msgid) == [1]
    assert (await sim.ledger())["delivered"][0]["chat_id"] == chat_id
    assert await code_of(sim, "add_msg_template", {**chats, "sender": "limin"}) == 41048
    assert await code_of(sim, "add_msg_template", body) == 40063


async def test_the_list_shows_what_was_created_but_not_by_whom(sim: Sim) -> None:
    await sim.setup(limits={"list_lag_seconds": 0.0})
    msgid = await create(sim, await friends(sim, 1))
    now = 1793577600
    window = {"chat_type": "single", "start_time": now - 60, "end_time": now + 60}
    listed = await sim.call(PATH + "get_groupmsg_list_v2", window)
    assert listed["group_msg_list"] == [
        {
            "msgid": msgid,
            "create_time": now,
            "create_type": 0,
            "text": {"content": "育儿测评"},
            "attachments": [],
        }
    ]

    await sim.post("limits", {"list_lag_seconds": 60.0, "dispatch_seconds": 60.0})
    listed = await sim.call(PATH + "get_groupmsg_list_v2", window)
    assert listed["group_msg_list"] == []
    assert await code_of(sim, "get_groupmsg_task", {"msgid": msgid}) == 41063
    too_long = {**window, "start_time": now - 40 * 86400}
    assert await code_of(sim, "get_groupmsg_list_v2", too_long) == 40058
