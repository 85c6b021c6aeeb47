"""`qunce test` and `qunce simulate` as they are typed: no settings, no network, no database."""

import json
import shutil
from pathlib import Path

import pytest

from tests.bot.commands import Commands

SHOP = Path(__file__).parents[3] / "config" / "shop"


@pytest.fixture
def qunce(tmp_path: Path) -> Commands:
    return Commands(tmp_path, {})


def test_testing_a_folder_says_what_holds(qunce: Commands) -> None:
    done = qunce.run("test", str(SHOP))

    assert done.returncode == 0, done.stderr
    assert "✓ 新客7天欢迎：晚上加好友，任务不打扰员工" in done.stdout
    assert "个用例都对" in done.stdout


def test_a_case_that_does_not_hold_is_exit_code_1(qunce: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder)
    file = folder / "01-新客7天欢迎.yaml"
    file.write_text(file.read_text().replace("何时: 第7天 15:00", "何时: 第10天 15:00"))
    done = qunce.run("test", str(folder))
    told = qunce.run("test", str(folder), "--json", "--sop", "新客7天欢迎")

    assert done.returncode == told.returncode == 1
    assert "期望" in done.stdout
    assert "实际" in done.stdout
    rows = json.loads(told.stdout)
    assert {row["sop"] for row in rows} == {"新客7天欢迎"}
    wrong = [row for row in rows if not row["passed"]]
    assert wrong
    assert all(row["failures"] and row["timeline"] for row in wrong)


def test_an_sop_without_cases_is_answered_with_those_that_have_some(qunce: Commands) -> None:
    done = qunce.run("test", str(SHOP), "--sop", "没有的")

    assert done.returncode == 2
    assert "写了测试的有：新客7天欢迎" in done.stderr


def test_simulating_prints_the_same_for_the_same_seed(qunce: Commands) -> None:
    words = ("simulate", str(SHOP), "--days", "6", "--customers", "80", "--from", "2026-11-23")
    first, second = qunce.run(*words), qunce.run(*words, "--json")
    other = qunce.run(*words, "--json", "--seed", "7")

    assert first.returncode == 0, first.stderr
    figures = json.loads(second.stdout)
    assert f"推演编号 {figures['hash']}" in first.stdout
    assert "推演 2026-11-23 到 2026-11-28，6 天" in first.stdout
    assert json.loads(other.stdout)["hash"] != figures["hash"]
    assert figures["stuck"] == {}
    assert figures["days"][0]["day"] == "2026-11-23"


def test_one_contact_is_followed_and_an_unknown_one_is_not_there(qunce: Commands) -> None:
    words = ("simulate", str(SHOP), "--days", "3", "--customers", "20", "--from", "2026-11-23")
    there = qunce.run(*words, "--contact", "wm000003")
    nobody = qunce.run(*words, "--contact", "wmX")

    assert there.returncode == 0, there.stderr
    assert nobody.returncode == 1
    assert "虚拟客户从 wm000000 到 wm000019" in nobody.stderr


def test_a_date_nobody_can_read_is_told_so(qunce: Commands) -> None:
    done = qunce.run("simulate", str(SHOP), "--from", "下周")

    assert done.returncode == 2
    assert "看不懂日期“下周”" in done.stderr
