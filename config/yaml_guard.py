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
MAX_DEPTH = 20
MAX_NODES = 5_000
_DEEP = re.compile(r"(?:[\[{]\s*){20}")  # the scanner would first look far ahead


class BadYaml(Exception):
    """This text is no YAML, or YAML that is not wanted here."""

    def __init__(self, text: str, at: Place, cure: str = "", began: Place | None = None) -> None:
        super().__init__(text)
        self.text, self.at, self.cure, self.began = text, at, cure, began


class Duplicate(BadYaml):
    """The same key twice in one block; ``began`` is the first."""


def tree(text: str) -> tuple[Any, list[Duplicate]]:
    """One document as :class:`Map`, :class:`Items` and :class:`Text`; None when it is empty.

    Duplicate keys do not stop the reading; anything else that is wrong raises :class:`BadYaml`.
    """
    builder = _Builder(_events(text))
    return builder.document(), builder.duplicates


def _events(text: str) -> Iterator[Event]:
    if found := _DEEP.search(text):
        raise BadYaml(
            f"层级太深，最多 {MAX_DEPTH} 层", _at(text, found.start()), "把里面的步骤拆出来"
        )
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        began = _mark(error.context_mark) if error.context_mark else None
        at = _mark(error.problem_mark) if error.problem_mark else began or Place(1, 1)
        raise BadYaml(str(error.problem or error.context or ""), at, began=began) from error
    except ReaderError as error:
        at = _at(text, error.position)
        raise BadYaml("这里有不能显示的字符", at, "删掉这个字符，或重新输入这一行") from error


def _at(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - before.rfind("\n"))


def _mark(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


class _Builder:
    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._nodes = 0
        self.duplicates: list[Duplicate] = []

    def document(self) -> Any:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                root = self._node(next(self._events), 0)
                for _ in self._events:  # to the end, so that nothing behind it goes unread
                    pass
                return root
        return None

    def _node(self, event: Event, depth: int) -> Any:
        at = _mark(event.start_mark)
        self._guard(event, depth, at)
        if isinstance(event, ScalarEvent):
            if event.value == "" and event.style is None:
                return None
            last_line = event.end_mark.line + 1
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
                raise BadYaml("设置项的名称只能是文字", _mark(event.start_mark))
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
            raise BadYaml(f"内容太多，一个文件最多 {MAX_NODES} 项", at, "分成几个文件")
        if depth > MAX_DEPTH:
            raise BadYaml(f"层级太深，最多 {MAX_DEPTH} 层", at, "把里面的步骤拆出来")
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            _refuse_mark(event, at)
        if getattr(event, "tag", None) not in (None, "!"):
            raise BadYaml("这里不能用“!”开头的标记", at, "如果是文字，请加英文双引号")


def _refuse_mark(event: Event, at: Place) -> NoReturn:
    sign = "*" if isinstance(event, AliasEvent) else "&"
    raise BadYaml(f"这里不能用“{sign}”引用", at, "把内容完整写一遍；如果是文字，请加英文双引号")
