"""获客助手: links, who follows them, what WeCom counts and tells."""

from typing import Any

import pytest

from tests.simulator.client import Refused, Sim
from tests.simulator.receiver import Receiver

API = "externalcontact/customer_acquisition"


async def call(sim: Sim, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """With the agent's token: the secret of 客户联系 is not taken here."""
    token = await sim.token("message/send")
    return await sim.call(f"{API}{what}", body, access_token=token)


async def refused(sim: Sim, what: str, body: dict[str, Any] | None = None) -> int:
    with pytest.raises(Refused) as refusal:
        await call(sim, what, body)
    return int(refusal.value.code)


async def make(sim: Sim, name: str = "抖音", **more: Any) -> str:
    body = {"link_name": name, "range": {"user_list": ["zhangli"]}, **more}
    return str((await call(sim, "/create_link", body))["link"]["link_id"])


async def test_the_secret_of_customer_contact_is_not_taken(sim: Sim) -> None:
    await sim.setup()
    contact = await sim.token("externalcontact/get")

    with pytest.raises(Refused) as refusal:
        await sim.call(f"{API}/list_link", {}, access_token=contact)
    assert refusal.value.code == 48002


async def test_a_link_is_made_shown_changed_and_deleted(sim: Sim) -> None:
    await sim.setup()
    first, second = await make(sim), await make(sim)
    await call(sim, "/update_link", {"link_id": first, "range": {"user_list": ["limin"]}})
    shown = await call(sim, "/get", {"link_id": first})
    await call(sim, "/delete_link", {"link_id": second})

    assert first != second
    assert shown["range"]["user_list"] == ["limin"]
    assert shown["link"]["link_name"] == "抖音"
    assert (await call(sim, "/list_link", {}))["link_id_list"] == [first]
    assert await refused(sim, "/get", {"link_id": second}) == 40058
    assert await refused(sim, "/create_link", {"link_name": "长" * 31}) == 40058
    assert await refused(sim, "/create_link", {"link_name": "空"}) == 40063


async def test_clicks_are_counted_by_day_and_person(sim: Sim) -> None:
    await sim.setup()
    link = await make(sim)
    for day, visitor in (("02", "a"), ("02", "a"), ("02", "b"), ("03", "a")):
        await sim.clock(f"2026-11-{day}T10:00:00+08:00")
        await sim.act("open_link", link=link, visitor=visitor)

    async def clicks(first: int, last: int) -> int:
        body = {"link_id": link, "start_time": first, "end_time": last}
        return int((await call(sim, "/statistic", body))["click_link_customer_cnt"])

    monday = 1793548800  # 2026-11-02 00:00 in Shanghai
    assert await clicks(monday, monday) == 2
    assert await clicks(monday + 86400, monday + 86400) == 1
    assert await clicks(monday, monday + 86400) == 2
    body = {"link_id": link, "start_time": monday, "end_time": monday + 31 * 86400}
    assert await refused(sim, "/statistic", body) == 40058


async def test_friends_by_a_link_use_up_the_quota(sim: Sim) -> None:
    await sim.setup(acquisition_quota=1)
    link = await make(sim)
    made = await sim.act("add_by_link", link=link, channel="抖音")
    listed = (await call(sim, "/customer", {"link_id": link}))["customer_list"]
    quota = await call(sim, "_quota")

    assert listed == [
        {
            "external_userid": made["external_userid"],
            "userid": "zhangli",
            "chat_status": 0,
            "state": "抖音",
        }
    ]
    assert (quota["total"], quota["balance"]) == (1, 0)


async def test_who_wrote_is_asked_by_a_key_for_half_an_hour(sim: Sim) -> None:
    await sim.setup()
    link = await make(sim)
    made = await sim.act("add_by_link", link=link, channel="抖音")
    contact = made["external_userid"]
    await sim.act("write_by_link", staff="zhangli", contact=contact)
    key = (await sim.act("write_by_link", staff="zhangli", contact=contact))["chat_key"]
    told = await call(sim, "/get_chat_info", {"chat_key": key})
    await sim.clock("2026-11-02T08:30:00+08:00")

    assert (told["userid"], told["external_userid"]) == ("zhangli", contact)
    assert told["chat_info"] == {"recv_msg_cnt": 2, "link_id": link, "state": "抖音"}
    assert await refused(sim, "/get_chat_info", {"chat_key": key}) == 40058


async def test_each_step_is_told_with_exactly_the_documented_fields(
    sim: Sim, receiver: Receiver
) -> None:
    await sim.setup(callbacks=receiver.callbacks(), acquisition_quota=1)
    link = await make(sim)

    async def told(do: str, **what: Any) -> dict[str, Any]:
        """The one event of 获客助手 that tells of it, without what every event has."""
        before = len(receiver.texts)
        await sim.act(do, **what)
        await sim.idle()
        events = [receiver.fields(n) for n in range(before, len(receiver.texts))]
        (fields,) = [one for one in events if one["Event"] == "customer_acquisition"]
        for common in ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Event"):
            del fields[common]
        return fields

    opened = await told("open_link", link=link, visitor="a", channel="抖音")
    assert opened == {"ChangeType": "open_profile", "LinkId": link, "State": "抖音"}
    asked = await told("request_by_link", link=link, channel="抖音")
    assert asked == {"ChangeType": "friend_request", "LinkId": link, "State": "抖音"}
    assert await told("add_by_link", link=link, channel="抖音", contact="wm1") == {
        "ChangeType": "balance_exhausted"
    }
    assert await told("write_by_link", staff="zhangli", contact="wm1") == {
        "ChangeType": "customer_start_chat",
        "LinkId": link,
        "UserID": "zhangli",
        "ExternalUserID": "wm1",
    }
    again = await told("write_by_link", staff="zhangli", contact="wm1")
    assert set(again) == {"ChangeType", "LinkId", "ChatKey"}
    assert await told("delete_by_customer", staff="zhangli", contact="wm1") == {
        "ChangeType": "del_follow_user",
        "UserID": "zhangli",
        "ExternalUserID": "wm1",
        "LinkId": link,
        "State": "抖音",
    }
    assert await told("buy_quota", count=9) == {"ChangeType": "balance_increased"}
    soon = await told("quota_expires", count=9, expires_at="2026-12-01T00:00:00+08:00")
    assert soon == {
        "ChangeType": "quota_expire_soon",
        "ExpireTime": "1796054400",
        "ExpireQuotaNum": "9",
    }
    assert await told("delete_link", link=link) == {"ChangeType": "delete_link", "LinkId": link}
