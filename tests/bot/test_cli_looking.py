"""The commands that look back, look at what waits, and bring in what people had before."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pymongo import AsyncMongoClient

from tests.bot.commands import SETTINGS, Commands

SHOP = """
团队: 默认
人员: {王芳: wangfang}
---
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 您好
    发给员工: {文案: 来了新客户, 给: 跟进人}
"""
Mongo = AsyncMongoClient[dict[str, Any]]


@pytest.fixture
def qunce(tmp_path: Path, mongo_url: str, database: str) -> Iterator[Commands]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "shop.yaml").write_text(SHOP)
    settings = {
        **SETTINGS,
        "QUNCE_MONGO_URL": mongo_url,
        "QUNCE_DATABASE": database,
        "QUNCE_CONFIG_DIR": str(tmp_path / "shop"),
        "QUNCE_DATA_DIR": str(tmp_path / "data"),
    }
    commands = Commands(tmp_path, settings)
    yield commands
    commands.close()


async def a_dead_callback(mongo: Mongo, database: str) -> None:
    row = {
        "_id": "deadbeef" * 8,
        "route": "contact",
        "envelope": "unreadable",
        "lane": "normal",
        "subject": "wm1",
        "state": "dead",
        "why": "KeyError: x",
        "received_at": datetime(2026, 11, 20, tzinfo=UTC),
        "tries": 6,
    }
    await mongo[database]["inbox"].insert_one(row)


# --- queue and replay ----------------------------------------------------------------------------


async def test_the_queue_ends_with_1_when_somebody_has_to_do_something(
    qunce: Commands, mongo: Mongo, database: str
) -> None:
    calm = qunce.run("queue")
    await a_dead_callback(mongo, database)
    plain, told = qunce.run("queue"), qunce.run("queue", "--json")

    assert (calm.returncode, calm.stdout.splitlines()[0]) == (0, "回调待处理：0")
    assert plain.returncode == told.returncode == 1
    assert "  deadbeefdeadbeef wm1：KeyError: x" in plain.stdout.splitlines()
    (bad,) = [pile for pile in json.loads(told.stdout) if pile["cure"]]
    assert (bad["name"], bad["count"], bad["since"]) == (
        "回调处理失败",
        1,
        "2026-11-20T00:00:00+00:00",
    )


async def test_dead_callbacks_are_put_back_unless_one_only_looks(
    qunce: Commands, mongo: Mongo, database: str
) -> None:
    await a_dead_callback(mongo, database)

    looked = qunce.run("replay", "--dead", "--dry-run")
    untouched = await mongo[database]["inbox"].find_one()
    other = qunce.run("replay", "--dead", "--event", "cafe")
    put = qunce.run("replay", "--dead", "--event", "deadbeef")
    now = await mongo[database]["inbox"].find_one()

    assert looked.stdout.endswith("共 1 条；去掉 --dry-run 就放回去重新处理\n")
    assert untouched
    assert untouched["state"] == "dead"
    assert other.stdout == "没有编号是“cafe”的失败回调\n"
    assert put.stdout.splitlines()[-1].startswith("放回了 1 条")
    assert now
    assert (now["state"], now["tries"]) == ("new", 0)


def test_a_replay_says_what_it_needs(qunce: Commands) -> None:
    nothing = qunce.run("replay")
    no_date = qunce.run("replay", "--from", "昨天")
    no_release = qunce.run("replay", "--from", "2026-11-20", "--release", "7")

    assert (nothing.returncode, nothing.stderr[:14]) == (2, "写上从哪一天起：qunce ")
    assert (no_date.returncode, no_date.stderr[:10]) == (2, "看不懂日期“昨天”：")
    assert (no_release.returncode, no_release.stderr) == (1, "没有第 7 版\n")


async def test_a_replay_compares_then_and_now(qunce: Commands, mongo: Mongo, database: str) -> None:
    moment = datetime(2026, 11, 20, 2, tzinfo=UTC)
    db = mongo[database]
    friend = {"staff": "wangfang", "since": moment, "state": "", "tags": [], "lost": ""}
    await db["contacts"].insert_one({"_id": "wm1", "name": "小雨", "relations": [friend], "rev": 1})
    fact = {"_id": "order:1", "keys": ["order:wm1"], "subject": "wm1", "at": moment, "data": {}}
    await db["facts"].insert_one(fact)
    folder = qunce.folder / "other"
    folder.mkdir()
    (folder / "shop.yaml").write_text(SHOP.replace("添加好友", "下单"))

    words = ("replay", "--from", "2026-11-20", "--to", "2026-11-20", "--folder", str(folder))
    plain, told = qunce.run(*words), qunce.run(*words, "--json")

    assert plain.stdout.splitlines() == [
        "11-20 10:00  小雨 下单",
        "    当时：没有动作",
        "    现在：进入“关怀”",
        "看了 1 个会引起动作的事件，1 个结果不同；数据库没有任何改动",
    ]
    (event,) = json.loads(told.stdout)["events"]
    assert (event["id"], event["then"], event["now"]) == ("order:1", [], ["进入“关怀”"])


async def test_an_unknown_sop_is_a_sentence(qunce: Commands, mongo: Mongo, database: str) -> None:
    qunce.run("apply")
    await mongo[database]["contacts"].insert_one({"_id": "wm1", "name": "小雨", "rev": 1})

    known = qunce.run("why", "wm1", "--sop", "关怀")
    unknown = qunce.run("why", "wm1", "--sop", "关怀1")

    assert known.stdout.splitlines()[0] == "小雨（wm1）和 SOP“关怀”"
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "没有叫“关怀1”的 SOP。是不是想写“关怀”？\n",
    )


# --- import --------------------------------------------------------------------------------------


def a_calendar(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "新客"
    for row in (("天数", "时间", "发送内容", "附件", "负责人"), *rows):
        sheet.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_a_spreadsheet_becomes_a_folder_that_passes_the_check(qunce: Commands) -> None:
    (qunce.folder / "排期.xlsx").write_bytes(a_calendar(("D1", "10:00", "您好", "图.jpg", "王芳")))
    picture = b"\xff\xd8\xff\xe0 as every JPEG begins"
    (qunce.folder / "图.jpg").write_bytes(picture)

    done = qunce.run("import", "排期.xlsx")
    checked = qunce.run("check", "排期-导入")

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 行里读懂了 1 行" in done.stdout
    assert (qunce.folder / "排期-导入" / "图片" / "图.jpg").read_bytes() == picture
    assert checked.stdout.splitlines()[-1] == "没有错误：1 个 SOP，1 个素材"


def test_a_row_that_cannot_be_read_ends_with_1_and_the_others_are_written(qunce: Commands) -> None:
    rows = ("D1", "10:00", "您好", None, "王芳"), ("改天", "10:00", "再说", None, "王芳")
    (qunce.folder / "排期.xlsx").write_bytes(a_calendar(*rows))

    done = qunce.run("import", "排期.xlsx", "--out", "新的", "--name", "新客七天", "--json")

    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["files"] == ["新客七天.yaml", "团队.yaml"]
    (unread,) = told["unread"]
    assert (unread["sheet"], unread["row"], unread["column"]) == ("新客", 3, "天数")
    assert unread["text"] == "看不懂日期“改天”"
    assert (qunce.folder / "新的" / "新客七天.yaml").exists()


def test_nothing_that_is_there_is_written_over(qunce: Commands) -> None:
    (qunce.folder / "排期.xlsx").write_bytes(a_calendar(("D1", "10:00", "您好", None, "王芳")))
    qunce.run("import", "排期.xlsx")
    mine = qunce.folder / "排期-导入" / "排期.yaml"
    mine.write_text(mine.read_text() + "# 我改过\n")

    again = qunce.run("import", "排期.xlsx")

    assert mine.read_text().endswith("# 我改过\n")
    assert "SOP: 排期（2）" in (mine.parent / "排期（2）.yaml").read_text()
    assert again.returncode == 0


def test_a_file_that_is_no_spreadsheet_is_one_sentence(qunce: Commands) -> None:
    (qunce.folder / "旧.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))

    old, absent = qunce.run("import", "旧.xls"), qunce.run("import", "没有.xlsx")

    assert (old.returncode, old.stderr) == (
        1,
        "旧.xls：这是旧的 .xls 格式：在 Excel 或 WPS 里另存为 .xlsx 再导入\n",
    )
    assert (absent.returncode, len(absent.stderr.splitlines())) == (1, 1)
