"""YAML into places and texts, refusing at the level of events what no SOP needs.

No aliases, anchors or tags, bounded size, depth and number of nodes: a 324-byte alias bomb is
refused before anything is built. Every value stays text: 10:00 is a time, on and 是 are words.
"""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from config.reading import Items, Map, Place, Text

MAX_BYTES = 256 * 1024
MAX_LINES = 6_000
MAX_LINE = 20_000
MAX_DEPTH = 20
MAX_NODES = 5_000
# the scanner would first look far ahead
_DEEP = re.compile(rf"(?:[\[{{]\s*){{{MAX_DEPTH}}}|^\s*(?:- +){{{MAX_DEPTH}}}", re.MULTILINE)


class _Yaml(YAML):
    """Without looking through the file system for plug-ins each time."""

    def official_plug_ins(self) -> Any:
        return []


class BadYaml(Exception):
    """This text is no YAML, or YAML that is not wanted here."""

    def __init__(self, text: str, at: Place, cure: str = "", began: Place | None = None) -> None:
        super().__init__(text)
        self.text, self.at, self.cure, self.began = text, at, cure, began


class Duplicate(BadYaml):
    """The same key twice in one block; ``began`` is the first."""


def tree(text: str, above: int = 0) -> tuple[Any, list[Duplicate]]:
    """One document as :class:`Map`, :class:`Items` and :class:`Text`; None when it is empty.

    ``above``: so many lines of the file stand before the text. Duplicate keys do not stop the
    reading; anything else that is wrong raises :class:`BadYaml`.
    """
    builder = _Builder(_events(text, above), above)
    return builder.document(), builder.duplicates


def _events(text: str, above: int) -> Iterator[Event]:
    if found := _DEEP.search(text):
        raise too_deep(_at(text, found.start(), above))
    try:
        yield from _Yaml(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        began = _mark(error.context_mark, above) if error.context_mark else None
        at = _mark(error.problem_mark, above) if error.problem_mark else began
        text = str(error.problem or error.context or "")
        raise BadYaml(text, at or Place(above + 1, 1), began=began) from error
    except ReaderError as error:
        at = _at(text, error.position, above)
        raise BadYaml("这里有不能显示的字符", at, "删掉这个字符，或重新输入这一行") from error


def too_deep(at: Place) -> BadYaml:
    return BadYaml(f"层级太深，最多 {MAX_DEPTH} 层", at, "把里面的步骤拆出来")


def too_many(at: Place) -> BadYaml:
    return BadYaml(f"内容太多，一段最多 {MAX_NODES} 项", at, "分成几段或几个文件")


def _at(text: str, position: int, above: int) -> Place:
    before = text[:position]
    return Place(above + before.count("\n") + 1, position - before.rfind("\n"))


def _mark(mark: Any, above: int) -> Place:
    return Place(above + mark.line + 1, mark.column + 1)


class _Builder:
    def __init__(self, events: Iterator[Event], above: int) -> None:
        self._events = events
        self._above = above
        self._nodes = 0
        self.duplicates: list[Duplicate] = []

    def document(self) -> Any:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                root = self._node(next(self._events), 0)
                for more in self._events:  # to the end, so that nothing behind it goes unread
                    if isinstance(more, DocumentStartEvent):
                        at = _mark(more.start_mark, self._above)
                        raise BadYaml("这里开始了新的一段", at, "两段之间单独写一行 ---")
                return root
        return None

    def _node(self, event: Event, depth: int) -> Any:
        at = _mark(event.start_mark, self._above)
        self._guard(event, depth, at)
        if isinstance(event, ScalarEvent):
            if event.value == "" and event.style is None:
                return None
            last_line = _mark(event.end_mark, self._above).line
            return Text.written(event.value, at, last_line=last_line, plain=event.style is None)
        if isinstance(event, SequenceStartEvent):
            return self._items(Items(at), depth)
        return self._map(Map(at), depth)

    def _items(self, items: Items, depth: int) -> Items:
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _map(self, block: Map, depth: int) -> Map:
        while not isinstance(event := next(self._events), MappingEndEvent):
            name = self._node(event, depth + 1)
            if not isinstance(name, Text):
                at = _mark(event.start_mark, self._above)
                raise BadYaml("设置项的名称只能是文字", at, "写成 设置项: 值")
            value = self._node(next(self._events), depth + 1)
            if name in block:
                first = block.keys_at[name]
                self.duplicates.append(Duplicate(str(name), name.at, began=first))
            else:
                block.add(str(name), value, name.at)
        return block

    def _guard(self, event: Event, depth: int, at: Place) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise too_many(at)
        if depth > MAX_DEPTH:
            raise too_deep(at)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            _refuse_mark(event, at)
        if getattr(event, "tag", None) not in (None, "!"):
            raise BadYaml("这里不能用“!”开头的标记", at, "如果是文字，请加英文双引号")


def _refuse_mark(event: Event, at: Place) -> NoReturn:
    sign = "*" if isinstance(event, AliasEvent) else "&"
    raise BadYaml(f"这里不能用“{sign}”引用", at, "把内容完整写一遍；如果是文字，请加英文双引号")
