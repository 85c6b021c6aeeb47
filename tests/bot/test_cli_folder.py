"""The commands about a folder alone, as somebody who writes YAML uses them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import COMMANDS, application

WRONG = "素材: 话术-谢谢\n类型: 文字\n文按: 谢谢您\n"
UNTIDY = "素材: 话术-您好\n文案: 您好   # 一句\n类型: 文字\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project" / "shop"
    made.mkdir(parents=True)
    (made / "素材.yaml").write_text(UNTIDY, "utf-8")
    (made / "团队.yaml").write_text("团队: 默认\n人员:\n  王芳: wangfang\n", "utf-8")
    return made


def qunce(*words: str | Path) -> Result:
    return CliRunner().invoke(application(*COMMANDS), [str(word) for word in words])


# --- check ---------------------------------------------------------------------------------------


def test_an_editor_gets_places_levels_and_codes(folder: Path) -> None:
    (folder / "错.yaml").write_text(WRONG, "utf-8")

    done = qunce("check", folder, "--json")

    assert done.exit_code == 1
    unknown = next(row for row in json.loads(done.stdout) if row["code"] == "key")
    assert unknown == {
        "file": "错.yaml",
        "line": 3,
        "column": 1,
        "endColumn": 3,
        "level": "错误",
        "text": "素材里不认识“文按”",
        "cure": "是不是想写“文案”？",
        "code": "key",
    }


def test_one_file_is_checked_with_the_names_beside_it(folder: Path) -> None:
    (folder / "错.yaml").write_text(WRONG, "utf-8")
    (folder / "栏目.yaml").write_text("栏目: 甲\n顺序: [话术-您好]\n", "utf-8")

    right, wrong = qunce("check", folder / "栏目.yaml"), qunce("check", folder / "错.yaml")

    assert (right.exit_code, wrong.exit_code) == (0, 1)
    assert "文件夹里别的文件有" in right.stdout
    assert "文按" in wrong.stdout


def test_a_file_that_nobody_would_read_is_a_reminder(folder: Path) -> None:
    (folder / "新客.yaml.txt").write_text("SOP: 新客\n", "utf-8")

    done = qunce("check", folder)

    assert done.exit_code == 0
    assert "新客.yaml.txt 提醒：这个文件不会被读取" in done.stdout


def test_an_empty_folder_is_a_reminder(tmp_path: Path) -> None:
    assert "这个文件夹里没有 .yaml 文件" in qunce("check", tmp_path).stdout


# --- fmt -----------------------------------------------------------------------------------------


def test_tidying_changes_what_is_untidy_and_nothing_else(folder: Path) -> None:
    team = (folder / "团队.yaml").stat().st_mtime_ns

    first, second = qunce("fmt", folder), qunce("fmt", folder)

    assert "整理了 1 个文件：素材.yaml" in first.stdout
    assert "已经很整齐" in second.stdout
    assert (folder / "素材.yaml").read_text("utf-8").splitlines()[1:] == [
        "类型: 文字",
        "文案: 您好   # 一句",
    ]
    assert (folder / "团队.yaml").stat().st_mtime_ns == team


def test_checking_alone_changes_nothing_and_says_so(folder: Path) -> None:
    done = qunce("fmt", folder, "--check", "--json")

    assert (done.exit_code, json.loads(done.stdout)) == (1, {"changed": ["素材.yaml"]})
    assert (folder / "素材.yaml").read_text("utf-8") == UNTIDY


def test_a_file_with_mistakes_is_not_tidied(folder: Path) -> None:
    (folder / "错.yaml").write_text(WRONG, "utf-8")

    done = qunce("fmt", folder)

    assert done.exit_code == 1
    assert "“错.yaml”里有错误，先用 qunce check 看清楚、改好再整理" in done.stderr
    assert (folder / "素材.yaml").read_text("utf-8") == UNTIDY


def test_one_file_may_be_tidied_beside_one_with_mistakes(folder: Path) -> None:
    (folder / "错.yaml").write_text(WRONG, "utf-8")

    assert qunce("fmt", folder / "素材.yaml").exit_code == 0
    assert (folder / "错.yaml").read_text("utf-8") == WRONG


def test_a_folder_is_translated_and_comes_back(folder: Path) -> None:
    qunce("fmt", folder)
    before = {file.name: file.read_text("utf-8") for file in folder.iterdir()}

    assert qunce("fmt", folder, "--lang", "en").exit_code == 0
    english = (folder / "素材.yaml").read_text("utf-8")
    assert qunce("check", folder).exit_code == 0
    assert qunce("fmt", folder, "--lang", "zh").exit_code == 0

    assert english.startswith("material: 话术-您好\ntype: text\n")
    assert {file.name: file.read_text("utf-8") for file in folder.iterdir()} == before


# --- list ----------------------------------------------------------------------------------------


def test_names_are_listed_with_their_places(folder: Path) -> None:
    assert qunce("list", "素材", folder).stdout == "话术-您好  （素材.yaml 第 1 行）\n"
    assert json.loads(qunce("list", "员工", folder, "--json").stdout) == ["王芳"]
    assert json.loads(qunce("list", "", folder, "--json").stdout)["素材"] == 1


def test_an_unknown_kind_of_names_is_answered_with_the_near_one(folder: Path) -> None:
    done = qunce("list", "标鉴", folder)

    assert done.exit_code == 2
    assert "是不是想写“标签”？" in done.stderr


# --- schema --------------------------------------------------------------------------------------


def test_the_schema_knows_the_names_of_the_folder(folder: Path, tmp_path: Path) -> None:
    qunce("schema", folder, "--out", tmp_path / "s.json")

    made = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert made["$defs"]["素材"]["enum"] == ["话术-您好"]
    assert json.loads(qunce("schema", folder).stdout) == made


def test_a_folder_is_set_up_for_the_editor_once(folder: Path) -> None:
    (folder.parent / ".vscode").mkdir()
    (folder / "en.yaml").write_text("column: 甲\norder: [话术-您好]\n", "utf-8")

    first, second = (qunce("schema", folder, "--editor", "vscode") for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "已经设置好" in second.stdout
    settings = json.loads((folder.parent / ".vscode" / "settings.json").read_text("utf-8"))
    assert settings["yaml.schemas"] == {"./sop.zh.schema.json": ["shop/**/*.yaml", "shop/**/*.yml"]}
    head = "# yaml-language-server: $schema=../sop."
    assert (folder / "素材.yaml").read_text("utf-8") == f"{head}zh.schema.json\n{UNTIDY}"
    assert (folder / "en.yaml").read_text("utf-8").startswith(f"{head}en.schema.json\n")
    assert (folder.parent / "sop.en.schema.json").exists()
    assert qunce("check", folder).exit_code == 0


def test_settings_with_comments_are_not_touched(folder: Path) -> None:
    (folder.parent / ".vscode").mkdir()
    mine = folder.parent / ".vscode" / "settings.json"
    mine.write_text('{// mine\n"a": 1}', "utf-8")

    done = qunce("schema", folder, "--editor", "vscode")

    assert done.exit_code == 1
    assert "不敢改它" in done.stderr
    assert mine.read_text("utf-8") == '{// mine\n"a": 1}'
