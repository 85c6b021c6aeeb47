"""`why`: from the event over the rule and what it was decided by to what became of it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.story import Story, UnknownSop, tell, why_in
from tests.world import SHANGHAI, TEAM, World, open_world

SHOP = {
    "team.yaml": TEAM,
    "tags.yaml": "标签: {管理: [员工, 勿扰], 新客: [老朋友]}",
    "rules.yaml": """
规则: 全局
免打扰: {客户: 21:30-08:30, 员工: 20:00-09:00}
频控:
  每位客户: {每天: 1条, 每7天: 3条}
催办:
  快:
    - {过了: 2小时, 提醒: 本人}
    - {逾期: 1小时, 转派: 店长}
""",
    "new.yaml": """
SOP: 新客
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 添加好友
  条件: [{没有标签: [勿扰]}]
步骤:
  - 步骤: 问需求
    派任务:
      标题: 和 {客户昵称} 打个招呼
      给: 跟进人
      完成依据: [按钮: 已问到]
      期限: 3小时
      催办: 快
  - 步骤: 试文案
    分流试验:
      名称: 文案2026
      方案:
        - 方案: 甲
          占比: 50%
          则:
            - 步骤: 甲文案
              何时: 当天 10:00
              发给客户: {文案: 给您一份育儿测评, 由: 跟进人, 时效: 8小时}
        - 方案: 乙
          占比: 50%
          则:
            - 步骤: 乙文案
              何时: 当天 10:00
              发给客户: {文案: 给您一份育儿测评, 由: 跟进人, 时效: 8小时}
      看什么: 7天内下单率
      观察期: 7天
  - 步骤: 到店礼
    何时: 当天 15:00
    发给客户: {文案: 到店有礼, 由: 跟进人, 时效: 4小时}
""",
    "staff.yaml": """
SOP: 老朋友
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 打上标签
  标签: 老朋友
  条件:
    - 没有标签: [员工]
    - 近30天下单: 不少于1次
步骤:
  - 步骤: 问候
    等待: 1天
""",
}


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        await world.publish(SHOP)
        yield world


def told(story: Story | None, contact: str = "wm-nobody") -> str:
    """As it is printed, with the customer's id, which is another one every time, as 客户."""
    assert story
    lines = [f"{line.at.astimezone(SHANGHAI):%m-%d %H:%M}  {line.what}" for line in story.lines]
    whole = "\n".join([story.title, *lines]).replace(contact, "客户")
    return re.sub(r"第 \d+ 号", "第 n 号", whole)


async def lived(world: World) -> str:
    """A push that came, one the caps kept back, an SOP not entered, a task nobody did."""
    contact = await world.add_contact(name="小雨妈妈")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["管理/员工"])
    await world.later(minutes=1)
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["新客/老朋友"])
    await world.turn_to("2026-11-23 10:05")
    for mass in (await world.ledger())["mass"]:
        await world.act("confirm", staff=mass["sender"], msgid=mass["msgid"])
    await world.turn_to("2026-11-23 18:00")
    return contact


STORY = """\
小雨妈妈（客户）
11-23 09:00  进入 SOP“新客”：没有标签：勿扰（带有：无） ✓
11-23 09:00  开始“问需求”
11-23 09:00  开始“试文案”
11-23 09:00  试验“文案2026”：第 n 号，分到“甲”（甲 0–4999，乙 5000–9999）
11-23 09:00  任务卡片已发出（张丽）
11-23 09:00  给 张丽 派任务“和 小雨妈妈 打个招呼”
11-23 09:00  任务“和 小雨妈妈 打个招呼”：送达
11-23 09:00  张丽 在企业微信打上标签“管理/员工”
11-23 09:01  张丽 在企业微信打上标签“新客/老朋友”
11-23 09:01  没有进入“老朋友”：没有标签：员工（带有：员工） ✗；近30天下单不少于1次（0次） ✗
11-23 10:00  开始“甲文案”
11-23 10:00  “甲文案”交给 张丽 群发：工作日、不在免打扰、频控 每天1条已用1、每7天3条已用1
11-23 10:00  推送“甲文案”由 张丽 发送【给您一份育儿测评】→ 已送达（11-23 10:05）
11-23 10:05  “甲文案”由 张丽 确认，已送达
11-23 11:00  任务“和 小雨妈妈 打个招呼”提醒 张丽
11-23 11:00  任务卡片已发出（张丽）
11-23 11:00  任务“和 小雨妈妈 打个招呼”：提醒（张丽）
11-23 12:00  任务“和 小雨妈妈 打个招呼”逾期未完成
11-23 12:00  任务“和 小雨妈妈 打个招呼”：逾期
11-23 13:00  任务“和 小雨妈妈 打个招呼”转派，转给 王芳
11-23 13:00  任务卡片已发出（王芳）
11-23 13:00  任务“和 小雨妈妈 打个招呼”：转派（王芳）
11-23 15:00  开始“到店礼”
11-23 15:00  “到店礼”不发了：频控:每天1条，下个空档在时效（到 11-23 19:00）之后
11-23 15:00  推送“到店礼”由 张丽 发送【到店有礼】→ 没有发：频控:每天1条
11-23 16:00  任务“和 小雨妈妈 打个招呼”：逾期"""


