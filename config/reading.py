"""What the models of config/ share: strict keys in two languages, and places in the file.

While a folder is read, values carry where they were written (:class:`Text`, :class:`Map`,
:class:`Items`) and a :class:`Reading` collects what the shapes alone cannot judge: names to be
looked up, variables to be checked. Models built from plain dicts work too, without it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from config.guess import did_you_mean, digits, length_phrase
from config.phrase_table import Unreadable, duration
from config.phrasebook import LENGTH
from config.phrases import Duration, Span, Workdays


class Place(NamedTuple):
    """Where something was written; both count from 1."""

    line: int
    column: int


class Text(str):
    """One value of the file."""

    at: Place
    last_line: int  # of a text in several lines
    plain: bool  # neither quoted nor a block

    @classmethod
    def written(cls, value: str, at: Place, *, last_line: int = 0, plain: bool = True) -> Self:
        text = cls(value)
        text.at, text.last_line, text.plain = at, last_line or at.line, plain
        return text


class Map(dict[str, Any]):
    """A block of 设置项: 值."""

    def __init__(self, at: Place) -> None:
        super().__init__()
        self.at = at
        self.keys_at: dict[str, Place] = {}

    def add(self, name: str, value: Any, at: Place | None) -> None:
        """``at`` is None for what nobody wrote."""
        self[name] = value
        if at:
            self.keys_at[name] = at

    def copied(self) -> "Map":
        """A block that may be added to; its values are the same."""
        copy = Map(self.at)
        copy.update(self)
        copy.keys_at = dict(self.keys_at)
        return copy


class Items(list[Any]):
    """A list."""

    def __init__(self, at: Place, values: Iterable[Any] = ()) -> None:
        super().__init__(values)
        self.at = at


@dataclass(frozen=True, slots=True)
class Use:
    """A name that must be declared somewhere in the folder."""

    kind: str
    name: str
    at: Place


@dataclass(frozen=True, slots=True)
class Unknown:
    """A key no model knows, with those it does know."""

    where: str
    key: str
    at: Place
    block_at: Place
    known: tuple[str, ...]
    known_english: tuple[str, ...]


@dataclass(slots=True)
class Reading:
    """Notes taken while one document is validated; passed as pydantic's context."""

    uses: list[Use] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    empty: dict[Place, str] = field(default_factory=dict)
    """Keys with nothing behind them, by place."""
    texts: list[Text] = field(default_factory=list)
    languages: dict[str, Place] = field(default_factory=dict)


def refused(
    text: str, cure: str = "", *, at: Place | None = None, key: str = ""
) -> PydanticCustomError:
    """An error whose Chinese text and cure are final.

    It stands at the value or block that was read, else ``at``, else at this ``key`` of the block.
    """
    context = {"text": text, "cure": cure, "at": at, "key": key}
    return PydanticCustomError("refused", "{text}", context)


def key(chinese: str, english: str, default: Any = ..., **rules: Any) -> Any:
    """A field written in YAML as ``chinese`` or ``english``; without default it is required."""
    return Field(default, validation_alias=AliasChoices(chinese, english), **rules)


