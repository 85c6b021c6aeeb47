"""`qunce report` as an operator types it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pymongo import AsyncMongoClient

from bot import reports
from bot.cli.report import in_words
from bot.plan.columns import WIDTH, width
from bot.reports.report import Asked, Column, Report
from tests.bot.commands import SETTINGS, Commands

Mongo = AsyncMongoClient[dict[str, Any]]


@pytest.fixture
def qunce(tmp_path: Path, mongo_url: str, database: str) -> Iterator[Commands]:
    settings = {
        **SETTINGS,
        "QUNCE_MONGO_URL": mongo_url,
        "QUNCE_DATABASE": database,
        "QUNCE_DATA_DIR": str(tmp_path / "data"),
    }
    commands = Commands(tmp_path, settings)
    yield commands
    commands.close()


async def somebody_came(mongo: Mongo, database: str, days_ago: int) -> None:
    since = datetime.now(UTC) - timedelta(days=days_ago)
    friend = {"staff": "zhangli", "since": since, "state": "[b]:100:", "lost": ""}
    row = {"_id": f"wm{days_ago}", "relations": [friend], "happened": {"order": [since]}}
    await mongo[database]["contacts"].insert_one(row)


def test_without_a_name_the_reports_are_listed(qunce: Commands) -> None:
    plain, told = qunce.run("report"), qunce.run("report", "--json")

    assert plain.returncode == told.returncode == 0
    names = [row["name"] for row in json.loads(told.stdout)]
    assert names == list(reports.REPORTS)
    assert [line.split()[0] for line in plain.stdout.splitlines()] == names


@pytest.mark.parametrize("name", reports.REPORTS)
def test_every_report_says_what_it_has_when_nothing_has_happened(
    qunce: Commands, name: str
) -> None:
    plain, told = qunce.run("report", name), qunce.run("report", name, "--json")

    assert (plain.returncode, told.returncode) == (0, 0), plain.stderr
    assert plain.stdout.splitlines()[2]
    keys = {"title", "since", "until", "columns", "rows", "notes"}
    assert set(json.loads(told.stdout)) == keys


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("渠到",), "没有报表“渠到”：是不是想写“渠道”？"),
        (("渠道", "--by", "星座"), "不能按“星座”拆开"),
        (("渠道", "--about", "地铁"), "没有渠道“地铁”"),
        (("素材", "--by", "员工"), "报表“素材”不能拆开看：去掉 --by"),
    ],
)
def test_what_cannot_be_told_is_one_sentence(
    qunce: Commands, words: tuple[str, ...], sentence: str
) -> None:
    refused = qunce.run("report", *words)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(sentence)


async def test_only_the_days_asked_about_are_counted(
    qunce: Commands, mongo: Mongo, database: str
) -> None:
    await somebody_came(mongo, database, 3)
    await somebody_came(mongo, database, 20)
    week, month = qunce.run("report", "渠道", "--days", "7", "--json"), qunce.run("report", "渠道")

    (row,) = json.loads(week.stdout)["rows"]
    assert (row["channel"], row["added"], row["clicks"]) == ("[b]:100:", 1, None)
    line = next(line for line in month.stdout.splitlines() if line.startswith("[b]:100:"))
    assert line.split()[1:7] == ["—", "—", "—", "2", "0（0%）", "0（0%）"]


def test_a_row_wider_than_the_screen_is_broken_between_figures_only() -> None:
    columns = [Column("name", "步骤")]
    columns += [Column(f"n{n}", f"第{n}项数字", of="" if n == 4 else "n0") for n in range(9)]
    row: dict[str, Any] = {"name": "早报", **{f"n{n}": 12 for n in range(9)}} | {"n4": []}
    asked = Asked(since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 11, 8, tzinfo=UTC))

    made = Report(title="推送", columns=columns, rows=[row])
    told = in_words(made, asked, ZoneInfo("Asia/Shanghai"))

    first, *rest = told[2:]
    assert first == "早报"
    assert all(width(line) <= WIDTH for line in rest)
    figures = [figure for line in rest for figure in line.split("  ") if figure]
    assert figures == [f"第{n}项数字 12（100%）" for n in range(9) if n != 4], "4 says nothing"
