"""What the editor offers at a place of a text that is still being written."""

from pathlib import Path

import pytest

from config.catalogue import catalogue
from config.completion import Place, complete, place_at
from config.schema import schema

SHOP = Path(__file__).parents[2] / "config" / "shop"
SCHEMA = schema(catalogue(SHOP))
SOP = """\
SOP: 关怀
负责人: 王芳
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    何时: 立即
    发给客户:
      文案: 您好
  - 步骤: 打电话
"""


def at(text: str) -> tuple[str, int, int]:
    """The text without its ‸, and where that stood."""
    before, _, after = text.partition("‸")
    line = before.count("\n")
    return before + after, line, len(before) - before.rfind("\n") - 1


def offered(text: str) -> list[str]:
    return [one.text for one in complete(*at(text), SCHEMA)[1]]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("‸", Place((), None, "")),
        ("SO‸", Place((), None, "SO")),
        ("SOP: 关怀\n负责人: 王‸", Place((), "负责人", "王", frozenset({"SOP"}))),
        (SOP + "    ‸", Place(("步骤", "-"), None, "", frozenset({"步骤"}))),
        (SOP + "    派任务:\n      标‸", Place(("步骤", "-", "派任务"), None, "标")),
        (SOP + "  - ‸", Place(("步骤", "-"), None, "")),
        ("步骤:\n- 步骤: 甲\n- 步骤: 乙\n  何‸", Place(("步骤", "-"), None, "何", frozenset({"步骤"}))),
        ("步骤:\n- ‸\n  何时: 立即", Place(("步骤", "-"), None, "", frozenset({"何时"}))),
        ("进入: {当: 添‸", Place(("进入",), "当", "添", frozenset({"当"}))),
        ("进入: {当: 添加好友, 条‸", Place(("进入",), None, "条", frozenset({"当"}))),
        ("进入: {条件: [{有标签: ‸", Place(("进入", "条件", "-"), "有标签", "", frozenset({"有标签"}))),
        ("标签: [新客, ‸", Place(("标签", "-"), None, "")),
        ("SOP: 一\n---\n素材: 二\n类‸", Place((), None, "类", frozenset({"素材"}))),
        ("步骤:\n  - 等事件:\n      超时:\n        - 步‸", Place(("步骤", "-", "等事件", "超时", "-"), None, "步")),
    ],
)  # fmt: skip
def test_a_place_is_found_by_how_lines_are_indented(text: str, place: Place) -> None:
    assert place_at(*at(text)) == place


@pytest.mark.parametrize(
    "text",
    ["# 注释 ‸", "SOP: 甲 # 注 ‸", "文案: |\n  您好 ‸", "文案: >-\n  一\n\n  二‸", "SOP:‸"],
)
def test_in_comments_and_long_texts_nothing_is_offered(text: str) -> None:
    assert complete(*at(text), SCHEMA)[1] == []


def test_an_empty_file_begins_with_what_it_is() -> None:
    assert {"SOP: ", "素材: ", "主题群: ", "团队: "} <= set(offered("‸"))
    assert "负责人: " not in offered("‸")


def test_keys_of_the_block_are_offered_but_those_there_already() -> None:
    found = offered(SOP + "    ‸")

    assert {"何时: ", "发给客户: ", "派任务: ", "如果: "} <= set(found)
    assert "步骤: " not in found
    assert "负责人: " not in found


def test_what_was_typed_narrows_what_is_offered() -> None:
    assert offered(SOP + "    派‸") == ["派任务: "]
    assert complete(*at(SOP + "    派‸"), SCHEMA)[0] == "派"


def test_values_are_the_words_there_are() -> None:
    assert offered("SOP: 甲\n状态: ‸") == ["草稿", "启用", "暂停", "停用"]
    assert "添加好友" in offered("SOP: 甲\n进入: {当: ‸")
    assert "添加好友" in offered("SOP: 甲\n进入:\n  当: ‸")


def test_names_of_the_folder_are_offered() -> None:
    people = catalogue(SHOP)["员工"]

    found = offered("SOP: 甲\n负责人: ‸")

    assert set(people) <= set(found)
    tags = offered("SOP: 甲\n进入: {当: 添加好友, 条件: [{有标签: ‸")
    assert any("/" in tag for tag in tags)


def test_phrases_are_offered_as_examples_with_what_they_are() -> None:
    moments = complete(*at(SOP + "    何时: ‸"), SCHEMA)[1]

    assert moments
    assert all(one.says for one in moments)


def test_what_an_action_may_hold_is_not_what_another_may() -> None:
    found = offered(SOP + "    派任务:\n      ‸")

    assert {"标题: ", "给: ", "期限: "} <= set(found)
    assert "文案: " not in found


def test_english_keys_are_completed_in_english() -> None:
    english = schema(catalogue(SHOP), "en")
    text, line, column = at("sop: care\nsta‸")

    offers = complete(text, line, column, english)[1]

    assert [one.text for one in offers] == ["state: "]
