"""The whole plan, on a shop with customers at every step: what people read, and what a file keeps."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model import Experiment
from bot.plan import saved
from bot.plan.columns import WIDTH, width
from bot.plan.make import make, under_way
from bot.plan.plan import Plan
from bot.plan.render import render
from bot.plan.saved import BadPlan, Moved
from bot.publish import Base, switch
from bot.store.rows import to_row
from tests.bot.plan.living import contents, open_shop
from tests.bot.plan.shop import GIFT, MOMENTS, SHOP, edited
from tests.world import World, open_world

GOLDEN = Path(__file__).with_name("plan.txt")
EDIT = (
    ("第4天 10:00", "第3天 10:00"),
    ("图文-护肤知识, 由", "图文-育儿测评, 由"),
    (MOMENTS, GIFT),
    ("按需喂养怎么", "按需哺乳怎么"),
    ("SOP: 新客\n", "SOP: 新客\n版本说明: 第3天改为育儿测评，第5天增加到店礼\n"),
)


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        yield world


async def planned(world: World, base: Base | None, text: str, **more: object) -> Plan:
    return await make(world.ctx, contents(text), base, author="王芳", **more)  # type: ignore[arg-type]


async def test_the_whole_plan_reads_like_this(world: World) -> None:
    base = await open_shop(world, SHOP)

    text = render(await planned(world, base, edited(*EDIT)))

    assert text + "\n" == GOLDEN.read_text(encoding="utf-8")
    assert max(width(line) for line in text.splitlines()) <= WIDTH + 2


async def test_what_a_command_switched_off_is_told_also_when_nothing_changed(world: World) -> None:
    base = await open_shop(world, SHOP)
    await switch(world.ctx, "pause", "新客")

    text = render(await planned(world, base, SHOP))

    assert text.startswith("“新客”现在是“暂停”（由命令设的，和文件里写的不同）\n没有变化")


async def test_planning_changes_nothing(world: World) -> None:
    base = await open_shop(world, SHOP)

    async def everything() -> dict[str, list[dict[str, object]]]:
        names = await world.store.db.list_collection_names()
        found = {n: await world.store.db[n].find().sort("_id", 1).to_list(None) for n in names}
        return {name: rows for name, rows in found.items() if rows}

    before = await everything()
    await planned(world, base, edited(*EDIT))

    assert await everything() == before


async def test_the_same_plan_twice_has_one_id_and_another_edit_another(world: World) -> None:
    base = await open_shop(world, SHOP)

    first = await planned(world, base, edited(*EDIT))
    again = await planned(world, base, edited(*EDIT))
    other = await planned(world, base, edited(*EDIT[:1]))

    assert first.id == again.id != other.id
    assert render(first) == render(again)


# --- nothing, errors, drift -----------------------------------------------------------------------


async def test_the_folder_that_is_live_is_nothing_to_do(world: World) -> None:
    base = await open_shop(world, SHOP)

    plan = await planned(world, base, SHOP)

    assert plan.exit_code == 0
    assert render(plan) == f"没有变化：文件夹和线上第 1 版一样\n计划编号 {plan.id}   退出码 0"


async def test_a_comment_is_published_but_changes_no_meaning(world: World) -> None:
    base = await open_shop(world, SHOP)

    plan = await planned(world, base, SHOP + "# 再看一遍\n", forecast=False)

    assert (plan.exit_code, plan.changes.size) == (2, 0)
    assert "只改了写法（注释、顺序、空行），含义没有变化" in render(plan)


async def test_what_is_live_and_not_in_the_folder_is_said_on_top(world: World) -> None:
    base = await open_shop(world, SHOP)
    await world.publish({"shop.yaml": edited(*EDIT[:1])})

    behind = await planned(world, base, SHOP, forecast=False)
    both = await planned(world, base, edited(*EDIT[2:3]), forecast=False)
    forced = await planned(world, base, SHOP, forecast=False, overwrite=True)

    assert render(behind).startswith("线上比文件夹新，先运行 qunce pull 取回：shop.yaml\n")
    assert render(both).startswith("两边都改过，先合并再发布：shop.yaml\n")
    assert (behind.exit_code, both.exit_code, forced.exit_code) == (1, 1, 2)
    assert "✗ 线上有文件夹里没有的改动（shop.yaml）：先运行 qunce pull" in render(behind)


async def test_a_state_given_by_a_command_is_not_taken_for_an_edit(world: World) -> None:
    base = await open_shop(world, SHOP)
    await switch(world.ctx, "pause", "新客")

    kept = await planned(world, base, edited(*EDIT[:1]), forecast=False)
    changed = await planned(world, base, edited(("状态: 启用", "状态: 停用")), forecast=False)

    assert kept.changes.sops[0].states == ("暂停", "暂停")
    assert changed.changes.sops[0].states == ("暂停", "停用")


async def test_who_must_approve_is_named(world: World) -> None:
    rules = ("频控:\n", "审批: {营销内容: [角色/私域主管], 其他内容: [角色/私域主管]}\n频控:\n")
    base = await open_shop(world, edited(rules))

    plan = await planned(world, base, edited(rules, *EDIT[:1]), forecast=False)

    assert "审批：王芳（未批）   发布：批准后才能发布（qunce approve）" in render(plan)
    assert not plan.approvals.complete


# --- a plan in a file -----------------------------------------------------------------------------


async def kept(world: World, base: Base, *, folder: str = "") -> tuple[Plan, saved.Saved]:
    plan = replace(await planned(world, base, edited(*EDIT), forecast=False), folder=folder)
    return plan, saved.from_json(saved.to_json(plan, render(plan)))


async def test_a_file_holds_exactly_what_was_planned(world: World) -> None:
    plan, read = await kept(world, await open_shop(world, SHOP))

    assert (read.id, read.base, read.contents) == (plan.id, 1, plan.contents)
    assert read.under_way == await under_way(world.ctx, plan.contents) == {"新客": 22}


async def test_json_says_everything_the_text_says(world: World) -> None:
    base = await open_shop(world, SHOP)

    told = saved.summary(await planned(world, base, edited(*EDIT)))

    assert told["exit_code"] == 2
    assert [step["name"] for step in told["sops"][0]["steps"]] == [
        "育儿测评",
        "朋友圈任务",
        "到店礼",
    ]
    assert sum(line["count"] for line in told["affected"][0]["lines"]) == 22
    assert len(told["outlook"]["days"]) == 7
    assert len(told["examples"]) == 3
    assert "files" not in told
    json.dumps(told)


async def test_a_plan_is_refused_once_somebody_else_has_published(world: World) -> None:
    _, read = await kept(world, await open_shop(world, SHOP))

    with pytest.raises(Moved, match="按线上第 1 版做的，现在已经是第 2 版：请重新运行 qunce plan"):
        saved.check(read, head=2, states={}, folder_hash="")


async def test_a_plan_is_refused_once_its_folder_was_edited(world: World) -> None:
    _, read = await kept(world, await open_shop(world, SHOP), folder="/shop")

    saved.check(read, head=1, states={}, folder_hash=read.contents.hash)
    with pytest.raises(Moved, match="文件夹 /shop 在做计划以后又改过"):
        saved.check(read, head=1, states={}, folder_hash="another")


async def test_a_plan_is_refused_once_a_command_gave_another_state(world: World) -> None:
    _, read = await kept(world, await open_shop(world, SHOP))

    with pytest.raises(Moved, match="“新客”的状态被命令改过（现在是“暂停”）"):
        saved.check(read, head=1, states={"新客": "暂停"}, folder_hash="")


@pytest.mark.parametrize(("now", "refused"), [(42, False), (43, True), (2, False), (1, True)])
async def test_a_plan_is_refused_when_it_speaks_of_another_crowd(
    world: World, now: int, refused: bool
) -> None:
    _, read = await kept(world, await open_shop(world, SHOP))

    if refused:
        with pytest.raises(Moved, match="“新客”正在进行中的客户从 22 位变成了"):
            saved.check_crowd(read, {"新客": now})
    else:
        saved.check_crowd(read, {"新客": now})


async def test_a_file_that_was_edited_is_no_plan_any_more(world: World) -> None:
    plan, _ = await kept(world, await open_shop(world, SHOP))
    text = saved.to_json(plan, "")

    with pytest.raises(BadPlan, match="计划文件在写好以后被改过"):
        saved.from_json(text.replace("第3天 10:00", "第2天 10:00"))


@pytest.mark.parametrize("text", ["", "{}", "[]", "SOP: 新客", '{"kind": "qunce-plan"}', "null"])
def test_what_is_no_plan_is_a_sentence(text: str) -> None:
    with pytest.raises(BadPlan, match="这不是 qunce plan --out 写的计划文件"):
        saved.from_json(text)


async def test_a_plan_with_errors_is_not_applied(world: World) -> None:
    base = await open_shop(world, SHOP)
    await world.publish({"shop.yaml": edited(*EDIT[:1])})

    plan = await planned(world, base, SHOP, forecast=False)
    read = saved.from_json(saved.to_json(plan, ""))

    with pytest.raises(Moved, match="里有错误（✗），不能发布"):
        saved.check(read, head=2, states={}, folder_hash="")


# --- going back -----------------------------------------------------------------------------------


async def test_going_back_is_told_the_same_way(world: World) -> None:
    await open_shop(world, SHOP)
    await world.publish({"shop.yaml": edited(*EDIT[:1])})

    plan = await planned(world, None, SHOP, back_to=1, forecast=False)

    assert render(plan).startswith("将回到第 1 版的内容：第2版 → 第3版    作者 王芳\n")
    assert plan.exit_code == 2


# --- experiments ----------------------------------------------------------------------------------

TRIAL = """
---
SOP: 召回
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 试验
    分流试验:
      名称: 文案
      方案:
        - {方案: A, 占比: 50%, 则: [{步骤: 发甲, 发给客户: {文案: 甲, 由: 跟进人}}]}
        - {方案: B, 占比: 50%, 则: [{步骤: 发乙, 发给客户: {文案: 乙, 由: 跟进人}}]}
      看什么: 7天内下单率
      观察期: 7天
"""


async def test_an_experiment_that_has_begun_may_not_be_changed(world: World) -> None:
    base = await open_shop(world, SHOP + TRIAL)
    begun = Experiment(id="文案", sop="召回", started_at=world.now, since=world.now)
    await world.store.db["experiments"].insert_one(to_row(begun))
    other = SHOP + TRIAL.replace("文案: 乙", "文案: 丙")
    anew = SHOP + TRIAL.replace("文案: 乙", "文案: 丙").replace("名称: 文案", "名称: 文案2")

    refused = await planned(world, base, other, forecast=False)
    allowed = await planned(world, base, anew, forecast=False)

    assert (refused.exit_code, allowed.exit_code) == (1, 2)
    assert "✗ “召回”的“试验”：试验“文案”已经开始，“方案”不能再改" in render(refused)
