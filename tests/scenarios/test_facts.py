"""Whatever the language can say about events happens: it begins, wakes and ends journeys, once."""

from typing import Any

import pytest

from bot.model import Journey
from tests.scenarios.test_sop_steps import an_sop, said, say, story
from tests.world import TEAM, World

TAGS = """
标签:
  宝宝月龄: [孕期, 0-6月龄]
  管理: [勿扰]
"""
KOC = """
KOC体系: 母婴KOC
计分:
  - {项: 下单, 每: 1次, 加: 5分}
阶段:
  - {阶段: 活跃, 升到: 12分, 降回: 8分}
  - {阶段: 表达分享, 升到: 28分, 降回: 20分}
"""
THEME = """
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
容量: 100人
"""
RULES = """
规则: 全局
客户属性: {预产期: 日期, 生日: 每年}
客户回复来源: [业务系统]
"""


async def publish(world: World, *sops: str) -> None:
    files = {f"sop{n}.yaml": text for n, text in enumerate(sops)}
    shop = {"team.yaml": TEAM, "tags.yaml": TAGS, "koc.yaml": KOC, "theme.yaml": THEME}
    await world.publish({**shop, "rules.yaml": RULES, **files})


async def post(world: World, contact: str, kind: str, **more: Any) -> None:
    id = more.pop("id", f"{kind}-{world.now.timestamp()}")
    assert await world.post_event(id=id, subject=contact, kind=kind, **more) == 200
    await world.later(seconds=2)


async def ignored(world: World, id: str) -> str:
    kept = await world.store.inbox.get(f"event:{id}")
    assert kept
    return kept.why if kept.state == "ignored" else ""


async def begun(world: World, contact: str) -> list[Journey]:
    return await world.store.journeys.of(contact)


# --- 进入 ----------------------------------------------------------------------------------------

POSTED = {
    "当: 下单": ("order", {}),
    "当: 到店": ("visit", {}),
    "当: 互动": ("form", {"form": "到店预约"}),
    "当: 客户回复": ("reply", {}),
    "当: 阶段变化, 体系: 母婴KOC, 到达: 活跃": ("stage", {"system": "母婴KOC", "stage": "活跃"}),
    "当: 表单提交, 表单: 到店预约": ("form", {"form": "到店预约", "answers": {"几点": "3点"}}),
    "当: 收到事件, 事件: 领券": ("领券", {}),
}


@pytest.mark.parametrize("entry", POSTED)
async def test_a_posted_event_begins_what_begins_with_it(world: World, entry: str) -> None:
    kind, more = POSTED[entry]
    await publish(world, an_sop(say("开始了"), entry=entry))
    contact = await world.add_contact()

    await post(world, contact, kind, **more)
    await post(world, contact, "别的事")

    (journey,) = await begun(world, contact)
    assert (journey.sop, journey.staff) == ("新客", "zhangli")
    assert await said(world) == ["开始了"]


async def test_the_same_event_told_twice_begins_once(world: World) -> None:
    await publish(world, an_sop(say("谢谢"), entry="当: 下单, 重复进入: 每次都进"))
    contact = await world.add_contact()

    for _ in range(2):
        await post(world, contact, "order", id="o-1")
    await post(world, contact, "order", id="o-2")

    assert await said(world) == ["谢谢", "谢谢"]


async def test_what_one_began_with_does_not_end_it(world: World) -> None:
    again = an_sop(
        "  - 步骤: 等\n    等待: 7天\n",
        entry="当: 下单",
        more="退出:\n  - {当: 下单, 记为: 达成}",
    )
    await publish(world, again)
    contact = await world.add_contact()

    await post(world, contact, "order", id="o-1")
    before = [journey.state for journey in await begun(world, contact)]
    await post(world, contact, "order", id="o-2")

    (journey,) = await begun(world, contact)
    assert before == ["active"]
    assert (journey.state, journey.goal) == ("done", "达成")


async def test_a_tag_we_put_ourselves_begins_what_begins_with_it(world: World) -> None:
    tagging = an_sop("  - 步骤: 打\n    打标签: [勿扰]\n", name="打标签")
    await publish(world, tagging, an_sop(say("有勿扰了"), entry="当: 打上标签, 标签: 勿扰"))

    contact = await world.add_contact()
    await world.later(seconds=5)

    assert {journey.sop for journey in await begun(world, contact)} == {"打标签", "新客"}
    assert await said(world) == ["有勿扰了"]


async def test_a_tag_that_was_there_begins_nothing(world: World) -> None:
    tagging = an_sop("  - 步骤: 打\n    打标签: [勿扰]\n", name="打标签", entry="当: 下单")
    follow = "当: 打上标签, 标签: 勿扰, 重复进入: 每次都进"
    await publish(world, tagging, an_sop(say("有勿扰了"), entry=follow))
    contact = await world.add_contact()
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["管理/勿扰"])
    await world.later(seconds=5)

    await post(world, contact, "order")

    assert await said(world) == ["有勿扰了"]


