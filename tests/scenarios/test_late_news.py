"""What became known too late, or in between, is still followed."""

from tests.scenarios.test_sop_steps import SHELF, THEME, WEEKLY, an_sop, publish, said, say
from tests.world import TEAM, World

LEAVES = "退出:\n  - 当: 客户删除好友"


async def test_a_word_to_staff_is_not_sent_when_the_customer_left_overnight(world: World) -> None:
    await publish(
        world, an_sop(say("来了新客"), say("三天了", when="3天后"), more=LEAVES), quiet=True
    )
    await world.turn_to("2026-11-23 20:30")
    contact = await world.add_contact()

    await world.turn_to("2026-11-23 22:00")
    await world.act("delete_by_customer", staff="zhangli", contact=contact)
    await world.turn_to("2026-11-24 10:00")

    assert await said(world) == []


async def test_who_ordered_before_their_adding_was_handled_has_ordered(world: World) -> None:
    ends = "退出:\n  - 当: 下单"
    await publish(world, an_sop(say("来了新客", when="2小时后"), more=ends))
    made = await world.sim.act("add_contact", staff="zhangli")
    await world.pass_by(minutes=5)
    await world.sim.act("order", contact=str(made["external_userid"]))
    await world.pass_by(minutes=10)

    await world.later(hours=3)

    assert await said(world) == []


async def test_two_steps_of_one_moment_send_two_pieces_of_a_column(world: World) -> None:
    twice = WEEKLY + (
        "  - 步骤: 周一再来一篇\n    何时: 每周一 09:30\n"
        "    发到群: {素材轮播: 栏目-喂养, 由: 群主, 时效: 6小时}\n"
    )
    await world.publish(
        {"team.yaml": TEAM, "theme.yaml": THEME, "shelf.yaml": SHELF, "sop.yaml": twice}
    )
    await world.create_group("0-6月龄 1群")

    await world.turn_to("2026-11-23 09:40")

    texts = [row["text"] for row in (await world.ledger())["mass"]]
    assert sorted(texts) == ["第1篇", "第2篇"]
