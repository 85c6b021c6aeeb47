"""Tasks from the card to their end, told from the outside."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.model import Task
from scheduler import reminders
from tests.world import TEAM, World, moment

RULES = """
规则: 全局
免打扰: {员工: "20:00-09:00"}
频控: {每位员工: {每天新任务: 3个}}
催办:
  标准三级:
    - {过了: 2小时, 提醒: 本人}
    - {到期: , 提醒: [本人, 店长]}
    - {逾期: 1个工作日, 转派: 店长}
"""
TAGS = """
标签:
  宝宝月龄: [0-6月龄, 6-12月龄]
  新客: [新客-满意, 新客-待跟进]
"""
SCRIPT = """
素材: 话术-问月龄
类型: 文字
文案: 您好，我是您的专属顾问，宝宝多大啦？
"""
ENTRY = """
SOP: 问月龄
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
退出:
  - {当: 下单, 记为: 达成}
步骤:
"""
LATER = """
  - 步骤: 以后
    等待: 30天
"""


def asking(evidence: str, more: str = "") -> str:
    """An SOP that gives one task, to be proved by ``evidence``, and goes on for a month."""
    return f"""{ENTRY}
  - 步骤: 问需求
    派任务:
      标题: 和 {{客户昵称}} 打个招呼，问清宝宝月龄
      给: 跟进人
      素材: 话术-问月龄
      完成依据: {evidence}
      期限: 1个工作日
      催办: 标准三级
{more}{LATER}"""


BUTTON = "[按钮: 已问到]"
TAG = "[客户被打上标签组: 宝宝月龄]"
BOTH = "[按钮: 已问到, 客户被打上标签组: 宝宝月龄]"


async def open_shop(world: World, sop: str, **more: str) -> None:
    files = {"rules.yaml": RULES, "tags.yaml": TAGS, "sop.yaml": sop, "script.yaml": SCRIPT}
    await world.publish({**files, "team.yaml": TEAM, **more})


async def cards_of(world: World, staff: str = "zhangli") -> list[dict[str, Any]]:
    return [card for card in (await world.ledger())["cards"] if card["userid"] == staff]


async def texts_of(world: World, staff: str) -> list[str]:
    texts = (await world.ledger())["texts"]
    return [text["content"] for text in texts if text["userid"] == staff]


async def shown_on(world: World, card: dict[str, Any], staff: str = "zhangli") -> str:
    """What stands on this person's copy of the card now, in place of its buttons."""
    updates = (await world.ledger())["card_updates"]
    notes = [
        update["replace_name"]
        for update in updates
        if update["task_id"] == card["task_id"] and update["userid"] == staff
    ]
    return notes[-1] if notes else ""


async def tap(
    world: World, card: dict[str, Any], key: str = "已问到", staff: str = "zhangli", **more: Any
) -> None:
    await world.act("tap", staff=staff, task_id=card["task_id"], key=key, **more)


async def tag(world: World, contact: str, name: str = "宝宝月龄/0-6月龄") -> None:
    await world.act("edit_tags", staff="zhangli", contact=contact, add=[name])
    await world.later(seconds=3)


async def the_task(world: World, contact: str) -> Task:
    (task,) = await world.store.tasks.about(contact)
    return task


async def test_a_task_is_verified_without_the_worker_saying_so(world: World) -> None:
    await open_shop(world, asking(TAG))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)
    assert card["card_type"] == "button_interaction"
    assert card["title"] == "和 小雨妈妈 打个招呼，问清宝宝月龄"
    row = await world.store.outbox.get(f"card:{(await the_task(world, contact)).id}:1")
    assert row
    assert "宝宝多大啦" in str(row.body["template_card"]["quote_area"])
    assert (await the_task(world, contact)).state == "已送达"

    await tag(world, contact)

    task = await the_task(world, contact)
    assert (task.state, task.evidence, task.open, task.done_by) == ("已核实", "verified", False, "")
    assert await shown_on(world, card) == "✓ 已核实"
    assert (await world.ledger())["taps"] == []


async def test_a_tap_without_a_trace_in_wecom_is_never_verified(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)

    await tap(world, card)

    task = await the_task(world, contact)
    assert (task.state, task.evidence, task.result) == ("已完成", "acknowledged", "已问到")
    assert "已完成 · 张丽" in await shown_on(world, card)
    await tag(world, contact)
    assert (await the_task(world, contact)).evidence == "acknowledged"


async def test_first_the_tap_then_the_trace_verifies(world: World) -> None:
    await open_shop(world, asking(BOTH))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)

    await tap(world, card)
    tapped, shown = await the_task(world, contact), await shown_on(world, card)
    await tag(world, contact)

    assert (tapped.state, tapped.evidence, tapped.open) == ("已完成", "acknowledged", True)
    assert shown == "已完成 · 等系统核实"
    task = await the_task(world, contact)
    assert (task.state, task.evidence, task.open) == ("已核实", "verified", False)
    assert await shown_on(world, card) == "✓ 已核实"