async def test_a_tag_taken_off_begins_and_ends_and_is_waited_for(world: World) -> None:
    await publish(
        world,
        an_sop(say("又可以打扰了"), entry="当: 去掉标签, 标签: 勿扰"),
        an_sop(
            "  - 步骤: 等\n    等待: 7天\n",
            name="等",
            more="退出:\n  - {当: 去掉标签, 标签组: 管理}",
        ),
    )
    contact = await world.add_contact()
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["管理/勿扰"])
    await world.later(seconds=5)
    early = await said(world)

    await world.act("edit_tags", staff="zhangli", contact=contact, remove=["管理/勿扰"])
    await world.later(seconds=5)

    assert early == []
    assert await said(world) == ["又可以打扰了"]
    assert {j.sop: j.exit_reason for j in await begun(world, contact)}["等"] == "退出：去掉标签"
    assert "zhangli 在企业微信去掉了标签“管理/勿扰”" in await story(world, contact)


async def test_a_tag_is_off_when_the_last_one_has_taken_it_off(world: World) -> None:
    await publish(world, an_sop(say("没有了"), entry="当: 去掉标签, 标签: 勿扰"))
    contact = await world.add_contact()
    await world.act("add_contact", staff="limin", contact=contact)
    for staff in ("zhangli", "limin"):
        await world.act("edit_tags", staff=staff, contact=contact, add=["管理/勿扰"])
        await world.later(seconds=5)

    await world.act("edit_tags", staff="zhangli", contact=contact, remove=["管理/勿扰"])
    await world.later(seconds=5)
    first = await said(world) + await said(world, "limin")
    await world.act("edit_tags", staff="limin", contact=contact, remove=["管理/勿扰"])
    await world.later(seconds=5)

    assert first == []
    assert await said(world, "limin") == ["没有了"]


async def test_a_tag_deleted_in_wecom_is_off_everybody(world: World) -> None:
    await publish(world, an_sop(say("没有了"), entry="当: 去掉标签, 标签: 孕期"))
    carrier, other = await world.add_contact(), await world.add_contact()
    await world.act("edit_tags", staff="zhangli", contact=carrier, add=["宝宝月龄/孕期"])
    await world.later(seconds=5)

    await world.act("delete_tag", tag="宝宝月龄/孕期")
    await world.later(seconds=5)

    assert await said(world) == ["没有了"]
    assert [len(await begun(world, c)) for c in (carrier, other)] == [1, 0]
    assert "标签“宝宝月龄/孕期”没有了" in await story(world, carrier)


async def test_joining_and_leaving_a_group_of_the_theme(world: World) -> None:
    await publish(
        world,
        an_sop(say("进群了"), name="进", entry="当: 入群, 主题: 新手妈妈"),
        an_sop(say("退群了"), name="退", entry="当: 退群, 主题: 新手妈妈"),
        an_sop(say("退了别的群"), name="退任何群", entry="当: 退群"),
    )
    chat = await world.create_group("新手妈妈 1群")
    other = await world.create_group("会员群")
    contact = await world.add_contact()
    for group in (chat, other):
        await world.act("join_group", chat=group, contact=contact)
    await world.later(seconds=5)

    await world.act("leave_group", chat=other, contact=contact)
    await world.later(seconds=5)
    first = await said(world)
    await world.act("leave_group", chat=chat, contact=contact)
    await world.later(seconds=5)

    assert sorted(first) == ["进群了", "退了别的群"]
    assert sorted(await said(world)) == ["进群了", "退了别的群", "退群了"]
    assert "离开群“新手妈妈 1群”（自己退群）" in await story(world, contact)


async def test_who_is_deleted_by_a_customer_hears_of_it(world: World) -> None:
    await publish(world, an_sop(say("走了"), entry="当: 客户删除好友"))
    contact = await world.add_contact()

    await world.act("delete_by_customer", staff="zhangli", contact=contact)
    await world.later(seconds=5)

    assert await said(world) == ["走了"]


