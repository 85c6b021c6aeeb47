"""The QR codes of channels: made, kept in step with who is on duty, ended."""

from typing import Any

import pytest

from bot.model import Way
from bot.story import tell
from scheduler import channels
from tests.world import World

CHANNEL = "徐汇店-门口海报"
PLAIN = f"""
渠道: {CHANNEL}
门店: 徐汇店
员工: [张丽, 李敏]
"""
BACKED = PLAIN + "备用: [王芳]\n每人每天最多: 2人\n"
SHIFTS = (
    PLAIN
    + """班次:
  - {时段: 09:00-14:00, 员工: [张丽]}
  - {时段: 14:00-21:00, 员工: [李敏]}
"""
)
PATH = "externalcontact/"


async def code(world: World, person: str = "") -> Way:
    """The channel's code, or somebody's own, as we know it."""
    id = f"way:{CHANNEL}" + (f":{person}" if person else "")
    found = await world.store.ways.get(id)
    assert found
    return found


async def at_wecom(world: World, config_id: str) -> dict[str, Any]:
    answer = await world.ctx.wecom.call(PATH + "get_contact_way", {"config_id": config_id})
    return dict(answer["contact_way"])


async def codes_at_wecom(world: World) -> list[dict[str, Any]]:
    listed = await world.ctx.wecom.call(PATH + "list_contact_way", {"limit": 1000})
    return [await at_wecom(world, row["config_id"]) for row in listed["contact_way"]]


async def users(world: World, person: str = "") -> list[str]:
    """Who is added by whoever scans the code now."""
    way = await code(world, person)
    return sorted((await at_wecom(world, way.config_id))["user"])


async def scan(world: World, name: str, person: str = "", **more: Any) -> dict[str, Any]:
    way = await code(world, person)
    made = await world.act("scan", way=way.qr_code, name=name, **more)
    await world.later(seconds=3)
    return made


async def come(world: World, count: int, first: int = 0) -> list[str]:
    """So many customers scan the code; who was added by whom."""
    return [(await scan(world, f"客户{first + n}"))["staff"] for n in range(count)]


async def texts_to(world: World, staff: str) -> list[str]:
    return [t["content"] for t in (await world.ledger())["texts"] if t["userid"] == staff]


