"""What each kind of step does to people, told from outside."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests import world as worlds
from tests.world import TEAM, World, moment, open_world

TAGS = """
标签:
  宝宝月龄: [孕期, 0-6月龄]
  管理: [勿扰]
"""
QUIET = """
规则: 全局
免打扰: {员工: "20:00-09:00", 客户: "21:30-08:30", 客户群: "22:00-08:00"}
"""


def an_sop(*steps: str, name: str = "新客", entry: str = "当: 添加好友", more: str = "") -> str:
    return f"""
SOP: {name}
负责人: 王芳
状态: 启用
对象: 客户
进入: {{{entry}}}
{more}
步骤:
{"".join(steps)}
"""


def say(name: str, text: str = "", when: str = "立即") -> str:
    """A step that tells the customer's member of staff something."""
    return f"""
  - 步骤: {name}
    何时: {when}
    发给员工: {{文案: "{text or name}", 给: 跟进人}}
"""


async def publish(world: World, *sops: str, quiet: bool = False) -> None:
    files = {f"sop{n}.yaml": text for n, text in enumerate(sops)}
    rules = {"rules.yaml": QUIET} if quiet else {}
    await world.publish({"team.yaml": TEAM, "tags.yaml": TAGS, **rules, **files})


async def said(world: World, to: str = "zhangli") -> list[str]:
    """The texts a member of staff got, in their order."""
    return [row["content"] for row in (await world.ledger())["texts"] if row["userid"] == to]


async def story(world: World, contact: str) -> list[str]:
    return [row["what"] for row in await world.store.log.of(contact)]


# --- 发给员工 ------------------------------------------------------------------------------------


async def test_staff_get_what_to_forward_with_its_reason(world: World) -> None:
    step = """
  - 步骤: 提醒主管
    发给员工:
      文案: "{客户昵称} 加了 {员工姓名}"
      给: 角色/私域主管
      为什么发: 新客第一天要有人看着
"""
    await publish(world, an_sop(step))

    await world.add_contact(name="小雨妈妈")

    assert await said(world, "wangfang") == ["小雨妈妈 加了 张丽\n为什么发：新客第一天要有人看着"]


async def test_staff_are_told_after_their_quiet_hours(world: World) -> None:
    await publish(world, an_sop(say("来了新客")), quiet=True)
    await world.turn_to("2026-11-23 20:30")
    await world.add_contact()

    await world.turn_to("2026-11-24 08:59")
    early = await said(world)
    await world.turn_to("2026-11-24 09:01")

    assert early == []
    assert await said(world) == ["来了新客"]


async def test_what_staff_could_not_get_in_time_they_do_not_get(world: World) -> None:
    step = "\n  - 步骤: 快\n    发给员工: {文案: 快, 给: 跟进人, 时效: 2小时}\n"
    await publish(world, an_sop(step), quiet=True)
    await world.turn_to("2026-11-23 20:30")
    await world.add_contact()

    await world.turn_to("2026-11-24 12:00")

    assert await said(world) == []


# --- 发到群：素材轮播，法定长假 ------------------------------------------------------------------

THEME = "主题群: 0-6月龄\n群: {名称包含: 0-6月龄}\n"
WEEKLY = """
SOP: 群周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 0-6月龄}
日历: {法定长假: 换成 假期版}
步骤:
  - 步骤: 周一喂养知识
    何时: 每周一 09:30
    发到群: {素材轮播: 栏目-喂养, 由: 群主, 时效: 6小时}
"""
SHELF = """
栏目: 栏目-喂养
顺序: [喂养-01, 喂养-02, 喂养-03]
剩余少于: 2篇
---
素材: 假期
类型: 文字
文案: 假期愉快
""" + "".join(
    f"""
---
素材: 喂养-0{n}
类型: 文字
文案: 第{n}篇
假期版: 假期
"""
    for n in (1, 2, 3)
)


