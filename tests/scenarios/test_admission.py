"""Who is invited at all: what a theme asks of people, and one invitation in so many days."""

from datetime import timedelta

import pytest

from bot.model import Seat
from scheduler import seats as duty
from tests.scenarios.test_opening_groups import Died, dies_at
from tests.scenarios.test_seats import RULES, SOP, TAGS, a_theme, confirm_all, newcomer, seat_of
from tests.world import TEAM, World

MORE_TAGS = TAGS.rstrip() + "\n  管理: [会员, 同行]\n"
OTHER = """
主题群: 妈妈群
群: {名称包含: 妈妈}
"""
OTHER_SOP = """
SOP: 进妈妈群
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 打上标签, 标签: 会员}
步骤:
  - 步骤: 进妈妈群
    邀请入主题群: 妈妈群
"""


async def open_both(world: World, theme: str = "", other: str = OTHER) -> None:
    """Two themes with an SOP each, and a group each."""
    files = {"tags.yaml": MORE_TAGS, "rules.yaml": RULES, "sop.yaml": SOP, "team.yaml": TEAM}
    more = {"theme.yaml": theme or a_theme(), "other.yaml": other, "sop2.yaml": OTHER_SOP}
    await world.publish(files | more)
    await world.create_group("徐汇店 0-6月龄 1群")
    await world.create_group("徐汇店 妈妈 1群")


async def tag(world: World, contact: str, tag: str) -> None:
    await world.act("edit_tags", staff="zhangli", contact=contact, add=[tag])
    await world.later(seconds=3)


async def seat_in(world: World, contact: str, theme: str) -> Seat:
    return [seat for seat in await world.store.seats.of(contact) if seat.theme == theme][-1]


def gates(*conditions: str) -> str:
    return a_theme() + "\n准入:\n" + "\n".join(f"  - {one}" for one in conditions)


# ---- 准入 ---------------------------------------------------------------------------------------


async def test_who_does_not_fulfil_the_gates_gets_no_place_and_it_is_said_why(world: World) -> None:
    await open_both(world, gates("没有标签: 同行", "有标签: 会员"))
    contact = await newcomer(world)

    seat = await seat_of(world, contact)

    assert seat.state == "占位过期"
    assert "不符合“0-6月龄”的准入：有标签：会员（带有：无） ✗" in seat.log[-1]["more"]
    told = [row["what"] for row in await world.store.log.of(contact)]
    assert any("有标签：会员" in what for what in told)


async def test_who_fulfils_them_is_invited(world: World) -> None:
    await open_both(world, gates("没有标签: 同行"))

    contact = await newcomer(world)

    assert (await seat_of(world, contact)).state == "已占位"


async def test_who_no_longer_fulfils_them_loses_their_place_on_the_list(world: World) -> None:
    picker = "主题群: 分群\n选择:\n  - 如果: [{有标签: 同行}]\n    主题: 妈妈群\n"
    await open_both(world, gates("没有标签: 同行"), OTHER + "---\n" + picker)
    group = (await world.store.groups.of_theme("0-6月龄"))[0]
    await world.store.groups.place(group.id, theme="0-6月龄", cap=1, shop=group.shop)
    contact = await newcomer(world)
    before = await seat_in(world, contact, "0-6月龄")

    await tag(world, contact, "管理/同行")

    assert before.state == "候补"
    after = await seat_in(world, contact, "0-6月龄")
    assert (after.state, "没有标签：同行" in after.log[-1]["more"]) == ("占位过期", True)


async def test_a_member_is_a_member_whatever_the_gates_say(world: World) -> None:
    await open_both(world, gates("有标签: 会员"))
    (group,) = await world.store.groups.of_theme("0-6月龄")
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.act("join_group", chat=group.id, contact=contact)
    await world.later(seconds=5)

    await tag(world, contact, "宝宝月龄/0-6月龄")

    assert (await seat_of(world, contact)).state == "已入群"


# ---- 邀请间隔 -----------------------------------------------------------------------------------


async def test_no_second_invitation_within_thirty_days_into_any_theme(world: World) -> None:
    await open_both(world)
    contact = await newcomer(world)
    await world.later(minutes=15)
    (first,) = await confirm_all(world)
    await tag(world, contact, "管理/会员")
    waiting = await seat_in(world, contact, "妈妈群")
    (group,) = await world.store.groups.of_theme("妈妈群")

    await world.turn_to("2026-12-22 20:00")
    ledger = await world.ledger()

    assert (waiting.state, group.held) == ("候选", ())
    assert len(ledger["mass"]) == 1
    assert first["external_userid"] == contact
    await world.turn_to("2026-12-24 12:00")
    assert (await seat_in(world, contact, "妈妈群")).state == "已占位"


