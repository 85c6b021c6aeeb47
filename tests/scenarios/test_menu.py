"""What people want of their tasks besides doing them: later, not at all, by a colleague."""

from typing import Any

from bot.model import Task
from tests.scenarios.test_batches import arrive, tasks_of
from tests.scenarios.test_tasks import (
    BUTTON,
    asking,
    cards_of,
    open_shop,
    tap,
    texts_of,
    the_task,
)
from tests.world import World, moment

LATER, CANNOT, PASS = "qunce:later", "qunce:cannot", "qunce:pass"


async def choose(world: World, card: dict[str, Any], key: str, staff: str = "zhangli") -> None:
    await world.act("menu", staff=staff, task_id=card["task_id"], key=key)


async def write(world: World, text: str, staff: str = "zhangli") -> None:
    await world.act("text", staff=staff, content=text)
    await world.later(seconds=2)


async def offered(world: World, card: dict[str, Any]) -> dict[str, str]:
    """Text → key of the buttons this card shows since it was last changed in place."""
    rows = world.store.db["outbox"].find({"kind": "tick", "state": "sent"}).sort("attempt_at", -1)
    changed = [row["body"].get("template_card") async for row in rows]
    shown = next(one for one in changed if one and one["task_id"] == card["task_id"])
    return {button["text"]: button["key"] for button in shown["button_list"]}


async def a_task(world: World) -> tuple[str, dict[str, Any]]:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)
    return contact, card


async def test_later_is_one_working_hour_or_tomorrow_at_ten(world: World) -> None:
    contact, card = await a_task(world)

    await choose(world, card, LATER)

    assert list(await offered(world, card)) == ["11-23 10:00", "11-24 09:00", "返回"]
    deadline = (await the_task(world, contact)).deadline
    assert deadline
    assert f"{deadline:%H:%M}" == "01:00"  # 09:00 here: tomorrow at ten would be too late


async def test_who_put_a_task_off_is_reminded_then_and_not_before(world: World) -> None:
    contact, card = await a_task(world)
    await world.turn_to("2026-11-23 10:30")
    await choose(world, card, LATER)
    buttons = await offered(world, card)
    await tap(world, card, buttons["11-23 11:30"])

    await world.turn_to("2026-11-23 11:29")
    before = await cards_of(world)
    await world.turn_to("2026-11-23 11:31")
    task = await the_task(world, contact)

    assert len(before) == 1  # the rung at eleven waited
    assert [one["title"][:4] for one in await cards_of(world)] == ["和 小雨", "【提醒】"]
    assert (task.later_until, task.rung) == (None, 1)
    assert [e["what"] for e in task.log] == ["送达", "稍后", "提醒"]
    await tap(world, card)
    assert (await the_task(world, contact)).state == "已完成"


async def test_nothing_is_put_off_beyond_its_deadline(world: World) -> None:
    contact, card = await a_task(world)
    await world.turn_to("2026-11-23 19:30")
    await choose(world, card, LATER)

    shown = [u["title"] for u in (await world.ledger())["card_updates"]]
    task = await the_task(world, contact)

    assert shown
    assert task.later_until is None
    row = await world.store.db["outbox"].find_one({"kind": "tick"})
    assert row
    assert "不能再推迟" in row["body"]["template_card"]["main_title"]["desc"]


async def test_what_cannot_be_done_is_cancelled_with_the_reason_and_the_manager_knows(
    world: World,
) -> None:
    contact, card = await a_task(world)

    await choose(world, card, CANNOT)
    asked = await the_task(world, contact)
    await write(world, "客户电话停机")

    assert asked.open
    task = await the_task(world, contact)
    assert (task.state, task.open, task.cannot) == ("已取消", False, "客户电话停机")
    assert task.evidence == ""
    (told,) = await texts_of(world, "wangfang")
    assert "张丽" in told
    assert "客户电话停机" in told
    question, answer = await texts_of(world, "zhangli")
    assert "请直接回复做不了的原因" in question
    assert "已告诉 王芳" in answer
    fact = await world.store.db["facts"].find_one({"_id": f"task:{task.id}"})
    assert fact
    assert fact["data"]["result"] == "取消"


async def test_who_changes_their_mind_keeps_the_task(world: World) -> None:
    contact, card = await a_task(world)
    await choose(world, card, CANNOT)

    await write(world, "算了")
    await write(world, "客户电话停机")

    task = await the_task(world, contact)
    assert (task.open, task.cannot, task.asked) == (True, "", {})
    assert await texts_of(world, "wangfang") == []


