"""A company that lives by itself, the same every time."""

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulator.client import START, Sim
from tests.simulator.receiver import Receiver

END = datetime.fromisoformat(START) + timedelta(days=14)
DEMO: dict[str, Any] = {
    "customers": 200,
    "days": 14,
    "seed": 7,
    "staff": [{"userid": f"staff{n}", "name": f"员工{n}", "department": [12]} for n in range(8)],
    "groups": [{"name": f"{n}群", "owner": f"staff{n}", "members": 20} for n in range(4)],
    "behaviour": {"channels": ["门口海报", "公众号"]},
}


async def test_a_fortnight_of_two_hundred_customers_takes_less_than_two_seconds(sim: Sim) -> None:
    started = time.perf_counter()
    await sim.setup(**DEMO)
    state = await sim.next()
    jumps = 0
    while state["next"] and datetime.fromisoformat(state["next"]) <= END:
        state = await sim.clock(state["next"])
        jumps += 1
    seconds = time.perf_counter() - started

    books = await sim.ledger()
    assert seconds < 4  # alone on a quiet machine about one
    assert jumps < 1500
    assert 190 <= len({row["external_userid"] for row in books["customers"]}) <= 200
    assert len(books["tags"]) > 100
    assert len({row["kind"] for row in books["business"]}) == 2
    assert len(books["deleted"]) > 2
    assert len(books["written"]) > 3


async def test_people_act_on_whole_grains_and_customers_mostly_by_day(sim: Sim) -> None:
    await sim.setup(**DEMO)
    await sim.clock(END)
    moments = [datetime.fromisoformat(row["added_at"]) for row in (await sim.ledger())["customers"]]

    assert all(moment.timestamp() % 300 == 0 for moment in moments)
    local_hours = [(moment.astimezone(UTC).hour + 8) % 24 for moment in moments]
    by_day = sum(9 <= hour <= 21 for hour in local_hours)
    assert 0.85 * len(moments) < by_day < len(moments)


async def test_nobody_acts_by_himself_without_customers(sim: Sim) -> None:
    await sim.setup()
    state = await sim.next()

    assert state["next"] is None


async def test_another_order_of_calls_gives_the_same_company(sim: Sim) -> None:
    first, second = [await _live(sim, order) for order in (1, 2)]

    assert first == second
    assert len(first["joins"]) > 20
    assert len(first["delivered"]) > 80
    assert len(first["taps"]) > 5


async def test_another_seed_gives_another_company(sim: Sim) -> None:
    lives = []
    for seed in (1, 2):
        await sim.setup(**{**DEMO, "seed": seed})
        await sim.clock(END)
        lives.append((await sim.ledger())["customers"])

    assert lives[0] != lives[1]


async def test_an_honest_colleague_does_what_the_card_asks(sim: Sim, receiver: Receiver) -> None:
    always = {"tag_age": 0.0, "tap": 1.0, "honest": 1.0, "silent": 0.0, "half_added": 0.0}
    quiet = {"delete_staff": 0.0, "delete_customer": 0.0, "writes": 0.0, "night": 0.0}
    await sim.setup(customers=1, days=1, behaviour=always | quiet, callbacks=receiver.callbacks())
    await sim.clock(datetime.fromisoformat(START) + timedelta(days=1))
    books = await sim.ledger()
    customer = books["customers"][0]
    assert books["tags"] == []

    await sim.call("message/send", _card(customer["staff"], f"问清{customer['name']}的宝宝月龄"))
    await sim.clock(datetime.fromisoformat(START) + timedelta(days=2))
    await sim.idle()

    books = await sim.ledger()
    assert [row["tag"] for row in books["tags"]] == [f"宝宝月龄/{customer['age']}"]
    assert len(books["taps"]) == 1


async def test_a_closed_card_is_not_tapped(sim: Sim, receiver: Receiver) -> None:
    await sim.setup(customers=1, days=1, behaviour={"tap": 1.0}, callbacks=receiver.callbacks())
    sent = await sim.call("message/send", _card("zhangli", "请完成"))
    await sim.call(
        "message/update_template_card",
        {
            "userids": ["zhangli"],
            "agentid": 1000002,
            "response_code": sent["response_code"],
            "button": {"replace_name": "已取消"},
        },
    )
    await sim.clock(datetime.fromisoformat(START) + timedelta(days=3))

    assert (await sim.ledger())["taps"] == []


