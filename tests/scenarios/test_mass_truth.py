"""Mass messages are believed only where WeCom says so: statuses, refusals, reminders, cancels."""

from datetime import timedelta
from typing import Any

import pytest

from bot.model import Delivery
from tests.scenarios.test_mass_messages import (
    CARE,
    GROUPS,
    LONGER,
    THEME,
    confirm,
    delivery_of,
    mass_of,
    open_shop,
)
from tests.world import World, moment

CANCEL = "externalcontact/cancel_groupmsg_send"
TASKS = "externalcontact/get_groupmsg_task"
RESULTS = "externalcontact/get_groupmsg_send_result"
LEAVES = LONGER.replace("退出:\n", "退出:\n  - {当: 客户删除好友, 记为: 负面}\n")


async def deleted_unheard(world: World, contact: str, staff: str = "zhangli") -> None:
    """The customer deletes the member of staff, and no callback tells of it."""
    async with world.deaf():
        await world.sim.act("delete_by_customer", staff=staff, contact=contact)


async def is_lost(world: World, contact: str, staff: str = "zhangli") -> str:
    known = await world.store.contacts.get(contact)
    relation = known.relation(staff) if known else None
    return relation.lost if relation else ""


async def made(world: World) -> dict[str, Any]:
    """The first mass message of the morning."""
    await world.turn_to("2026-11-23 10:02")
    return (await mass_of(world))[0]


# ---- only a status of 1 is a success ------------------------------------------------------------


async def became(world: World, status: int) -> Delivery:
    """A push staff confirmed; WeCom answers ``status``."""
    await open_shop(world, CARE.replace("24小时", "8小时"))
    contact = await world.add_contact()
    mass = await made(world)
    if status == 2:
        await deleted_unheard(world, contact)
    if status == 3:
        await world.sim.limits(monthly_cap=0)
    if status:
        await confirm(world, mass)
    await world.turn_to("2026-11-23 19:30")
    return await delivery_of(world, contact)


@pytest.mark.parametrize(
    ("status", "state", "reason", "by_staff"),
    [
        (0, "expired", "员工未确认", False),
        (1, "delivered", "", True),
        (2, "failed", "不是好友", True),
        (3, "failed", "达到接收上限", True),
    ],
)
async def test_only_a_status_of_one_is_a_success(
    world: World, status: int, state: str, reason: str, by_staff: bool
) -> None:
    delivery = await became(world, status)

    assert (delivery.state, delivery.reason) == (state, reason)
    assert (delivery.delivered_at is not None) == (status == 1)
    assert (delivery.confirmed_at is not None) == by_staff
    assert delivery.created_at is not None
    told = await world.store.facts.about([f"群发:{delivery.journey}"], moment("2026-11-23 00:00"))
    assert bool(told) == (status == 1)
    places = await world.store.caps.hits(f"cust:{delivery.subject}")
    assert len(places) == (status == 1)


async def test_results_are_asked_for_less_and_less_often(world: World) -> None:
    await open_shop(world, CARE.replace("时效: 24小时", "时效: 7小时"))
    await world.add_contact()
    await world.turn_to("2026-11-23 10:01")
    asked = [(world.now, 0)]

    async def count(at: Any) -> None:
        asked.append((at, int((await world.ledger())["calls"].get(TASKS, 0))))

    await world.live_until(moment("2026-11-23 16:30"), count)
    moments = [at for (at, n), (_, before) in zip(asked[1:], asked, strict=False) if n > before]

    since = [round((at - moment("2026-11-23 10:01")) / timedelta(minutes=1)) for at in moments]
    assert since == [5, 15, 60, 180, 240, 300, 360]


# ---- 2: they are no friends any more ------------------------------------------------------------


async def test_who_is_no_friend_by_the_result_is_none_in_our_copy_and_leaves(
    world: World,
) -> None:
    await open_shop(world, LEAVES)
    contact = await world.add_contact()
    mass = await made(world)
    await deleted_unheard(world, contact)
    assert await is_lost(world, contact) == ""

    await confirm(world, mass)
    await world.turn_to("2026-11-23 10:30")

    assert await is_lost(world, contact)
    (journey,) = await world.store.journeys.of(contact)
    assert (journey.state, journey.goal) == ("done", "负面")


async def test_who_is_refused_when_the_message_is_made_is_believed_at_once(world: World) -> None:
    await open_shop(world, LEAVES)
    stays, gone = await world.add_contact(), await world.add_contact()
    await world.turn_to("2026-11-23 09:59")
    await deleted_unheard(world, gone)

    mass = await made(world)

    assert mass["targets"] == [stays]
    delivery = await delivery_of(world, gone)
    assert (delivery.state, delivery.reason) == ("failed", "不是好友")
    assert delivery.created_at is None
    assert await is_lost(world, gone)
    assert not await is_lost(world, stays)
    (journey,) = await world.store.journeys.of(gone)
    assert journey.state == "done"


async def test_a_message_for_nobody_ends_and_everybody_is_believed_gone(world: World) -> None:
    """41048: of all its recipients not one is a friend."""
    await open_shop(world, LEAVES)
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 09:59")
    await deleted_unheard(world, contact)
    await world.turn_to("2026-11-23 10:30")

    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.reason) == ("failed", "不是好友")
    assert await is_lost(world, contact)
    assert (await world.ledger())["errors"]["externalcontact/add_msg_template 41048"] == 1


