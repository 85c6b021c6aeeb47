"""docs/sop-language.md says what the models say."""

from config.grammar import documents, keys_of
from config.reading import Strict
from config.reference import PAGE, page
from config.shapes import Block, Either, Many, Shape, Table
from config.variables import VARIABLES


def test_the_page_is_fresh() -> None:
    """python -m config.reference"""
    assert PAGE.read_text("utf-8") == page()


def _all_models() -> set[type[Strict]]:
    found: set[type[Strict]] = set()
    waiting = [model for models in documents().values() for model in models]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            waiting += [inner for key in keys_of(model) for inner in _inside(key.shape)]
    return found


def _inside(shape: Shape) -> list[type[Strict]]:
    match shape:
        case Block(model):
            return [model]
        case Many(item=item):
            return _inside(item)
        case Table(values=values):
            return _inside(values)
        case Either(options):
            return [model for option in options for model in _inside(option)]
    return []


def test_every_key_is_explained_in_chinese_and_has_one_english_name() -> None:
    for model in _all_models():
        keys = keys_of(model)
        assert [key.chinese for key in keys if not key.says] == [], model
        assert len({key.english for key in keys}) == len({key.chinese for key in keys}) == len(keys)
        for key in keys:
            assert f"| `{key.chinese}` | `{key.english}` |" in page()


def test_every_variable_is_explained() -> None:
    for name, variable in VARIABLES.items():
        assert f"| `{{{name}}}` | {variable.says} |" in page()
        assert variable.says
