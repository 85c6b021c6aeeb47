"""Tidying and translating change how a file looks, never what it says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.book import Book
from config.loader import load_texts
from config.source import source
from config.tidy import tidy
from tests.config.writing import documents_written, dumped

CONFIG = Path(__file__).parents[2] / "config"
FOLDERS = ("shop", "clinic")
FILES = [file for folder in FOLDERS for file in sorted((CONFIG / folder).glob("*.yaml"))]


def said(texts: dict[str, str]) -> Book:
    return replace(load_texts(texts), reminders=())


def folder(name: str) -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in (CONFIG / name).glob("*.yaml")}


def data(text: str) -> list[Any]:
    """Every value as plain text; blocks without the order of their keys."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = None
    return [_plain(document) for document in yaml.load_all(text)]


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    return str(node)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_shipped_file_is_tidy(file: Path) -> None:
    text = file.read_text("utf-8")

    assert tidy(text) == text


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_file_comes_back_from_english_as_it_was(file: Path) -> None:
    text = file.read_text("utf-8")

    english = tidy(text, "en")

    assert english != text
    assert tidy(english) == tidy(english, "en") == english
    assert tidy(english, "zh") == text


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_means_the_same_in_english(name: str) -> None:
    chinese = folder(name)

    english = {file: tidy(text, "en") for file, text in chinese.items()}

    assert said(english) == said(chinese)


def test_a_file_in_english_is_tidy_and_comes_back_from_chinese() -> None:
    text = (Path(__file__).parent / "new_customer.en.yaml").read_text("utf-8")

    assert tidy(text) == text
    assert tidy(tidy(text, "zh"), "en") == text


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents_written())
def test_whatever_is_written_says_the_same_when_tidied_and_translated(document: Any) -> None:
    text = dumped(document)

    neat = tidy(text)
    english = tidy(neat, "en")

    assert data(neat) == data(text)
    assert tidy(neat) == neat
    assert tidy(english) == english
    assert tidy(english, "zh") == neat


@settings(max_examples=60, deadline=None)
@given(document=documents_written(), other=st.randoms())
def test_the_order_of_keys_does_not_matter(document: Any, other: Any) -> None:
    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            kept = [key for key in node if key in _STAYING]
            moved = [key for key in node if key not in _STAYING]
            other.shuffle(moved)
            return {key: shuffled(node[key]) for key in [*moved, *kept]}
        return [shuffled(item) for item in node] if isinstance(node, list) else node

    first = next(iter(document))
    turned = {first: shuffled(document[first])} | {
        key: value for key, value in shuffled(document).items() if key != first
    }

    if _free(document):
        assert tidy(dumped(turned)) == tidy(dumped(document))


_STAYING = (
    "发欢迎语",
    "派任务",
    "发给员工",
    "发给客户",
    "发到群",
    "打标签",
    "去标签",
    "邀请入主题群",
)
_STAYING += ("等待", "等事件", "分支", "循环", "分流试验", "结束")


def _free(node: Any) -> bool:
    """Without tables, whose keys stay as they were written."""
    tables = (
        "结果打标签",
        "角色",
        "人员",
        "免打扰",
        "催办",
        "客户属性",
        "标签",
        "属性",
        "KOC分",
        "阶段",
        "近期",
        "打标签",
    )
    if isinstance(node, dict):
        return all(
            _free(value) and not (key in tables and isinstance(value, dict) and len(value) > 1)
            for key, value in node.items()
        ) and not any(str(key).startswith(("每", "其中")) for key in node)
    return all(map(_free, node)) if isinstance(node, list) else True


@settings(max_examples=80, deadline=None)
@given(
    file=st.sampled_from([file for file in FILES if file.parent.name == "shop"]),
    where=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12)), max_size=6),
    blanks=st.lists(st.floats(0, 1), max_size=4),
)
def test_no_comment_is_ever_lost(
    file: Path, where: list[tuple[float, int]], blanks: list[float]
) -> None:
    lines = file.read_text("utf-8").split("\n")
    inside = _inside_texts(lines)
    places = sorted(
        ((int(share * (len(lines) - 1)), column) for share, column in where), reverse=True
    )
    places = [(line, column) for line, column in places if line not in inside]
    for number, (line, column) in enumerate(places):
        lines.insert(line, " " * column + f"# 备注{number}")
    for share in blanks:
        if (line := int(share * (len(lines) - 1))) not in _inside_texts(lines):
            lines.insert(line, "")
    text = "\n".join(lines)

    neat = tidy(text)

    for number in range(len(places)):
        assert neat.count(f"# 备注{number}\n") == 1
    assert data(neat) == data(text)
    assert tidy(neat) == neat
    assert tidy(tidy(neat, "en"), "zh") == neat


