"""Who comes by a 获客链接: that they wrote is known once, and how far they came is counted."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.cli.report import in_json, in_words
from bot.reports import report
from bot.reports.report import Asked, CannotReport, Report
from tests.scenarios.test_links import in_wecom
from tests.world import SHANGHAI, World

SHOP = """
团队: 默认
门店:
  - {门店: 徐汇店, 部门: 12}
人员: {张丽: zhangli, 李敏: limin, 王芳: wangfang}
---
标签: {宝宝月龄: [0-6月龄, 6-12月龄], 来源: [抖音]}
---
渠道: 抖音广告
类型: 获客链接
门店: 徐汇店
员工: 张丽
标签: 来源/抖音
---
渠道: 门口海报
员工: 李敏
---
规则: 全局
客户回复来源: 获客助手
---
SOP: 欢迎
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 欢迎语
    发欢迎语: {文案: 您好}
---
SOP: 回复了
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 客户回复}
步骤:
  - 步骤: 跟进
    发给员工: {文案: 客户开口了, 给: 跟进人}
"""


async def open_shop(world: World) -> str:
    """The id of the link of 抖音广告."""
    await world.publish({"shop.yaml": SHOP})
    await world.later(seconds=30)
    (link,) = await in_wecom(world)
    return str(link["id"])


async def comes(world: World, link: str, name: str = "小雨妈妈") -> str:
    made = await world.act("add_by_link", link=link, channel="抖音广告", name=name)
    await world.later(seconds=3)
    return str(made["external_userid"])


async def replies(world: World, contact: str) -> int:
    known = await world.store.contacts.get(contact)
    assert known
    return len(known.happened.get("reply", []))


async def begun(world: World, contact: str) -> int:
    """How often the customer has entered what begins with a reply."""
    return len([j for j in await world.store.journeys.of(contact) if j.sop == "回复了"])


async def made(world: World, **how: Any) -> Report:
    asked = Asked(since=world.now - timedelta(days=30), until=world.now, **how)
    found = await report("渠道")(world.ctx, asked)
    assert json.loads(json.dumps(in_json(found, asked)))["rows"] == list(found.rows)
    return found


# --- 客户回复 -------------------------------------------------------------------------------------


async def test_a_first_message_begins_what_begins_with_a_reply(world: World) -> None:
    contact = await comes(world, await open_shop(world))
    await world.act("write_by_link", staff="zhangli", contact=contact)
    await world.later(seconds=5)

    assert await replies(world, contact) == 1
    assert await begun(world, contact) == 1


async def test_a_message_told_by_two_callbacks_and_the_nightly_list_counts_once(
    world: World,
) -> None:
    contact = await comes(world, await open_shop(world))
    await world.sim.callbacks("duplicate", rate=1)
    await world.act("write_by_link", staff="zhangli", contact=contact)
    await world.turn_to("2026-11-25 05:00")

    assert await replies(world, contact) == 1
    assert await begun(world, contact) == 1


async def test_who_wrote_again_is_asked_of_wecom(world: World) -> None:
    contact = await comes(world, await open_shop(world))
    for _ in range(3):
        await world.act("write_by_link", staff="zhangli", contact=contact)
        await world.later(minutes=1)

    assert await replies(world, contact) == 3


async def test_a_message_no_callback_told_of_is_known_by_morning(world: World) -> None:
    contact = await comes(world, await open_shop(world))
    async with world.deaf():
        await world.act("write_by_link", staff="zhangli", contact=contact)
    before = await replies(world, contact)
    await world.turn_to("2026-11-24 05:00")

    assert (before, await replies(world, contact)) == (0, 1)


async def test_a_message_before_its_adding_is_heard_of_waits_for_it(world: World) -> None:
    link = await open_shop(world)
    await world.sim.limits(callback_attempts=0)  # the adding is told to nobody …
    made = await world.sim.act("add_by_link", link=link, channel="抖音广告")
    contact = made["external_userid"]
    await world.quiet()
    await world.sim.limits(callback_attempts=3)
    await world.act("write_by_link", staff="zhangli", contact=contact)
    known = await world.store.contacts.get(contact)
    await world.act("edit_remark", staff="zhangli", contact=contact, remark="小雨")  # … until now
    await world.later(minutes=1)

    assert known is None
    assert await replies(world, contact) == 1


async def test_without_the_source_in_the_rules_nothing_is_a_reply(world: World) -> None:
    await world.publish(
        {"shop.yaml": SHOP.replace("客户回复来源: 获客助手", "时区: Asia/Shanghai")}
    )
    await world.later(seconds=30)
    (link,) = await in_wecom(world)
    contact = await comes(world, link["id"])
    await world.act("write_by_link", staff="zhangli", contact=contact)
    await world.turn_to("2026-11-24 05:00")

    assert await replies(world, contact) == 0


# --- the funnel -----------------------------------------------------------------------------------


async def a_week(world: World) -> None:
    """Four people follow the link, three ask, two are added, one goes all the way; one by the
    poster is lost."""
    link = await open_shop(world)
    for n in range(4):
        await world.act("open_link", link=link, channel="抖音广告", visitor=f"v{n}")
        await world.later(seconds=1)
    for _ in range(3):
        await world.act("request_by_link", link=link, channel="抖音广告")
        await world.later(seconds=1)
    far = await comes(world, link, "小雨妈妈")
    near = await comes(world, link, "乐乐妈妈")
    lost = await world.add_contact("limin", name="豆豆妈妈", state="门口海报")
    await world.act("edit_tags", staff="zhangli", contact=far, add=["宝宝月龄/0-6月龄"])
    await world.act("write_by_link", staff="zhangli", contact=far)
    chat = await world.create_group("徐汇店 1群")
    await world.act("join_group", chat=chat, contact=far)
    await world.later(minutes=5)
    await world.act("order", contact=far)
    await world.act("order", contact=far)
    await world.act("delete_by_customer", staff="limin", contact=lost)
    assert near != far
    await world.turn_to("2026-11-24 05:00")


async def test_the_funnel_counts_each_step_of_each_channel(world: World) -> None:
    await a_week(world)
    found = await made(world)

    assert found.rows == [
        {
            "channel": "抖音广告",
            "clicks": 4,
            "opened": 4,
            "requested": 3,
            "added": 2,
            "welcomed": 2,
            "joined": 1,
            "replied": 1,
            "ordered": 1,
            "deleted": 0,
        },
        {
            "channel": "门口海报",
            "clicks": None,
            "opened": None,
            "requested": None,
            "added": 1,
            "welcomed": 1,
            "joined": 0,
            "replied": None,  # 获客助手 tells of its own links only
            "ordered": 0,
            "deleted": 1,
        },
    ]


async def test_the_funnel_is_split_by_a_tag_group(world: World) -> None:
    await a_week(world)
    found = await made(world, by="宝宝月龄", about="抖音广告")

    rows = [(r["part"], r["clicks"], r["added"], r["joined"]) for r in found.rows]
    assert rows == [("0-6月龄", None, 1, 1), ("（没有这组标签）", None, 1, 0)]


async def test_the_funnel_is_split_by_staff_and_shop(world: World) -> None:
    await a_week(world)
    by_staff, by_shop = await made(world, by="员工"), await made(world, by="门店")

    assert [(r["part"], r["added"]) for r in by_staff.rows] == [("张丽", 2), ("李敏", 1)]
    assert {r["part"] for r in by_shop.rows} == {"徐汇店"}


async def test_every_share_stands_beside_its_denominator(world: World) -> None:
    await a_week(world)
    asked = Asked(since=world.now - timedelta(days=30), until=world.now)
    lines = in_words(await made(world), asked, SHANGHAI)

    title, _, heads, _, link, poster = lines[:6]
    assert title == "渠道漏斗（2026-10-25 至 11-24 05:00）"
    assert heads.split()[:5] == ["渠道", "点击", "打开名片", "发起申请", "加好友"]
    assert link.split()[:7] == ["抖音广告", "4", "4", "3", "2（50%）", "2（100%）", "1（50%）"]
    assert poster.split()[:7] == ["门口海报", "—", "—", "—", "1", "1（100%）", "0（0%）"]
    assert "· 活码没有点击数：企业微信不告诉扫码次数。" in lines
    assert "· 获客助手还能加 998 人（11-24 04:00 的数）。" in lines


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"about": "抖音广"}, "没有渠道“抖音广”：是不是想写“抖音广告”？"),
        ({"by": "月龄"}, "不能按“月龄”拆开"),
    ],
)
async def test_what_does_not_exist_cannot_be_reported(
    world: World, how: dict[str, str], sentence: str
) -> None:
    await open_shop(world)

    with pytest.raises(CannotReport) as refused:
        await made(world, **how)
    assert sentence in str(refused.value)
