"""Faults that open systems for WeCom are known for: each one's opposite is a promise here."""

from typing import Any

import pytest

from tests.world import TEAM, World, moment

TAGS = """
标签:
  喜好: [奶粉, 辅食]
  管理: [勿扰, 员工]
"""


def an_sop(*steps: str, name: str = "关怀", conditions: str = "[]", more: str = "") -> str:
    condition = f", 条件: {conditions}" if conditions != "[]" else ""
    return f"""
SOP: {name}
负责人: 王芳
状态: 启用
对象: 客户
进入: {{当: 添加好友{condition}}}
{more}
步骤:
{"".join(steps)}
"""


def push(name: str, when: str, text: str = "") -> str:
    return f"""
  - 步骤: {name}
    何时: {when}
    发给客户: {{文案: {text or name}, 由: 跟进人, 时效: 24小时}}
"""


def say(name: str, when: str = "立即") -> str:
    return f"""
  - 步骤: {name}
    何时: {when}
    发给员工: {{文案: {name}, 给: 跟进人, 时效: 24小时}}
"""


async def publish(world: World, *sops: str, **more: str) -> None:
    files = {f"sop{n}.yaml": text for n, text in enumerate(sops)}
    await world.publish({"team.yaml": TEAM, "tags.yaml": TAGS, **more, **files})


async def mass_of(world: World) -> list[dict[str, Any]]:
    return list((await world.ledger())["mass"])


async def said(world: World, to: str = "zhangli") -> list[str]:
    return [row["content"] for row in (await world.ledger())["texts"] if row["userid"] == to]


# --- editing what is under way -------------------------------------------------------------------


async def test_editing_a_running_sop_repeats_nothing_and_keeps_everybodys_place(
    world: World,
) -> None:
    await publish(world, an_sop(push("第一", "当天 10:00"), push("第二", "第2天 10:00")))
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 12:00")

    edited = an_sop(push("第一", "当天 10:00", "改过的话"), push("第二", "第2天 11:00"))
    await publish(world, edited)
    await world.turn_to("2026-11-25 12:00")

    assert [(m["text"], m["targets"]) for m in await mass_of(world)] == [
        ("第一", [contact]),
        ("第二", [contact]),
    ]
    assert len(await world.store.journeys.of(contact)) == 1


async def test_a_step_that_is_waiting_says_what_was_edited_last(world: World) -> None:
    await publish(world, an_sop(say("旧话", "当天 15:00")))
    await world.add_contact()

    await publish(world, an_sop(say("旧话", "当天 15:00").replace("文案: 旧话", "文案: 新话")))
    await world.turn_to("2026-11-23 16:00")

    assert await said(world) == ["新话"]


@pytest.mark.parametrize("state", ["暂停", "停用"])
async def test_what_is_switched_off_sends_nothing_more(world: World, state: str) -> None:
    sop = an_sop(push("第一", "当天 10:00"), push("第二", "当天 15:00"))
    await publish(world, sop)
    await world.add_contact()
    await world.turn_to("2026-11-23 12:00")

    await publish(world, sop.replace("状态: 启用", f"状态: {state}"))
    await world.turn_to("2026-11-25 12:00")

    assert [m["text"] for m in await mass_of(world)] == ["第一"]


async def test_a_calendar_follows_its_theme_to_other_groups(world: World) -> None:
    """Not by counting groups: as many others are others."""
    calendar = """
SOP: 周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 甲}
步骤:
  - 步骤: 每天一问
    何时: 每天 12:00
    发到群: {文案: 今天怎么样, 由: 群主, 时效: 2小时}
"""
    themes = "主题群: 甲\n群: {名称包含: 甲}\n---\n主题群: 乙\n群: {名称包含: 乙}\n"
    first = await world.create_group("甲群")
    second = await world.create_group("乙群")
    await publish(world, calendar, themes=themes)
    await world.turn_to("2026-11-23 12:30")

    await publish(world, calendar.replace("主题: 甲", "主题: 乙"), themes=themes)
    await world.turn_to("2026-11-24 12:30")

    assert [m["targets"] for m in await mass_of(world)] == [[first], [second]]


# --- who gets what -------------------------------------------------------------------------------


async def test_everybody_gets_their_own_content_also_when_one_staff_sends_several(
    world: World,
) -> None:
    milk = an_sop(push("奶粉", "当天 15:00"), name="奶粉", conditions="[{有标签: 奶粉}]")
    food = an_sop(push("辅食", "当天 15:00"), name="辅食", conditions="[{有标签: 辅食}]")
    entered = "当: 打上标签, 标签组: 喜好"
    await publish(world, *(sop.replace("当: 添加好友", entered) for sop in (milk, food)))
    likes = {}
    for tag in ("奶粉", "辅食"):
        likes[tag] = await world.add_contact("zhangli")
        await world.act("edit_tags", staff="zhangli", contact=likes[tag], add=[f"喜好/{tag}"])

    await world.turn_to("2026-11-23 16:00")

    got = {m["text"]: m["targets"] for m in await mass_of(world)}
    assert got == {tag: [contact] for tag, contact in likes.items()}