class Strict(BaseModel):
    """A misspelt key is an error, never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    block: ClassVar[str] = "这里"  # what a mistake calls the block
    may_be_empty: ClassVar[frozenset[str]] = frozenset()  # keys that say enough by being there
    written_last: ClassVar[tuple[str, ...]] = ()  # inherited keys that are best read last

    @classmethod
    def written_keys(cls) -> dict[str, str]:
        """Chinese key → English key of everything that may be written in this block."""
        pairs: dict[str, str] = {}
        for info in cls.model_fields.values():
            if isinstance(info.validation_alias, AliasChoices):
                chinese, english = info.validation_alias.choices
                pairs[str(chinese)] = str(english)
        return pairs

    @classmethod
    def unfold(cls, data: dict[str, Any]) -> dict[str, Any]:
        """From what people write to the fields; most models are written as they are."""
        return data

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any, info: ValidationInfo) -> Any:
        if isinstance(data, Map) and isinstance(info.context, Reading):
            data = _known_keys(data, cls, info.context)
        return cls.unfold(data) if isinstance(data, dict) else data


def _known_keys(data: Map, model: type[Strict], reading: Reading) -> Map:
    """Report unknown keys by name and go on without them, so that all mistakes show at once."""
    pairs, where = model.written_keys(), model.block
    english = set(pairs.values())
    known = Map(data.at)
    for name, value in data.items():
        at = data.keys_at.get(name)
        if at and name not in pairs and name not in english:
            unknown = Unknown(where, name, at, data.at, tuple(pairs), tuple(pairs.values()))
            reading.unknown.append(unknown)
            continue
        if at and (name in pairs) != (name in english) and name != "SOP":  # is both
            reading.languages.setdefault("中文" if name in pairs else "英文", at)
        if at and value is None and name not in model.may_be_empty:
            reading.empty[at] = name
        known.add(name, value, at)
    return known


@dataclass(frozen=True, slots=True)
class Named(BeforeValidator):
    """See :func:`named`."""

    kind: str = ""


def named(kind: str) -> Named:
    """This text is the name of a ``kind`` declared in the folder."""

    def note(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Text) and isinstance(info.context, Reading):
            info.context.uses.append(Use(kind, str(value), value.at))
        return value

    return Named(note, kind=kind)


def _note_text(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, Text) and isinstance(info.context, Reading):
        info.context.texts.append(value)
    return value


#: Text for people: may hold {变量|默认}, must fit into one message of WeCom.
Prose: TypeAlias = Annotated[str, BeforeValidator(_note_text), Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Words(BeforeValidator):
    """See :func:`word`."""

    pairs: tuple[tuple[str, str], ...] = ()
    """English spelling and Chinese one."""


def word(**english: str) -> Words:
    """One of a few fixed words; ``english`` maps the English spelling to the Chinese one."""
    table = {spelling.replace("_", " "): chinese for spelling, chinese in english.items()}

    def translate(value: Any) -> Any:
        return table.get(value, value) if isinstance(value, str) else value

    return Words(translate, pairs=tuple(table.items()))


def as_items(value: Any) -> Any:
    """One item may be written without a list."""
    if isinstance(value, list | tuple):
        return value
    return Items(value.at, [value]) if isinstance(value, Text | Map) else (value,)


one_or_more = BeforeValidator(as_items)
Person: TypeAlias = Annotated[str, named("员工")]
YesNo: TypeAlias = Annotated[Literal["是", "否"], word(yes="是", no="否")]
#: True and False, written 是 and 否.
Flag: TypeAlias = Annotated[
    bool, PlainValidator(lambda value: _flag(value)), word(yes="是", no="否")
]
TagNames: TypeAlias = Annotated[
    tuple[Annotated[str, named("标签")], ...], one_or_more, Field(min_length=1)
]


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("是", "yes"):
        return True
    if value in ("否", "no"):
        return False
    raise refused(f"这里不能写“{value}”", "只能是：是、否")


def note_stage(data: Any, info: ValidationInfo, *keys: str) -> None:
    """A stage is looked up in its own 体系, which may be told by the block around it."""
    if not isinstance(data, dict) or not isinstance(info.context, Reading):
        return
    system = data.get("体系", data.get("system"))
    for name in keys:
        for stage in as_items(data.get(name)) if name in data else ():
            if isinstance(stage, Text) and isinstance(system, str):
                info.context.uses.append(Use("阶段", f"{system}/{stage}", stage.at))


@dataclass(frozen=True, slots=True)
class Number(BeforeValidator):
    """See :func:`number`."""

    units: tuple[str, ...] = ()
    bare: bool = False


def number(*units: str, bare: bool = False) -> Number:
    """A whole number, written with its unit ("800人") or without; ``bare``: rather without."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = re.fullmatch(rf"(\d{{1,6}}) ?(?:{'|'.join(units)})?", value.strip())
        if not found:
            meant = re.search(r"\d+", digits(value))
            cure = did_you_mean(f"{meant[0]}{units[0]}" if meant else None)
            raise refused(f"看不懂数量“{value}”", f"{cure}写成数字加单位，例如：10{units[0]}")
        return int(found[1])

    return Number(read, units=units, bare=bare)


def _duration(value: Any) -> Duration:
    if isinstance(value, Span | Workdays):
        return value
    try:
        return duration(str(value))
    except Unreadable as error:
        raise refused(f"看不懂时长“{value}”", _length_cure(value)) from error


def _length_cure(value: Any) -> str:
    text = str(value).strip()
    if text.isascii() and text.isdigit():
        return f"没写单位：{text}分钟、{text}小时，还是 {text}天？"
    if re.search("第|点|:|：", text):
        return f"这里写多久，不写几点。{DURATION_EXAMPLES}"
    return did_you_mean(length_phrase(text)) + DURATION_EXAMPLES


DURATION_EXAMPLES = "写法示例：30分钟、8小时、2天、1个工作日、1周"
Length: TypeAlias = Annotated[Duration, PlainValidator(_duration), LENGTH]


def _zone(value: Any) -> Any:
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise refused(f"没有时区“{value}”", "例如：时区: Asia/Shanghai") from error
    return value


Zone: TypeAlias = Annotated[str, BeforeValidator(_zone)]


def marked(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """``body`` with the discriminator of its model, places kept."""
    if not isinstance(body, Map):
        return body | {"do": kind}
    copy = body.copied()
    copy.add("do", kind, None)
    return copy
