"""Documents as anybody might write them, drawn from the shapes of the language."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.grammar import documents, entries_of, keys_of
from config.kinds import KINDS
from config.reading import Strict
from config.shapes import Block, Either, Fixed, Key, Many, Name, OneKey, Plain, Shape, Spelt, Table
from config.spelling import SLOTS, Phrase, PhraseTable, Spelling
from config.steps import Step

NAMES = st.text("甲乙丙丁戊己庚辛", min_size=1, max_size=4)
TEXTS = st.text("甲乙丙：，“”#- {}@1？!", min_size=1, max_size=12).map(str.strip).filter(bool)
_SLOT_VALUES: Mapping[str, st.SearchStrategy[str]] = {
    "n": st.integers(1, 400).map(str),
    "count": st.integers(0, 5000).map(str),
    "m": st.integers(1, 12).map(str),
    "d": st.integers(1, 28).map(str),
    "at": st.times().map(lambda t: f"{t:%H:%M}"),
    "to": st.times().map(lambda t: f"{t:%H:%M}"),
    "date": st.dates().map(lambda d: f"{d:%Y-%m-%d}").filter(lambda text: len(text) == 10),
    "attribute": NAMES.map(lambda name: f"{{{name}}}"),
    "text": NAMES,
    "share": st.integers(0, 100).map(lambda n: f"{n}%"),
}


@st.composite
def spelt(draw: st.DrawFn, phrase: Phrase) -> str:
    """A phrase with any numbers in it, in Chinese."""
    spelling: Spelling = draw(
        st.sampled_from([s for s in phrase.spellings if s.says or len(phrase.spellings) == 1])
    )
    text = spelling.chinese
    for name, slot in SLOTS.items():
        if f"[{name}]" in text:
            value = draw(_SLOT_VALUES.get(name, st.just(slot.sample)))
            text = text.replace(f"[{name}]", value)
    return text


def written(shape: Shape, depth: int = 4) -> st.SearchStrategy[Any]:
    """Anything of this shape, in Chinese, as plain data; blocks nest ``depth`` deep."""
    match shape:
        case Fixed(words):
            return st.sampled_from([chinese for chinese, _ in words])
        case Name():
            return NAMES
        case Spelt(phrase):
            return spelt(phrase)
        case Plain(kind, limits):
            if "pattern" in dict(limits):
                return st.just("https://example.com/a")
            return {
                "文字": TEXTS.map(lambda text: text[: dict(limits).get("max_length")].strip()),
                "数字": st.integers(1, 90).map(str),
                "日期": st.just("2026-10-01"),
                "不写": st.none(),
            }[kind]
        case Many(item=item, alone=alone, least=least):
            few = max(1, least)
            items = st.lists(written(item, depth), min_size=few, max_size=max(2, few))
            return st.one_of(items, written(item, depth)) if alone else items
        case Table(keys, values):
            return st.dictionaries(written(keys), written(values, depth), min_size=1, max_size=2)
        case PhraseTable(keys, values):
            return st.dictionaries(spelt(keys), spelt(values), min_size=1, max_size=2)
        case Block(model):
            return block(model, depth - 1)
        case OneKey(name):
            return st.sampled_from(_shallow(name, depth)).flatmap(
                lambda entry: st.builds(
                    lambda key, value: {key: value},
                    spelt(entry.key),
                    written(entry.value, depth - 1),
                )
            )
        case Either(options):
            return st.one_of([written(option, depth) for option in options])


def _shallow(name: str, depth: int) -> list[Any]:
    deep = ("任一", "都不")
    return [entry for entry in entries_of(name) if depth > 0 or entry.key.name not in deep]


@st.composite
def block(draw: st.DrawFn, model: type[Strict], depth: int = 4) -> dict[str, Any]:
    """A block with its required keys and some of the others, in any order but for actions."""
    keys = [key for key in keys_of(model) if key.required or (depth > 0 and draw(st.booleans()))]
    if model is Step and depth <= 0:
        keys = [key for key in keys if key.moves]
    placed: list[Key] = draw(st.permutations([key for key in keys if key.moves]))
    keys = [*placed, *draw(st.permutations([key for key in keys if not key.moves]))]
    return {key.chinese: draw(written(key.shape, depth)) for key in keys}


@st.composite
def documents_written(draw: st.DrawFn) -> dict[str, Any]:
    """One document of any kind: its kind first, the rest in any order."""
    kind = draw(st.sampled_from(list(documents())))
    model = draw(st.sampled_from(documents()[kind]))
    body = draw(block(model))
    first = next(name for name, known in KINDS.items() if known == kind)
    body.setdefault(first, "全局" if kind == "规则" else "默认")
    if kind == "素材":
        body["类型"] = (model.__doc__ or "").rstrip(".")
    return {first: body.pop(first), **body}


def dumped(document: Any) -> str:
    """As YAML, the way a program writes it."""
    out, yaml = StringIO(), YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.allow_unicode, yaml.sort_base_mapping_type_on_output = (
        False,
        True,
        False,
    )
    yaml.representer.add_representer(str, _text)
    yaml.width = 10_000
    yaml.dump(document, out)
    return out.getvalue()


def _text(representer: Any, value: str) -> Any:
    """A text of ours is a text, however much it looks like a date."""
    plain = not any(char in value for char in "#{}@!-:?\"'%,[]&*|>`")
    return representer.represent_scalar(
        "tag:yaml.org,2002:str", value, style=None if plain else '"'
    )
