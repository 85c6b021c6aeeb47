"""`qunce report` as an operator types it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from bot import reports
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
