"""The materials library: every kind really sent, kept ready, its versions known, no repeats."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.backlog import piles
from bot.publish import publish, read_folder
from bot.story import tell
from tests.scenarios.test_mass_messages import RULES, confirm, mass_of
from tests.world import TEAM, World, moment

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
MP4 = b"\0\0\0\x20ftypisom" + b"\0" * 32
PDF = b"%PDF-1.7 " + b"\0" * 32
MATERIALS = """
素材: 话术-手册
类型: 文字
文案: 这是您要的手册～
---
素材: 图-海报
类型: 图片
文件: 图片/海报.png
---
素材: 链接-测评
类型: 链接
标题: 3分钟测评
网址: https://example.com/ceping
封面: 图片/封面.png
说明: 测完就知道
---
素材: 小程序-到店礼
类型: 小程序
标题: 到店即领
小程序编号: wx0123456789abcdef
页面: pages/gift/index
封面: 图片/到店礼.png
---
素材: 视频-换尿布
类型: 视频
文件: 视频/换尿布.mp4
---
素材: 文件-手册
类型: 文件
文件: 手册.pdf
"""
FILES = {
    "图片/海报.png": PNG + b"a",
    "图片/封面.png": PNG + b"b",
    "图片/到店礼.png": PNG + b"c",
    "视频/换尿布.mp4": MP4,
    "手册.pdf": PDF,
}
ALL = "图-海报, 链接-测评, 小程序-到店礼, 视频-换尿布, 文件-手册"
SOP = f"""
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {{当: 添加好友}}
步骤:
  - 步骤: 手册
    何时: 当天 10:00
    发给客户:
      素材: 话术-手册
      附件: [{ALL}]
      由: 跟进人
"""
POSTER = SOP.replace(f"\n      附件: [{ALL}]", "").replace("话术-手册", "图-海报")
CALENDAR = """
SOP: 群周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 新手妈妈}
步骤:
  - 步骤: 周一海报
    何时: 每周一 10:00
    发到群: {素材: 图-海报, 由: 群主}
