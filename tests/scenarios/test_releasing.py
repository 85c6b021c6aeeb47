"""Apply, approve, pull, roll back, pause: what is live changes only as somebody means it."""

from pathlib import Path
from typing import Any

import pytest

from bot import publish as releases
from bot.publish import Base, BehindLive, Contents, Emptied, HeadMoved, NotApproved, Unswitchable
from tests.world import World

TEAM = """团队: 默认
人员: {张丽: zhangli, 李敏: limin, 王芳: wangfang, 周律: zhoulv}
角色: {主管: [王芳], 法务: [周律]}
"""
RULES = "规则: 全局\n审批: {营销内容: [角色/法务], 其他内容: [角色/主管]}\n"
SOP = """# 谁都可以在这里写注释
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 第一   # 第一天
    何时: 当天 10:00
    发给员工: {文案: 第一, 给: 跟进人}
  - 步骤: 第二
    何时: 第2天 10:00
    派任务: {标题: 回访, 给: 跟进人, 完成依据: [按钮: 已回访], 期限: 3天}
  - 步骤: 第三
    何时: 第3天 10:00
    发给员工: {文案: 第三, 给: 跟进人}
"""
FILES = {"team.yaml": TEAM, "sop.yaml": SOP}


def folder_with(path: Path, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.yaml").write_text(text, "utf-8")
    return path


async def apply(world: World, files: dict[str, str], base: Base | None = None, **more: Any) -> int:
    """By somebody in a hurry: without a base, over whatever is live."""
    more.setdefault("overwrite", base is None)
    contents = Contents(files)
    done = await releases.apply(world.ctx, contents, base, author="王芳", note="", **more)
    world.ctx.releases.forget()
    return done.n


async def base_now(world: World) -> Base:
    n = await world.store.releases.head()
    return Base(n, await world.store.releases.fingerprint(n))


async def said(world: World) -> list[str]:
    rows = (await world.ledger())["texts"]
    return [row["content"] for row in rows if row["userid"] == "zhangli"]


# --- against a base ------------------------------------------------------------------------------


async def test_a_folder_that_is_behind_is_refused_and_the_files_are_named(world: World) -> None:
    await apply(world, FILES)
    base = await base_now(world)
    await apply(world, FILES | {"rules.yaml": "规则: 全局\n"})

    with pytest.raises(BehindLive, match=r"线上改了 rules\.yaml；文件夹改了 sop\.yaml"):
        await apply(world, FILES | {"sop.yaml": SOP + "# 我的\n"}, base, overwrite=False)

    assert await world.store.releases.head() == 2


async def test_the_same_contents_are_not_published_again(world: World) -> None:
    assert await apply(world, FILES) == 1
    assert await apply(world, FILES) == 1


async def test_of_two_who_publish_on_the_same_base_one_is_told(world: World) -> None:
    await apply(world, FILES)
    args: Any = {"base": 1, "author": "test", "note": "", "now": world.now}
    await releases.publish(world.store, FILES | {"a.yaml": "标签: {甲: [一]}\n"}, {}, **args)

    with pytest.raises(HeadMoved):
        await releases.publish(world.store, FILES | {"b.yaml": "标签: {乙: [二]}\n"}, {}, **args)


async def test_a_file_that_begins_with_a_byte_order_mark_can_be_published(world: World) -> None:
    assert await apply(world, FILES | {"sop.yaml": "\ufeff" + SOP}) == 1


# --- pull ----------------------------------------------------------------------------------------


async def test_pull_writes_what_is_live_byte_for_byte_comments_and_all(
    world: World, tmp_path: Path
) -> None:
    await apply(world, FILES)
    folder = folder_with(tmp_path / "mine")

    pulled = await releases.pull(world.ctx, folder)

    assert pulled.written == ("sop.yaml", "team.yaml")
    assert (folder / "sop.yaml").read_text("utf-8") == SOP
    assert releases.base_of(folder) == await base_now(world)


async def test_pull_leaves_alone_what_was_changed_only_here(world: World, tmp_path: Path) -> None:
    await apply(world, FILES)
    folder = tmp_path / "mine"
    folder.mkdir()
    await releases.pull(world.ctx, folder)
    folder_with(folder, sop=SOP + "# 我的想法\n", draft="标签: {甲: [一]}\n")
    await apply(world, FILES | {"team.yaml": TEAM + "# 换了店长\n"})

    pulled = await releases.pull(world.ctx, folder)

    assert (pulled.written, pulled.kept) == (("team.yaml",), ("draft.yaml", "sop.yaml"))
    assert (folder / "sop.yaml").read_text("utf-8").endswith("# 我的想法\n")


async def test_pull_refuses_to_lose_what_both_sides_changed(world: World, tmp_path: Path) -> None:
    await apply(world, FILES)
    folder = tmp_path / "mine"
    folder.mkdir()
    await releases.pull(world.ctx, folder)
    folder_with(folder, sop=SOP + "# 我的\n")
    await apply(world, FILES | {"sop.yaml": SOP + "# 别人的\n"})

    with pytest.raises(BehindLive, match=r"都改过，没有动文件夹：sop\.yaml"):
        await releases.pull(world.ctx, folder)
    kept = (folder / "sop.yaml").read_text("utf-8")
    await releases.pull(world.ctx, folder, overwrite=True)

    assert kept.endswith("# 我的\n")
    assert (folder / "sop.yaml").read_text("utf-8").endswith("# 别人的\n")


async def test_what_is_hidden_is_part_of_no_release(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "mine", sop=SOP)
    (folder / ".git").mkdir()
    (folder / ".git" / "x.yaml").write_text("坏: [", "utf-8")
    (folder / ".qunce-base").write_text("{}", "utf-8")

    assert sorted(releases.read_contents(folder).files) == ["sop.yaml"]


# --- roll back -----------------------------------------------------------------------------------


async def test_a_rollback_is_a_new_release_with_the_old_contents(world: World) -> None:
    await apply(world, FILES)
    await apply(world, FILES | {"sop.yaml": SOP.replace("文案: 第一", "文案: 改了")})

    back = await releases.roll_back(world.ctx, None, author="王芳")

    assert (back.n, back.to, back.paths) == (3, 1, ("sop.yaml",))
    assert (await releases.contents_of(world.store, 3)).files == FILES


async def test_there_is_no_way_back_before_the_first(world: World) -> None:
    await apply(world, FILES)

    with pytest.raises(KeyError):
        await releases.roll_back(world.ctx, None, author="王芳")
    with pytest.raises(KeyError):
        await releases.roll_back(world.ctx, 7, author="王芳")


# --- approval ------------------------------------------------------------------------------------


async def test_an_approval_is_for_these_very_contents(world: World) -> None:
    await apply(world, FILES | {"rules.yaml": RULES})
    changed = FILES | {"rules.yaml": RULES, "sop.yaml": SOP.replace("文案: 第一", "文案: 改了")}
    with pytest.raises(NotApproved, match="王芳 同意后运行 qunce approve --by 王芳"):
        await apply(world, changed)
    with pytest.raises(PermissionError, match="张丽 不能批准"):
        await releases.approve(world.ctx, Contents(changed), "张丽", typed_by="ops")

    await releases.approve(world.ctx, Contents(changed), "王芳", typed_by="ops")

    with pytest.raises(NotApproved):
        await apply(world, changed | {"sop.yaml": changed["sop.yaml"] + "# 再改一个字\n"})
    assert await apply(world, changed) == 2


async def test_marketing_is_approved_by_those_listed_for_it(world: World) -> None:
    push = "    发给客户: {文案: 买一送一, 由: 跟进人, 类型: 营销, 为什么发: 会员日}\n"
    await apply(world, FILES | {"rules.yaml": RULES})
    changed = FILES | {"rules.yaml": RULES, "sop.yaml": f"{SOP}  - 步骤: 促销\n{push}"}

    with pytest.raises(PermissionError, match="王芳 不能批准营销内容：线上规则里可以批准的是 周律"):
        await releases.approve(world.ctx, Contents(changed), "王芳", typed_by="ops")
    await releases.approve(world.ctx, Contents(changed), "周律", typed_by="ops")

    assert await apply(world, changed) == 2


async def test_nobody_can_approve_themselves_in_by_the_release_they_ask_for(world: World) -> None:
    """The rules that are live decide who may agree, not those of the change."""
    await apply(world, FILES | {"rules.yaml": RULES})
    mine = RULES.replace("其他内容: [角色/主管]", "其他内容: [张丽]")

    with pytest.raises(PermissionError):
        await releases.approve(
            world.ctx, Contents(FILES | {"rules.yaml": mine}), "张丽", typed_by="ops"
        )


async def test_undoing_the_last_release_needs_no_approval_but_going_further_back_does(
    world: World,
) -> None:
    await apply(world, FILES)  # nobody had to agree to this one
    for text in (SOP + "# 二\n", SOP + "# 三\n"):
        changed = FILES | {"rules.yaml": RULES, "sop.yaml": text}
        if await world.store.releases.head() > 1:
            await releases.approve(world.ctx, Contents(changed), "王芳", typed_by="ops")
        await apply(world, changed)

    with pytest.raises(NotApproved):
        await releases.roll_back(world.ctx, 1, author="王芳")

    assert (await releases.roll_back(world.ctx, None, author="王芳")).to == 2


async def test_an_emptied_folder_takes_nothing_away_unless_that_is_said(world: World) -> None:
    await apply(world, {"team.yaml": TEAM})
    await apply(world, FILES)
    base = await base_now(world)

    with pytest.raises(Emptied, match="一个 SOP 也没有，线上的 1 个都会停掉"):
        await apply(world, {"team.yaml": TEAM}, base)
    with pytest.raises(Emptied):
        await releases.roll_back(world.ctx, 1, author="王芳")

    assert (await releases.roll_back(world.ctx, 1, author="王芳", sure=True)).n == 3


# --- pause, resume, stop -------------------------------------------------------------------------


async def test_a_paused_sop_rests_and_goes_on_at_once_when_resumed(world: World) -> None:
    await apply(world, FILES)
    await world.add_contact()
    await releases.switch(world.ctx, "pause", "关怀")

    await world.turn_to("2026-11-23 12:00")
    resting = await said(world)
    await releases.switch(world.ctx, "resume", "关怀")
    await world.later(minutes=15)

    assert resting == []
    assert await said(world) == ["第一"]


async def test_nobody_enters_a_paused_sop(world: World) -> None:
    await apply(world, FILES)
    await releases.switch(world.ctx, "pause", None)

    contact = await world.add_contact()

    assert await world.store.journeys.of(contact) == []


async def test_a_stopped_sop_lets_go_of_everybody_and_takes_its_tasks_back(world: World) -> None:
    await apply(world, FILES)
    contact = await world.add_contact()
    await world.turn_to("2026-11-24 10:05")
    (task,) = await world.store.tasks.about(contact)

    await releases.switch(world.ctx, "stop", "关怀")
    await world.later(minutes=15)
    await world.turn_to("2026-11-26 12:00")

    (journey,) = await world.store.journeys.of(contact)
    (now,) = await world.store.tasks.about(contact)
    assert task.open
    assert (journey.state, journey.exit_reason) == ("done", "SOP已停用")
    assert (now.open, now.state) == (False, "已取消")
    assert await said(world) == ["第一"]


async def test_a_pause_outlives_releases_until_one_changes_the_state_itself(world: World) -> None:
    await apply(world, FILES)
    await releases.switch(world.ctx, "pause", "关怀")

    await apply(world, FILES | {"sop.yaml": SOP + "# 只改注释\n"})
    kept = (await world.ctx.releases.head()).book.sops["关怀"].state
    await apply(world, FILES | {"sop.yaml": SOP.replace("状态: 启用", "状态: 草稿")})
    await apply(world, FILES | {"sop.yaml": SOP + "# 又启用\n"})

    assert kept == "暂停"
    assert (await world.ctx.releases.head()).book.sops["关怀"].state == "启用"


async def test_switching_what_is_not_there_is_one_sentence(world: World) -> None:
    await apply(world, FILES)

    with pytest.raises(Unswitchable, match="线上没有 SOP“关坏”。有：关怀"):
        await releases.switch(world.ctx, "pause", "关坏")
