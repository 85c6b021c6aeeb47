"""The commands that publish, bring back, approve and hold: what they say and how they end."""

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from tests.bot.commands import Commands

SHOP = """\
团队: 默认
角色: {主管: [王芳]}
人员: {王芳: wangfang, 张丽: zhangli}
---
# 每周一看一眼
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 您好
    发给员工: {文案: 来了新客户, 给: 跟进人}
"""
RULES = "---\n规则: 全局\n审批: {其他内容: [角色/主管]}\n"


# --- two folders ---------------------------------------------------------------------------------


def test_two_folders_take_turns(qunce: Commands, shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    qunce.run("apply")
    pulled = qunce.run("pull", str(other))
    (other / "shop.yaml").write_text(SHOP.replace("来了新客户", "有新客户"))
    theirs = qunce.run("apply", str(other))
    (shop / "shop.yaml").write_text(SHOP.replace("来了新客户", "新客户来了"))
    behind, stuck = qunce.run("apply"), qunce.run("pull")
    ours = qunce.run("apply", "--overwrite")
    back = json.loads(qunce.run("pull", str(other), "--json").stdout)

    assert pulled.stdout == f"{other} 已更新到第 1 版；写入 shop.yaml\n"
    assert (theirs.returncode, theirs.stdout) == (0, "已发布第 2 版\n")
    assert (behind.returncode, behind.stdout) == (1, "")
    assert behind.stderr.startswith("第 1 版之后线上又改过（现在是第 2 版）")
    assert "两边都改了 shop.yaml" in behind.stderr
    assert (stuck.returncode, stuck.stdout) == (1, "")
    assert "都改过，没有动文件夹：shop.yaml" in stuck.stderr
    assert (ours.returncode, ours.stdout) == (0, "已发布第 3 版\n")
    assert back == {"release": 3, "written": ["shop.yaml"], "deleted": [], "kept": []}
    assert (other / "shop.yaml").read_text() == (shop / "shop.yaml").read_text()


def test_the_folder_remembers_where_it_comes_from_in_a_hidden_file(
    qunce: Commands, shop: Path
) -> None:
    qunce.run("apply")

    told = json.loads((shop / ".qunce-base").read_text())

    assert (told["n"], len(told["hash"])) == (1, 64)
    assert qunce.run("apply").stdout == "没有变化：文件夹和线上第 1 版一样，没有发布\n"


def test_a_folder_one_cannot_write_to_can_still_be_published(qunce: Commands, shop: Path) -> None:
    (shop / ".qunce-base").mkdir()  # where the file would be; also for root, who may write anywhere

    done = qunce.run("apply")

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "已发布第 1 版"
    assert "不能写入" in done.stdout


def test_pull_before_anything_is_live_is_a_sentence(qunce: Commands) -> None:
    done = qunce.run("pull")

    assert (done.returncode, done.stderr) == (1, "还没有发布过：先运行 qunce apply\n")


# --- rollback ------------------------------------------------------------------------------------


def test_rollback_says_what_it_does(qunce: Commands, shop: Path) -> None:
    qunce.run("apply")
    none = qunce.run("rollback")
    (shop / "shop.yaml").write_text(SHOP.replace("来了新客户", "有新客户"))
    qunce.run("apply")
    done, again = qunce.run("rollback"), qunce.run("rollback", "1", "--json")
    lost = qunce.run("rollback", "99")

    assert (none.returncode, none.stderr) == (1, "还没有可以回到的上一版\n")
    assert done.stdout.splitlines() == [
        "已回到第 1 版的内容，发布为第 3 版；变了：shop.yaml",
        "文件夹没有动：要和线上一致，运行 qunce pull",
    ]
    assert json.loads(again.stdout) == {"release": 3, "to": 1, "changed": False, "files": []}
    assert (lost.returncode, lost.stderr) == (1, "没有这一版\n")


# --- approval ------------------------------------------------------------------------------------


async def test_publishing_waits_for_approval(
    qunce: Commands, shop: Path, mongo: AsyncMongoClient[dict[str, Any]], database: str
) -> None:
    (shop / "shop.yaml").write_text(SHOP + RULES)
    first = qunce.run("apply")
    (shop / "shop.yaml").write_text((SHOP + RULES).replace("来了新客户", "有新客户"))
    refused, asked = qunce.run("apply"), qunce.run("apply", "--request", "--note", "换句话")
    stranger, agreed = qunce.run("approve", "--by", "张丽"), qunce.run("approve", "--by", "王芳")
    done = qunce.run("apply")
    needless = qunce.run("approve", "--by", "王芳", "--json")

    assert first.returncode == 0
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(
        "这次改动要有人批准，还没有批准：请 王芳 同意后运行 qunce approve --by 王芳"
    )
    assert asked.stdout.startswith("已请 王芳 批准")
    row = await mongo[database]["outbox"].find_one({"kind": "text"})
    assert row is not None
    assert "换句话" in json.dumps(row["body"], ensure_ascii=False)
    assert (stranger.returncode, stranger.stdout) == (1, "")
    assert stranger.stderr == "张丽 不能批准其他内容：线上规则里可以批准的是 王芳\n"
    assert agreed.stdout.startswith("王芳 已批准（编号 ")
    assert (done.returncode, done.stdout) == (0, "已发布第 2 版\n")
    assert json.loads(needless.stdout)["by"] == "王芳"


# --- pause, resume, stop -------------------------------------------------------------------------


def test_an_sop_is_held_and_goes_on(qunce: Commands) -> None:
    qunce.run("apply")
    paused, again = qunce.run("pause", "关怀"), qunce.run("pause", "--all", "--json")
    resumed = qunce.run("resume", "--all", "--json")
    unsure, stopped = qunce.run("stop", "关怀"), qunce.run("stop", "关怀", "--yes", "--json")

    assert paused.stdout.splitlines()[0] == "已暂停“关怀”（原来是 启用）"
    assert json.loads(again.stdout) == []
    assert json.loads(resumed.stdout) == [{"sop": "关怀", "before": "暂停", "now": "启用"}]
    assert (unsure.returncode, unsure.stdout) == (1, "")
    assert "确定就加上 --yes" in unsure.stderr
    assert json.loads(stopped.stdout) == [{"sop": "关怀", "before": "启用", "now": "停用"}]


@pytest.mark.parametrize("words", [["pause"], ["pause", "关怀", "--all"]])
def test_one_says_which_sop_is_meant(qunce: Commands, words: list[str]) -> None:
    done = qunce.run(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "写一个 SOP 的名字，或者写 --all：qunce pause 新客7天欢迎\n"


def test_an_sop_that_is_not_there_is_a_sentence_with_those_that_are(qunce: Commands) -> None:
    qunce.run("apply")

    done = qunce.run("pause", "关爱")

    assert (done.returncode, done.stderr) == (1, "线上没有 SOP“关爱”。有：关怀\n")
