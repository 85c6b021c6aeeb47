"""How one phrase is spelt in Chinese and in English, from one template in each language."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

from config.phrases import LUNAR_DAYS, LUNAR_MONTHS, WEEKDAYS

Language: TypeAlias = Literal["zh", "en"]
_TOKEN = re.compile(r"\[(\w+)\]|\(s\)")


@dataclass(frozen=True, slots=True)
class Slot:
    """A part that differs from phrase to phrase: how it is written in both languages."""

    chinese: str
    english: str
    to_english: Callable[[str], str]
    to_chinese: Callable[[str], str]
    sample: str
    """In Chinese."""


def _same(pattern: str, sample: str) -> Slot:
    return Slot(pattern, pattern, str, str, sample)


def _from_table(pairs: Mapping[str, str], sample: str) -> Slot:
    """Chinese → English, one for one."""
    back = {english: chinese for chinese, english in pairs.items()}
    chinese = "|".join(sorted(pairs, key=len, reverse=True))
    english = "|".join(sorted(back, key=len, reverse=True))
    return Slot(f"(?:{chinese})", f"(?:{english})", pairs.__getitem__, back.__getitem__, sample)


def _lunar() -> Slot:
    days = {
        f"{month}{day}": f"{m}-{d}"
        for m, month in enumerate(LUNAR_MONTHS, 1)
        for d, day in enumerate(LUNAR_DAYS, 1)
    }
    back = {english: chinese for chinese, english in days.items()}
    months = "|".join(sorted(LUNAR_MONTHS, key=len, reverse=True))
    ones = "[一二三四五六七八九]"
    chinese = rf"(?:{months})(?:初(?:{ones}|十)|十{ones}|二十{ones}?|三十)"
    return Slot(chinese, r"\d{1,2}-\d{1,2}", days.__getitem__, back.__getitem__, "腊月二十三")


_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d"
HAPPENINGS: Final = {
    "到店": "visit",
    "下单": "order",
    "互动": "interaction",
    "客户回复": "reply",
}
_MEASURED = HAPPENINGS | {"删除好友": "deletion", "入群": "join"}
_MANY = {"到店": "visits", "下单": "orders", "互动": "interactions", "客户回复": "replies"}
_UNITS = {"秒": "second", "分钟": "minute", "小时": "hour", "天": "day", "周": "week"}
_WEEK = dict(zip(WEEKDAYS, ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), strict=True))

SLOTS: Final[Mapping[str, Slot]] = {
    "n": _same(r"\d{1,4}", "3"),
    "count": _same(r"\d{1,6}", "20"),
    "m": _same(r"\d{1,2}", "3"),
    "d": _same(r"\d{1,2}", "8"),
    "share": _same(r"\d{1,3}(?:\.\d{1,2})?%", "20%"),
    "at": _same(_CLOCK, "10:00"),
    "to": _same(_CLOCK, "20:00"),
    "date": _same(r"\d{4}-\d\d-\d\d", "2026-12-12"),
    "attribute": _same(r"\{[^{}|]+\}", "{预产期}"),
    "text": _same(r"[^\s{}].*", "A-关怀"),
    "unit": _from_table(_UNITS, "小时"),
    "short": _from_table({"分钟": "minute", "小时": "hour"}, "小时"),
    "weekday": _from_table(_WEEK, "三"),
    "lunar": _lunar(),
    "happening": _from_table(HAPPENINGS, "下单"),
    "happenings": _from_table(_MANY, "到店"),
    "measured": _from_table(_MEASURED, "下单"),
    "moved": _from_table({"入群": "joined", "退群": "left"}, "退群"),
}


@dataclass(frozen=True)
class Spelling:
    """One phrase in both languages; [n] is a slot, (s) the English plural where n is not 1."""

    chinese: str
    english: str
    says: str = ""
    """What it means, for docs/sop-language.md."""

    @cached_property
    def chinese_pattern(self) -> str:
        return _pattern(self.chinese, "zh")

    @cached_property
    def english_pattern(self) -> str:
        return _pattern(self.english, "en")

    def translated(self, text: str, to: Language) -> str | None:
        """The same phrase in the other language; None when this is another phrase."""
        pattern = self.chinese_pattern if to == "en" else self.english_pattern
        found = re.fullmatch(pattern, text, re.ASCII)
        if not found:
            return None
        template = self.english if to == "en" else self.chinese
        try:
            return _filled(template, found.groupdict(), to)
        except KeyError:
            return None  # lunar 13-40

    @property
    def example(self) -> str:
        return _TOKEN.sub(lambda token: SLOTS[token[1]].sample, self.chinese)

    @property
    def english_example(self) -> str:
        return _filled(self.english, {name: slot.sample for name, slot in SLOTS.items()}, "en")


@dataclass(frozen=True)
class Phrase:
    """All ways to write one kind of text; stands in the models' annotations beside its reader."""

    name: str
    spellings: tuple[Spelling, ...]

    def translated(self, text: str, to: Language) -> str:
        """In the other language; unchanged when it is in that language already."""
        for spelling in self.spellings:
            if (other := spelling.translated(text.strip(), to)) is not None:
                return other
        return text

    def pattern(self, language: Language) -> str:
        """As JSON Schema wants it: without names."""
        each = (
            s.chinese_pattern if language == "zh" else s.english_pattern for s in self.spellings
        )
        return f"^(?:{'|'.join(dict.fromkeys(re.sub(r'[?]P<[a-z]+>', '?:', p) for p in each))})$"

    def examples(self, language: Language) -> list[str]:
        each = (s.example if language == "zh" else s.english_example for s in self.spellings)
        return list(dict.fromkeys(each))


@dataclass(frozen=True)
class PhraseTable:
    """A block whose keys and values are phrases."""

    keys: Phrase
    values: Phrase


def _pattern(template: str, language: Language) -> str:
    parts, end = [], 0
    for token in _TOKEN.finditer(template):
        parts.append(re.escape(template[end : token.start()]))
        end = token.end()
        if name := token[1]:
            slot = SLOTS[name]
            parts.append(f"(?P<{name}>{slot.chinese if language == 'zh' else slot.english})")
        else:
            parts.append("s?")
    parts.append(re.escape(template[end:]))
    return "".join(parts).replace(r"\ ", " ").replace(r"\-", "-").replace(r"\%", "%")


def _filled(template: str, parts: Mapping[str, str], language: Language) -> str:
    def fill(token: re.Match[str]) -> str:
        if not token[1]:
            return "" if parts.get("n") == "1" else "s"
        slot, value = SLOTS[token[1]], parts[token[1]]
        return slot.to_english(value) if language == "en" else slot.to_chinese(value)

    return _TOKEN.sub(fill, template)
