"""`why`: what happened to somebody, in order, in words a shop understands."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.story import Story, by_name, tell
from tests.world import TEAM, World, moment, open_world

SHOP = {
    "team.yaml": TEAM,
    "tags.yaml": "标签: {宝宝月龄: [0-6月龄], 管理: [勿扰]}",
    "theme.yaml": "主题群: 0-6月龄\n群: {名称包含: 0-6月龄}\n",
    "rules.yaml": """
规则: 全局
频控: {每位客户: {每天: 1条}}
""",
    "sop.yaml": """
SOP: 新客
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
退出: [{当: 下单, 记为: 达成}]
步骤:
  - 步骤: 问需求
    派任务:
      标题: 和 {客户昵称} 打个招呼
      给: 跟进人
      完成依据: [按钮: 已问到, 客户被打上标签组: 宝宝月龄]
      期限: 1个工作日
  - 步骤: 进群
    邀请入主题群: 0-6月龄
  - 步骤: 育儿测评
    何时: 当天 10:00
    发给客户: {文案: 给您一份育儿测评, 由: 跟进人, 时效: 24小时}
  - 步骤: 回访
    等待: 20天
""",
}


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        await world.publish(SHOP)
        await world.create_group("徐汇店 0-6月龄 1群")
        yield world


async def the_story(world: World, about: str) -> Story:
    story = await tell(world.ctx, about)
    assert story
    return story


def whats(story: Story) -> list[str]:
    return [line.what for line in story.lines]


async def lived(world: World) -> str:
    """A customer whose task was done, who was invited and got a message; their id."""
    contact = await world.add_contact(name="小雨妈妈")
    (card,) = (await world.ledger())["cards"]
    await world.act("tap", staff="zhangli", task_id=card["task_id"], key="已问到")
    await world.later(minutes=1)
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.turn_to("2026-11-23 10:05")
    for mass in (await world.ledger())["mass"]:
        await world.act("confirm", staff=mass["sender"], msgid=mass["msgid"])
    await world.later(hours=1)
    return contact


async def test_a_customers_story_is_told_in_order(world: World) -> None:
    contact = await lived(world)

    story = await the_story(world, contact)

    assert story.title == f"小雨妈妈（{contact}）"
    assert [line.at for line in story.lines] == sorted(line.at for line in story.lines)
    told = whats(story)
    wanted = [
        "进入 SOP“新客”",
        "开始“问需求”",
        "给 张丽 派任务“和 小雨妈妈 打个招呼”",
        "任务“和 小雨妈妈 打个招呼”的依据：张丽 点了“已问到”",
        "张丽 在企业微信打上标签“宝宝月龄/0-6月龄”",
        "任务“和 小雨妈妈 打个招呼”的依据：系统看到给客户打上“宝宝月龄”的标签",
    ]
    assert [what for what in told if what in wanted] == wanted
    assert "主题群“0-6月龄”：候选" in told
    assert any(
        what.startswith("推送“邀请入主题群：0-6月龄”由 张丽 发送") and "→ 已送达" in what
        for what in told
    )


async def test_what_was_not_sent_says_why(world: World) -> None:
    contact = await lived(world)

    told = whats(await the_story(world, contact))

    assert any("“育儿测评”" in what and "频控:每天1条" in what for what in told)


async def test_the_story_has_no_accounts_hashes_or_keys(world: World) -> None:
    contact = await lived(world)

    for what in whats(await the_story(world, contact)):
        assert not re.search(r"zhangli|wangfang|limin|w[mr]\w{20}|[0-9a-f]{16}|标签组:", what), what


async def test_a_task_tells_its_standing(world: World) -> None:
    contact = await lived(world)
    (task,) = await world.store.tasks.about(contact)

    story = await the_story(world, task.id)

    assert story.title == "任务“和 小雨妈妈 打个招呼”（张丽）：已核实，系统核实"
    assert (await the_story(world, task.card)).title == story.title
    assert "开始“问需求”" not in whats(story)


async def test_a_group_and_a_journey_have_stories_too(world: World) -> None:
    contact = await lived(world)
    (journey,) = await world.store.journeys.of(contact)
    (seat,) = await world.store.seats.of(contact)

    group = await the_story(world, seat.group)

    assert group.title == f"徐汇店 0-6月龄 1群（{seat.group}）"
    assert "进入 SOP“新客”" in whats(await the_story(world, journey.id))


async def test_nobody_has_no_story(world: World) -> None:
    assert await tell(world.ctx, "wmNOBODY") is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("由 zhangli 确认", "由 张丽 确认"),
        ("消息已发出（zhangli）", "消息已发出（张丽）"),
        ("zhangli 打上标签“zhangli”", "张丽 打上标签“zhangli”"),
        ("zhangli2 和 limin", "zhangli2 和 limin"),
        ("进入 SOP“新客”", "进入 SOP“新客”"),
    ],
)
def test_staff_are_called_by_their_names_but_quotes_are_kept(written: str, read: str) -> None:
    assert by_name(written, {"zhangli": "张丽"}) == read


async def test_the_moments_are_those_of_the_events(world: World) -> None:
    await world.turn_to("2026-11-23 09:30")
    contact = await world.add_contact(name="小雨妈妈")

    first = (await the_story(world, contact)).lines[0]

    assert first.at == moment("2026-11-23 09:30")
