"""App messages: cards, silent drops, response codes."""

from typing import Any

import pytest

from tests.simulator.client import Refused, Sim
from tests.simulator.receiver import Receiver


@pytest.fixture
async def firm(sim: Sim, receiver: Receiver) -> Sim:
    await sim.setup(callbacks=receiver.callbacks())
    return sim


def button_card(task_id: str = "t1", **changes: Any) -> dict[str, Any]:
    return {
        "card_type": "button_interaction",
        "main_title": {"title": "问月龄"},
        "task_id": task_id,
        "button_list": [{"text": "已问到", "style": 1, "key": "done"}],
        **changes,
    }


async def send(sim: Sim, kind: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    wish = {"touser": "zhangli", "msgtype": kind, "agentid": 1000002, kind: body, **more}
    return await sim.call("message/send", wish)


async def refused(sim: Sim, kind: str, body: dict[str, Any], **more: Any) -> int:
    with pytest.raises(Refused) as refusal:
        await send(sim, kind, body, **more)
    return int(refusal.value.code)


async def test_the_thirty_first_message_in_a_minute_is_silently_dropped(firm: Sim) -> None:
    for n in range(31):
        await send(firm, "text", {"content": f"第{n}条"})
    await send(firm, "text", {"content": "别人不受影响"}, touser="limin")

    books = await firm.ledger()
    assert len(books["texts"]) == 31
    assert [(row["api"], row["userid"]) for row in books["dropped"]] == [
        ("message/send", "zhangli")
    ]
    await firm.clock("2026-11-02T08:01:00+08:00")
    await send(firm, "text", {"content": "下一分钟"})
    assert len((await firm.ledger())["dropped"]) == 1


async def test_the_surplus_of_an_hour_is_dropped_too(firm: Sim) -> None:
    await firm.post("limits", {"messages_per_member_hour": 5})
    for minute in range(7):
        await firm.clock(f"2026-11-02T08:{minute:02}:00+08:00")
        await send(firm, "text", {"content": f"第{minute}条"})

    assert len((await firm.ledger())["dropped"]) == 2


async def test_a_task_id_can_be_used_once(firm: Sim) -> None:
    first = await send(firm, "template_card", button_card())
    assert first["response_code"]

    assert await refused(firm, "template_card", button_card(), touser="limin") == 42014
    assert len((await firm.ledger())["cards"]) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"task_id": "有空格 的"}, 42014),
        ({"task_id": ""}, 42014),
        ({"card_type": "banner"}, 42031),
        ({"main_title": {}}, 42033),
        ({"button_list": []}, 42038),
        ({"button_list": [{"text": "好", "key": ""}]}, 42039),
        ({"button_list": [{"text": "好", "key": "k" * 1025}]}, 42039),
        ({"horizontal_content_list": [{"keyname": "k"}] * 7}, 42035),
        ({"horizontal_content_list": [{"value": "v"}]}, 42027),
        ({"jump_list": [{"title": "t"}] * 4}, 42042),
        ({"button_selection": {"question_key": "q", "option_list": []}}, 42037),
        ({"card_type": "vote_interaction"}, 42043),
        ({"card_type": "multiple_interaction"}, 42047),
        ({"card_type": "text_notice"}, 42045),
    ],
)
async def test_a_faulty_card_is_refused(firm: Sim, changes: dict[str, Any], code: int) -> None:
    assert await refused(firm, "template_card", button_card(**changes)) == code


async def test_a_card_needs_an_app_with_a_callback_address(sim: Sim) -> None:
    await sim.setup()

    assert await refused(sim, "template_card", button_card()) == 43012


async def test_a_response_code_changes_the_card_once_within_three_days(firm: Sim) -> None:
    sent = await send(firm, "template_card", button_card(), touser="zhangli|limin")
    wish = {
        "userids": ["zhangli", "WangFang"],
        "agentid": 1000002,
        "response_code": sent["response_code"],
        "button": {"replace_name": "张丽已完成"},
    }
    answer = await firm.call("message/update_template_card", wish)
    assert answer["invaliduser"] == ["wangfang"]
    await _invalid(firm, wish)

    tapped = await firm.act("tap", staff="limin", task_id="t1", key="done")
    await firm.clock("2026-11-05T08:00:01+08:00")
    await _invalid(firm, {**wish, "response_code": tapped["response_code"]})
    updates = (await firm.ledger())["card_updates"]
    assert [(row["userid"], row["replace_name"]) for row in updates] == [("zhangli", "张丽已完成")]


async def test_the_same_text_inside_the_interval_arrives_once(firm: Sim) -> None:
    for _ in range(2):
        await send(firm, "text", {"content": "任务"}, enable_duplicate_check=1)
    await send(firm, "text", {"content": "任务"})
    await firm.clock("2026-11-02T08:30:00+08:00")
    await send(firm, "text", {"content": "任务"}, enable_duplicate_check=1)

    books = await firm.ledger()
    assert len(books["texts"]) == 3
    assert len(books["repeats"]) == 1


async def test_unknown_people_come_back_in_lower_case(firm: Sim) -> None:
    answer = await send(firm, "text", {"content": "hi"}, touser="ZhangLi|NoBody")
    assert answer["invaliduser"] == "nobody"

    assert await refused(firm, "text", {"content": "hi"}, touser="NoBody") == 81013
    assert await refused(firm, "text", {"content": "hi"}, agentid=5) == 301002
    assert await refused(firm, "text", {"content": "长" * 683}) == 45002
    assert await refused(firm, "carrier_pigeon", {}) == 40008


async def test_a_message_can_be_recalled_for_a_day(firm: Sim) -> None:
    sent = await send(firm, "text", {"content": "写错了"})
    await firm.call("message/recall", {"msgid": sent["msgid"]})
    assert (await firm.ledger())["recalled"][0]["userids"] == ["zhangli"]

    await firm.clock("2026-11-03T08:00:01+08:00")
    with pytest.raises(Refused) as refusal:
        await firm.call("message/recall", {"msgid": sent["msgid"]})
    assert refusal.value.code == 42052


async def _invalid(sim: Sim, wish: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        await sim.call("message/update_template_card", wish)
    assert refusal.value.code == 60140