async def test_an_invitation_that_never_came_does_not_count(world: World) -> None:
    await open_both(world, a_theme(占位有效="1天"))
    contact = await newcomer(world)  # nobody confirms the invitation
    await world.later(minutes=15)
    await tag(world, contact, "管理/会员")
    before = await seat_in(world, contact, "妈妈群")

    await world.turn_to("2026-11-25 12:00")

    assert before.state == "候选"
    assert (await seat_in(world, contact, "0-6月龄")).state == "占位过期"
    assert (await seat_in(world, contact, "妈妈群")).state == "已占位"


async def test_who_came_in_by_themselves_may_be_invited_elsewhere(world: World) -> None:
    await open_both(world)
    contact = await newcomer(world)
    (group,) = await world.store.groups.of_theme("0-6月龄")
    await tag(world, contact, "管理/会员")
    before = await seat_in(world, contact, "妈妈群")

    await world.act("join_group", chat=group.id, contact=contact)
    await world.later(minutes=30)

    assert before.state == "候选"
    assert (await seat_in(world, contact, "0-6月龄")).state == "已入群"
    assert (await seat_in(world, contact, "妈妈群")).state == "已占位"


async def test_a_shorter_gap_may_be_written(world: World) -> None:
    await open_both(world, other=OTHER + "邀请间隔: 3天\n")
    contact = await newcomer(world)
    await world.later(minutes=15)
    await confirm_all(world)
    await tag(world, contact, "管理/会员")

    await world.turn_to("2026-11-27 12:00")

    assert (await seat_in(world, contact, "妈妈群")).state == "已占位"


async def test_who_finds_no_room_in_one_theme_is_invited_into_another(world: World) -> None:
    await open_both(world, a_theme(1))
    contact = await newcomer(world)
    await tag(world, contact, "管理/会员")

    assert (await seat_in(world, contact, "0-6月龄")).state == "候补"
    assert (await seat_in(world, contact, "妈妈群")).state == "已占位"


async def test_an_invitation_confirmed_late_counts_all_the_same(world: World) -> None:
    await open_both(world)
    contact = await newcomer(world)
    await world.later(minutes=15)
    seat = await seat_of(world, contact)
    rows = world.store.db["seats"]
    await rows.update_one({"_id": seat.id}, {"$set": {"state": "占位过期", "due_at": world.now}})
    await world.later(minutes=30)  # given up, while staff still have the message
    in_the_way = await world.store.caps.hits(f"invite:{contact}")

    await confirm_all(world)
    await world.later(hours=2)

    assert [hit["k"] for hit in in_the_way] == [seat.id]
    hits = await world.store.caps.hits(f"invite:{contact}")
    assert [hit["k"] for hit in hits] == [seat.id]
    now = await world.store.seats.get(seat.id)
    assert now
    assert now.due_at is None


# ---- half-way -----------------------------------------------------------------------------------


async def test_whoever_dies_between_the_reservations_and_the_seat_leaves_one_of_each(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_both(world)
    (group,) = await world.store.groups.of_theme("0-6月龄")
    seat = Seat(
        id="j:1:0",
        theme="0-6月龄",
        subject="wm1",
        staff="zhangli",
        created_at=world.now,
        due_at=world.now,
    )
    await world.store.seats.put([seat])

    with monkeypatch.context() as patch:
        dies_at(patch, duty, "seats.reserved")
        with pytest.raises(Died):
            await duty.look(world.ctx)
    long_ago = world.now - timedelta(days=300)
    await world.store.db["seats"].update_many({}, {"$set": {"lease.until": long_ago}})
    between = await world.store.seats.get(seat.id)
    await world.settle()

    after, held = await world.store.seats.get(seat.id), await world.store.groups.get(group.id)
    assert between
    assert after
    assert held
    assert (between.state, after.state, held.held) == ("候选", "已占位", (seat.id,))
    assert [hit["k"] for hit in await world.store.caps.hits("invite:wm1")] == [seat.id]


async def test_two_themes_at_once_make_one_invitation(world: World) -> None:
    await open_both(world)
    pair = [
        Seat(
            id=f"j:{theme}",
            theme=theme,
            subject="wm1",
            staff="zhangli",
            created_at=world.now,
            due_at=world.now,
        )
        for theme in ("0-6月龄", "妈妈群")
    ]
    await world.store.seats.put(pair)

    await world.settle()

    states = sorted([seat.state for seat in await world.store.seats.of("wm1")])
    assert states == ["候选", "已占位"]