async def test_first_the_trace_then_the_tap_verifies(world: World) -> None:
    await open_shop(world, asking(BOTH))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)

    await tag(world, contact)
    seen = await the_task(world, contact)
    await tap(world, card)

    assert (seen.state, seen.open) == ("已送达", True)
    assert (await the_task(world, contact)).state == "已核实"


async def test_a_trace_that_never_comes_leaves_it_acknowledged(world: World) -> None:
    await open_shop(world, asking(BOTH))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await tap(world, (await cards_of(world))[0])

    await world.turn_to("2026-11-25 12:00")

    task = await the_task(world, contact)
    assert (task.state, task.evidence, task.open) == ("已完成", "acknowledged", False)
    assert (await world.store.tasks.tally())["tasks_overdue"] == 0


async def test_a_tag_that_was_there_before_proves_nothing(world: World) -> None:
    await open_shop(world, asking(TAG, "").replace("派任务", "何时: 2小时后\n    派任务"))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await tag(world, contact)

    await world.later(hours=3)

    assert (await the_task(world, contact)).state == "已送达"


async def test_a_second_tap_is_answered_politely(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)
    await tap(world, card)
    first = await the_task(world, contact)

    await world.later(minutes=5)
    await tap(world, card)

    assert await the_task(world, contact) == first
    assert "已完成 · 张丽" in await shown_on(world, card)


async def test_a_foreign_tap_is_answered_politely(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)

    await tap(world, card, staff="limin")
    before = await the_task(world, contact)
    await tap(world, card)
    await tap(world, card, staff="limin")

    assert before.open
    early, late = await texts_of(world, "limin")
    assert early.endswith("这个任务属于 张丽")
    assert late.endswith("已由 张丽 完成")


async def test_a_card_nobody_knows_is_answered_too(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)
    await world.store.db["tasks"].delete_many({})

    await tap(world, card)

    assert await shown_on(world, card) == "这张卡片已失效"


