"""What may be written at a place of a YAML text, out of the schema: for the editor.  Pure.

The text is being written, so it is no YAML yet: the place is found by how lines are indented.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.kinds import KINDS
from config.spreadsheet.yaml import quoted

MOST: Final = 60
ITEM: Final = "-"
Schema = Mapping[str, Any]

_SPLIT = re.compile(r"---(\s|$)")
_DASHES = re.compile(r"(?:-\s+|-$)+")
_ENTRY = re.compile(r"(\"[^\"]*\"|'[^']*'|[^\s:#][^:#]*?)\s*:(?:\s+(.*)|$)")
_BLOCK = re.compile(r"[|>][+-]?\d?\s*$")


@dataclass(frozen=True, slots=True)
class Offer:
    """``text`` takes the place of what was typed; ``says`` is what it means."""

    text: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """``path``: the keys that lead there, ``-`` for an entry of a list.

    ``key``: whose value is written; None: a key is, or an entry of a list. ``siblings``: the keys
    that are there already.
    """

    path: tuple[str, ...]
    key: str | None
    typed: str
    siblings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Line:
    """One written line: where its key stands, and its dash (None: it has none)."""

    column: int
    dash: int | None
    key: str
    value: str

    @property
    def start(self) -> int:
        return self.column if self.dash is None else self.dash


def complete(text: str, line: int, column: int, schema: Schema) -> tuple[str, list[Offer]]:
    """What was typed of the word at this place (both from 0), and what it may become."""
    place = place_at(text, line, column)
    if place is None:
        return "", []
    offers = {offer.text: offer for offer in _offers(place, schema)}
    typed = place.typed.strip("\"'").lower()
    fitting = [one for one in offers.values() if typed in one.text.lower()]
    fitting.sort(key=lambda one: not one.text.lower().strip("\"'").startswith(typed))
    return place.typed, fitting[:MOST]


# ---- where it is --------------------------------------------------------------------------------


def place_at(text: str, line: int, column: int) -> Place | None:
    """None in a comment and in a text of several lines: nothing is to be offered there."""
    lines = text.split("\n")
    if line >= len(lines):
        return None
    first = max((n + 1 for n in range(line) if _SPLIT.match(lines[n])), default=0)
    last = next((n for n in range(line + 1, len(lines)) if _SPLIT.match(lines[n])), len(lines))
    here = lines[line][:column]
    if re.search(r"(^|\s)#", _without_quoted(here)):
        return None
    above = [found for one in lines[first:line] if (found := _read(one))]
    below = [found for one in lines[line + 1 : last] if (found := _read(one))]
    return _place(_start(here), here, above, below)


def _start(here: str) -> _Line:
    """The line being written, as far as its first key."""
    bare = here.lstrip(" ")
    indent = len(here) - len(bare)
    dashes = _DASHES.match(bare)
    dash = indent if dashes else None
    content = bare[dashes.end() :] if dashes else bare
    entry = _ENTRY.match(content)
    key, value = (_bare(entry[1]), entry[2] or "") if entry else ("", content)
    return _Line(len(here) - len(content), dash, key, value)


def _place(start: _Line, here: str, above: Sequence[_Line], below: Sequence[_Line]) -> Place | None:
    path = _path(start, above)
    if path is None:
        return None
    entry = bool(start.key)
    flow = _flow(start.value)
    if flow is not None:
        inner, key, typed, keys = flow
        return Place((*path, *([start.key] if entry else []), *inner), key, typed, keys)
    siblings = _siblings(start, above, below)
    if entry:
        if here.endswith(":"):
            return None  # a value begins behind a blank
        return Place(path, start.key, start.value, siblings)
    return Place(path, None, start.value, siblings)


def _path(start: _Line, above: Sequence[_Line]) -> tuple[str, ...] | None:
    """The keys around a line, the outermost first; None inside a text of several lines."""
    found: list[str] = []
    column, dash, at = start.column, start.dash, len(above)
    while True:
        if dash is not None:
            found.append(ITEM)
            limit, same = dash, True
        else:
            limit, same = column, False
        parent = _parent(above, at, limit, same)
        if parent is None:
            break
        at, in_item = parent
        line = above[at]
        if in_item:  # the first line of the very entry this one belongs to
            column, dash = line.column, line.dash
            continue
        if _BLOCK.match(line.value):
            return None
        found.append(line.key)
        column, dash = line.column, line.dash
    return tuple(reversed(found))


def _parent(above: Sequence[_Line], at: int, limit: int, same: bool) -> tuple[int, bool] | None:
    """The line around one that begins at ``limit``, and whether it is of the same entry.

    ``same``: that one is a dash, which may stand under its key at the same column.
    """
    for n in range(at - 1, -1, -1):
        line = above[n]
        if line.dash is not None and line.column == limit and not same:
            return n, True
        if line.start > limit or (line.dash is not None and line.dash == limit):
            continue
        if line.column < limit or (same and line.column == limit and not line.value):
            return n, False
    return None


def _siblings(start: _Line, above: Sequence[_Line], below: Sequence[_Line]) -> frozenset[str]:
    """The keys of the same block."""
    found: set[str] = set()
    for line in below:
        if line.start < start.column:
            break
        if line.column == start.column:
            found.add(line.key)
    for line in reversed(above if start.dash is None else ()):
        if line.column == start.column:
            found.add(line.key)
        if line.start < start.column:
            break
    return frozenset(found - {""})


def _read(line: str) -> _Line | None:
    """None for what says nothing: a blank line, a comment."""
    bare = line.strip()
    if not bare or bare.startswith("#"):
        return None
    return _start(line.rstrip())


def _flow(value: str) -> tuple[tuple[str, ...], str | None, str, frozenset[str]] | None:
    """Inside {…} or […] on one line: the path in it, the key, what was typed, the keys there."""
    stack: list[tuple[str, str | None, set[str]]] = []
    token, quote = "", ""
    for sign in value:
        if quote:
            quote = "" if sign == quote else quote
            token += sign
        elif sign in "\"'" and not token.strip():
            quote, token = sign, token + sign
        elif sign in "{[" and not token.strip():
            stack.append((sign, None, set()))
            token = ""
        elif sign in "}]" and stack:
            stack.pop()
            token = ""
        elif sign == "," and stack:
            kind, _, keys = stack[-1]
            stack[-1] = kind, None, keys
            token = ""
        elif sign == ":" and stack and stack[-1][0] == "{" and stack[-1][1] is None:
            kind, _, keys = stack[-1]
            name = _bare(token.strip())
            stack[-1] = kind, name, keys | {name}
            token = ""
        else:
            token += sign
    if not stack:
        return None
    path = [ITEM if kind == "[" else key or "" for kind, key, _ in stack[:-1]]
    kind, key, keys = stack[-1]
    if kind == "[":
        return (*path, ITEM), None, token.lstrip(), frozenset()
    return tuple(path), key, token.lstrip(), frozenset(keys)


def _without_quoted(text: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'", "", text)


def _bare(key: str) -> str:
    return key.strip("\"'")


# ---- what may stand there -----------------------------------------------------------------------


def _offers(place: Place, schema: Schema) -> Iterator[Offer]:
    blocks = _documents(place, schema)
    for step in place.path:
        blocks = [leaf for one in _step(blocks, step) for leaf in _leaves(one, schema)]
    if place.key is not None:
        blocks = _fitting(blocks, place.siblings)
        inner = [leaf for one in _step(blocks, place.key) for leaf in _leaves(one, schema)]
        yield from _values(inner)
        return
    at_top = not place.path
    for block in _fitting(blocks, place.siblings):
        if block.get("maxProperties") == 1 and place.siblings:
            continue
        properties = block.get("properties", {})
        names = (
            [n for n in properties if n in KINDS] if at_top and not place.siblings else properties
        )
        for name in names:
            if name not in place.siblings:
                yield Offer(f"{name}: ", str(properties[name].get("description", "")))
    yield from _values(blocks)


def _documents(place: Place, schema: Schema) -> list[Schema]:
    """The kinds of documents that have the keys this one begins with."""
    top = {place.path[0]} if place.path else {*place.siblings, *([place.key] if place.key else [])}
    options = [leaf for leaf in _leaves(schema, schema) if "properties" in leaf]
    return [one for one in options if top <= set(one["properties"])] or options


def _fitting(blocks: Sequence[Schema], siblings: frozenset[str]) -> list[Schema]:
    """Where a block may be of several kinds: those that have what is there already."""
    fitting = [one for one in blocks if all(_has(one, key) for key in siblings)]
    return fitting or list(blocks)


def _has(block: Schema, key: str) -> bool:
    return any(True for _ in _step([block], key))


def _step(blocks: Sequence[Schema], step: str) -> Iterator[Schema]:
    """One step inwards."""
    for block in blocks:
        if step == ITEM:
            if "items" in block:
                yield block["items"]
            continue
        if step in block.get("properties", {}):
            yield block["properties"][step]
            continue
        for pattern, value in block.get("patternProperties", {}).items():
            if re.search(pattern, step):
                yield value
        if isinstance(block.get("additionalProperties"), Mapping):
            yield block["additionalProperties"]


def _leaves(block: Schema, schema: Schema) -> Iterator[Schema]:
    """What a reference or a choice may be in the end, with what was said on the way."""
    if "$ref" in block:
        name = str(block["$ref"]).removeprefix("#/$defs/")
        yield from _leaves(schema["$defs"][name], schema)
    for inner in (*block.get("anyOf", ()), *block.get("allOf", ())):
        yield from _leaves(inner, schema)
    if not {"$ref", "anyOf", "allOf"} & set(block):
        yield block


def _values(leaves: Sequence[Schema]) -> Iterator[Offer]:
    for leaf in leaves:
        says = str(leaf.get("description", ""))
        for value in leaf.get("enum", ()):
            yield Offer(quoted(str(value)), "")
        for value in leaf.get("examples", ()):
            yield Offer(quoted(str(value)), says.partition("：")[0])