@pytest.fixture
async def september(
    mongo_url: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """A world that begins ten days before the National Day holiday of 2026."""
    monkeypatch.setattr(worlds, "MONDAY", "2026-09-21 09:00")
    async with open_world(mongo_url, database, tmp_path) as world:
        await world.publish(
            {"team.yaml": TEAM, "theme.yaml": THEME, "shelf.yaml": SHELF, "sop.yaml": WEEKLY}
        )
        yield world


async def texts(world: World, chat: str) -> list[str]:
    """What mass messages to this group said, in their order."""
    rows = (await world.ledger())["mass"]
    return [row["text"] for row in rows if chat in row["targets"]]


async def monday(world: World, day: str) -> None:
    """The message of that day is made, and its owner confirms it."""
    await world.turn_to(f"{day} 09:40")
    for mass in (await world.ledger())["mass"]:
        if mass["created_at"] > (moment(f"{day} 09:00")).isoformat():
            await world.act("confirm", staff=mass["sender"], msgid=mass["msgid"])
    await world.later(minutes=30)


async def test_a_column_goes_on_by_one_each_time_and_by_itself_in_every_group(
    september: World,
) -> None:
    world = september
    first = await world.create_group("0-6月龄 1群")
    await monday(world, "2026-09-21")
    second = await world.create_group("0-6月龄 2群")
    await monday(world, "2026-09-28")

    assert await texts(world, first) == ["第1篇", "第2篇"]
    assert await texts(world, second) == ["第1篇"]


async def test_the_owner_of_the_sop_is_warned_while_fresh_pieces_run_out(september: World) -> None:
    world = september
    await world.create_group("0-6月龄 1群")

    await monday(world, "2026-09-21")
    first = await said(world, "wangfang")
    await monday(world, "2026-09-28")

    assert first == []
    assert await said(world, "wangfang") == [
        "【0-6月龄 1群】栏目“栏目-喂养”在群里只剩 1 篇没发过了，请补充新内容，否则会从头轮一遍。"
    ]


async def test_in_a_long_holiday_its_version_is_sent_and_the_piece_itself_comes_later(
    september: World,
) -> None:
    world = september
    chat = await world.create_group("0-6月龄 1群")

    for day in ("2026-09-21", "2026-09-28", "2026-10-05", "2026-10-12"):
        await monday(world, day)

    assert await texts(world, chat) == ["第1篇", "第2篇", "假期愉快", "第3篇"]


async def test_what_nobody_confirmed_is_offered_again(september: World) -> None:
    world = september
    chat = await world.create_group("0-6月龄 1群")

    await world.turn_to("2026-09-21 18:00")
    await world.turn_to("2026-09-28 09:40")

    assert await texts(world, chat) == ["第1篇", "第1篇"]


# --- 等待、等事件、分支、结束 --------------------------------------------------------------------

AWAIT = """
  - 步骤: 等月龄
    等事件:
      当: 打上标签
      标签组: 宝宝月龄
      最多等: 2天
      等到了:
        - 步骤: 等到
          发给员工: {文案: 知道月龄了, 给: 跟进人}
      超时:
        - 步骤: 没等到
          发给员工: {文案: 还不知道月龄, 给: 跟进人}
"""


async def test_a_wait_holds_the_next_step_back(world: World) -> None:
    await publish(world, an_sop("  - 步骤: 歇歇\n    等待: 3小时\n", say("然后")))
    await world.add_contact()

    await world.turn_to("2026-11-23 11:59")
    early = await said(world)
    await world.turn_to("2026-11-23 12:01")

    assert early == []
    assert await said(world) == ["然后"]


async def test_the_awaited_event_goes_on_at_once(world: World) -> None:
    await publish(world, an_sop(AWAIT, say("后来")))
    contact = await world.add_contact()

    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/孕期"])
    await world.later(seconds=5)

    assert await said(world) == ["知道月龄了", "后来"]
    assert "等到了“打上标签：宝宝月龄”" in await story(world, contact)


async def test_the_awaited_event_that_never_comes_times_out(world: World) -> None:
    await publish(world, an_sop(AWAIT, say("后来")))
    contact = await world.add_contact()

    await world.turn_to("2026-11-25 08:59")
    early = await said(world)
    await world.turn_to("2026-11-25 09:01")

    assert early == []
    assert await said(world) == ["还不知道月龄", "后来"]
    assert "没等到“打上标签：宝宝月龄”，时间到了" in await story(world, contact)


async def test_what_came_before_the_wait_is_not_overlooked(world: World) -> None:
    await publish(world, an_sop("  - 步骤: 歇歇\n    等待: 1小时\n", AWAIT))
    contact = await world.add_contact()

    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/孕期"])
    await world.later(hours=2)

    assert await said(world) == ["知道月龄了"]


@pytest.mark.parametrize(("tag", "heard"), [("孕期", "孕期妈妈"), ("", "还不知道")])
async def test_a_branch_takes_the_arm_that_fits(world: World, tag: str, heard: str) -> None:
    fork = f"""
  - 步骤: 歇歇
    等待: 1小时
  - 步骤: 分流
    分支:
      - 如果: [有标签: 孕期]
        则: [{{步骤: 甲, 发给员工: {{文案: 孕期妈妈, 给: 跟进人}}}}]
      - 否则: [{{步骤: 乙, 发给员工: {{文案: 还不知道, 给: 跟进人}}}}]
{say("之后")}"""
    await publish(world, an_sop(fork))
    contact = await world.add_contact()
    if tag:
        await world.act("edit_tags", staff="zhangli", contact=contact, add=[f"宝宝月龄/{tag}"])

    await world.later(hours=2)

    assert await said(world) == [heard, "之后"]


async def test_an_end_is_the_end(world: World) -> None:
    await publish(world, an_sop("  - 步骤: 停\n    结束: 不用再跟\n", say("再也不")))

    contact = await world.add_contact()

    (journey,) = await world.store.journeys.of(contact)
    assert (journey.state, journey.exit_reason) == ("done", "不用再跟")
    assert await said(world) == []


# --- 进入：每天最多、重复进入 --------------------------------------------------------------------


async def test_so_many_may_enter_a_day_and_the_rest_are_told_why(world: World) -> None:
    await publish(world, an_sop(say("您好"), entry="当: 添加好友, 每天最多: 2人"))
    contacts = [await world.add_contact() for _ in range(3)]
    await world.turn_to("2026-11-24 00:01")
    tomorrow = await world.add_contact()

    begun = [len(await world.store.journeys.of(c)) for c in (*contacts, tomorrow)]
    assert begun == [1, 1, 0, 1]
    assert "没有进入“新客”：今天已满 2 人" in await story(world, contacts[2])


async def order(world: World, contact: str) -> None:
    await world.act("order", contact=contact, amount=99)
    await world.later(seconds=3)


@pytest.mark.parametrize(
    ("again", "times"), [("不允许", 1), ("退出后1天可再进", 2), ("每次都进", 3)]
)
async def test_how_often_one_may_enter(world: World, again: str, times: int) -> None:
    entry = f"当: 下单, 重复进入: {again}"
    await publish(world, an_sop(say("谢谢"), name="下单关怀", entry=entry))
    contact = await world.add_contact()

    await order(world, contact)
    await world.later(hours=1)
    await order(world, contact)
    await world.later(hours=24)
    await order(world, contact)

    assert await said(world) == ["谢谢"] * times


async def test_nobody_enters_again_while_still_inside(world: World) -> None:
    entry = "当: 下单, 重复进入: 每次都进"
    await publish(world, an_sop("  - 步骤: 等\n    等待: 2天\n", say("谢谢"), entry=entry))
    contact = await world.add_contact()

    await order(world, contact)
    await order(world, contact)

    assert len(await world.store.journeys.of(contact)) == 1


async def test_a_renamed_sop_remembers_who_was_there(world: World) -> None:
    await publish(world, an_sop("  - 步骤: 等\n    等待: 1天\n", say("谢谢"), name="旧名"))
    contact = await world.add_contact()

    renamed = an_sop("  - 步骤: 等\n    等待: 1天\n", say("谢谢"), name="新名", more="曾用名: 旧名")
    await publish(world, renamed)
    await world.act("delete_by_customer", staff="zhangli", contact=contact)
    await world.act("add_contact", staff="zhangli", contact=contact)
    await world.later(days=2)

    (journey,) = await world.store.journeys.of(contact)
    assert (journey.state, journey.exit_reason) == ("done", "走完")
    assert await said(world) == ["谢谢"]


# --- 错过时 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missed", "heard_at"),
    [
        ("立即补发", "2026-11-23 20:15"),
        ("顺延到下个可发时段", "2026-11-24 09:00"),
        ("跳过", None),
    ],
)
async def test_a_moment_already_past(world: World, missed: str, heard_at: str | None) -> None:
    """问需求 is planned for 19:30; the customer comes at 20:15, when staff are not disturbed."""
    step = f"""
  - 步骤: 问需求
    何时: 当天 19:30
    错过时: {missed}
    派任务: {{标题: 打个招呼, 给: 跟进人, 完成依据: [按钮: 好], 期限: 1天}}
"""
    await publish(world, an_sop(step, say("完")), quiet=True)
    await world.turn_to("2026-11-23 20:15")
    contact = await world.add_contact()
    await world.turn_to("2026-11-24 09:30")

    tasks: list[Any] = await world.store.tasks.about(contact)
    made = [task.created_at.replace(second=0, microsecond=0) for task in tasks]
    assert made == ([moment(heard_at)] if heard_at else [])
    cards = (await world.ledger())["cards"]
    assert len(cards) == len(made)  # at nine in the morning at the earliest
    assert all(card["at"] >= "2026-11-24T01:00" for card in cards)
    assert await said(world) == ["完"]