async def test_a_channel_has_a_code_that_everybody_on_it_stands_behind(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()

    way = await code(world)
    there = await at_wecom(world, way.config_id)
    assert (there["type"], there["state"], sorted(there["user"])) == (
        2,
        CHANNEL,
        ["limin", "zhangli"],
    )
    assert way.qr_code == there["qr_code"]


async def test_who_scans_it_is_known_by_the_channel(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()

    made = await scan(world, "小雨妈妈")

    known = await world.store.contacts.get(made["external_userid"])
    assert known
    assert (known.relations[0].staff, known.relations[0].state) == (made["staff"], CHANNEL)
    assert known.shop == "徐汇店"


async def test_each_shift_takes_its_own_customers(world: World) -> None:
    await world.publish({"channels.yaml": SHIFTS})
    await world.turn_to("2026-11-23 09:10")
    morning = await users(world)
    await world.turn_to("2026-11-23 14:00")
    afternoon = await users(world)
    await world.turn_to("2026-11-23 21:00")
    night = await users(world)
    await world.turn_to("2026-11-24 09:00")

    assert (morning, afternoon, night) == (["zhangli"], ["limin"], ["limin", "zhangli"])
    assert await users(world) == ["zhangli"]
    assert len(await codes_at_wecom(world)) == 1


async def test_who_has_had_their_share_today_gets_nobody_more(world: World) -> None:
    await world.publish({"channels.yaml": BACKED})
    await world.settle()

    served = await come(world, 4)
    backup = await users(world)
    more = await come(world, 2, first=4)

    assert sorted(served) == ["limin", "limin", "zhangli", "zhangli"]
    assert (backup, more) == (["wangfang"], ["wangfang", "wangfang"])


async def test_everybodys_share_begins_anew_at_midnight(world: World) -> None:
    await world.publish({"channels.yaml": BACKED})
    await world.settle()
    await come(world, 4)
    assert await users(world) == ["wangfang"]

    await world.turn_to("2026-11-24 00:00")

    assert await users(world) == ["limin", "zhangli"]


async def test_a_callback_that_comes_twice_uses_up_no_share(world: World) -> None:
    await world.publish({"channels.yaml": BACKED})
    await world.settle()
    await world.sim.callbacks("duplicate", rate=1.0)

    (staff,) = await come(world, 1)

    assert staff in await users(world)


async def test_when_all_are_full_the_least_loaded_go_on_and_one_word_is_said(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN + "每人每天最多: 1人\n"})
    await world.turn_to("2026-11-23 10:00")

    await come(world, 3)

    (once,) = [t for t in await texts_to(world, "wangfang") if "加满" in t]
    assert CHANNEL in once
    assert len(await users(world)) == 1
    assert sorted(await come(world, 1, first=3)) == await _fewest(world, 3)


async def _fewest(world: World, among: int) -> list[str]:
    """Who had the fewest of the first ``among`` customers."""
    added = [row["staff"] for row in (await world.ledger())["customers"][:among]]
    return [min(("limin", "zhangli"), key=added.count)]


async def test_customers_are_not_sent_to_who_has_left(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()

    await world.act("staff_leaves", staff="zhangli")
    await world.later(seconds=5)

    assert await users(world) == ["limin"]


async def test_when_nobody_is_left_somebody_is_told(world: World) -> None:
    await world.publish({"channels.yaml": f"渠道: {CHANNEL}\n门店: 徐汇店\n员工: [张丽]\n"})
    await world.turn_to("2026-11-23 10:00")

    await world.act("staff_leaves", staff="zhangli")
    await world.later(minutes=1)

    (text,) = await texts_to(world, "wangfang")
    assert "都不在职" in text


async def test_everybody_may_have_a_code_of_their_own(world: World) -> None:
    await world.publish({"channels.yaml": BACKED + "每人一码: 是\n"})
    await world.settle()

    made = await scan(world, "小雨妈妈", person="limin")
    await world.act("staff_leaves", staff="limin")
    await world.later(seconds=5)

    assert made["staff"] == "limin"
    assert {way["type"] for way in await codes_at_wecom(world)} == {1, 2}
    assert {way["state"] for way in await codes_at_wecom(world)} == {CHANNEL}
    assert await users(world, "zhangli") == ["zhangli"]
    assert await users(world, "limin") == ["zhangli"]


async def test_a_customer_may_have_to_be_let_in(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN + "免验证: 否\n"})
    await world.settle()

    asked = await scan(world, "小雨妈妈", contact="wm1")
    assert (await world.ledger())["customers"] == []
    await world.act("accept", staff=asked["staff"], contact="wm1")
    await world.later(seconds=3)

    known = await world.store.contacts.get("wm1")
    assert known
    assert known.relations[0].state == CHANNEL


async def test_a_lost_answer_makes_no_second_code(world: World) -> None:
    await world.sim.fault(PATH + "add_contact_way", "executed_then_cut", times=1)
    await world.publish({"channels.yaml": PLAIN})
    await world.later(minutes=3)

    (there,) = await codes_at_wecom(world)
    assert (await code(world)).config_id == there["config_id"]
    assert (await world.ledger())["calls"][PATH + "add_contact_way"] == 1


async def test_a_call_that_never_arrived_is_made_again(world: World) -> None:
    await world.sim.fault(PATH + "add_contact_way", "hang", times=1)
    await world.sim.limits(hang_seconds=0.1)
    await world.publish({"channels.yaml": PLAIN})
    await world.later(minutes=5)

    (there,) = await codes_at_wecom(world)
    assert (await code(world)).config_id == there["config_id"]


@pytest.mark.parametrize("fault", ["executed_then_cut", "cut", "-1"])
async def test_a_change_of_shift_survives_a_bad_line(world: World, fault: str) -> None:
    await world.publish({"channels.yaml": SHIFTS})
    await world.turn_to("2026-11-23 10:00")
    await world.sim.fault(PATH + "update_contact_way", fault, times=2)

    await world.turn_to("2026-11-23 14:10")

    assert await users(world) == ["limin"]
    assert (await code(world)).users == ("limin",)


async def test_a_code_outlives_its_channel_by_a_day(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()
    config_id = (await code(world)).config_id

    await world.publish({"tags.yaml": "标签: {来源: [海报]}"})
    await world.later(hours=23)
    still = [way["config_id"] for way in await codes_at_wecom(world)]
    await world.later(hours=2)

    assert still == [config_id]
    assert await codes_at_wecom(world) == []
    assert (await code(world)).state == "已删"


async def test_a_channel_that_comes_back_in_time_keeps_its_code(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()
    config_id = (await code(world)).config_id
    await world.publish({"tags.yaml": "标签: {来源: [海报]}"})
    await world.later(hours=20)

    await world.publish({"channels.yaml": PLAIN})
    await world.later(hours=20)

    assert [way["config_id"] for way in await codes_at_wecom(world)] == [config_id]


async def test_a_channel_that_comes_back_later_gets_another_code(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()
    before = (await code(world)).config_id
    await world.publish({"tags.yaml": "标签: {来源: [海报]}"})
    await world.later(hours=30)

    await world.publish({"channels.yaml": PLAIN})
    await world.settle()

    (there,) = await codes_at_wecom(world)
    assert there["config_id"] == (await code(world)).config_id != before


async def test_a_code_deleted_in_wecom_is_made_anew_and_somebody_is_told(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()
    config_id = (await code(world)).config_id
    await world.ctx.wecom.call(PATH + "del_contact_way", {"config_id": config_id})

    await world.turn_to("2026-11-24 10:00")

    (there,) = await codes_at_wecom(world)
    assert there["config_id"] == (await code(world)).config_id != config_id
    assert any("换了一个新的" in text for text in await texts_to(world, "wangfang"))


async def test_what_others_changed_in_wecom_is_put_right_overnight(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()
    meddled = {"config_id": (await code(world)).config_id, "user": ["wangfang"]}
    await world.ctx.wecom.call(PATH + "update_contact_way", meddled)

    await world.turn_to("2026-11-24 10:00")

    assert await users(world) == ["limin", "zhangli"]


async def test_a_refusal_is_told_once_a_day_and_tried_again(world: World) -> None:
    await world.turn_to("2026-11-23 10:00")
    await world.sim.fault(PATH + "add_contact_way", "41045", times=4)
    await world.publish({"channels.yaml": PLAIN})
    await world.later(hours=6)
    told = await texts_to(world, "wangfang")

    assert len(told) == 1
    assert "50 万" in told[0]
    assert await users(world) == ["limin", "zhangli"]


async def test_nothing_is_asked_of_wecom_when_nothing_changes(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()
    await world.publish({"channels.yaml": PLAIN, "tags.yaml": "标签: {来源: [海报]}"})
    await world.later(days=2)

    calls = (await world.ledger())["calls"]
    assert calls[PATH + "add_contact_way"] == 1
    assert PATH + "update_contact_way" not in calls
    assert calls[PATH + "get_contact_way"] <= 3


async def test_a_release_nobody_can_read_any_more_ends_no_code(world: World) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()
    config_id = (await code(world)).config_id
    unreadable = {"files": [{"path": "channels.yaml", "text": "渠道: 老写法\n老设置: 有\n"}]}
    await world.store.db["releases"].update_many({"files": {"$exists": True}}, {"$set": unreadable})
    world.ctx.releases._compiled.clear()  # type: ignore[attr-defined]  # as another process
    await world.store.ways.ring(world.now)

    assert await channels.look(world.ctx)
    while await channels.look(world.ctx):
        pass

    way = await code(world)
    assert (way.config_id, way.state, way.gone_at) == (config_id, "在用", None)


async def test_why_tells_who_took_the_customers_and_why(world: World) -> None:
    await world.publish({"channels.yaml": SHIFTS})
    await world.turn_to("2026-11-23 14:01")

    found = await tell(world.ctx, CHANNEL)

    assert found
    assert found.title == f"渠道“{CHANNEL}”：现在由 李敏 接（当班）"
    said = [line.what for line in found.lines if "接" in line.what]
    assert said == ["二维码由 张丽 接（当班）", "二维码由 李敏 接（当班）"]
    assert await tell(world.ctx, "没有的渠道") is None
