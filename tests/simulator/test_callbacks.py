"""What WeCom promises about callbacks, seen by a receiver of our own."""

import hashlib
import hmac
import json

from tests.simulator.client import Sim
from tests.simulator.receiver import Receiver


async def test_a_new_customer_is_told_with_exactly_the_documented_fields(
    sim: Sim, receiver: Receiver
) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    made = await sim.act("add_contact", staff="zhangli", name="小雨妈妈", state="门口海报")
    await sim.idle()

    assert receiver.requests[0]["route"] == "contact"
    assert receiver.fields() == {
        "ToUserName": "ww1",
        "FromUserName": "sys",
        "CreateTime": "1793577600",
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": "zhangli",
        "ExternalUserID": made["external_userid"],
        "State": "门口海报",
        "WelcomeCode": made["welcome_code"],
    }


async def test_group_changes_chain_their_versions(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    await sim.act("join_group", chat="0-6月龄1群", contact="wm1", state="theme-a")
    await sim.idle()
    await sim.act("leave_group", chat="0-6月龄1群", contact="wm1")
    await sim.idle()

    joined, left = receiver.fields(0), receiver.fields(1)
    assert (joined["UpdateDetail"], joined["JoinScene"], joined["MemChangeCnt"]) == (
        "add_member",
        "3",
        "1",
    )
    assert joined["MemChangeList"] == ["wm1"]
    assert "QuitScene" not in joined
    assert (left["UpdateDetail"], left["QuitScene"]) == ("del_member", "0")
    assert left["LastMemVer"] == joined["CurMemVer"] != joined["LastMemVer"]


async def test_taps_and_texts_come_from_their_author_to_the_app(
    sim: Sim, receiver: Receiver
) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    card = {
        "card_type": "vote_interaction",
        "main_title": {"title": "盘点"},
        "task_id": "t1",
        "checkbox": {
            "question_key": "q",
            "mode": 1,
            "option_list": [{"id": "a", "text": "甲"}, {"id": "b", "text": "乙"}],
        },
        "submit_button": {"text": "提交", "key": "done"},
    }
    await sim.call(
        "message/send",
        {
            "touser": "zhangli",
            "msgtype": "template_card",
            "agentid": 1000002,
            "template_card": card,
        },
    )
    tapped = await sim.act("tap", staff="zhangli", task_id="t1", key="done")
    await sim.idle()
    await sim.act("text", staff="zhangli", content="任务")
    await sim.idle()

    tap, text = receiver.fields(0), receiver.fields(1)
    assert (tap["FromUserName"], tap["Event"], tap["EventKey"], tap["TaskId"]) == (
        "zhangli",
        "template_card_event",
        "done",
        "t1",
    )
    assert tap["ResponseCode"] == tapped["response_code"]
    assert tap["SelectedItems"] == [["q", ["a", "b"]]]
    assert (text["MsgType"], text["Content"], text["AgentID"]) == ("text", "任务", "1000002")
    assert "Event" not in text
    assert [request["route"] for request in receiver.requests] == ["app", "app"]


async def test_a_leaving_member_is_told_to_the_directory_route(
    sim: Sim, receiver: Receiver
) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    await sim.act("staff_leaves", staff="limin")
    await sim.idle()

    assert receiver.requests[0]["route"] == "directory"
    assert (receiver.fields()["ChangeType"], receiver.fields()["UserID"]) == (
        "delete_user",
        "limin",
    )


async def test_an_error_is_tried_three_times_and_then_given_up(
    sim: Sim, receiver: Receiver
) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    receiver.answers = [500, 503, 404]
    await sim.act("add_contact", staff="zhangli")
    await sim.idle()

    assert len(receiver.requests) == 3
    assert len({request["msg_signature"] for request in receiver.requests}) == 1
    books = await sim.ledger()
    assert books["callbacks"] == {"sent": 3, "ok": 0, "failed": 3, "gave_up": 1, "dropped": 0}


async def test_a_dropped_connection_is_tried_again_until_it_works(
    sim: Sim, receiver: Receiver
) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    receiver.answers = [0, 200]
    await sim.act("add_contact", staff="zhangli")
    await sim.idle()

    assert (await sim.ledger())["callbacks"] == {
        "sent": 2,
        "ok": 1,
        "failed": 1,
        "gave_up": 0,
        "dropped": 0,
    }


async def test_a_slow_answer_counts_as_none(sim: Sim, receiver: Receiver) -> None:
    limits = {"callback_pause_seconds": 0.0, "callback_timeout_seconds": 0.000001}
    await sim.setup(callbacks=receiver.callbacks(), limits=limits)
    await sim.act("add_contact", staff="zhangli")
    await sim.idle()

    assert (await sim.ledger())["callbacks"] == {
        "sent": 3,
        "ok": 0,
        "failed": 3,
        "gave_up": 1,
        "dropped": 0,
    }


async def test_callbacks_can_come_twice_and_out_of_turn(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    await sim.faults(callbacks="duplicate", rate=0.5, copies=3)
    await sim.faults(callbacks="reorder", rate=0.5)
    for n in range(30):
        await sim.act("add_contact", staff="zhangli", name=f"客户{n:02}")
    await sim.idle()

    in_order = [row["external_userid"] for row in (await sim.ledger())["customers"]]
    came = [receiver.fields(n)["ExternalUserID"] for n in range(len(receiver.texts))]
    assert 30 < len(came) <= 120
    assert set(came) == set(in_order)
    assert list(dict.fromkeys(came)) != in_order


async def test_a_run_of_held_callbacks_arrives_backwards(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    await sim.faults(callbacks="reorder", rate=1.0)
    for n in range(4):
        await sim.act("text", staff="zhangli", content=str(n))
    await sim.idle()

    assert [receiver.fields(n)["Content"] for n in range(4)] == ["3", "2", "1", "0"]


async def test_five_hundred_distinct_events_can_share_one_second(
    sim: Sim, receiver: Receiver
) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    for n in range(500):
        await sim.act("add_contact", staff="zhangli", name=f"客户{n}")
    await sim.idle()

    assert len(set(receiver.texts)) == 500
    assert {receiver.fields(n)["CreateTime"] for n in range(500)} == {"1793577600"}


async def test_what_came_through_the_api_is_not_echoed(sim: Sim, receiver: Receiver) -> None:
    made = await sim.setup(callbacks=receiver.callbacks())
    contact = (await sim.act("add_contact", staff="zhangli"))["external_userid"]
    tag = made["tags"]["宝宝月龄/孕期"]
    pair = {"userid": "zhangli", "external_userid": contact}
    await sim.call("externalcontact/mark_tag", {**pair, "add_tag": [tag]})
    await sim.call("externalcontact/remark", {**pair, "remark": "小雨妈妈"})
    await sim.call(
        "externalcontact/add_corp_tag", {"group_name": "新客", "tag": [{"name": "满意"}]}
    )
    await sim.idle()
    assert len(receiver.texts) == 1

    await sim.act("edit_tags", staff="zhangli", contact=contact, add=["新客/满意"])
    await sim.idle()
    assert receiver.fields()["ChangeType"] == "edit_external_contact"
    assert [row["by"] for row in (await sim.ledger())["tags"]] == ["api", "staff"]


async def test_orders_are_signed_with_the_shops_secret(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(events={"url": f"{receiver.base}/shop", "secret": "s3cret"})
    contact = (await sim.act("add_contact", staff="zhangli"))["external_userid"]
    made = await sim.act("order", contact=contact, amount=88.5)
    await sim.idle()

    headers, raw = receiver.shop[0]
    signed = f"{headers['X-Qunce-Timestamp']}.".encode() + raw
    digest = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert headers["X-Qunce-Signature"] == digest
    assert json.loads(raw) == {
        "id": made["id"],
        "subject": contact,
        "kind": "order",
        "at": "2026-11-02T00:00:00+00:00",
        "amount": 88.5,
    }


async def test_an_address_is_verified_by_an_echo(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(callbacks=receiver.callbacks())

    assert (await sim.post("verify", {"route": "app"}))["ok"]


async def test_raw_events_travel_in_either_envelope(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    await sim.act("raw_event", route="app", xml="<xml><A>1</A></xml>")
    await sim.act("raw_event", route="app", xml='{"a":1}', envelope="json")
    await sim.idle()

    assert sorted(receiver.texts) == ["<xml><A>1</A></xml>", '{"a":1}']


async def test_several_addresses_are_served_in_turn(sim: Sim, receiver: Receiver) -> None:
    callbacks = receiver.callbacks()
    callbacks["contact"]["url"] = [f"{receiver.base}/one", f"{receiver.base}/two"]
    await sim.setup(callbacks=callbacks)
    for _ in range(4):
        await sim.act("add_contact", staff="zhangli")
    await sim.idle()

    assert sorted(request["route"] for request in receiver.requests) == ["one"] * 2 + ["two"] * 2


async def test_callbacks_can_be_lost_and_are_counted(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(callbacks=receiver.callbacks())
    await sim.faults(callbacks="drop", rate=0.2)
    for n in range(100):
        await sim.act("add_contact", staff="zhangli", name=f"妈妈{n}")
    await sim.idle()

    told = (await sim.ledger())["callbacks"]
    assert told["sent"] == told["ok"] == len(receiver.requests)
    assert told["sent"] + told["dropped"] == 100
    assert 8 <= told["dropped"] <= 35
