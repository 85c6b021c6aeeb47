"""Content for customers and groups: gathered, confirmed by staff, believed only when WeCom says so."""

from pathlib import Path
from typing import Any

import pytest

from bot.actions.walk import walk_due
from bot.model import Delivery
from scheduler import deliveries
from tests.world import World, moment

RULES = """
规则: 全局
免打扰: {客户: "21:30-08:30", 客户群: "22:00-08:00", 员工: "20:00-09:00"}
频控:
  每位客户: {每天: 1条, 每7天: 3条, 其中营销每7天: 1条}
  每个群: {每天: 2条, 其中营销每7天: 2条}
"""
CARE = """
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
退出:
  - {当: 下单, 记为: 达成}
步骤:
  - 步骤: 育儿测评
    何时: 当天 10:00
    发给客户: {文案: 给您一份育儿测评, 由: 跟进人, 时效: 24小时}
"""
LONGER = (
    CARE
    + """\
  - 步骤: 回访
    何时: 第3天 10:00
    发给客户: {文案: 用得还好吗, 由: 跟进人}
"""
)
NEWS = """
SOP: 到店礼
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 到店礼
    何时: 当天 11:00
    发给客户: {文案: 到店有礼, 由: 跟进人, 时效: 48小时}
"""
GROUPS = """
SOP: 群周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 新手妈妈}
步骤:
  - 步骤: 周一喂养知识
    何时: 每周一 10:00
    发到群: {文案: 喂养小知识, 由: 群主, 类型: 营销, 时效: 24小时}
"""
THEME = """
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
"""
MAKE = "externalcontact/add_msg_template"


async def open_shop(world: World, *sops: str, **more: str) -> None:
    files = {f"sop{number}.yaml": sop for number, sop in enumerate(sops)}
    await world.publish({"rules.yaml": RULES, **files, **more})


async def mass_of(world: World) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = (await world.ledger())["mass"]
    return made


async def delivery_of(world: World, subject: str) -> Delivery:
    (only,) = await world.store.deliveries.of(subject)
    return only


async def confirm(world: World, mass: dict[str, Any]) -> None:
    await world.act("confirm", staff=mass["sender"], msgid=mass["msgid"])


async def test_customers_of_one_member_of_staff_are_one_message_to_confirm(world: World) -> None:
    await open_shop(world, CARE)
    contacts = [await world.add_contact("zhangli") for _ in range(3)]
    other = await world.add_contact("limin")

    await world.turn_to("2026-11-23 10:02")
    masses = {mass["sender"]: mass for mass in await mass_of(world)}
    assert sorted(masses["zhangli"]["targets"]) == sorted(contacts)
    assert masses["limin"]["targets"] == [other]
    assert (await delivery_of(world, contacts[0])).state == "created"

    await confirm(world, masses["zhangli"])
    await world.turn_to("2026-11-23 10:20")
    for contact in contacts:
        delivery = await delivery_of(world, contact)
        assert (delivery.state, delivery.delivered_at) == (
            "delivered",
            moment("2026-11-23 10:02"),
        )
    assert (await delivery_of(world, other)).state == "created"
    told = [row["what"] for row in await world.store.log.of(contacts[0])]
    assert "“育儿测评”由 zhangli 确认，已送达" in told


async def test_who_leaves_before_the_message_is_made_is_left_out(world: World) -> None:
    await open_shop(world, LONGER)
    stays, orders = await world.add_contact(), await world.add_contact()
    await world.turn_to("2026-11-23 10:00")
    await world.act("order", contact=orders, amount=9900)
    await world.later(minutes=2)

    (mass,) = await mass_of(world)
    assert mass["targets"] == [stays]
    delivery = await delivery_of(world, orders)
    assert (delivery.state, delivery.reason) == ("suppressed", "已退出")
    assert await world.store.caps.hits(f"cust:{orders}") == []


async def take_room_and_die(world: World, contact: str) -> None:
    """A look at the delivery that took its place in the caps and got no further."""
    due = await delivery_of(world, contact)
    ledger = f"cust:{contact}"
    assert await world.store.caps.reserve(ledger, due.id, due.cls, world.now, []) is None


