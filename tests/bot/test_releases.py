"""The folder, what is live, and everything that goes between them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context import Context
from bot.publish import (
    Base,
    BehindLive,
    Contents,
    NotApproved,
    apply,
    approve,
    ask_for_approval,
    base_of,
    compare,
    drift,
    missing_approval,
    pull,
    read_contents,
    remember_base,
    roll_back,
)
from tests.scenarios.conftest import world
from tests.world import World

__all__ = ["world"]

TEAM = "团队: 默认\n角色:\n  主管: [王芳]\n  法务: [李敏, 周律]\n人员: {王芳: wangfang, 李敏: limin, 周律: zhoulv}\n"
TAGS = "标签:  # 注释也要留下\n  管理: [勿扰]\n"
APPROVAL = "规则: 全局\n审批: {营销内容: [角色/法务], 其他内容: [角色/主管]}\n"
PNG = b"\x89PNG not really"


def an_sop(text: str = "您好", cls: str = "服务", more: str = "") -> str:
    push = f"发给客户: {{文案: {text}, 由: 跟进人, 类型: {cls}}}"
    head = "SOP: 新客\n负责人: 王芳\n状态: 启用\n对象: 客户\n进入: {当: 添加好友}\n"
    return f"{head}步骤:\n  - {{步骤: 甲, 何时: 第2天 10:00, {push}}}\n{more}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    (made / "图片").mkdir(parents=True)
    (made / "团队.yaml").write_text(TEAM)
    (made / "标签.yaml").write_text(TAGS)
    (made / "图片" / "礼.png").write_bytes(PNG)
    return made


async def publish(ctx: Context, folder: Path, *, overwrite: bool = False, note: str = "") -> int:
    """As ``qunce apply`` does."""
    contents = read_contents(folder)
    wish = {"author": "王芳", "note": note, "overwrite": overwrite}
    done = await apply(ctx, contents, base_of(folder), **wish)  # type: ignore[arg-type]
    remember_base(folder, Base(done.n, contents.hash))
    ctx.releases.forget()
    return done.n


# --- drift ---------------------------------------------------------------------------------------


def test_who_changed_a_file_is_told_per_file() -> None:
    base = {"same": "1", "mine": "1", "theirs": "1", "both": "1", "alike": "1", "gone": "1"}
    here = {"same": "1", "mine": "2", "theirs": "1", "both": "2", "alike": "2", "new": "1"}
    live = {"same": "1", "mine": "1", "theirs": "2", "both": "3", "alike": "2", "gone": "1"}

    assert drift(here, base, live) == {
        "mine": "only-folder",
        "theirs": "only-live",
        "both": "both",
        "gone": "only-folder",
        "new": "only-folder",
    }


FILES = st.dictionaries(st.sampled_from("abcde"), st.sampled_from("123"))


@given(here=FILES, base=FILES, live=FILES)
def test_drift_seen_from_the_other_side_is_the_same(
    here: dict[str, str], base: dict[str, str], live: dict[str, str]
) -> None:
    other = {"only-folder": "only-live", "only-live": "only-folder", "both": "both"}

    seen = drift(here, base, live)

    assert drift(live, base, here) == {path: other[side] for path, side in seen.items()}
    assert set(seen) == {p for p in here.keys() | live.keys() if here.get(p) != live.get(p)}


# --- apply against a base ------------------------------------------------------------------------


async def test_a_folder_that_is_behind_replaces_nothing(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    elsewhere = folder.parent / "elsewhere"
    await pull(world.ctx, elsewhere)
    (elsewhere / "标签.yaml").write_text(TAGS.replace("勿扰", "勿扰, 同行"))
    await publish(world.ctx, elsewhere)
    (folder / "渠道.yaml").write_text("渠道: 门口\n员工: [王芳]\n")

    with pytest.raises(BehindLive, match="第 1 版之后线上又改过（现在是第 2 版）") as refused:
        await publish(world.ctx, folder)

    assert refused.value.apart == {"标签.yaml": "only-live", "渠道.yaml": "only-folder"}
    assert "线上改了 标签.yaml" in str(refused.value)
    assert "--overwrite" in str(refused.value)
    assert await world.store.releases.head() == 2


async def test_a_folder_nobody_touched_is_told_to_pull(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    await publish_tags(world, "同行")

    with pytest.raises(BehindLive, match="线上已更新到第 2 版，文件夹还是第 1 版：先 qunce pull"):
        await publish(world.ctx, folder)


async def publish_tags(world: World, *tags: str) -> None:
    """Somebody else publishes other tags."""
    live = await world.store.releases.files(await world.store.releases.head())
    text = f"标签:\n  管理: [{', '.join(tags)}]\n"
    contents = Contents({**live, "标签.yaml": text}, {"图片/礼.png": PNG})
    await apply(world.ctx, contents, None, author="李敏", note="", overwrite=True)
    world.ctx.releases.forget()


async def test_overwriting_is_possible_and_named(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    await publish_tags(world, "同行")

    assert await publish(world.ctx, folder, overwrite=True) == 3
    assert (await world.store.releases.files(3))["标签.yaml"] == TAGS


async def test_a_folder_that_has_the_live_changes_may_be_published(
    world: World, folder: Path
) -> None:
    """As after a merge by git: what matters is what is in it, not what its base says."""
    await publish(world.ctx, folder)
    await publish_tags(world, "同行")
    (folder / "标签.yaml").write_text("标签:\n  管理: [同行]\n")
    (folder / "渠道.yaml").write_text("渠道: 门口\n员工: [王芳]\n")

    assert await publish(world.ctx, folder) == 3


async def test_a_folder_that_lost_its_base_is_known_by_its_contents(
    world: World, folder: Path
) -> None:
    await publish(world.ctx, folder)
    await publish_tags(world, "同行")
    (folder / ".qunce-base").unlink()

    apart = await compare(world.store, read_contents(folder), base_of(folder))

    assert apart == {"标签.yaml": "only-live"}


async def test_a_changed_folder_without_a_base_is_not_guessed_about(
    world: World, folder: Path
) -> None:
    await publish(world.ctx, folder)
    (folder / ".qunce-base").unlink()
    (folder / "标签.yaml").write_text("标签:\n  管理: [同行]\n")

    with pytest.raises(BehindLive, match="不知道文件夹是从哪一版改来的"):
        await publish(world.ctx, folder)


async def test_the_base_of_another_database_counts_for_nothing(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    remember_base(folder, Base(1, "of another database"))
    (folder / "标签.yaml").write_text("标签:\n  管理: [同行]\n")

    with pytest.raises(BehindLive, match="不知道"):
        await publish(world.ctx, folder)


async def test_hidden_files_and_folders_are_nobodys_business(folder: Path) -> None:
    before = read_contents(folder)
    (folder / ".git").mkdir()
    (folder / ".git" / "a.yaml").write_text("不是配置")
    (folder / ".b.yaml").write_text("也不是")
    remember_base(folder, Base(1, "x"))

    assert read_contents(folder) == before


# --- pull ----------------------------------------------------------------------------------------


async def test_pull_writes_what_is_live_byte_for_byte(world: World, folder: Path) -> None:
    (folder / "窗口.yaml").write_bytes("\ufeff渠道: 门口\r\n员工: [王芳]  # 回车也留\r\n".encode())
    await publish(world.ctx, folder)
    empty = folder.parent / "new" / "place"

    done = await pull(world.ctx, empty)

    def all_of(where: Path) -> dict[str, bytes]:
        return {
            p.relative_to(where).as_posix(): p.read_bytes()
            for p in sorted(where.rglob("*"))
            if p.is_file()
        }

    assert all_of(empty) == all_of(folder)
    assert set(done.written) == {"图片/礼.png", "团队.yaml", "标签.yaml", "窗口.yaml"}
    assert (await pull(world.ctx, empty)).written == ()


async def test_pull_deletes_what_was_dropped_and_nobody_touched(world: World, folder: Path) -> None:
    (folder / "旧.yaml").write_text("渠道: 门口\n员工: [王芳]\n")
    await publish(world.ctx, folder)
    mine = folder.parent / "mine"
    await pull(world.ctx, mine)
    (folder / "旧.yaml").unlink()
    (folder / "图片" / "礼.png").unlink()
    await publish(world.ctx, folder)

    done = await pull(world.ctx, mine)

    assert done.deleted == ("图片/礼.png", "旧.yaml")
    assert not (mine / "旧.yaml").exists()


async def test_pull_keeps_what_was_changed_only_here(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    (folder / "渠道.yaml").write_text("渠道: 门口\n员工: [王芳]\n")
    await publish_tags(world, "同行")

    done = await pull(world.ctx, folder)

    assert (done.written, done.kept) == (("标签.yaml",), ("渠道.yaml",))
    assert (folder / "渠道.yaml").exists()
    assert await publish(world.ctx, folder) == 3, "it contains everything now"


async def test_pull_loses_nothing_that_was_changed_on_both_sides(
    world: World, folder: Path
) -> None:
    await publish(world.ctx, folder)
    (folder / "标签.yaml").write_text("标签:\n  管理: [我的]\n")
    await publish_tags(world, "同行")

    with pytest.raises(BehindLive, match=r"在这里和线上（第 2 版）都改过，没有动文件夹：标签.yaml"):
        await pull(world.ctx, folder)
    mine = (folder / "标签.yaml").read_text()
    await pull(world.ctx, folder, overwrite=True)

    assert mine == "标签:\n  管理: [我的]\n"
    assert (folder / "标签.yaml").read_text() == "标签:\n  管理: [同行]\n"


async def test_overwriting_makes_the_folder_what_is_live(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    (folder / "多.yaml").write_text("渠道: 门口\n员工: [王芳]\n")
    (folder / "坏.yaml").write_bytes(b"\xff\xfe")

    done = await pull(world.ctx, folder, overwrite=True)

    assert done.deleted == ("多.yaml",)
    left = {p.name for p in folder.iterdir()}
    assert left == {".qunce-base", "图片", "团队.yaml", "标签.yaml"}


async def test_a_path_that_leaves_the_folder_is_not_written(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    contents = read_contents(folder)
    evil = Contents({**contents.files, "../外面.yaml": TAGS.replace("管理", "外面")})
    await apply(world.ctx, evil, None, author="t", note="", overwrite=True)

    with pytest.raises(ValueError, match=r"不能写进文件夹的文件名：\.\./外面\.yaml"):
        await pull(world.ctx, folder)

    assert not (folder.parent / "外面.yaml").exists()


async def test_pulling_where_nothing_is_live_is_refused(world: World, folder: Path) -> None:
    with pytest.raises(KeyError):
        await pull(world.ctx, folder)


# --- rollback ------------------------------------------------------------------------------------


async def test_rollback_publishes_what_was_live_before(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    (folder / "标签.yaml").write_text("标签:\n  管理: [同行]\n")
    (folder / "图片" / "礼.png").write_bytes(b"another")
    await publish(world.ctx, folder)

    done = await roll_back(world.ctx, None, author="王芳")

    stored = await world.store.releases.get(3)
    assert (done.n, done.to, done.paths) == (3, 1, ("图片/礼.png", "标签.yaml"))
    assert (stored.files["标签.yaml"], stored.note) == (TAGS, "回到第 1 版")
    assert await world.store.releases.asset("图片/礼.png") == PNG


async def test_rollback_to_what_is_live_changes_nothing(world: World, folder: Path) -> None:
    await publish(world.ctx, folder)
    done = await roll_back(world.ctx, 1, author="王芳")

    assert (done.n, done.paths) == (1, ())
    assert await world.store.releases.head() == 1


@pytest.mark.parametrize("to", [None, 0, 7])
async def test_there_is_no_rollback_to_what_never_was(
    world: World, folder: Path, to: int | None
) -> None:
    await publish(world.ctx, folder)

    with pytest.raises(KeyError):
        await roll_back(world.ctx, to, author="王芳")


# --- approval ------------------------------------------------------------------------------------


@pytest.fixture
async def guarded(world: World, folder: Path) -> Path:
    """The folder, live, with 审批."""
    (folder / "规则.yaml").write_text(APPROVAL)
    (folder / "sop.yaml").write_text(an_sop())
    await publish(world.ctx, folder)
    return folder


async def test_the_first_release_needs_no_approval(world: World, guarded: Path) -> None:
    assert await world.store.releases.head() == 1


async def test_a_change_waits_for_one_of_those_who_may_agree(world: World, guarded: Path) -> None:
    (guarded / "sop.yaml").write_text(an_sop("改了"))

    with pytest.raises(NotApproved) as refused:
        await publish(world.ctx, guarded)
    await approve(world.ctx, read_contents(guarded), "王芳", typed_by="root")

    assert refused.value.approval.people == ("王芳",)
    assert "请 王芳 同意后运行 qunce approve --by 王芳" in str(refused.value)
    assert await publish(world.ctx, guarded) == 2
    (given,) = (await world.store.releases.get(2)).approvals
    assert (given["who"], given["userid"], given["typed_by"]) == ("王芳", "wangfang", "root")


@pytest.mark.parametrize("was", ["服务", "营销"])
async def test_marketing_is_for_others_to_agree_to(world: World, guarded: Path, was: str) -> None:
    (guarded / "sop.yaml").write_text(an_sop("特价", "营销"))
    if was == "营销":
        await approve(world.ctx, read_contents(guarded), "李敏", typed_by="t")
        await publish(world.ctx, guarded)
        (guarded / "sop.yaml").write_text(an_sop("更特价", "营销"))

    with pytest.raises(NotApproved) as refused:
        await publish(world.ctx, guarded)

    assert refused.value.approval.people == ("李敏", "周律")
    assert "动了营销内容" in str(refused.value)


async def test_a_change_beside_marketing_is_not_marketing(world: World, guarded: Path) -> None:
    (guarded / "sop.yaml").write_text(an_sop("特价", "营销"))
    await approve(world.ctx, read_contents(guarded), "周律", typed_by="t")
    await publish(world.ctx, guarded)
    (guarded / "标签.yaml").write_text("标签:\n  管理: [同行]\n")

    with pytest.raises(NotApproved) as refused:
        await publish(world.ctx, guarded)

    assert refused.value.approval.people == ("王芳",)


async def test_a_picture_of_marketing_is_marketing(world: World, guarded: Path) -> None:
    shown = "素材: 海报\n类型: 图片\n文件: 图片/礼.png\n---\n"
    text = shown + an_sop("特价", "营销").replace("文案: 特价", "文案: 特价, 附件: [海报]")
    (guarded / "sop.yaml").write_text(text)
    await approve(world.ctx, read_contents(guarded), "周律", typed_by="t")
    await publish(world.ctx, guarded)
    (guarded / "图片" / "礼.png").write_bytes(b"\x89PNG another")

    with pytest.raises(NotApproved) as refused:
        await publish(world.ctx, guarded)

    assert refused.value.approval.kind == "营销内容"


async def test_one_more_word_asks_for_another_approval(world: World, guarded: Path) -> None:
    (guarded / "sop.yaml").write_text(an_sop("改了"))
    await approve(world.ctx, read_contents(guarded), "王芳", typed_by="t")
    (guarded / "sop.yaml").write_text(an_sop("又改了"))

    with pytest.raises(NotApproved):
        await publish(world.ctx, guarded)


async def test_who_does_not_hold_the_role_cannot_agree(world: World, guarded: Path) -> None:
    (guarded / "sop.yaml").write_text(an_sop("改了"))

    with pytest.raises(PermissionError, match="李敏 不能批准其他内容：线上规则里可以批准的是 王芳"):
        await approve(world.ctx, read_contents(guarded), "李敏", typed_by="t")


async def test_the_rules_that_are_live_decide(world: World, guarded: Path) -> None:
    """Nobody lets themselves in by publishing other rules."""
    (guarded / "规则.yaml").write_text(APPROVAL.replace("角色/主管", "李敏"))

    with pytest.raises(PermissionError):
        await approve(world.ctx, read_contents(guarded), "李敏", typed_by="t")
    with pytest.raises(NotApproved):
        await publish(world.ctx, guarded)


async def test_who_lost_the_role_has_not_agreed(world: World, guarded: Path) -> None:
    (guarded / "sop.yaml").write_text(an_sop("改了"))
    contents = read_contents(guarded)
    await approve(world.ctx, contents, "王芳", typed_by="t")
    live = await world.store.releases.files(1)
    others = {**live, "团队.yaml": TEAM.replace("主管: [王芳]", "主管: [周律]")}
    meanwhile = Contents(others, {"图片/礼.png": PNG})
    await approve(world.ctx, meanwhile, "王芳", typed_by="t")
    await apply(world.ctx, meanwhile, None, author="t", note="", overwrite=True)

    with pytest.raises(NotApproved) as refused:
        await apply(world.ctx, contents, None, author="t", note="", overwrite=True)

    assert refused.value.approval.people == ("周律",)


async def test_undoing_the_last_release_needs_no_approval(world: World, guarded: Path) -> None:
    first = read_contents(guarded)
    (guarded / "sop.yaml").write_text(an_sop("改了"))
    await approve(world.ctx, read_contents(guarded), "王芳", typed_by="t")
    await publish(world.ctx, guarded)

    assert await missing_approval(world.ctx, first, (await world.ctx.releases.get(1)).book)
    assert (await roll_back(world.ctx, 1, author="t")).n == 3


async def test_those_who_may_agree_are_asked_once(world: World, guarded: Path) -> None:
    (guarded / "sop.yaml").write_text(an_sop("特价", "营销"))
    with pytest.raises(NotApproved) as refused:
        await publish(world.ctx, guarded)
    approval = refused.value.approval

    for _ in range(2):
        await ask_for_approval(world.ctx, approval, author="王芳", note="双十二")
        await world.settle()

    (asked,) = [row for row in (await world.ledger())["texts"] if row["userid"] == "limin"]
    assert "王芳 请你批准一次发布（营销内容" in asked["content"]
    assert "双十二" in asked["content"]
    assert "qunce approve --by 李敏" in asked["content"]