"""
THEME = "主题群: 新手妈妈\n群: {名称包含: 新手妈妈}\n"


def folder_of(tmp_path: Path, files: dict[str, bytes] | None = None, **texts: str) -> Path:
    folder = tmp_path / "shop"
    given = {"rules": RULES, "team": TEAM, "materials": MATERIALS, "sop": SOP} | texts
    for name, text in given.items():
        (folder / f"{name}.yaml").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(text)
    for path, content in (FILES | (files or {})).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


async def uploads(world: World, path: str = "media/upload") -> int:
    return int((await world.ledger())["calls"].get(path, 0))


async def attachments(world: World) -> list[dict[str, Any]]:
    """Of the newest mass message, as WeCom lists it."""
    body = {
        "chat_type": "single",
        "start_time": int((world.now - timedelta(days=20)).timestamp()),
        "end_time": int(world.now.timestamp()),
    }
    listed = await world.ctx.wecom.call("externalcontact/get_groupmsg_list_v2", body)
    found: list[dict[str, Any]] = listed["group_msg_list"][-1]["attachments"]
    return found


# ---- really sent --------------------------------------------------------------------------------


async def test_every_kind_of_material_reaches_the_customer(world: World, tmp_path: Path) -> None:
    await world.publish(folder_of(tmp_path))
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 10:02")
    (mass,) = await mass_of(world)
    await confirm(world, mass)
    await world.turn_to("2026-11-23 10:20")

    parts = await attachments(world)
    assert mass["text"] == "这是您要的手册～"
    assert [p["msgtype"] for p in parts] == ["image", "link", "miniprogram", "video", "file"]
    assert parts[1]["link"]["picurl"].startswith("https://")
    assert all(p[p["msgtype"]].get("media_id") for p in parts if p["msgtype"] in ("video", "file"))
    (delivery,) = await world.store.deliveries.of(contact)
    assert delivery.state == "delivered"


async def test_a_published_file_is_kept_whatever_its_size(world: World, tmp_path: Path) -> None:
    """MongoDB takes no document of more than 16 MB; WeCom takes files of 20."""
    manual = PDF + bytes(17 * 1024 * 1024)
    sop = SOP.replace(ALL, "文件-手册")
    await world.publish(folder_of(tmp_path, {"手册.pdf": manual}, sop=sop))
    await world.add_contact()
    await world.turn_to("2026-11-23 10:02")

    assert await world.store.releases.asset("手册.pdf") == manual
    assert [p["msgtype"] for p in await attachments(world)] == ["file"]


async def test_what_nobody_names_stays_at_home(tmp_path: Path) -> None:
    _, kept = read_folder(folder_of(tmp_path, {"视频/片段.mp4": MP4, "草稿.docx": b"draft!"}))

    assert set(kept) == set(FILES)


async def test_words_leave_in_time_when_the_picture_of_a_welcome_cannot(
    world: World, tmp_path: Path
) -> None:
    welcome = SOP.replace("何时: 当天 10:00\n    发给客户", "发欢迎语").replace(
        "\n      由: 跟进人", ""
    )
    await world.sim.fault("media/upload", "5xx", rate=1)
    await world.sim.fault("media/uploadimg", "5xx", rate=1)
    await world.publish(folder_of(tmp_path, sop=welcome))
    await world.add_contact()

    (sent,) = (await world.ledger())["welcomes"]
    assert sent["age_seconds"] < 20


# ---- kept ready ---------------------------------------------------------------------------------


async def test_files_are_with_wecom_before_anybody_waits_and_stay_there(
    world: World, tmp_path: Path
) -> None:
    await world.publish(folder_of(tmp_path))
    await world.settle()
    first = await uploads(world)
    assert (first, await uploads(world, "media/uploadimg")) == (4, 1)

    for day in (25, 26, 27, 28, 29, 30):
        await world.turn_to(f"2026-11-{day} 09:30")
        before = await uploads(world)
        await world.add_contact()
        await world.turn_to(f"2026-11-{day} 10:02")
        assert await uploads(world) == before, f"somebody had to wait on day {day}"

    ledger = await world.ledger()
    assert not [key for key in ledger["errors"] if key.endswith(" 40007")]
    assert ledger["calls"]["media/uploadimg"] == 1
    assert 2 * first < ledger["calls"]["media/upload"] <= 4 * first


async def test_files_of_a_paused_sop_are_not_renewed(world: World, tmp_path: Path) -> None:
    await world.publish(folder_of(tmp_path, sop=SOP.replace("启用", "暂停")))
    await world.turn_to("2026-11-30 09:00")

    assert await uploads(world) == 0


async def test_files_of_a_calendar_are_renewed_only_for_its_days(
    world: World, tmp_path: Path
) -> None:
    calendar = CALENDAR.replace("每周一 10:00", "每月30日 10:00")
    folder = folder_of(tmp_path, sop=calendar, theme=THEME)
    await world.publish(folder)
    await world.create_group("新手妈妈1群")
    await world.turn_to("2026-11-27 12:00")
    assert await uploads(world) == 0

    await world.turn_to("2026-11-30 09:59")
    before = await uploads(world)
    await world.turn_to("2026-11-30 10:02")
    assert 1 <= before <= 2
    assert await uploads(world) == before
    assert len(await mass_of(world)) == 1

    await world.turn_to("2026-12-02 12:00")
    after = await uploads(world)
    await world.turn_to("2026-12-08 09:00")
    assert await uploads(world) == after


async def test_a_file_wecom_refuses_is_shown_and_tried_again(world: World, tmp_path: Path) -> None:
    await world.sim.fault("media/upload", "45001", times=1)
    await world.publish(folder_of(tmp_path, sop=POSTER))
    await world.settle()
    shown = {pile.name: pile for pile in await piles(world.ctx)}["素材文件待上传"]
    assert (shown.count, shown.bad) == (1, True)
    assert "图片/海报.png" in shown.what[0]

    await world.turn_to("2026-11-23 15:30")
    fixed = {pile.name: pile for pile in await piles(world.ctx)}["素材文件待上传"]
    assert (fixed.count, fixed.bad) == (0, False)


# ---- versions -----------------------------------------------------------------------------------


async def versions_of(world: World, contact: str) -> list[str]:
    (delivery,) = await world.store.deliveries.of(contact)
    found: list[str] = delivery.message["materials"]
    return found


async def test_each_push_remembers_which_version_it_was(world: World, tmp_path: Path) -> None:
    await world.publish(folder_of(tmp_path))
    first = await world.add_contact()
    await world.turn_to("2026-11-23 10:02")
    await world.publish(
        folder_of(
            tmp_path,
            {"图片/海报.png": PNG + b"another"},
            materials=MATERIALS.replace("3分钟测评", "2分钟测评"),
        )
    )
    await world.turn_to("2026-11-24 09:00")
    second = await world.add_contact()
    await world.turn_to("2026-11-24 10:02")

    told = await tell(world.ctx, first)
    assert told
    assert "“链接-测评#1”" in "".join(line.what for line in told.lines)
    same = ["话术-手册#1", "小程序-到店礼#1", "视频-换尿布#1", "文件-手册#1"]
    assert set(await versions_of(world, first)) == {"图-海报#1", "链接-测评#1", *same}
    assert set(await versions_of(world, second)) == {"图-海报#2", "链接-测评#2", *same}
    kept = {row["_id"]: row["release"] for row in await world.store.materials.all()}
    assert (kept["图-海报#1"], kept["图-海报#2"], len(kept)) == (1, 2, 8)


async def test_going_back_to_old_words_brings_back_their_version(
    world: World, tmp_path: Path
) -> None:
    changed = MATERIALS.replace("3分钟测评", "2分钟测评")
    for materials in (MATERIALS, changed, MATERIALS, changed.replace("2分钟", "1分钟")):
        await world.publish(folder_of(tmp_path, materials=materials))

    head = (await world.ctx.releases.head()).book
    names = [row["_id"] for row in await world.store.materials.all() if row["name"] == "链接-测评"]
    assert head.versions["链接-测评"] == 3
    assert names == ["链接-测评#1", "链接-测评#2", "链接-测评#3"]


async def test_two_who_publish_at_once_do_not_share_a_version(world: World, tmp_path: Path) -> None:
    """Only one becomes live, and only its versions are known."""
    raw, pictures = read_folder(folder_of(tmp_path))
    texts = {name: content.decode() for name, content in raw.items()}
    other = texts | {"materials.yaml": MATERIALS.replace("3分钟测评", "别的测评")}
    how: dict[str, Any] = {"base": 0, "author": "test", "note": "", "now": world.now}
    await publish(world.store, texts, pictures, **how)
    with pytest.raises(Exception, match="已经有人发布过了"):
        await publish(world.store, other, pictures, **how)

    names = [row["_id"] for row in await world.store.materials.all() if row["name"] == "链接-测评"]
    assert names == ["链接-测评#1"]


async def test_what_was_rendered_keeps_its_picture_when_another_is_published(
    world: World, tmp_path: Path
) -> None:
    late = POSTER.replace("当天 10:00", "当天 21:00")
    await world.publish(folder_of(tmp_path, sop=late))
    await world.turn_to("2026-11-23 21:00")
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 22:00")
    (waits,) = await world.store.deliveries.of(contact)
    was = waits.message["attachments"][0]["sha"]
    await world.publish(folder_of(tmp_path, {"图片/海报.png": PNG + b"new"}, sop=late))

    await world.turn_to("2026-11-24 08:35")
    (part,) = await attachments(world)
    assert part["image"]["media_id"] == await world.store.media.get(
        f"message:image:{was}", world.now
    )


# ---- rotation -----------------------------------------------------------------------------------

COLUMN = "".join(f"素材: 知识-{n}\n类型: 文字\n文案: 第{n}条知识\n---\n" for n in range(1, 5))
SHELF = "栏目: 知识\n顺序: [知识-1, 知识-2, 知识-3, 知识-4]\n剩余少于: 2篇\n"
DAILY = CALENDAR.replace("每周一 10:00", "每天 10:00").replace(
    "{素材: 图-海报, 由: 群主}", "{素材轮播: 知识, 由: 群主, 时效: 5天}"
)


async def open_column(world: World, sop: str = DAILY, shelf: str = SHELF) -> str:
    await world.publish({"sop.yaml": sop, "theme.yaml": THEME, "m.yaml": COLUMN + shelf})
    return await world.create_group("新手妈妈1群")


async def test_a_group_gets_every_piece_before_one_comes_again(world: World) -> None:
    await open_column(world)
    for day in range(23, 31):
        await world.turn_to(f"2026-11-{day} 10:02")
        await confirm(world, (await mass_of(world))[-1])

    said = [mass["text"][1] for mass in await mass_of(world)]
    assert said == ["1", "2", "3", "4"] * 2


async def test_a_piece_nobody_sent_comes_back_and_no_other_is_repeated(world: World) -> None:
    """The first is left unconfirmed until it expires; those after it are sent meanwhile."""
    await open_column(world, DAILY.replace("时效: 5天", "时效: 2天"))
    for day in range(23, 28):
        await world.turn_to(f"2026-11-{day} 10:02")
        newest = (await mass_of(world))[-1]
        if newest["text"][1] != "1" or day > 25:
            await confirm(world, newest)
    delivered = {row["msgid"] for row in (await world.ledger())["delivered"]}
    said = [mass["text"][1] for mass in await mass_of(world) if mass["msgid"] in delivered]

    assert sorted(said) == ["1", "2", "3", "4"]


async def test_a_piece_added_in_the_middle_is_not_skipped(world: World) -> None:
    await open_column(world, shelf=SHELF.replace("[知识-1, ", "["))
    for day in (23, 24):
        await world.turn_to(f"2026-11-{day} 10:02")
        await confirm(world, (await mass_of(world))[-1])
    await world.publish({"sop.yaml": DAILY, "theme.yaml": THEME, "m.yaml": COLUMN + SHELF})
    for day in (25, 26):
        await world.turn_to(f"2026-11-{day} 10:02")
        await confirm(world, (await mass_of(world))[-1])

    assert [mass["text"][1] for mass in await mass_of(world)] == ["2", "3", "1", "4"]


async def test_the_owner_is_told_once_per_round_that_new_pieces_run_out(world: World) -> None:
    await open_column(world)
    for day in range(23, 30):
        await world.turn_to(f"2026-11-{day} 10:02")
        await confirm(world, (await mass_of(world))[-1])

    told = [row["content"] for row in (await world.ledger())["texts"] if "知识" in row["content"]]
    assert [text[text.index("只剩") :][:4] for text in told] == ["只剩 1", "只剩 0"]
    assert moment("2026-11-29 10:02") == world.now
