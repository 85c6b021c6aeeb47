"""A document as it stands in its file: every value with its place and its comments.

Where config/yaml_guard.py keeps what a text means, this keeps how it was written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from config.mistakes import width


@dataclass(slots=True)
class Scalar:
    """``written``: as in the file, quotes and line breaks too; "" when nothing is written."""

    value: str
    written: str
    line: int
    column: int
    last_line: int
    style: str | None

    @property
    def plain(self) -> bool:
        return self.style is None


@dataclass(slots=True)
class Entry:
    """A key with its value, or one item of a list (``key`` is None)."""

    key: Scalar | None
    value: "Node"
    line: int
    column: int
    above: list[str] = field(default_factory=list)
    """Comments on lines of their own before it; "" is an empty line between or before them."""
    beside: str = ""
    """The comment at the end of the line with its key …"""
    beside_at: int = 0
    """… and the column of the screen where it begins."""


@dataclass(slots=True)
class Block:
    """A block of keys, or a list; ``flow``: written in brackets."""

    keyed: bool
    flow: bool
    line: int
    column: int
    last_line: int
    last_column: int
    entries: list[Entry] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    """Comments behind the last entry."""


Node: TypeAlias = Scalar | Block


@dataclass(slots=True)
class Source:
    """One document; ``root`` is None when there are only comments (``below``)."""

    lines: list[str]
    root: Node | None
    below: list[str] = field(default_factory=list)


def source(lines: list[str]) -> Source:
    """Read one document that config/yaml_guard.py has found to be without fault."""
    reader = _Reader(lines)
    found = Source(lines, reader.document())
    _Comments(found, reader.taken).place()
    return found


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._events = iter(YAML(typ="safe", pure=True).parse("\n".join(lines) + "\n"))
        self.taken: dict[int, int] = {}
        """Line → where its last value ends; lines inside of a text count as taken entirely."""

    def document(self) -> Node | None:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                return self._node(next(self._events))
        return None

    def _node(self, event: Event) -> Node:
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        start, keyed = event.start_mark, isinstance(event, MappingStartEvent)
        flow = bool(getattr(event, "flow_style", False))
        block = Block(keyed, flow, start.line, start.column, 0, 0)
        block.entries = list(self._pairs() if keyed else self._items(block))
        block.last_line, block.last_column = self._end.line, self._end.column
        if block.flow:
            self._take(block.last_line, block.last_column)
            for line in range(block.line, block.last_line):
                self._take(line, 0)
        return block

    def _pairs(self) -> Iterator[Entry]:
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._scalar(cast(ScalarEvent, event))  # no SOP has a key that is a block
            yield Entry(key, self._node(next(self._events)), key.line, key.column)
        self._end = event.end_mark

    def _items(self, block: Block) -> Iterator[Entry]:
        while not isinstance(event := next(self._events), SequenceEndEvent):
            start = event.start_mark
            line, column = start.line, start.column
            if not block.flow:  # the dash may stand on a line above
                line, column = self._dash(line, block.column), block.column
            yield Entry(None, self._node(event), line, column)
        self._end = event.end_mark

    def _dash(self, line: int, column: int) -> int:
        while line > 0 and self._lines[line][column : column + 1] != "-":
            line -= 1
        return line

    def _scalar(self, event: ScalarEvent) -> Scalar:
        start, end = event.start_mark, event.end_mark
        if event.value == "" and event.style is None:
            return Scalar("", "", start.line, start.column, start.line, None)
        if event.style in ("|", ">"):
            return self._block_text(event)
        lines = self._lines[start.line : end.line + 1]
        lines[-1] = lines[-1][: end.column]
        lines[0] = lines[0][start.column :]
        for line in range(start.line, end.line):
            self._take(line, len(self._lines[line]))
        self._take(end.line, end.column)
        written = "\n".join(lines)
        return Scalar(event.value, written, start.line, start.column, end.line, event.style)

    def _block_text(self, event: ScalarEvent) -> Scalar:
        """| and the lines below, without the empty lines behind them."""
        first = event.start_mark.line
        header = re.findall(r"[|>][-+\d]*", self._lines[first][event.start_mark.column :])
        last = min(event.end_mark.line, len(self._lines) - 1)
        while last > first and not self._inside(last, event, first):
            last -= 1
        for line in range(first + 1, last + 1):
            self._take(line, len(self._lines[line]))
        self._take(first, event.start_mark.column + len(header[0]))
        written = "\n".join([header[0], *self._lines[first + 1 : last + 1]])
        column = event.start_mark.column
        return Scalar(event.value, written, first, column, last, event.style)

    def _inside(self, line: int, event: ScalarEvent, first: int) -> bool:
        """Behind the text come empty lines, comments and the next key."""
        if line >= event.end_mark.line and event.end_mark.column == 0:
            return False
        return bool(self._lines[line].strip())

    def _take(self, line: int, column: int) -> None:
        self.taken[line] = max(column, self.taken.get(line, 0))


class _Comments:
    """Puts every comment with the entry it speaks about."""

    def __init__(self, found: Source, taken: dict[int, int]) -> None:
        self._source = found
        self._taken = taken
        self._anchors: list[tuple[Entry, list[Block]]] = []
        """Entries in the order written, each with the blocks around it."""

    def place(self) -> None:
        if isinstance(self._source.root, Block) and not self._source.root.flow:
            self._collect(self._source.root, [])
        waiting: list[tuple[int, str]] = []
        anchors = {entry.line: (entry, around) for entry, around in reversed(self._anchors)}
        before: list[Block] = []
        for number, line in enumerate(self._source.lines):
            if number in anchors:
                entry, around = anchors[number]
                self._settle(waiting, entry, before)
                waiting, before = [], around
            if number in self._taken or number in anchors:
                self._beside(number, line)
            elif not line.strip() or line.lstrip().startswith("#"):
                waiting.append((len(line) - len(line.lstrip()), line.strip()))
        self._settle(waiting, None, before)

    def _collect(self, block: Block, around: list[Block]) -> None:
        for entry in block.entries:
            self._anchors.append((entry, [*around, block]))
            if isinstance(entry.value, Block) and not entry.value.flow:
                self._collect(entry.value, [*around, block])

    def _beside(self, number: int, line: str) -> None:
        behind = line[self._taken.get(number, 0) :]
        hash_at = behind.find("#")
        if hash_at < 0:
            return
        here = [entry for entry, _ in self._anchors if entry.line == number]
        near = [entry for entry, _ in self._anchors if entry.line <= number]
        if target := here[-1] if here else near[-1] if near else None:
            target.beside = behind[hash_at:].rstrip()
            target.beside_at = width(line[: self._taken.get(number, 0) + hash_at])

    def _settle(
        self, waiting: list[tuple[int, str]], entry: Entry | None, before: list[Block]
    ) -> None:
        """Comments deeper than what follows belong to what they follow."""
        floor = entry.column if entry else 0
        above: list[str] = []
        for column, text in waiting:
            open_blocks = [block for block in before if floor < block.column <= column]
            if text and open_blocks:
                open_blocks[-1].below += [*above, text]
                above = []
            else:
                above.append(text)
        if entry:
            entry.above = above
        else:
            self._source.below = above