async def test_what_is_moved_to_the_next_day_takes_its_room_there(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 09:59")
    await world.pass_by(minutes=1)
    assert await walk_due(world.ctx)
    await take_room_and_die(world, contact)

    await world.pass_by(hours=12)
    assert await deliveries.look(world.ctx)
    moved = await world.store.caps.hits(f"cust:{contact}")
    await world.turn_to("2026-11-24 08:35")

    (hit,) = await world.store.caps.hits(f"cust:{contact}")
    assert (moved, hit["at"] >= moment("2026-11-24 08:30")) == ([], True)


async def test_what_is_dropped_leaves_its_room_to_others(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 09:59")
    await world.pass_by(minutes=1)
    assert await walk_due(world.ctx)
    await take_room_and_die(world, contact)

    await world.pass_by(hours=30)
    assert await deliveries.look(world.ctx)

    assert (await delivery_of(world, contact)).state == "expired"
    assert await world.store.caps.hits(f"cust:{contact}") == []


async def test_a_second_message_of_the_day_waits_for_the_next_one(world: World) -> None:
    await open_shop(world, CARE, NEWS)
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 11:05")

    assert [mass["text"] for mass in await mass_of(world)] == ["给您一份育儿测评"]
    told = [row["what"] for row in await world.store.log.of(contact)]
    assert "“到店礼”频控:每天1条，顺延到 11-24 08:30" in told

    await confirm(world, (await mass_of(world))[0])
    await world.turn_to("2026-11-24 08:32")
    assert [mass["text"] for mass in await mass_of(world)] == ["给您一份育儿测评", "到店有礼"]


async def test_marketing_gives_way_to_the_service_message_of_the_afternoon(world: World) -> None:
    news = NEWS.replace("时效: 48小时", "时效: 48小时, 类型: 营销")
    await open_shop(world, CARE.replace("10:00", "15:00"), news)
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 15:05")

    assert [mass["text"] for mass in await mass_of(world)] == ["给您一份育儿测评"]
    told = [row["what"] for row in await world.store.log.of(contact)]
    assert "“到店礼”让位给当天稍后的服务消息，顺延到 11-24 08:30" in told


async def test_marketing_gives_way_to_what_a_loop_will_send_in_the_afternoon(world: World) -> None:
    news = NEWS.replace("时效: 48小时", "时效: 48小时, 类型: 营销")
    loop = """
  - 步骤: 每天
    循环:
      到: 第1天
      步骤:
        - {步骤: 关怀, 何时: "每天 15:00", 发给客户: {文案: 下午好, 由: 跟进人}}
"""
    await open_shop(world, CARE.partition("  - 步骤")[0] + loop, news)
    await world.add_contact()
    await world.turn_to("2026-11-23 15:05")

    assert [mass["text"] for mass in await mass_of(world)] == ["下午好"]


@pytest.mark.parametrize("fault", ["executed_then_timeout", "executed_then_cut"])
async def test_a_lost_answer_makes_no_second_message(world: World, fault: str) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.sim.limits(hang_seconds=0.3)
    await world.sim.fault(MAKE, fault, times=1)
    await world.turn_to("2026-11-23 10:30")

    (mass,) = await mass_of(world)
    await confirm(world, mass)
    await world.later(hours=1)
    assert (await delivery_of(world, contact)).state == "delivered"
    (sending,) = await world.store.sendings.all()
    row = await world.store.outbox.get(f"mass:{sending.id}")
    assert row
    assert row.result["reconciled"] is True


async def test_a_message_wecom_never_got_is_made_after_ten_minutes(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.sim.limits(hang_seconds=0.3)
    await world.sim.fault(MAKE, "hang", times=1)
    await world.turn_to("2026-11-23 10:09")
    assert await mass_of(world) == []

    await world.turn_to("2026-11-23 10:15")
    (mass,) = await mass_of(world)
    assert mass["targets"] == [contact]


async def test_the_words_of_another_message_are_not_taken_for_ours(world: World) -> None:
    """Two members of staff send the same words at the same time; one answer is lost."""
    await open_shop(world, CARE)
    await world.add_contact("zhangli")
    await world.add_contact("limin")
    await world.sim.fault(MAKE, "executed_then_cut", times=2)
    await world.turn_to("2026-11-23 10:30")

    masses = {mass["msgid"]: mass["sender"] for mass in await mass_of(world)}
    adopted = {sending.msgid: sending.staff for sending in await world.store.sendings.all()}
    assert len(masses) == 2
    assert adopted == masses


@pytest.mark.parametrize("fault", ["-1", "5xx", "45009", "token_void"])
async def test_trouble_on_the_way_delays_the_one_message(world: World, fault: str) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.sim.fault(MAKE, fault, times=1)
    await world.turn_to("2026-11-23 10:30")

    (mass,) = await mass_of(world)
    assert mass["targets"] == [contact]


async def test_nothing_is_sent_in_quiet_hours(world: World) -> None:
    await open_shop(world, CARE.replace("10:00", "22:00"))
    contact = await world.add_contact()
    await world.turn_to("2026-11-24 08:29")
    assert await mass_of(world) == []

    await world.turn_to("2026-11-24 08:32")
    assert [mass["targets"] for mass in await mass_of(world)] == [[contact]]


async def test_what_nobody_confirmed_is_withdrawn_at_night_and_offered_again(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 21:40")
    (evening,) = await mass_of(world)
    assert [row["msgid"] for row in (await world.ledger())["cancelled"]] == [evening["msgid"]]
    await confirm(world, evening)  # too late: it is gone from the phone

    await world.turn_to("2026-11-24 08:35")
    _, morning = await mass_of(world)
    await confirm(world, morning)
    await world.turn_to("2026-11-24 09:00")
    delivered = (await world.ledger())["delivered"]
    assert [row["msgid"] for row in delivered] == [morning["msgid"]]
    assert (await delivery_of(world, contact)).state == "delivered"
    assert len(await world.store.caps.hits(f"cust:{contact}")) == 1


async def test_when_its_validity_ends_it_is_withdrawn_for_good(world: World) -> None:
    await open_shop(world, CARE.replace("24小时", "2小时"))
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 13:00")

    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.reason) == ("expired", "员工未确认")
    ledger = await world.ledger()
    assert len(ledger["cancelled"]) == len(ledger["mass"]) == 1
    assert await world.store.caps.hits(f"cust:{contact}") == []


async def test_staff_are_reminded_after_one_hour_and_after_three(world: World) -> None:
    await open_shop(world, CARE)
    await world.add_contact()
    await world.turn_to("2026-11-23 15:00")

    at = [row["at"][11:16] for row in (await world.ledger())["reminded"]]
    assert at == ["03:01", "05:01"]  # UTC; made at 10:01


async def test_a_customer_who_is_no_longer_a_friend_counts_as_failed(world: World) -> None:
    await open_shop(world, CARE.replace("下单, 记为: 达成", "下单"))
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 10:02")
    (mass,) = await mass_of(world)
    await world.act("delete_by_customer", staff="zhangli", contact=contact)
    await confirm(world, mass)
    await world.later(hours=1)

    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.reason) == ("failed", "不是好友")


async def test_a_customer_who_had_enough_is_left_alone_for_today_and_offered_it_again(
    world: World,
) -> None:
    await open_shop(world, CARE, NEWS)
    contact = await world.add_contact()
    await world.sim.limits(monthly_cap=0)
    await world.turn_to("2026-11-23 10:02")
    await confirm(world, (await mass_of(world))[0])
    await world.turn_to("2026-11-23 11:10")

    care, news = await world.store.deliveries.of(contact)
    assert (care.state, care.due_at) == ("ready", moment("2026-11-24 08:30"))
    assert care.reason == "达到接收上限，11-24 08:30 再次提供"
    assert care.confirmed_at == moment("2026-11-23 10:02")
    assert (news.state, news.due_at) == ("ready", moment("2026-11-24 08:30"))


async def test_who_has_room_the_next_day_gets_it_then(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.sim.limits(monthly_cap=0)
    await world.turn_to("2026-11-23 10:02")
    await confirm(world, (await mass_of(world))[0])
    await world.turn_to("2026-11-23 12:00")
    await world.sim.limits(monthly_cap=5)

    await world.turn_to("2026-11-24 08:35")
    await confirm(world, (await mass_of(world))[1])
    await world.turn_to("2026-11-24 09:00")

    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.delivered_at) == ("delivered", moment("2026-11-24 08:35"))
    assert len((await world.ledger())["delivered"]) == 1


async def test_who_has_had_enough_until_its_validity_ends_counts_as_failed(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.sim.limits(monthly_cap=0)
    for at in ("2026-11-23 10:02", "2026-11-24 08:35"):
        await world.turn_to(at)
        await confirm(world, (await mass_of(world))[-1])
    await world.turn_to("2026-11-24 10:30")

    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.reason) == ("failed", "达到接收上限")
    assert len(await mass_of(world)) == 2


async def test_a_group_gets_it_through_its_owner_and_remembers_marketing(world: World) -> None:
    await open_shop(world, GROUPS, **{"theme.yaml": THEME})
    chat = await world.create_group("新手妈妈1群", "limin")
    await world.turn_to("2026-11-23 10:02")
    (mass,) = await mass_of(world)
    assert (mass["chat_type"], mass["sender"], mass["targets"]) == ("group", "limin", [chat])

    await confirm(world, mass)
    await world.turn_to("2026-11-23 10:20")
    assert (await delivery_of(world, chat)).state == "delivered"
    group = await world.store.groups.get(chat)
    assert group
    assert group.marketing == (moment("2026-11-23 10:02"),)


async def test_a_picture_is_uploaded_once_for_all_who_get_it(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / "图片").mkdir(parents=True)
    (folder / "图片/礼.png").write_bytes(b"\x89PNG and more than five bytes")
    texts = {
        "rules.yaml": RULES,
        "sop.yaml": CARE.replace("文案: 给您一份育儿测评", "素材: 图文-测评"),
        "picture.yaml": "素材: 图文-测评\n类型: 图片\n文件: 图片/礼.png\n",
        "team.yaml": "团队: 默认\n人员: {张丽: zhangli, 李敏: limin, 王芳: wangfang}\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    await world.publish(folder)
    await world.add_contact("zhangli")
    await world.turn_to("2026-11-23 10:05")
    await confirm(world, (await mass_of(world))[0])
    await world.turn_to("2026-11-25 09:00")
    await world.add_contact("limin")
    await world.turn_to("2026-11-25 10:05")
    await confirm(world, (await mass_of(world))[1])
    assert (await world.ledger())["calls"]["media/upload"] == 1
