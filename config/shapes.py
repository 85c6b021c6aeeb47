"""How things are written in the folder: the shapes of blocks, lists and texts."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from config.reading import Strict
from config.spelling import Phrase, PhraseTable


@dataclass(frozen=True)
class Fixed:
    """One of a few words: Chinese → English."""

    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Name:
    """The name of something the folder declares; the same in both languages."""

    kind: str


@dataclass(frozen=True)
class Spelt:
    """A text with a grammar of its own."""

    phrase: Phrase


@dataclass(frozen=True)
class Plain:
    """Anything else that stands behind a key: ``kind`` is text, number, date or nothing."""

    kind: Literal["文字", "数字", "日期", "不写"]
    limits: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Many:
    """A list; ``alone``: one item may be written without it."""

    item: "Shape"
    alone: bool
    least: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Table:
    """A block whose keys are not known beforehand."""

    keys: "Shape"
    values: "Shape"


@dataclass(frozen=True)
class Block:
    """A block with known keys; see config/grammar.py."""

    model: type[Strict]


@dataclass(frozen=True)
class Entry:
    """One of the keys a :class:`OneKey` may have."""

    key: Phrase
    value: "Shape"
    says: str = ""


@dataclass(frozen=True)
class OneKey:
    """A block with exactly one key, such as a condition; see config/grammar.py."""

    name: Literal["条件", "完成依据", "信号", "还需要", "发生", "发生的事", "期望"]


@dataclass(frozen=True)
class Either:
    options: "tuple[Shape, ...]"


Shape: TypeAlias = (
    Fixed | Name | Spelt | Plain | Many | Table | Block | OneKey | Either | PhraseTable
)


@dataclass(frozen=True)
class Key:
    """One line of a block."""

    chinese: str
    english: str
    shape: Shape
    required: bool
    default: str
    says: str
    moves: bool = True
    """False: its place among its like says when it is done, so that it stays where it is."""