async def test_a_task_waits_for_working_hours(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    await world.turn_to("2026-11-23 21:30")

    contact = await world.add_contact("zhangli", name="小雨妈妈")
    at_night = await cards_of(world)
    await world.turn_to("2026-11-24 09:01")

    assert at_night == []
    (card,) = await cards_of(world)
    assert card["at"].startswith("2026-11-24T01:00")
    assert (await the_task(world, contact)).deadline


async def test_a_person_gets_so_many_new_tasks_a_day(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    await world.turn_to("2026-11-27 10:00")  # a Friday
    for n in range(4):
        await world.add_contact("zhangli", name=f"客户{n}")
    today = await cards_of(world)

    await world.turn_to("2026-11-30 09:01")

    assert len(today) == 3
    new = [card for card in await cards_of(world) if card["title"].startswith("和 客户3")]
    assert [card["at"][:16] for card in new] == ["2026-11-30T01:00"]


async def test_the_ladder_reminds_then_tells_the_manager_then_passes_it_on(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")

    await world.turn_to("2026-11-23 11:30")
    reminded = await cards_of(world)
    await world.turn_to("2026-11-24 09:30")
    overdue, told = await the_task(world, contact), await texts_of(world, "wangfang")
    await world.turn_to("2026-11-25 09:30")

    assert [card["title"][:4] for card in reminded] == ["和 小雨", "【提醒】"]
    assert overdue.state == "已升级"
    assert len(told) == 1
    assert "张丽" in told[0]
    task = await the_task(world, contact)
    assert (task.staff, task.state, task.open) == ("wangfang", "已转派", True)
    (mine,) = await cards_of(world, "wangfang")
    assert mine["title"].startswith("【张丽 转来】")
    old = (await cards_of(world))[0]
    assert await shown_on(world, old) == "已转派给 王芳"
    assert (await world.store.tasks.tally())["escalations"] == 2


async def test_the_card_of_a_reminder_and_the_first_one_both_work(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-23 11:30")
    first, second = await cards_of(world)

    await tap(world, first)

    assert (await the_task(world, contact)).state == "已完成"
    assert "已完成 · 张丽" in await shown_on(world, first)
    assert "已完成 · 张丽" in await shown_on(world, second)


async def test_who_does_it_late_is_late_but_has_done_it(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-24 11:00")

    await tap(world, (await cards_of(world))[0])

    assert (await the_task(world, contact)).state == "已完成"
    tally = await world.store.tasks.tally()
    assert (tally["tasks_overdue"], tally["tasks_acknowledged"]) == (1, 1)


async def test_what_nobody_does_is_given_up_in_the_end(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")

    await world.turn_to("2026-12-04 12:00")

    task = await the_task(world, contact)
    assert (task.state, task.open, task.due_at) == ("已过期", False, None)
    (card,) = await cards_of(world, "wangfang")
    await tap(world, card, staff="wangfang")
    assert await shown_on(world, card, "wangfang") == "已过期"


async def test_reminders_for_one_person_come_as_one(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    for n in range(3):
        await world.add_contact("zhangli", name=f"客户{n}")
        await world.later(minutes=9)

    await world.turn_to("2026-11-23 11:17")
    held = await texts_of(world, "zhangli")
    await world.turn_to("2026-11-23 11:30")

    assert held == []
    assert len(await cards_of(world)) == 3
    (text,) = await texts_of(world, "zhangli")
    assert all(f"客户{n}" in text for n in range(3))


async def test_two_processes_remind_once(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    await world.add_contact("zhangli", name="小雨妈妈")
    noon = replace(world.ctx, now=lambda: moment("2026-11-23 12:00"))

    await asyncio.gather(*(reminders.look(noon) for _ in range(3)))
    await world.turn_to("2026-11-23 12:01")

    assert len(await cards_of(world)) == 2


async def test_a_customer_who_leaves_the_sop_takes_the_task_along(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)

    await world.act("order", contact=contact, amount=99)
    await world.later(minutes=1)

    task = await the_task(world, contact)
    assert (task.state, task.open) == ("已取消", False)
    assert await shown_on(world, card) == "已取消"


async def test_the_answer_puts_its_tag_on_the_customer(world: World) -> None:
    tags = "      结果打标签: {很满意: 新客-满意, 有问题: 新客-待跟进}\n"
    await open_shop(world, asking("[按钮: [很满意, 有问题]]", tags))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)

    await tap(world, card, "有问题")
    await world.later(seconds=5)

    tags_put = [row for row in (await world.ledger())["tags"] if row["by"] == "api"]
    assert [(row["external_userid"], row["tag"]) for row in tags_put] == [
        (contact, "新客/新客-待跟进")
    ]


async def test_our_own_tag_does_not_verify_the_task_that_put_it(world: World) -> None:
    tags = "      结果打标签: {已问到: 0-6月龄}\n"
    await open_shop(world, asking(BOTH, tags))
    contact = await world.add_contact("zhangli", name="小雨妈妈")

    await tap(world, (await cards_of(world))[0])
    await world.later(minutes=5)

    assert (await the_task(world, contact)).evidence == "acknowledged"


async def test_a_checklist_is_done_when_all_of_it_is_ticked(world: World) -> None:
    checklist = "      检查清单: [问好, 发资料, 约到店]\n"
    await open_shop(world, asking("[清单全部勾选]", checklist))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)
    assert card["card_type"] == "vote_interaction"

    await tap(world, card, "submit", options={"items": ["0", "2"]})
    partly = await the_task(world, contact)
    await tap(world, card, "submit", options={"items": ["0", "1", "2"]})

    assert partly.open
    updates = (await world.ledger())["card_updates"]
    assert "还差 1 项" in updates[0]["title"]
    task = await the_task(world, contact)
    assert (task.state, task.evidence) == ("已完成", "acknowledged")


async def test_a_long_script_follows_as_a_text_to_forward(world: World) -> None:
    long = "您好！" + "我们门店本周有育儿讲座，欢迎您带宝宝来听。" * 40
    script = f"素材: 话术-问月龄\n类型: 文字\n文案: {long}\n"
    await open_shop(world, asking(BUTTON), **{"script.yaml": script})

    await world.add_contact("zhangli", name="小雨妈妈")

    assert "".join(await texts_of(world, "zhangli")) == long


async def test_the_manager_takes_over_from_who_left(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")

    await world.act("staff_leaves", staff="zhangli")
    await world.later(minutes=1)

    task = await the_task(world, contact)
    assert (task.staff, task.state) == ("wangfang", "已转派")
    (card,) = await cards_of(world, "wangfang")
    await tap(world, card, staff="wangfang")
    assert (await the_task(world, contact)).done_by == "wangfang"


@pytest.mark.parametrize(
    ("evidence", "result"), [(BUTTON, "已问到"), (BOTH, "已问到"), (TAG, "完成")]
)
async def test_every_end_is_told_to_the_journey(world: World, evidence: str, result: str) -> None:
    follow = f"""
  - 步骤: 之后
    如果:
      - 任务结果: {{步骤: 问需求, 是: {result}}}
    派任务: {{标题: 继续跟进, 给: 跟进人, 完成依据: [按钮: 好], 期限: 1天}}
"""
    await open_shop(world, asking(evidence, follow))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    if evidence != TAG:
        await tap(world, (await cards_of(world))[0])
    if evidence != BUTTON:
        await tag(world, contact)

    await world.later(minutes=1)

    assert "继续跟进" in [card["title"] for card in await cards_of(world)]


async def test_an_end_nobody_lived_to_tell_is_told_by_the_next(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = await cards_of(world)
    task = await the_task(world, contact)
    assert await world.store.tasks.end(task.id, "已取消", "", world.now, "已取消：试一试")

    await world.later(minutes=1)

    assert await shown_on(world, card) == "已取消"
    assert await world.store.db["facts"].find_one({"_id": f"task:{task.id}"})
    assert (await the_task(world, contact)).due_at is None
