"""What an editor would underline, by the same JSON Schema."""

import copy
import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from config import editor
from config.catalogue import catalogue
from config.schema import schema
from config.tidy import tidy
from tests.config.writing import documents_written

CONFIG = Path(__file__).parents[2] / "config"
SHOP = CONFIG / "shop"


@cache
def of_folder(name: str, language: Any = "zh") -> Draft202012Validator:
    made = schema(catalogue(CONFIG / name), language)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def documents(text: str) -> list[Any]:
    return [_as_editors_read(document) for document in YAML(typ="safe", pure=True).load_all(text)]


def _as_editors_read(node: Any) -> Any:
    """YAML 1.2 of editors has no dates."""
    if isinstance(node, dict):
        return {str(key): _as_editors_read(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_as_editors_read(item) for item in node]
    return node.isoformat() if isinstance(node, datetime.date) else node


def test_the_shipped_schema_is_fresh() -> None:
    """qunce schema --out config/sop.zh.schema.json"""
    shipped = json.loads((CONFIG / "sop.zh.schema.json").read_text("utf-8"))

    assert shipped == schema(catalogue(SHOP))


@pytest.mark.parametrize("folder", ["shop", "clinic"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_shipped_document_satisfies_it(folder: str, language: Any) -> None:
    validator = of_folder(folder, language)

    for file in sorted((CONFIG / folder).glob("*.yaml")):
        for document in documents(tidy(file.read_text("utf-8"), language)):
            assert [error.message for error in validator.iter_errors(document)] == [], file.name


WELCOME = documents((SHOP / "01-新客7天欢迎.yaml").read_text("utf-8"))[0]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("步骤", 3, "何是"), "第3天 10:00"),
        (("步骤", 3, "何时"), "第三天上午10点半"),
        (("步骤", 3, "何时"), "第3天 25:00"),
        (("步骤", 3, "发给客户", "素材"), "图文-育儿测平"),
        (("步骤", 3, "发给客户", "时效"), "一天"),
        (("步骤", 3, "发给客户", "由"), "群主"),
        (("步骤", 1, "派任务", "给"), "角色/店长助理"),
        (("步骤", 1, "派任务", "催办"), "标准3级"),
        (("步骤", 4, "如果", 0), {"近7天没到店": "少于1次"}),
        (("步骤", 4, "如果", 0), {"近7天到店": "小于1次"}),
        (("步骤", 4, "如果", 0), {"近7天到店": "少于1次", "有门店": "是"}),
        (("状态",), "开启"),
        (("负责人",), "王方"),
        (("进入", "条件", 0), {"没有标签": ["员工", "同行业"]}),
        (("进入", "重复进入"), "可以"),
        (("步骤",), []),
    ],
    ids=str,
)
def test_a_slip_is_underlined(path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(WELCOME)
    *inside, last = path
    block = document
    for part in inside:
        block = block[part]
    block[last] = value

    assert not of_folder("shop").is_valid(document)
    assert of_folder("shop").is_valid(WELCOME)


@pytest.mark.parametrize("key", ["负责人", "对象", "进入", "步骤", "SOP"])
def test_what_is_missing_is_underlined(key: str) -> None:
    document = {name: value for name, value in WELCOME.items() if name != key}

    assert not of_folder("shop").is_valid(document)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents_written())
def test_whatever_may_be_written_satisfies_it_but_for_names(document: Any) -> None:
    nameless = Draft202012Validator(schema({}))

    assert [error.message for error in nameless.iter_errors(_numbers(document))] == []


def _numbers(node: Any) -> Any:
    """Texts of digits, as YAML reads them."""
    if isinstance(node, dict):
        return {key: _numbers(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_numbers(item) for item in node]
    return int(node) if isinstance(node, str) and node.isdigit() else node


def test_names_of_the_folder_are_offered() -> None:
    defs = schema(catalogue(SHOP))["$defs"]

    assert "图文-育儿测评" in defs["素材"]["enum"]
    assert {"宝宝月龄/0-6月龄", "0-6月龄"} <= set(defs["标签"]["enum"])
    assert {"按月龄分群", "0-6月龄"} <= set(defs["主题群"]["enum"])
    assert {"跟进人", "角色/法务", "王芳"} <= set(defs["接收人"]["enum"])
    assert "图片/育儿测评.png" in defs["文件"]["enum"]
    assert "第3天 10:00" in defs["时间"]["examples"]


def test_a_bare_tag_of_two_groups_is_not_offered() -> None:
    names = {"标签": {"甲/好": "", "乙/好": "", "乙/坏": ""}}

    assert schema(names)["$defs"]["标签"]["enum"] == ["甲/好", "乙/好", "乙/坏", "坏"]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("素材: 甲\n", "# yaml-language-server: $schema=../s.json\n素材: 甲\n"),
        ("\ufeff素材: 甲\r\n", "\ufeff# yaml-language-server: $schema=../s.json\r\n素材: 甲\r\n"),
        ("# yaml-language-server: $schema=x\n素材: 甲\n", None),
    ],
)
def test_a_file_is_told_its_schema_once(text: str, after: str | None) -> None:
    told = editor.with_modeline(text, "../s.json")

    assert told == (after or text)
    assert editor.with_modeline(told, "../s.json") == told


def test_settings_of_the_editor_are_kept() -> None:
    old = '{"editor.tabSize": 2, "yaml.schemas": {"./other.json": "*.yml"}}'

    new = editor.settings(old, "./sop.zh.schema.json", "shop")

    assert json.loads(new) == {
        "editor.tabSize": 2,
        "yaml.schemas": {
            "./other.json": "*.yml",
            "./sop.zh.schema.json": ["shop/**/*.yaml", "shop/**/*.yml"],
        },
    }
    assert editor.settings(new, "./sop.zh.schema.json", "shop") == new


def test_settings_with_comments_are_left_alone() -> None:
    with pytest.raises(ValueError, match="Expecting property name"):
        editor.settings('{// mine\n"a": 1}', "./s.json", "shop")