def _inside_texts(lines: list[str]) -> set[int]:
    """Lines where a # would be part of a text."""
    inside, depth = set[int](), -1
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if depth >= 0 and (not line.strip() or indent > depth):
            inside.add(number)
            continue
        depth = indent if line.rstrip().endswith("|") else -1
    return inside | {number + 1 for number in inside}


@pytest.mark.parametrize(
    ("untidy", "neat"),
    [
        ("素材:   话术\n文案: 好\n类型: 文字\n", "素材: 话术\n类型: 文字\n文案: 好\n"),
        ("标签:\n    管理: [ 勿扰 ,员工]\n", "标签:\n  管理: [勿扰, 员工]\n"),
        ("栏目: 甲\n顺序:\n- 乙\n-   丙\n", "栏目: 甲\n顺序:\n  - 乙\n  - 丙\n"),
        (
            "栏目: 甲 #  说明\n顺序: [乙]" + " " * 40 + "# 远\n",
            "栏目: 甲" + " " * 22 + "#  说明\n顺序: [乙]" + " " * 20 + "# 远\n",
        ),
        ("\ufeff栏目: 甲\r\n顺序: [乙]\r\n\r\n\r\n", "栏目: 甲\n顺序: [乙]\n"),
        (
            "栏目: 甲\n顺序: [乙]\n\n---\n\n\n栏目: 丙\n顺序: [丁]",
            "栏目: 甲\n顺序: [乙]\n---\n栏目: 丙\n顺序: [丁]\n",
        ),
    ],
)
def test_spacing_and_order_are_those_of_the_shipped_files(untidy: str, neat: str) -> None:
    assert tidy(untidy) == neat


def test_steps_stand_apart_and_actions_stay_in_the_order_in_which_they_are_done() -> None:
    untidy = (
        "SOP: 甲\n步骤:\n- 打标签: 乙\n  派任务: {给: 丙, 标题: 丁}\n  步骤: 一\n"
        "- 步骤: 二\n  结束: 完\n进入: {当: 下单}\n负责人: 戊\n对象: 客户\n"
    )

    assert tidy(untidy) == (
        "SOP: 甲\n负责人: 戊\n对象: 客户\n进入: {当: 下单}\n\n步骤:\n  - 步骤: 一\n    打标签: 乙\n"
        "    派任务: {标题: 丁, 给: 丙}\n\n  - 步骤: 二\n    结束: 完\n"
    )


def test_a_list_over_several_lines_keeps_its_lines_and_is_translated() -> None:
    text = "SOP: 甲\n退出: [\n  {当: 下单},  # 买了\n  {当: 客户删除好友}\n  ]\n"

    english = tidy(text, "en")

    assert "{on: order},  # 买了" in english
    assert "{on: customer deleted staff}" in english
    assert data(tidy(english, "zh")) == data(text)


def test_a_phrase_that_begins_with_a_brace_gets_quotes() -> None:
    text = "sop: 甲\nsteps:\n  - step: 乙\n    when: 7 days before {预产期} 10:00\n"

    assert "when: 7 days before {预产期} 10:00" in text
    assert '何时: "{预产期}前7天 10:00"' in tidy(text, "zh")


def test_comments_belong_to_what_they_stand_above() -> None:
    text = "栏目: 甲\n# 关于剩余\n剩余少于: 2篇\n# 关于顺序\n顺序: [乙]\n# 最后\n"

    assert tidy(text) == "栏目: 甲\n# 关于顺序\n顺序: [乙]\n# 关于剩余\n剩余少于: 2篇\n# 最后\n"


def test_a_document_of_comments_alone_stays() -> None:
    assert tidy("# 只有注释\n") == "# 只有注释\n"
    assert source(["# 只有注释"]).root is None
