"""Faults that open systems are known for in sending, groups and tasks: their opposites are kept."""

from typing import Any

from bot import sync
from bot.actions import news
from tests.world import TEAM, World

RULES = """
规则: 全局
免打扰: {员工: "20:00-09:00"}
催办:
  提醒一次:
    - {过了: 2小时, 提醒: 本人}
"""
TAGS = """
标签:
  来源: [海报]
"""
THEME = "主题群: 妈妈群\n群: {名称包含: 妈妈}\n"
PUSH = """
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    何时: 当天 10:00
    发给客户: {文案: 近来好吗, 由: 跟进人, 时效: 6小时}
"""
CALENDAR = """
SOP: 群周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 妈妈群}
步骤:
  - 步骤: 周一
    何时: 每周一 10:00
    发到群: {文案: 近来好吗, 由: 群主, 时效: 6小时}
"""
TASK = """
SOP: 跟进
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 打招呼
    派任务:
      标题: 和 {客户昵称} 打个招呼
      给: 跟进人
      完成依据: [按钮: 已问到]
      期限: 2个工作日
      催办: 提醒一次
"""
JOINED = """
SOP: 入群后
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 入群, 主题: 妈妈群}
步骤:
  - 步骤: 记下
    打标签: 来源/海报
"""


async def publish(world: World, *sops: str, **more: str) -> None:
    files = {f"sop{n}.yaml": text for n, text in enumerate(sops)}
    base = {"team.yaml": TEAM, "rules.yaml": RULES, "tags.yaml": TAGS, "theme.yaml": THEME}
    await world.publish({**base, **files, **more})


async def ledger(world: World, what: str) -> list[dict[str, Any]]:
    return list((await world.ledger())[what])


# --- sending -------------------------------------------------------------------------------------


async def test_a_push_is_done_only_for_whom_wecom_says_it_arrived(world: World) -> None:
    """Of four, one is reached: one deleted their friend, one had enough, one is not confirmed."""
    await publish(world, PUSH)
    friend, gone = [await world.add_contact("zhangli") for _ in range(2)]
    full, unconfirmed = await world.add_contact("limin"), await world.add_contact("wangfang")
    await world.turn_to("2026-11-23 10:02")
    msgid = {mass["sender"]: mass["msgid"] for mass in await ledger(world, "mass")}

    await world.act("delete_by_customer", staff="zhangli", contact=gone)
    await world.act("confirm", staff="zhangli", msgid=msgid["zhangli"])
    await world.sim.limits(monthly_cap=0)
    await world.act("confirm", staff="limin", msgid=msgid["limin"])
    await world.turn_to("2026-11-23 11:30")

    reached = {
        contact: (await world.store.deliveries.of(contact))[0].state == "delivered"
        for contact in (friend, gone, full, unconfirmed)
    }
    assert reached == {friend: True, gone: False, full: False, unconfirmed: False}
    figures = await world.store.tallies.pushes()
    assert (figures["pushes_due"], figures["pushes_delivered"]) == (4, 1)


async def test_customers_and_groups_that_are_due_together_get_a_message_each(world: World) -> None:
    await publish(world, PUSH, CALENDAR)
    group = await world.create_group("妈妈群", "zhangli")
    contact = await world.add_contact("zhangli")

    await world.turn_to("2026-11-23 10:05")

    made = [(mass["chat_type"], mass["targets"]) for mass in await ledger(world, "mass")]
    assert sorted(made) == [("group", [group]), ("single", [contact])]


async def test_publishing_while_pushes_are_due_sends_none_twice(world: World) -> None:
    await publish(world, PUSH, CALENDAR)
    await world.create_group("妈妈群", "zhangli")
    await world.add_contact("zhangli")
    await world.turn_to("2026-11-23 10:00")

    for note in ("第一次", "第二次", "第三次"):
        await publish(
            world, PUSH.replace("负责人: 王芳", f"负责人: 王芳\n版本说明: {note}"), CALENDAR
        )
    await world.turn_to("2026-11-23 12:00")

    assert sorted(mass["chat_type"] for mass in await ledger(world, "mass")) == ["group", "single"]


async def test_an_add_told_three_times_counts_once(world: World) -> None:
    """WeCom tells again what was not answered within five seconds."""
    channel = "渠道: 海报\n员工: [张丽]\n标签: [来源/海报]\n"
    await publish(world, TASK, channel=channel)
    await world.sim.callbacks("duplicate", rate=1.0)

    contact = await world.add_contact("zhangli", state="海报")
    await world.later(hours=1)

    assert len(await world.store.journeys.of(contact)) == 1
    assert len(await ledger(world, "cards")) == 1
    assert [row["op"] for row in await ledger(world, "tags")] == ["add"]


# --- groups --------------------------------------------------------------------------------------


async def test_one_in_and_one_out_are_two_changes_though_the_number_is_the_same(
    world: World,
) -> None:
    await publish(world, JOINED)
    chat = await world.create_group("妈妈群", "zhangli")
    before, after = await world.add_contact("zhangli"), await world.add_contact("zhangli")
    await world.act("join_group", chat=chat, contact=before)
    await world.later(minutes=1)

    async with world.deaf():
        await world.sim.act("leave_group", chat=chat, contact=before)
        await world.sim.act("join_group", chat=chat, contact=after)
    await sync.sync_everything(world.ctx)
    await news.tell_news(world.ctx)
    await world.later(minutes=1)

    group = await world.store.groups.get(chat)
    assert group
    assert after in group.roster
    assert before not in group.roster
    assert len(await world.store.journeys.of(after)) == 1


async def test_comparing_again_makes_nobody_twice(world: World) -> None:
    await publish(world, TASK)
    contacts = {await world.add_contact("zhangli") for _ in range(3)}
    cards = len(await ledger(world, "cards"))

    for _ in range(2):
        await sync.sync_everything(world.ctx)
        await news.tell_news(world.ctx)
        await world.later(minutes=1)

    assert (await world.store.tallies.customers())["contacts_added"] == len(contacts)
    assert len(await ledger(world, "cards")) == cards


# --- tasks ---------------------------------------------------------------------------------------


async def test_a_task_goes_to_whom_it_is_for_and_not_to_its_author(world: World) -> None:
    await publish(world, TASK)
    await world.add_contact("limin")

    await world.later(minutes=5)

    assert [card["userid"] for card in await ledger(world, "cards")] == ["limin"]


async def test_a_reminder_comes_when_the_edited_rules_say(world: World) -> None:
    await publish(world, TASK)
    await world.add_contact("zhangli")
    await world.later(minutes=5)

    edited = RULES.replace("过了: 2小时", "过了: 4小时")
    await publish(world, TASK, **{"rules.yaml": edited})
    await world.turn_to("2026-11-23 12:30")
    early = len(await ledger(world, "cards"))
    await world.turn_to("2026-11-23 13:40")

    assert early == 1
    assert len(await ledger(world, "cards")) == 2


async def test_staff_sleep_undisturbed_until_the_morning(world: World) -> None:
    await publish(world, TASK)
    await world.turn_to("2026-11-23 21:00")
    await world.add_contact("zhangli")
    await world.turn_to("2026-11-24 08:59")
    night = await ledger(world, "cards")

    await world.turn_to("2026-11-24 09:45")

    assert night == []
    assert len(await ledger(world, "cards")) == 1