# --- 阶段、属性：对不上的不收，并说清为什么 ------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more", "why"),
    [
        ("stage", {"system": "美妆KOC", "stage": "活跃"}, "没有KOC体系“美妆KOC”，现有：母婴KOC"),
        (
            "stage",
            {"system": "母婴KOC", "stage": "成神"},
            "KOC体系“母婴KOC”没有阶段“成神”，现有：活跃、表达分享",
        ),
        (
            "profile",
            {"attributes": {"预产日": "2027-01-10"}},
            "没有客户属性“预产日”，现有：预产期、生日；要用请先写进全局规则的“客户属性”",
        ),
        (
            "profile",
            {"attributes": {"预产期": "明年一月"}},
            "客户属性“预产期”要写成 2027-01-10 这样的日期，收到“明年一月”",
        ),
    ],
)
async def test_what_does_not_fit_is_ignored_with_its_reason(
    world: World, kind: str, more: dict[str, Any], why: str
) -> None:
    await publish(world, an_sop(say("您好")))
    contact = await world.add_contact()

    await post(world, contact, kind, id="e-1", **more)

    assert await ignored(world, "e-1") == why
    known = await world.store.contacts.get(contact)
    assert known
    assert (known.stages, known.attributes) == ({}, {})


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("stage", {"system": "母婴KOC"}),
        ("stage", {"system": "母婴KOC", "stage": "活跃", "score": "很高"}),
        ("form", {}),
        ("profile", {"attributes": {}}),
        ("profile", {"attributes": {"生日": 19900101}}),
    ],
)
async def test_what_lacks_a_field_is_refused_at_the_door(
    world: World, kind: str, more: dict[str, Any]
) -> None:
    assert await world.post_event(id="e-1", subject="wmX", kind=kind, **more) == 400


async def test_a_stage_is_kept_with_its_score_and_reason(world: World) -> None:
    step = say("谢谢", text="{评分理由|没有理由}")
    await publish(world, an_sop(step, entry="当: 阶段变化, 体系: 母婴KOC, 到达: 活跃"))
    contact = await world.add_contact()
    risen = {"system": "母婴KOC", "stage": "活跃"}

    await post(world, contact, "stage", **risen, score=14.5, reason="下单 3 次")
    await post(world, contact, "stage", **risen, score=16)

    known = await world.store.contacts.get(contact)
    assert known
    assert (known.stages, known.scores) == ({"母婴KOC": "活跃"}, {"母婴KOC": 16})
    assert await said(world) == ["下单 3 次"]  # the same stage again is no change


async def test_a_stage_that_comes_late_does_not_undo_a_newer_one(world: World) -> None:
    await publish(world, an_sop(say("您好")))
    contact = await world.add_contact()
    early = world.now.isoformat()
    await world.later(minutes=5)

    await post(world, contact, "stage", id="s-2", system="母婴KOC", stage="表达分享")
    await post(world, contact, "stage", id="s-1", system="母婴KOC", stage="活跃", at=early)

    known = await world.store.contacts.get(contact)
    assert known
    assert known.stages == {"母婴KOC": "表达分享"}
    assert await ignored(world, "s-1") == "“母婴KOC”已经有更新的阶段，这一条来晚了"


async def test_a_profile_may_be_taken_back(world: World) -> None:
    await publish(world, an_sop(say("您好")))
    contact = await world.add_contact()

    await post(world, contact, "profile", attributes={"预产期": "2027-01-10", "生日": "1995-03-08"})
    await post(world, contact, "profile", attributes={"预产期": None})

    known = await world.store.contacts.get(contact)
    assert known
    assert known.attributes == {"生日": "1995-03-08"}


# --- 互动 ----------------------------------------------------------------------------------------


async def test_what_a_customer_does_counts_as_interaction_and_what_is_done_to_them_does_not(
    world: World,
) -> None:
    await publish(world, an_sop(say("您好")))
    chat = await world.create_group("新手妈妈 1群")
    contact = await world.add_contact()

    for kind in ("order", "visit", "reply", "interaction", "快递已签收"):
        await post(world, contact, kind)
    await post(world, contact, "form", form="到店预约")
    await post(world, contact, "stage", system="母婴KOC", stage="活跃")
    await world.act("join_group", chat=chat, contact=contact)
    await world.later(seconds=3)

    known = await world.store.contacts.get(contact)
    assert known
    counted = {kind: len(times) for kind, times in known.happened.items()}
    assert counted["interaction"] == 6
    assert counted["快递已签收"] == 1
    assert "stage" not in counted


async def test_a_button_says_that_the_customer_has_replied(world: World) -> None:
    ask = """
  - 步骤: 聊聊
    派任务:
      标题: 和 {客户昵称} 聊聊
      给: 跟进人
      完成依据: [按钮: [客户已回复, 没回]]
      期限: 1天
"""
    waits = """
  - 步骤: 等回复
    等事件: {当: 客户回复, 最多等: 2天, 等到了: [{步骤: 回了, 发给员工: {文案: 回了, 给: 跟进人}}]}
"""
    await publish(world, an_sop(ask), an_sop(waits, name="等"))
    contact = await world.add_contact()
    (card,) = (await world.ledger())["cards"]

    await world.act("tap", staff="zhangli", task_id=card["task_id"], key="客户已回复")
    await world.later(seconds=5)

    known = await world.store.contacts.get(contact)
    assert known
    assert {kind: len(times) for kind, times in known.happened.items()} == {
        "reply": 1,
        "interaction": 1,
    }
    assert await said(world) == ["回了"]