async def test_a_refusal_about_one_member_of_staff_leaves_the_others_alone(world: World) -> None:
    await open_shop(world, LONGER.replace("- {当: 下单, 记为: 达成}", "- {当: 客户删除好友}"))
    contact = await world.add_contact("limin")
    await world.act("add_contact", staff="zhangli", contact=contact)
    await world.turn_to("2026-11-23 10:02")
    await deleted_unheard(world, contact, "limin")
    await confirm(world, next(m for m in await mass_of(world) if m["sender"] == "limin"))
    await world.turn_to("2026-11-23 10:30")

    assert await is_lost(world, contact, "limin")
    assert not await is_lost(world, contact, "zhangli")


# ---- groups -------------------------------------------------------------------------------------


async def test_a_group_that_did_not_get_it_does_not_count_as_unconfirmed(world: World) -> None:
    """Of groups WeCom lists only those that got it."""
    await open_shop(world, GROUPS, **{"theme.yaml": THEME})
    got = await world.create_group("新手妈妈1群")
    missed = await world.create_group("新手妈妈2群")
    mass = await made(world)
    async with world.deaf():
        await world.sim.act("dismiss_group", chat=missed)
    await confirm(world, mass)
    await world.turn_to("2026-11-23 13:10")

    assert (await delivery_of(world, got)).state == "delivered"
    delivery = await delivery_of(world, missed)
    assert delivery.state == "failed"
    assert delivery.reason.startswith("群没有收到")
    assert delivery.confirmed_at == moment("2026-11-23 10:02")


# ---- cancelled, reminded, unknown ---------------------------------------------------------------


async def test_what_an_admin_cancelled_in_wecom_is_not_offered_again(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    mass = await made(world)
    await world.ctx.wecom.call(CANCEL, {"msgid": mass["msgid"]})

    await world.turn_to("2026-11-23 12:00")  # the reminder of 11:01 is refused: 41093
    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.reason) == ("cancelled", "群发在企业微信里被取消了")

    await world.turn_to("2026-11-24 10:30")
    assert len(await mass_of(world)) == 1
    assert await world.store.caps.hits(f"cust:{contact}") == []


async def test_what_we_cancel_after_an_admin_did_is_not_offered_again(world: World) -> None:
    await open_shop(world, CARE.replace("10:00", "21:00"))
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 21:05")
    (mass,) = await mass_of(world)
    await world.ctx.wecom.call(CANCEL, {"msgid": mass["msgid"]})
    await world.turn_to("2026-11-24 09:00")

    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.reason) == ("cancelled", "群发在企业微信里被取消了")
    assert len(await mass_of(world)) == 1


async def test_a_cancel_whose_answer_was_lost_is_our_own(world: World) -> None:
    """The repeat is answered 41093, and what was withdrawn for the night is offered again."""
    await open_shop(world, CARE.replace("10:00", "21:00"))
    await world.add_contact()
    await world.turn_to("2026-11-23 21:05")
    await world.sim.limits(hang_seconds=0.3)
    await world.sim.fault(CANCEL, "executed_then_cut", times=1)
    await world.turn_to("2026-11-24 08:35")

    assert len(await mass_of(world)) == 2
    assert f"{CANCEL} 41093" in (await world.ledger())["errors"]


async def test_reminders_stop_where_wecom_says_so(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await world.sim.limits(reminders_per_day=1)
    mass = await made(world)
    await world.turn_to("2026-11-23 14:00")

    ledger = await world.ledger()
    assert len(ledger["reminded"]) == 1
    assert ledger["errors"]["externalcontact/remind_groupmsg_send 41094"] == 1
    await confirm(world, mass)
    await world.turn_to("2026-11-23 15:30")
    assert (await delivery_of(world, contact)).state == "delivered"


async def test_results_wecom_does_not_give_yet_are_asked_for_again(world: World) -> None:
    """41063: it is still handing the message out."""
    await open_shop(world, CARE)
    contact = await world.add_contact()
    mass = await made(world)
    await confirm(world, mass)
    await world.sim.limits(dispatch_seconds=3600)
    await world.turn_to("2026-11-23 10:08")
    assert (await delivery_of(world, contact)).state == "created"
    await world.sim.limits(dispatch_seconds=0)

    await world.turn_to("2026-11-23 10:10")
    assert (await delivery_of(world, contact)).state == "delivered"


async def test_a_result_wecom_never_gives_ends_as_not_known(world: World) -> None:
    await open_shop(world, CARE.replace("24小时", "2小时"))
    contact = await world.add_contact()
    await made(world)
    await world.sim.fault(TASKS, "41047")
    await world.turn_to("2026-11-23 12:30")
    assert (await delivery_of(world, contact)).state == "created"

    await world.turn_to("2026-11-23 14:30")
    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.reason) == ("failed", "企业微信查不到这条群发的结果")
    calls = (await world.ledger())["calls"][TASKS]
    assert calls <= 6, "asked again and again"