async def test_a_reminder_brings_a_forgotten_message_back(sim: Sim) -> None:
    behaviour = {"confirm": 0.0, "reminded": 1.0, "nudged": 0.0, "half_added": 0.0, "night": 0.0}
    await sim.setup(customers=3, days=1, behaviour=behaviour)
    await sim.clock("2026-11-03T10:00:00+08:00")
    customer = (await sim.ledger())["customers"][0]
    body = {"sender": customer["staff"], "external_userid": [customer["external_userid"]]}
    made = await sim.call("externalcontact/add_msg_template", {**body, "text": {"content": "您好"}})
    await sim.clock("2026-11-04T10:00:00+08:00")
    assert (await sim.ledger())["delivered"] == []

    await sim.call("externalcontact/remind_groupmsg_send", {"msgid": made["msgid"]})
    await sim.clock("2026-11-05T10:00:00+08:00")
    assert len((await sim.ledger())["delivered"]) == 1


async def _live(sim: Sim, order: int) -> dict[str, Any]:
    """A week with a bot that makes the same calls each noon, in an order of its own."""
    shuffle = random.Random(order).shuffle
    made = await sim.setup(**{**DEMO, "callbacks": UNHEARD})
    ways = {}
    names = list(made["groups"])
    shuffle(names)
    for name in names:
        body = {"scene": 2, "chat_id_list": [made["groups"][name]], "state": name}
        way = await sim.call("externalcontact/groupchat/add_join_way", body)
        shown = await sim.call("externalcontact/groupchat/get_join_way", way)
        ways[name] = shown["join_way"]["qr_code"]
    invited: set[str] = set()
    for day in range(7):
        await sim.clock(datetime.fromisoformat(START) + timedelta(days=day, hours=4))
        rows = [
            row
            for row in (await sim.ledger())["customers"]
            if row["external_userid"] not in invited and not row["half"]
        ]
        shuffle(rows)
        for row in rows:
            invited.add(row["external_userid"])
            await _approach(sim, row, ways[f"{int(row['staff'][-1]) % 4}群"])
    await sim.clock(END)
    books = await sim.ledger()
    return {
        name: sorted(books[name], key=str)
        for name in ("customers", "tags", "joins", "leaves", "delivered", "taps", "deleted")
    }


async def _approach(sim: Sim, row: dict[str, Any], qr_code: str) -> None:
    await sim.raw(
        "externalcontact/add_msg_template",
        {
            "sender": row["staff"],
            "external_userid": [row["external_userid"]],
            "text": {"content": f"{row['name']}，扫码进群 {qr_code}"},
        },
    )
    await sim.call("message/send", _card(row["staff"], f"问{row['name']}的月龄"))


UNHEARD = {
    "app": {"url": "http://127.0.0.1:9/", "token": "t", "aes_key": "a" * 43},
}


def _card(staff: str, title: str) -> dict[str, Any]:
    task_id = "task-" + title.encode().hex()[:100]
    return {
        "touser": staff,
        "msgtype": "template_card",
        "agentid": 1000002,
        "template_card": {
            "card_type": "button_interaction",
            "main_title": {"title": title},
            "task_id": task_id,
            "button_list": [{"text": "已问到", "key": "done"}, {"text": "稍后", "key": "later"}],
        },
    }


async def test_friends_were_there_before_the_company_begins(sim: Sim) -> None:
    await sim.setup(friends=[{"staff": "limin", "count": 3, "days": 90}])

    since = datetime.fromisoformat(START) - timedelta(days=90)
    known = await sim.call("externalcontact/list", userid="limin")
    first = await sim.call("externalcontact/get", external_userid=known["external_userid"][0])

    assert len(known["external_userid"]) == 3
    assert first["follow_user"][0]["createtime"] == since.timestamp()
    assert (await sim.ledger())["customers"] == []