async def test_an_exit_rule_ends_the_journey_it_speaks_of(world: World) -> None:
    exits = "退出:\n  - {当: 下单, 记为: 达成}"
    await publish(world, an_sop(push("回访", "第2天 10:00"), more=exits))
    buys, stays = await world.add_contact(), await world.add_contact()

    await world.act("order", contact=buys)
    await world.turn_to("2026-11-24 12:00")

    (bought,) = await world.store.journeys.of(buys)
    assert (bought.state, bought.goal) == ("done", "达成")
    assert [m["targets"] for m in await mass_of(world)] == [[stays]]


async def test_deleting_one_member_of_staff_ends_only_what_was_with_them(world: World) -> None:
    exits = "退出:\n  - 当: 客户删除好友"
    await publish(world, an_sop(push("回访", "第2天 10:00"), more=exits))
    contact = await world.add_contact("zhangli")
    await world.act("add_contact", staff="limin", contact=contact)
    await world.later(minutes=1)
    await world.act("delete_by_customer", staff="limin", contact=contact)

    await world.turn_to("2026-11-24 12:00")

    (mass,) = await mass_of(world)
    assert (mass["sender"], mass["targets"]) == ("zhangli", [contact])


async def test_all_conditions_must_hold_also_when_the_first_fits_nobody(world: World) -> None:
    conditions = "[{有标签: 奶粉}, {没有标签: 员工}]"
    await publish(world, an_sop(push("问候", "当天 15:00"), conditions=conditions))
    await world.add_contact()

    await world.turn_to("2026-11-23 16:00")

    assert await mass_of(world) == []


async def test_two_tags_on_one_customer_are_both_there_and_another_does_not_hide_them(
    world: World,
) -> None:
    both = an_sop(say("两样都要"), conditions="[{有标签: [奶粉, 辅食]}, {没有标签: 勿扰}]").replace(
        "当: 添加好友", "当: 打上标签, 标签: 辅食"
    )
    await publish(world, both)
    wanted = await world.add_contact()
    spared = await world.add_contact()
    await world.act("edit_tags", staff="zhangli", contact=wanted, add=["喜好/奶粉"])
    await world.act("edit_tags", staff="zhangli", contact=spared, add=["喜好/奶粉", "管理/勿扰"])
    for contact in (wanted, spared):
        await world.act("edit_tags", staff="zhangli", contact=contact, add=["喜好/辅食"])

    await world.later(minutes=1)

    assert len(await world.store.journeys.of(wanted)) == 1
    assert await world.store.journeys.of(spared) == []


# --- the right hour ------------------------------------------------------------------------------


async def test_a_step_of_the_very_first_day_is_pushed_on_that_day(world: World) -> None:
    await publish(world, an_sop(push("当天", "当天 10:30")))
    await world.add_contact()

    await world.turn_to("2026-11-23 10:35")

    assert [m["text"] for m in await mass_of(world)] == ["当天"]


async def test_quiet_hours_are_quiet_across_midnight(world: World) -> None:
    rules = '规则: 全局\n免打扰: {客户: "21:30-08:30"}\n'
    await publish(world, an_sop(push("夜里", "当天 23:00")), rules=rules)
    await world.add_contact()
    await world.turn_to("2026-11-24 08:29")
    night = await mass_of(world)

    await world.turn_to("2026-11-24 08:35")

    assert night == []
    assert [m["text"] for m in await mass_of(world)] == ["夜里"]


async def test_monday_is_monday_in_the_zone_that_is_written(world: World) -> None:
    theme = "主题群: 甲\n群: {名称包含: 甲}\n"
    calendar = """
SOP: 周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 甲}
日历: {时区: Asia/Shanghai}
步骤:
  - 步骤: 周一
    何时: 每周一 12:00
    发到群: {文案: 周一好, 由: 群主, 时效: 2小时}
"""
    await world.create_group("甲群")
    await publish(world, calendar, themes=theme)

    await world.turn_to("2026-11-30 11:59")
    early = await mass_of(world)
    await world.turn_to("2026-12-06 12:00")

    assert [m["created_at"] for m in early] == [moment("2026-11-23 12:01").isoformat()]
    assert [m["created_at"] for m in await mass_of(world)] == [
        moment("2026-11-23 12:01").isoformat(),
        moment("2026-11-30 12:01").isoformat(),
    ]


async def test_what_came_while_nobody_was_running_is_caught_up(world: World) -> None:
    await publish(world, an_sop(push("第一", "当天 10:00")))
    contact = await world.add_contact()

    await world.pass_by(hours=3)
    await world.later(minutes=2)

    assert [m["targets"] for m in await mass_of(world)] == [[contact]]
