"""What every command answers, on the screen and by its exit code."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from tests.bot.commands import Commands

SHOP = """
团队: 默认
人员: {王芳: wangfang, 张丽: zhangli}
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
NEEDING_SETTINGS = (["run"], ["worker"], ["apply"], ["doctor"], ["why", "wm1"])


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", NEEDING_SETTINGS, ids=lambda words: words[0])
def test_a_missing_setting_is_one_sentence_in_two_languages(
    qunce: Commands, words: list[str]
) -> None:
    done = qunce.run(*words, QUNCE_AGENT_SECRET="")

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("缺少设置 QUNCE_AGENT_SECRET：")
    assert "QUNCE_AGENT_SECRET is missing" in line
    assert "例如 QUNCE_AGENT_SECRET=your-app-secret" in line


def test_a_malformed_setting_is_not_repeated(qunce: Commands) -> None:
    done = qunce.run("doctor", QUNCE_CALLBACK_AES_KEY="not-a-key")

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("QUNCE_CALLBACK_AES_KEY 的值不对")
    assert "QUNCE_CALLBACK_AES_KEY is malformed" in line
    assert "not-a-key" not in line


def test_a_malformed_mongo_url_is_a_setting_too(qunce: Commands) -> None:
    done = qunce.run("run", QUNCE_MONGO_URL="mongodb://qunce:p@ss@db1/", QUNCE_PORT="0")

    assert done.returncode == 2
    told = done.stderr.splitlines()[-1]
    assert told.startswith("QUNCE_MONGO_URL 写得不对")
    assert "p@ss" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["why", "wm1"], ["apply"]], ids=lambda words: words[0])
def test_a_database_out_of_reach_is_one_sentence(qunce: Commands, words: list[str]) -> None:
    away = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"

    done = qunce.run(*words, QUNCE_MONGO_URL=away)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("连不上 MongoDB（127.0.0.1:1")
    assert "MongoDB cannot be reached" in line


# --- check ---------------------------------------------------------------------------------------


def test_a_good_folder_passes_without_any_setting(qunce: Commands, shop: Path) -> None:
    qunce.settings.clear()

    done = qunce.run("check", str(shop))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "没有错误：1 个 SOP，0 个素材"


def test_all_mistakes_of_a_folder_are_listed_at_once(qunce: Commands, shop: Path) -> None:
    (shop / "shop.yaml").write_text(SHOP.replace("状态: 启用", "状态: 开启"))
    (shop / "more.yaml").write_text("素材: 甲\n类型: 文字\n")

    done = qunce.run("check", str(shop))
    told = json.loads(qunce.run("check", str(shop), "--json").stdout)

    assert done.returncode == 1
    assert "“状态”不能写“开启”" in done.stdout
    assert {mistake["file"] for mistake in told} == {"shop.yaml", "more.yaml"}
    assert all(mistake["line"] and mistake["text"] and mistake["cure"] for mistake in told)


def test_a_folder_that_is_not_there_is_a_sentence(qunce: Commands) -> None:
    done = qunce.run("check", "/nowhere")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "找不到文件夹 /nowhere：请写对路径，或设置 QUNCE_CONFIG_DIR\n"


# --- apply ---------------------------------------------------------------------------------------


def test_a_folder_is_published_once_and_again_when_it_changes(qunce: Commands, shop: Path) -> None:
    first, again = qunce.run("apply"), qunce.run("apply")
    (shop / "shop.yaml").write_text(SHOP.replace("您好", "欢迎"))
    changed = qunce.run("apply", "--note", "改了步骤名", "--json")
    unchanged = qunce.run("apply", "--json")

    assert (first.returncode, first.stdout) == (0, "已发布第 1 版\n")
    assert (again.returncode, again.stdout) == (
        0,
        "没有变化：文件夹和线上第 1 版一样，没有发布\n",
    )
    assert json.loads(changed.stdout) == {"release": 2, "changed": True}
    assert json.loads(unchanged.stdout) == {"release": 2, "changed": False}


def test_a_bad_folder_is_not_published(qunce: Commands, shop: Path) -> None:
    (shop / "shop.yaml").write_text("SOP: 关怀\n")

    done = qunce.run("apply")

    assert done.returncode == 1
    assert "缺少必填项“步骤”" in done.stdout
    assert "Traceback" not in done.stderr


# --- doctor --------------------------------------------------------------------------------------


def test_the_doctor_names_a_cure_for_every_fault(qunce: Commands) -> None:
    done = qunce.run("doctor")

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    for number, line in enumerate(lines):
        assert line.startswith(("✓ ", "✗ ", "  → "))
        if line.startswith("✗"):
            assert lines[number + 1].startswith("  → ")
    assert "✓ 使用正式的 MongoDB 副本集" in lines
    assert "  → 运行 qunce apply 发布第一版" in lines
    assert "  → 连不上 http://127.0.0.1:1/cgi-bin：请检查本机网络、代理和 QUNCE_API_BASE" in lines


def test_the_embedded_database_is_never_healthy(qunce: Commands) -> None:
    done = qunce.run("doctor", "--json", QUNCE_MONGO_URL="")

    findings = {f["question"]: f for f in json.loads(done.stdout)}
    trial = findings["使用正式的 MongoDB 副本集"]
    assert not trial["good"]
    assert "QUNCE_MONGO_URL" in trial["cure"]
    assert findings["能连上 MongoDB，写入要多数节点确认"]["good"]


def test_a_database_out_of_reach_is_a_finding(qunce: Commands) -> None:
    away = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"

    done = qunce.run("doctor", "--json", QUNCE_MONGO_URL=away)

    last = json.loads(done.stdout)[-1]
    assert (last["question"], last["good"]) == ("能连上 MongoDB", False)
    assert last["cure"].startswith("连不上 MongoDB")


# --- why -----------------------------------------------------------------------------------------


def test_nobody_by_this_id_is_a_sentence(qunce: Commands) -> None:
    done = qunce.run("why", "wmNOBODY")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "没有找到“wmNOBODY”：请检查编号是否抄全\n"


async def test_why_prints_the_story_and_its_json(
    qunce: Commands, mongo: AsyncMongoClient[dict[str, object]], database: str
) -> None:
    db = mongo[database]
    await db["contacts"].insert_one({"_id": "wm1", "name": "小雨妈妈", "rev": 1})
    moment = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    row = {"_id": "1", "about": ["wm1"], "at": moment, "what": "客户删除了 zhangli"}
    await db["journey_log"].insert_one(row)

    plain, told = qunce.run("why", "wm1"), qunce.run("why", "wm1", "--json")

    assert plain.stdout == "小雨妈妈（wm1）\n11-23 09:30  客户删除了 zhangli\n"
    assert json.loads(told.stdout) == {
        "title": "小雨妈妈（wm1）",
        "lines": [{"at": "2026-11-23T01:30:00+00:00", "what": "客户删除了 zhangli"}],
    }
