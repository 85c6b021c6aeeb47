"""The rules of the API that trip bots up."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simulator.client import Refused, Sim, open_sim
from tests.simulator.receiver import Receiver


class MachineClock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def machine() -> MachineClock:
    return MachineClock()


@pytest.fixture
async def timed(machine: MachineClock) -> AsyncIterator[Sim]:
    """A simulator whose machine time the test owns."""
    async with open_sim(machine=machine) as sim:
        yield sim


async def refusal(sim: Sim, path: str, body: dict[str, Any] | None = None, **query: str) -> int:
    with pytest.raises(Refused) as refused:
        await sim.call(path, body, **query)
    return int(refused.value.code)


async def test_a_token_lasts_two_hours_of_machine_time(timed: Sim, machine: MachineClock) -> None:
    await timed.setup()
    first = await timed.token("user/get")
    await timed.clock("2026-11-03T08:00:00+08:00")
    assert (await timed.call("user/get", userid="ZhangLi"))["name"] == "张丽"

    machine.seconds += 7201
    assert await refusal(timed, "user/get", userid="zhangli") == 42001
    fresh = await timed.raw("gettoken", corpid="ww1", corpsecret="agent-secret")
    assert fresh["access_token"] != first
    assert fresh["expires_in"] == 7200


async def test_tokens_and_secrets_are_checked(sim: Sim) -> None:
    await sim.setup()

    assert await refusal(sim, "gettoken", corpid="ww1", corpsecret="wrong") == 40001
    assert await refusal(sim, "gettoken", corpid="ww2", corpsecret="agent-secret") == 40013
    assert await refusal(sim, "user/get", userid="zhangli", access_token="") == 41001
    assert await refusal(sim, "user/get", userid="zhangli", access_token="x") == 40014
    contact = await sim.token("externalcontact/get")
    assert await refusal(sim, "message/send", {}, access_token=contact) == 48002
    again = await sim.raw("gettoken", corpid="ww1", corpsecret="contact-secret")
    assert again["access_token"] == contact


async def test_an_error_looks_like_wecoms(sim: Sim) -> None:
    await sim.setup()
    answer = await sim.raw("user/get", userid="nobody")

    assert answer["errcode"] == 60111
    assert "hint: [" in answer["errmsg"]
    assert "from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e=60111" in answer["errmsg"]  # fmt: skip


async def test_a_welcome_code_works_once_within_twenty_seconds(
    timed: Sim, machine: MachineClock, receiver: Receiver
) -> None:
    await timed.setup(callbacks=receiver.callbacks())
    path, text = "externalcontact/send_welcome_msg", {"content": "欢迎"}
    codes = []
    for name in ("甲", "乙"):
        made = await timed.act("add_contact", staff="zhangli", name=name)
        codes.append(made["welcome_code"])
    rival = await timed.act("add_contact", staff="zhangli", name="丙", rival=True)
    await timed.idle()

    await timed.clock("2026-11-02T12:00:00+08:00")  # business time does not age a code
    machine.seconds += 19
    await timed.call(path, {"welcome_code": codes[0], "text": text})
    again = {"welcome_code": codes[0], "text": text}
    assert await refusal(timed, path, again) == 41051
    taken = {"welcome_code": rival["welcome_code"], "text": text}
    assert await refusal(timed, path, taken) == 41096
    machine.seconds += 2
    late = {"welcome_code": codes[1], "text": text}
    assert await refusal(timed, path, late) == 41050
    unknown = {"welcome_code": "nonsense", "text": text}
    assert await refusal(timed, path, unknown) == 41050
    books = await timed.ledger()
    assert [row["age_seconds"] for row in books["welcomes"]] == [19]
    assert [row["errcode"] for row in books["welcomes_refused"]] == [41051, 41096, 41050, 41050]


async def test_a_half_added_customer_is_not_yet_a_friend(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    made = await sim.act("add_contact", staff="zhangli", half=True)
    who = made["external_userid"]
    assert await refusal(sim, "externalcontact/get", external_userid=who) == 84061

    body = {"welcome_code": made["welcome_code"], "text": {"content": "欢迎"}}
    await sim.call("externalcontact/send_welcome_msg", body)
    await sim.act("confirm_half", staff="zhangli", contact=who)
    await sim.idle()
    assert receiver.fields()["ChangeType"] == "add_external_contact"
    assert "WelcomeCode" not in receiver.fields()
    shown = await sim.call("externalcontact/get", external_userid=who)
    assert shown["follow_user"][0]["userid"] == "zhangli"


async def test_tags_of_one_pair_change_one_call_at_a_time(sim: Sim) -> None:
    made = await sim.setup(limits={"exclusive_seconds": 0.05})
    who = (await sim.act("add_contact", staff="zhangli"))["external_userid"]
    tags = made["tags"]
    pair = {"userid": "zhangli", "external_userid": who}
    path = "externalcontact/mark_tag"
    first, second = await asyncio.gather(
        sim.raw(path, {**pair, "add_tag": [tags["宝宝月龄/孕期"]]}),
        sim.raw(path, {**pair, "add_tag": [tags["宝宝月龄/0-6月龄"]]}),
    )

    assert sorted([first["errcode"], second["errcode"]]) == [0, 45035]
    stranger = {**pair, "userid": "limin", "add_tag": [tags["宝宝月龄/孕期"]]}
    assert await refusal(sim, path, stranger) == 84061
    assert await refusal(sim, path, {**pair, "add_tag": ["nonsense"]}) == 40068


async def test_a_tag_name_is_reused_and_its_group_goes_with_the_last(sim: Sim) -> None:
    await sim.setup(tag_groups=[])
    body = {"group_name": "新客", "tag": [{"name": "满意"}]}
    first = (await sim.call("externalcontact/add_corp_tag", body))["tag_group"]
    second = (await sim.call("externalcontact/add_corp_tag", body))["tag_group"]
    assert first["tag"][0]["id"] == second["tag"][0]["id"]

    await sim.call("externalcontact/del_corp_tag", {"tag_id": [first["tag"][0]["id"]]})
    listed = await sim.call("externalcontact/get_corp_tag_list", {})
    assert listed["tag_group"] == []
    by_id = {"group_id": [first["group_id"]]}
    gone = await sim.call("externalcontact/get_corp_tag_list", by_id)
    assert gone["tag_group"][0]["deleted"]


async def test_who_scans_a_join_way_carries_its_state(sim: Sim) -> None:
    made = await sim.setup(limits={"group_capacity": 4})
    chat_id = made["groups"]["0-6月龄1群"]
    body = {
        "scene": 2,
        "chat_id_list": [chat_id],
        "state": "theme-1",
        "room_base_name": "0-6月龄",
        "room_base_id": 2,
    }
    path = "externalcontact/groupchat/"
    way = await sim.call(path + "add_join_way", body)
    shown = (await sim.call(path + "get_join_way", {"config_id": way["config_id"]}))["join_way"]
    assert shown["qr_code"].endswith(f"{way['config_id']}/0")
    scans = [await sim.act("scan", way=shown["qr_code"], contact=f"wm{n}") for n in range(2)]

    assert scans[0]["chat_id"] == chat_id
    assert scans[1]["chat_id"] != chat_id  # full: a new group opened
    group = (await sim.call(path + "get", {"chat_id": chat_id, "need_name": 1}))["group_chat"]
    member = group["member_list"][-1]
    assert (member["userid"], member["state"], member["join_scene"]) == ("wm0", "theme-1", 3)
    again = await sim.call(path + "add_join_way", body)
    assert again["config_id"] != way["config_id"]
    await sim.call(path + "del_join_way", again)
    assert await refusal(sim, path + "get_join_way", {"config_id": again["config_id"]}) == 41044
    body["chat_id_list"] = [chat_id] * 6
    assert await refusal(sim, path + "add_join_way", body) == 41091


async def test_an_uploaded_file_can_be_used_for_three_days(sim: Sim) -> None:
    await sim.setup()
    media_id = await sim.upload(b"\x89PNG not really a picture")
    body = {
        "touser": "zhangli",
        "msgtype": "image",
        "agentid": 1000002,
        "image": {"media_id": media_id},
    }
    await sim.call("message/send", body)

    await sim.clock("2026-11-05T08:00:01+08:00")
    assert await refusal(sim, "message/send", body) == 40007
    with pytest.raises(Refused):
        await sim.upload(b"tiny")


async def test_customers_are_read_page_by_page(sim: Sim) -> None:
    await sim.setup()
    for n in range(5):
        await sim.act("add_contact", staff=("zhangli", "limin")[n % 2], name=f"客户{n}")
    path = "externalcontact/batch/get_by_user"
    body: dict[str, Any] = {"userid_list": ["zhangli", "limin"], "limit": 2}
    names = []
    while True:
        answer = await sim.call(path, body)
        rows = answer["external_contact_list"]
        names += [row["external_contact"]["name"] for row in rows]
        if not answer["next_cursor"]:
            break
        body["cursor"] = answer["next_cursor"]

    assert sorted(names) == [f"客户{n}" for n in range(5)]
    assert await refusal(sim, path, {**body, "cursor": "???"}) == 50100
    assert await refusal(sim, "externalcontact/list", userid="wangfang") == 84061


async def test_too_many_calls_block_an_api_for_a_minute(sim: Sim) -> None:
    await sim.setup(limits={"calls_per_minute": 3})
    for _ in range(3):
        await sim.call("user/get", userid="zhangli")

    assert await refusal(sim, "user/get", userid="zhangli") == 45009
    await sim.call("department/simplelist")
    await sim.clock("2026-11-02T08:01:00+08:00")
    await sim.call("user/get", userid="zhangli")
