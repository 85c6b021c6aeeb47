"""How everything in a folder is written, out of the models that read it.

One description for three readers: tidying and translating (config/tidy.py), completion in editors
(config/schema.py) and the reference (config/reference.py).
"""

import types
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from config import vocabulary
from config.cases import SEEN_ACTIONS, Seen
from config.conditions import Tagged
from config.happens import HAPPENS_KINDS, HAPPENS_VALUES, Happens
from config.kinds import KINDS, models
from config.koc import Need
from config.phrasebook import MOMENT, counted
from config.phrases import Span, Workdays, in_words
from config.playbooks import Sign
from config.reading import Named, Number, Strict, Words, as_items
from config.shapes import (
    Block,
    Either,
    Entry,
    Fixed,
    Key,
    Many,
    Name,
    OneKey,
    Plain,
    Shape,
    Spelt,
    Table,
)
from config.spelling import Phrase, PhraseTable, Spelling
from config.steps import ACTIONS, Action, Step
from config.tasks import EVIDENCE, Button, Evidence


@cache
def documents() -> Mapping[str, tuple[type[Strict], ...]]:
    """Every kind and its models."""
    return {kind: models(kind) for kind in dict.fromkeys(KINDS.values())}


@cache
def keys_of(model: type[Strict]) -> tuple[Key, ...]:
    """The keys of a block, in the order in which they are best read."""
    model.model_rebuild()
    found = [
        _key(info.validation_alias, info)
        for info in model.model_fields.values()
        if isinstance(info.validation_alias, AliasChoices)
    ]
    if model is Step:
        found += [_action(kind, *written) for kind, written in ACTIONS.items()]
    return tuple(sorted(found, key=lambda key: key.chinese in model.written_last))


def _key(names: AliasChoices, info: FieldInfo) -> Key:
    chinese, english = map(str, names.choices)
    shape = shape_of(info.annotation, info.metadata)
    required = info.is_required()
    return Key(chinese, english, shape, required, _shown(info, shape), info.description or "")


def _action(kind: str, english: str, shorthand: str | None) -> Key:
    model = next(m for m in _members(Action) if kind in get_args(m.model_fields["do"].annotation))
    shape: Shape = Block(model)
    if shorthand:
        shape = next(key.shape for key in keys_of(model) if key.chinese == shorthand)
    return Key(kind, english, shape, False, "", vocabulary.ACTIONS[kind], moves=False)


def shape_of(annotation: Any, metadata: Iterable[Any] = ()) -> Shape:
    """The shape of a field or of an item, from its type and what is annotated to it."""
    notes = list(metadata)
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        notes = [*more, *notes]
    phrases = {note.name for note in notes if isinstance(note, Phrase)}
    options: list[Shape] = [
        *(Fixed(_words(annotation, note, phrases)) for note in notes if isinstance(note, Words)),
        *(Spelt(note) for note in notes if isinstance(note, Phrase)),
        *(Name(note.kind) for note in notes if isinstance(note, Named)),
        *(note for note in notes if isinstance(note, PhraseTable)),
        *(
            Spelt(counted(note.units[0]))
            for note in notes
            if isinstance(note, Number) and not note.bare
        ),
    ]
    if (options and get_origin(annotation) not in (tuple, dict)) or _is_table(options):
        return options[0] if len(options) == 1 else Either(tuple(options))
    return _bare(annotation, notes)


def _is_table(options: list[Shape]) -> bool:
    return any(isinstance(option, PhraseTable) for option in options)