async def test_a_whole_story_from_event_to_evidence(world: World) -> None:
    contact = await lived(world)

    first, again = await tell(world.ctx, contact), await tell(world.ctx, contact)

    assert told(first, contact) == STORY
    assert again == first


PUSH = """\
推送“甲文案”（小雨妈妈）：已送达
11-23 09:00  试验“文案2026”：第 n 号，分到“甲”（甲 0–4999，乙 5000–9999）
11-23 10:00  开始“甲文案”
11-23 10:00  “甲文案”交给 张丽 群发：工作日、不在免打扰、频控 每天1条已用1、每7天3条已用1
11-23 10:00  推送“甲文案”由 张丽 发送【给您一份育儿测评】→ 已送达（11-23 10:05）
11-23 10:01  群发已创建，等员工确认发送（张丽）
11-23 10:05  “甲文案”由 张丽 确认，已送达"""
MASS = """\
张丽 的群发【给您一份育儿测评】，1 位：已结束
11-23 10:00  SOP“新客”的“甲文案”给 小雨妈妈：已送达（11-23 10:05）
11-23 10:01  群发已创建，等员工确认发送（张丽）
11-23 10:05  “甲文案”由 张丽 确认，已送达"""


async def test_a_message_is_asked_about_by_any_of_its_numbers(world: World) -> None:
    contact = await lived(world)
    push, held = await world.store.deliveries.of(contact)
    (mass,) = (await world.ledger())["mass"]

    assert told(await tell(world.ctx, push.id), contact) == PUSH
    assert told(await tell(world.ctx, push.sending), contact) == MASS
    assert told(await tell(world.ctx, mass["msgid"]), contact) == MASS
    assert "“到店礼”不发了：频控:每天1条" in told(await tell(world.ctx, held.id), contact)


async def test_an_experiment_is_asked_about_by_its_name(world: World) -> None:
    await lived(world)

    story = told(await tell(world.ctx, "文案2026"))

    assert story.startswith("试验“文案2026”（SOP“新客”）：进行中\n11-23 09:00  第一位客户进入试验")


NOT_IN = """\
小雨妈妈（客户）和 SOP“老朋友”
11-23 18:00  没有进入过
11-23 18:00  状态：启用 ✓
11-23 18:00  跟进人：张丽 ✓
11-23 18:00  没有标签：员工（带有：员工） ✗
11-23 18:00  近30天下单不少于1次（1次） ✓
11-23 18:00  当：打上标签：老朋友，最近一次在 11-23 09:01 ✓
11-23 18:00  当“打上标签：老朋友”：现在发生也不会进入，见打 ✗ 的地方"""


async def test_why_a_customer_is_not_in_an_sop_is_told_rule_by_rule(world: World) -> None:
    contact = await lived(world)
    await world.post_event(id="order-1", subject=contact, kind="order")
    await world.settle()

    assert told(await why_in(world.ctx, contact, "老朋友"), contact) == NOT_IN
    been = told(await why_in(world.ctx, contact, "新客"), contact)
    assert "第 1 次进入：11-23 09:00，走完" in been
    assert "重复进入：以前进入过（走完），重复进入：不允许 ✗" in been


async def test_an_sop_that_is_not_there_is_said_with_a_guess(world: World) -> None:
    contact = await world.add_contact()

    with pytest.raises(UnknownSop, match="没有叫“老朋有”的 SOP。是不是想写“老朋友”？"):
        await why_in(world.ctx, contact, "老朋有")
    assert await why_in(world.ctx, "wmNOBODY", "新客") is None
