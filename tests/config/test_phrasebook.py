"""Every spelling in the phrase book is read, and means the same in both languages."""

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from config import phrasebook, vocabulary
from config.conditions import Condition
from config.conditions import Happening as HappeningWord
from config.grammar import entries_of
from config.nesting import Befalling
from config.phrase_table import duration, when
from config.phrases import Recurring, Single, When
from config.rules import CapsText
from config.spelling import Phrase, Spelling
from config.steps import ACTIONS
from config.triggers import Entry
from tests.config.writing import written

PHRASES = [value for value in vars(phrasebook).values() if isinstance(value, Phrase)]
SPELLINGS = [
    pytest.param(spelling, id=spelling.example)
    for phrase in PHRASES
    for spelling in phrase.spellings
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_phrase_goes_to_english_and_back(spelling: Spelling) -> None:
    english = spelling.translated(spelling.example, "en")

    assert english == spelling.english_example
    assert spelling.translated(english, "zh") == spelling.example


@pytest.mark.parametrize("phrase", [phrasebook.WHEN, phrasebook.LENGTH], ids=["when", "length"])
def test_both_languages_mean_the_same_time(phrase: Phrase) -> None:
    read = when if phrase is phrasebook.WHEN else duration

    for spelling in phrase.spellings:
        assert read(spelling.example) == read(spelling.english_example)


def test_every_time_there_is_can_be_spelt() -> None:
    shown = {type(when(spelling.example)) for spelling in phrasebook.WHEN.spellings}
    recurring = {type(when(spelling.example)) for spelling in phrasebook.RECURRING.spellings}

    assert shown == {*_members(When)}
    assert recurring == {*_members(Recurring)}
    assert shown - recurring == {*_members(Single)}


def _members(union: Any) -> tuple[Any, ...]:
    return tuple(union.__args__)


def _read(item: dict[str, Any]) -> BaseModel:
    return TypeAdapter(Condition).validate_python(item)  # type: ignore[no-any-return]


def test_every_condition_there_is_can_be_written() -> None:
    found = set()
    for entry in entries_of("条件"):
        value = _example_of(entry.key.name)
        chinese = _read({entry.key.examples("zh")[0]: value[0]})
        english = _read({entry.key.examples("en")[0]: value[1]})
        assert chinese == english
        found.add(type(chinese))

    (union, *_) = Condition.__origin__.__args__, None  # type: ignore[attr-defined]
    assert found == {*union}


def _example_of(name: str) -> tuple[Any, Any]:
    """The values of a condition in both languages."""
    examples: dict[str, tuple[Any, Any]] = {
        "有标签": (["甲"], ["甲"]),
        "没有标签": (
            {"标签": ["甲"], "谁打的": "本跟进人打的"},
            {"tags": ["甲"], "by": "follower"},
        ),
        "门店": ("全部", "all"),
        "有门店": ("是", "yes"),
        "添加好友": ("不少于30天", "at least 30"),
        "渠道": (["甲"], ["甲"]),
        "KOC分": ({"体系": "甲", "不低于": 60}, {"system": "甲", "at_least": 60}),
        "阶段": ({"体系": "甲", "是": ["乙"]}, {"system": "甲", "is": ["乙"]}),
        "任务结果": ({"步骤": "甲", "是": "乙"}, {"step": "甲", "is": "乙"}),
        "群人数": ("不少于20人", "at least 20"),
        "任一": ([{"有门店": "是"}], [{"has_shop": "yes"}]),
        "都不": ([{"有门店": "否"}], [{"has_shop": "no"}]),
    }
    return examples.get(name, ("少于2次", "fewer than 2"))


def test_every_trigger_and_action_is_explained() -> None:
    kinds = set(Entry.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]

    assert set(vocabulary.TRIGGERS) == kinds | {*Befalling.__args__}
    assert set(vocabulary.ACTIONS) == set(ACTIONS)
    assert all(all(row) for row in vocabulary.TRIGGERS.values())


def test_every_happening_has_its_words() -> None:
    many = entries_of("条件")
    spelt = next(entry for entry in many if entry.key.name.startswith("近"))

    for happening in HappeningWord.__args__:
        english = spelt.key.translated(f"近7天{happening}", "en")
        assert english.endswith("_last_7_days")
        assert spelt.key.translated(english, "zh") == f"近7天{happening}"


def test_caps_mean_the_same_in_both_languages() -> None:
    read = TypeAdapter(CapsText).validate_python
    for spelling in phrasebook.CAP.spellings:
        assert read({spelling.example: "3条"}) == read({spelling.english_example: "3 messages"})


def test_what_the_tests_draw_is_what_people_may_write() -> None:
    """The shapes these tests are drawn from know every kind of value."""
    assert written(entries_of("条件")[0].value) is not None