def _bare(annotation: Any, notes: list[Any]) -> Shape:
    """The shape of a type nothing has been said about."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _union(annotation, notes)
    if origin is tuple:
        limits = dict(_limits(notes))
        alone = any(getattr(note, "func", None) is as_items for note in notes)
        return Many(shape_of(args[0]), alone, limits.get("min_length", 0), limits.get("max_length"))
    if origin is dict:
        return Table(shape_of(args[0]), shape_of(args[1]))
    if origin is Literal:
        return Fixed(tuple((word, word) for word in args))
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return _SPECIAL.get(annotation) or Block(annotation)
    if annotation is bool:
        return Plain("不写")
    if annotation is date:
        return Plain("日期")
    return Plain("数字" if annotation is int else "文字", _limits(notes))


def _union(annotation: Any, notes: list[Any]) -> Shape:
    members = [member for member in get_args(annotation) if member is not type(None)]
    if len(members) == 1:
        return shape_of(members[0], notes)
    if Tagged in members:
        return OneKey("条件")
    if Button in members:
        return Either((Fixed(_bare_evidence()), OneKey("完成依据")))
    return Either(tuple(shape_of(member) for member in members))


@cache
def entries_of(name: str) -> tuple[Entry, ...]:
    """What may stand in a :class:`OneKey` of this name."""
    match name:
        case "条件":
            return tuple(map(_condition, vocabulary.CONDITIONS))
        case "信号":
            return tuple(_entry(item.key, item.value, item.says) for item in vocabulary.SIGNS)
        case "还需要":
            return tuple(_entry(item.key, item.value) for item in vocabulary.NEEDS)
        case "完成依据":
            return tuple(
                Entry(_word(key.chinese, key.english), key.shape, key.says)
                for model in _evidence()
                for key in keys_of(model)
            )
        case "发生的事":
            return tuple(
                _entry(_word(kind, _english_kind(kind)), value)
                for kind, value in vocabulary.HAPPENS.items()
            )
        case "发生":
            return (*entries_of("发生的事"), Entry(MOMENT, _HAPPENING))
        case "期望":
            return tuple(
                Entry(_word(chinese, english), Name("用例步骤"))
                for english, chinese in SEEN_ACTIONS.items()
            )
    raise KeyError(name)


def _entry(key: Phrase, value: Any, says: str = "") -> Entry:
    return Entry(key, shape_of(value), says)


def _condition(item: vocabulary.Item) -> Entry:
    if item.value is vocabulary.Nested:
        return Entry(item.key, Many(OneKey("条件"), alone=False, least=1), item.says)
    shape = shape_of(item.value)
    if item.key.name == "门店":
        shape = Either((Fixed((("全部", "all"),)), shape))
    return Entry(item.key, shape, item.says)


def _word(chinese: str, english: str) -> Phrase:
    return Phrase(chinese, (Spelling(chinese, english),))


def _english_kind(kind: str) -> str:
    found = next(english for english, chinese in HAPPENS_KINDS.items() if chinese == kind)
    return found.replace(" ", "_")


_HAPPENING: Shape = Either(
    (
        Fixed(
            tuple(
                (chinese, english)
                for english, chinese in HAPPENS_KINDS.items()
                if chinese not in vocabulary.HAPPENS
                or not HAPPENS_VALUES.get(chinese, ("", True))[1]
            )
        ),
        OneKey("发生的事"),
    )
)
_SPECIAL: Mapping[type, Shape] = {
    Sign: OneKey("信号"),
    Need: OneKey("还需要"),
    Happens: Either((_HAPPENING, OneKey("发生"))),
    Seen: Either((Name("用例步骤"), OneKey("期望"))),
}


def _evidence() -> list[type[Strict]]:
    """清单全部勾选, or {按钮: 已问到}: models told apart by ``do``, with at most one key."""
    return _members(Evidence)


def _bare_evidence() -> tuple[tuple[str, str], ...]:
    """What needs no value."""
    english = {chinese: word for word, chinese in EVIDENCE.items() if "_" not in word}
    found = []
    for model in _evidence():
        (kind,) = get_args(model.model_fields["do"].annotation)
        if not any(
            info.is_required() and name != "do" for name, info in model.model_fields.items()
        ):
            found.append((kind, english[kind]))
    return tuple(found)


def _members(annotation: Any) -> list[type[Strict]]:
    """The models of a union, out of its annotations."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return list(get_args(annotation))


def _words(annotation: Any, note: Words, phrases: set[str]) -> tuple[tuple[str, str], ...]:
    """Every word the type allows that is no phrase, with its English where it has one."""
    english = {chinese: word for word, chinese in note.pairs}
    allowed = _literals(annotation) or list(english)
    return tuple((word, english.get(word, word)) for word in allowed if word not in phrases)


def _literals(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    return [word for part in get_args(annotation) for word in _literals(part)]


_LIMITS = ("min_length", "max_length", "pattern", "ge", "le")


def _limits(notes: Iterable[Any]) -> tuple[tuple[str, Any], ...]:
    found: dict[str, Any] = {}
    for note in notes:
        parts = note.metadata if isinstance(note, FieldInfo) else [note]
        for part in parts:
            for limit in _LIMITS:
                if (value := getattr(part, limit, None)) is not None:
                    found[limit] = value
    return tuple(found.items())


def _shown(info: FieldInfo, shape: Shape) -> str:
    """The default as somebody would write it; "" when there is none worth saying."""
    value = None if info.is_required() else info.default
    match value:
        case None | () | "":
            return ""
        case bool():
            return "是" if value else "否"
        case Span() | Workdays():
            return in_words(value)
        case float():
            return f"{value:.4g}" if value > 1 else f"{100 * value:.4g}%"
        case int() if isinstance(shape, Spelt):
            return shape.phrase.spellings[0].chinese.replace("[count]", str(value))
        case tuple():
            return "、".join(map(str, value))
        case Strict() | dict():
            return ""
    return str(value)