async def test_of_a_shared_card_one_customer_may_be_named(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = await arrive(world, 3)
    await world.turn_to("2026-11-24 09:01")
    (card,) = await cards_of(world)
    await choose(world, card, CANNOT)

    await write(world, "客户1 说别再联系")

    tasks = await tasks_of(world, contacts)
    assert [task.cannot for task in tasks] == ["", "说别再联系", ""]
    await tap(world, card)
    states = [task.state for task in await tasks_of(world, contacts)]
    assert states == ["已完成", "已取消", "已完成"]


async def test_a_reason_told_twice_is_told_to_the_manager_once(world: World) -> None:
    contact, card = await a_task(world)
    await choose(world, card, CANNOT)
    await world.sim.callbacks("duplicate", rate=1)

    await write(world, "客户电话停机")

    assert (await the_task(world, contact)).cannot == "客户电话停机"
    assert len(await texts_of(world, "wangfang")) == 1


async def test_the_manager_chooses_who_takes_it_over(world: World) -> None:
    contact, card = await a_task(world)
    await choose(world, card, PASS)
    asked = await the_task(world, contact)
    (choice,) = await cards_of(world, "wangfang")
    assert choice["title"].startswith("张丽 想转给同事：")
    row = await world.store.db["outbox"].find_one({"staff": "wangfang", "kind": "card"})
    assert row
    buttons = {b["text"]: b["key"] for b in row["body"]["template_card"]["button_list"]}
    options = row["body"]["template_card"]["button_selection"]["option_list"]
    assert [option["id"] for option in options] == ["limin", "wangfang"]

    await tap(world, choice, buttons["转给选中的人"], "wangfang", options={"to": ["limin"]})

    assert (asked.staff, asked.open) == ("zhangli", True)
    task = await the_task(world, contact)
    assert (task.staff, task.state) == ("limin", "已转派")
    (theirs,) = await cards_of(world, "limin")
    assert theirs["title"].startswith("【张丽 转来】")
    await tap(world, theirs, staff="limin")
    assert (await the_task(world, contact)).done_by == "limin"


async def test_a_colleague_is_reminded_at_the_new_deadline(world: World) -> None:
    contact, card = await a_task(world)
    await world.turn_to("2026-11-23 15:00")
    await choose(world, card, PASS)
    (choice,) = await cards_of(world, "wangfang")
    key = "qunce:give:wangfang:zhangli"
    await tap(world, choice, key, "wangfang", options={"to": ["limin"]})

    await world.turn_to("2026-11-24 15:01")

    task = await the_task(world, contact)
    assert task.state == "已升级"
    assert len(await cards_of(world, "limin")) == 2


async def test_only_who_was_asked_decides(world: World) -> None:
    contact, card = await a_task(world)
    await choose(world, card, PASS)
    (choice,) = await cards_of(world, "wangfang")

    await tap(world, choice, "qunce:give:wangfang:zhangli", "limin", options={"to": ["limin"]})

    assert (await the_task(world, contact)).staff == "zhangli"


async def test_who_may_not_be_rid_of_it_hears_so(world: World) -> None:
    contact, card = await a_task(world)
    await choose(world, card, PASS)
    (choice,) = await cards_of(world, "wangfang")

    await tap(world, choice, "qunce:keep:wangfang:zhangli", "wangfang")

    assert (await the_task(world, contact)).staff == "zhangli"
    assert "没有转" in (await texts_of(world, "zhangli"))[-1]


async def test_a_foreign_menu_changes_nothing(world: World) -> None:
    contact, card = await a_task(world)
    await tap(world, card)
    before: Task = await the_task(world, contact)

    await choose(world, card, CANNOT)
    await write(world, "客户电话停机")

    assert await the_task(world, contact) == before


# ---- 代为确认 -----------------------------------------------------------------------------------


async def test_the_manager_ticks_off_what_is_overdue_as_their_own_word(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contacts = [await world.add_contact("zhangli", name="小雨妈妈")]
    await world.later(minutes=40)
    contacts.append(await world.add_contact("zhangli", name="乐乐妈妈"))
    await world.turn_to("2026-11-24 11:00")

    await write(world, "代为确认", "wangfang")
    (card,) = [c for c in await cards_of(world, "wangfang") if "勾选" in c["title"]]
    row = await world.store.db["outbox"].find_one({"_id": {"$regex": "^card:vouch:"}})
    assert row
    items = row["body"]["template_card"]["checkbox"]["option_list"]
    assert ["小雨妈妈" in items[0]["text"], "乐乐妈妈" in items[1]["text"]] == [True, True]
    await tap(world, card, "submit", "limin", options={"items": [items[1]["id"]]})
    await tap(world, card, "submit", "wangfang", options={"items": [items[0]["id"]]})

    first, second = await tasks_of(world, contacts)
    assert (first.state, first.evidence, first.done_by) == (
        "已完成",
        "manager_override",
        "wangfang",
    )
    assert first.proofs["代为确认"]["by"] == "wangfang"
    assert second.open
    assert (await world.store.tasks.tally())["tasks_acknowledged"] == 0


async def test_nobody_vouches_for_what_they_do_not_answer_for(world: World) -> None:
    contact, _ = await a_task(world)
    await world.turn_to("2026-11-24 11:00")

    await write(world, "代为确认", "limin")

    assert await cards_of(world, "limin") == []
    assert (await texts_of(world, "limin"))[-1] == "现在没有等您代为确认的逾期任务。"
    assert (await the_task(world, contact)).open
    assert world.now > moment("2026-11-24 10:59")
