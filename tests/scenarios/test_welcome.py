"""What a new customer is told, and what they are called, by the channel they came through."""

from typing import Any

import pytest

from tests.scenarios.test_channels import CHANNEL, scan
from tests.scenarios.test_contacts import WELCOME
from tests.world import World

MATERIALS = """
素材: 欢迎-海报
类型: 文字
文案: "{客户昵称|您好}，我是{门店名}的{员工姓名}，海报上的券给您留着"
---
素材: 欢迎-夜里
类型: 文字
文案: "{客户昵称|您好}，夜里不方便，明早九点回您"
---
素材: 欢迎-李敏
类型: 文字
文案: "我是李敏，专管退换货"
---
素材: 链接-领券
类型: 链接
标题: 领券
网址: https://example.com/quan
"""
CHANNELS = f"""
渠道: {CHANNEL}
门店: 徐汇店
员工: [张丽, 李敏]
欢迎语: [链接-领券, 欢迎-海报]
欢迎语安排:
  - {{时段: 22:00-08:00, 欢迎语: 欢迎-夜里}}
  - {{员工: 李敏, 欢迎语: 欢迎-李敏}}
备注: "{{客户昵称}}-海报"
"""


async def opened(world: World) -> None:
    files = {"sop.yaml": WELCOME, "materials.yaml": MATERIALS, "channels.yaml": CHANNELS}
    await world.publish(files)
    await world.settle()


async def told(world: World) -> list[str]:
    return [welcome["text"] for welcome in (await world.ledger())["welcomes"]]


async def remark_of(world: World, contact: str) -> str:
    answer = await world.ctx.wecom.call("externalcontact/get", params={"external_userid": contact})
    return str(answer["follow_user"][0]["remark"])


async def add(world: World, staff: str = "zhangli", **more: Any) -> str:
    return await world.add_contact(staff, name="小雨妈妈", state=CHANNEL, **more)


async def test_the_words_of_the_channel_go_before_those_of_the_sop(world: World) -> None:
    await opened(world)
    contact = await add(world)

    (welcome,) = (await world.ledger())["welcomes"]
    assert welcome["text"] == "小雨妈妈，我是徐汇店的张丽，海报上的券给您留着"
    (journey,) = await world.store.journeys.of(contact)
    assert journey.sop == "新客欢迎"


async def test_what_is_attached_comes_with_it(world: World) -> None:
    await opened(world)
    await add(world)

    (welcome,) = (await world.ledger())["welcomes"]
    (link,) = welcome["attachments"]
    assert link["link"]["url"] == "https://example.com/quan"


async def test_who_comes_another_way_hears_the_sop(world: World) -> None:
    await opened(world)
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.add_contact("zhangli", name="朵朵妈妈", state="别人的活码")

    assert await told(world) == ["小雨妈妈，我是张丽", "朵朵妈妈，我是张丽"]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23 21:59", "海报上的券给您留着"),
        ("2026-11-23 22:00", "明早九点回您"),
        ("2026-11-24 07:59", "明早九点回您"),
        ("2026-11-24 08:00", "海报上的券给您留着"),
    ],
)
async def test_at_night_they_hear_that_it_is_night(world: World, moment: str, words: str) -> None:
    await opened(world)
    await world.turn_to(moment)

    await add(world)

    (text,) = await told(world)
    assert text.endswith(words)


async def test_a_colleague_may_have_words_of_their_own_and_the_first_line_wins(
    world: World,
) -> None:
    await opened(world)
    await add(world, "limin", contact="wm1")
    await world.turn_to("2026-11-23 23:00")
    await add(world, "limin", contact="wm2")

    assert await told(world) == ["我是李敏，专管退换货", "小雨妈妈，夜里不方便，明早九点回您"]


async def test_the_shop_is_named_though_wecom_is_slow_to_name_the_customer(world: World) -> None:
    await opened(world)
    await world.sim.fault("externalcontact/get", "hang", times=1)

    await add(world)

    assert await told(world) == ["您好，我是徐汇店的张丽，海报上的券给您留着"]


async def test_one_scan_is_welcomed_remarked_and_tagged_once(world: World) -> None:
    await opened(world)
    await world.sim.callbacks("duplicate", rate=1.0)

    made = await scan(world, "小雨妈妈")
    await world.later(minutes=1)

    calls = (await world.ledger())["calls"]
    assert calls["externalcontact/send_welcome_msg"] == 1
    assert calls["externalcontact/remark"] == 1
    assert await remark_of(world, made["external_userid"]) == "小雨妈妈-海报"


async def test_a_name_too_long_is_shortened_and_the_channel_still_shows(world: World) -> None:
    await opened(world)
    made = await scan(world, "一二三四五六七八九十一二三四五六七八九十")

    remark = await remark_of(world, made["external_userid"])
    assert remark == "一二三四五六七八九十一二三四五六…-海报"
    assert len(remark) == 20


async def test_a_remark_somebody_wrote_by_hand_is_left_alone(world: World) -> None:
    await opened(world)
    await world.sim.fault("externalcontact/remark", "-1", times=3)
    contact = await add(world)
    await world.act("edit_remark", staff="zhangli", contact=contact, remark="双胞胎妈妈")
    await world.later(minutes=5)

    assert await remark_of(world, contact) == "双胞胎妈妈"
    (row,) = await world.store.db["outbox"].find({"kind": "remark"}).to_list(None)
    assert (row["state"], "双胞胎妈妈" in row["error"]) == ("suppressed", True)


async def test_a_remark_waits_until_staff_have_accepted(world: World) -> None:
    await opened(world)
    contact = await add(world, half=True)
    assert "externalcontact/remark" not in (await world.ledger())["calls"]

    await world.act("confirm_half", staff="zhangli", contact=contact)
    await world.later(hours=1)

    assert await remark_of(world, contact) == "小雨妈妈-海报"


async def test_a_remark_whose_answer_was_lost_is_written_again(world: World) -> None:
    await opened(world)
    await world.sim.fault("externalcontact/remark", "executed_then_cut", times=1)
    contact = await add(world)
    await world.later(minutes=5)

    assert await remark_of(world, contact) == "小雨妈妈-海报"
    (row,) = await world.store.db["outbox"].find({"kind": "remark"}).to_list(None)
    assert row["state"] == "sent"
