"""Tidy a file without touching what it says: order of keys, indents, spacing, and its language."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from config.documents import SEPARATOR
from config.grammar import entries_of, keys_of
from config.kinds import KINDS, models
from config.mistakes import width
from config.shapes import Block as BlockShape
from config.shapes import Either, Fixed, Key, Many, OneKey, Shape, Spelt, Table
from config.source import Block, Entry, Scalar, Source, source
from config.spelling import Language, PhraseTable

_COMMENT_COLUMN: Final = 30
_UNKNOWN: Final = Either(())
_STEPS = ("步骤", "steps")
_UNSAFE = re.compile(r"""[\s@`%{}\[\]"'&*!|>,#?:-]|.*(?:: | #)|.*:$""", re.DOTALL)


def tidy(text: str, language: Language | None = None) -> str:
    """The same file, tidied; in ``language`` where given. The text must be without mistakes."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    found: list[str] = []
    for separator, part in _documents(lines):
        found += [separator] if separator else []
        found += _document(source(part), language)
    while found and not found[-1]:
        found.pop()
    return "\n".join(found) + "\n"


def _documents(lines: list[str]) -> Iterable[tuple[str, list[str]]]:
    separator, part = "", list[str]()
    for line in lines:
        if SEPARATOR.fullmatch(line):
            yield separator, part
            separator, part = line.rstrip(), []
        else:
            part.append(line)
    yield separator, part


def _document(found: Source, language: Language | None) -> list[str]:
    root = found.root
    if not isinstance(root, Block) or root.flow or not root.entries:
        return _trimmed([line.rstrip() for line in found.lines])
    writer = _Writer(found, language)
    lines = writer.block(root, _shape(root), 0, airy=_name(root.entries[0]) in ("SOP", "sop"))
    return _trimmed([*lines, *found.below])


def _shape(root: Block) -> Shape:
    """The model that reads this document."""
    names = {_name(entry): entry.value for entry in root.entries}
    options = models(KINDS[_name(root.entries[0])])
    for model in options:
        known = {name for key in keys_of(model) for name in (key.chinese, key.english)}
        required = [key for key in keys_of(model) if key.required]
        if set(names) <= known and all(k.chinese in names or k.english in names for k in required):
            return BlockShape(model)
    return BlockShape(options[0])


def _name(entry: Entry) -> str:
    return entry.key.value if entry.key else ""


class _Writer:
    """Writes blocks anew from what stands in the file."""

    def __init__(self, found: Source, language: Language | None) -> None:
        self._source = found
        self._to = language

    def block(self, block: Block, shape: Shape, indent: int, *, airy: bool = False) -> list[str]:
        """``airy``: the outermost block of an SOP, whose parts stand apart."""
        lines: list[str] = []
        for index, (entry, inner) in enumerate(self._ordered(block, _for_block(shape, block))):
            apart = airy and isinstance(entry.value, Block) and not entry.value.flow
            lines += self._above(entry, indent, first=not index, apart=apart)
            lines += self._entry(entry, inner, indent, airy=airy and _name(entry) in _STEPS)
        return lines + [_indented(comment, indent) for comment in block.below]

    def _above(self, entry: Entry, indent: int, *, first: bool, apart: bool) -> list[str]:
        comments = list(entry.above)
        blank = apart or "" in comments[:1]
        while comments and not comments[0]:
            comments.pop(0)
        kept = [c for n, c in enumerate(comments) if c or comments[n - 1 : n] != [""]]
        lines = [_indented(comment, indent) for comment in kept]
        return ["", *lines] if blank and not first else lines

    def _ordered(self, block: Block, shape: Shape) -> list[tuple[Entry, Shape | Key | None]]:
        """Each entry with what it is, in the order of the model."""
        found = [(entry, _inner(shape, entry)) for entry in block.entries]
        if not isinstance(shape, BlockShape) or not block.keyed:
            return found
        order = {key.chinese: rank for rank, key in enumerate(keys_of(shape.model))}
        last = len(order)

        def rank(pair: tuple[Entry, Shape | Key | None]) -> int:
            key = pair[1]
            return order[key.chinese] if isinstance(key, Key) and key.moves else last

        return sorted(found, key=rank)

    def _entry(
        self, entry: Entry, inner: Shape | Key | None, indent: int, *, airy: bool
    ) -> list[str]:
        shape = inner.shape if isinstance(inner, Key) else inner
        if entry.key is None:
            return self._item(entry, shape, indent)
        key = self._key(entry.key, inner)
        value = entry.value
        if isinstance(value, Scalar):
            return self._with_text(key, value, shape, indent, entry)
        if value.flow:
            return self._with_flow(key, value, shape, indent, entry)
        head = _commented(f"{' ' * indent}{key}:", entry)
        if airy and not value.keyed:
            return [head, *self._apart(value, shape, indent + 2)]
        return [head, *self.block(value, shape or _UNKNOWN, indent + 2)]

    def _apart(self, steps: Block, shape: Shape | None, indent: int) -> list[str]:
        """The steps of an SOP, with an empty line between them."""
        lines: list[str] = []
        for index, (entry, inner) in enumerate(self._ordered(steps, shape or _UNKNOWN)):
            lines += self._above(entry, indent, first=not index, apart=True)
            lines += self._entry(entry, inner, indent, airy=False)
        return lines + [_indented(comment, indent) for comment in steps.below]

    def _item(self, entry: Entry, shape: Shape | None, indent: int) -> list[str]:
        value = entry.value
        if isinstance(value, Scalar):
            return self._with_text("", value, shape, indent, entry)
        if value.flow:
            return self._with_flow("", value, shape, indent, entry)
        lines = self.block(value, shape or _UNKNOWN, indent + 2)
        at = next(n for n, line in enumerate(lines) if not line.lstrip().startswith("#") and line)
        above = [line[2:] for line in lines[:at]]
        first = f"{' ' * indent}- {lines[at][indent + 2 :]}"
        if entry.beside and not any(e.beside == entry.beside for e in value.entries):
            first = _commented(first, entry)
        return [*above, first, *lines[at + 1 :]]

    def _key(self, key: Scalar, inner: Shape | Key | None) -> str:
        if self._to is None or not isinstance(inner, Key):
            return key.written
        said = inner.english if self._to == "en" else inner.chinese
        return _instead(key, said)

    def _with_text(
        self, key: str, value: Scalar, shape: Shape | None, indent: int, entry: Entry
    ) -> list[str]:
        lead = " " * indent + (f"{key}:" if key else "-")
        written = self._text(value, shape)
        if not written:
            return [_commented(lead, entry)]
        first, *more = written.split("\n")
        head = _commented(f"{lead} {first}", entry)
        if value.style in ("|", ">"):
            return [head, *_moved(more, indent + 2)]
        return [head, *(_indented(line.strip(), indent + 2) for line in more)]

    def _with_flow(
        self, key: str, value: Block, shape: Shape | None, indent: int, entry: Entry
    ) -> list[str]:
        lead = " " * indent + (f"{key}:" if key else "-")
        if value.line == value.last_line:
            return [_commented(f"{lead} {self.flow(value, shape or _UNKNOWN)}", entry)]
        first, *more = self._spread(value, shape or _UNKNOWN).split("\n")
        moved = _moved(more, indent)
        return [f"{lead} {first}", *moved[:-1], _commented(moved[-1], entry)]

    def flow(self, block: Block, shape: Shape) -> str:
        """A block in brackets on one line."""
        shape = _for_block(shape, block)
        parts = []
        for entry, inner in self._ordered(block, shape):
            value_shape = inner.shape if isinstance(inner, Key) else inner
            if isinstance(entry.value, Block):
                value = self.flow(entry.value, value_shape or _UNKNOWN)
            else:
                value = self._text(entry.value, value_shape, in_flow=True)
            key = f"{self._key(entry.key, inner)}: " if entry.key else ""
            parts.append(f"{key}{value}".rstrip())
        written = ", ".join(parts)
        opened = self._source.lines[block.line][block.column]
        if block.keyed:
            return f"{{{written}}}" if opened == "{" else written
        return f"[{written}]"

    def _spread(self, block: Block, shape: Shape) -> str:
        """A block in brackets over several lines: as it stands, but for translated words."""
        lines = self._source.lines[block.line : block.last_line + 1]
        end = block.last_column
        for line, column, old, new in sorted(self._changes(block, shape), reverse=True):
            at = line - block.line
            lines[at] = lines[at][:column] + new + lines[at][column + len(old) :]
            end += len(new) - len(old) if line == block.last_line else 0
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][block.column :]
        return "\n".join(lines)

    def _changes(self, block: Block, shape: Shape) -> Iterator[tuple[int, int, str, str]]:
        """Line, column, what is written there, and what shall be."""
        shape = _for_block(shape, block)
        for entry in block.entries:
            inner = _inner(shape, entry)
            value_shape = inner.shape if isinstance(inner, Key) else inner
            if entry.key:
                yield entry.line, entry.column, entry.key.written, self._key(entry.key, inner)
            match entry.value:
                case Block() as nested:
                    yield from self._changes(nested, value_shape or _UNKNOWN)
                case Scalar(written=written) as value if "\n" not in written:
                    text = self._text(value, value_shape, in_flow=True)
                    yield value.line, value.column, written, text

    def _text(self, value: Scalar, shape: Shape | None, *, in_flow: bool = False) -> str:
        if self._to is None or shape is None or value.style in ("|", ">"):
            return value.written
        return _instead(value, translated(value.value, shape, self._to), in_flow=in_flow)


def _instead(old: Scalar, said: str, *, in_flow: bool = False) -> str:
    """Other words in the quotes of the old ones, and in quotes where YAML wants some."""
    if said == old.value:
        return old.written
    if not old.plain:
        return f"{old.written[0]}{said}{old.written[0]}"
    unsafe = _UNSAFE.match(said) or (in_flow and re.search(r"[,\[\]{}]", said))
    return f'"{said}"' if unsafe else said


def translated(text: str, shape: Shape, to: Language) -> str:
    """A word or a phrase in the other language; what has no other language stays."""
    match shape:
        case Fixed(words):
            pairs = words if to == "en" else [(english, chinese) for chinese, english in words]
            return dict(pairs).get(text, text)
        case Spelt(phrase):
            return phrase.translated(text, to)
        case Many(item=item):
            return translated(text, item, to)
        case Either(options):
            each = (translated(text, option, to) for option in options)
            return next((other for other in each if other != text), text)
    return text


def _for_block(shape: Shape, block: Block) -> Shape:
    """The one of several shapes that this block has; of a list, that of its one item."""
    match shape:
        case Either(options):
            fitting = [_for_block(option, block) for option in options]
            return next((s for s in fitting if _fits(s, block)), shape)
        case Many(item=item) if block.keyed:
            return _for_block(item, block)
    return shape


def _fits(shape: Shape, block: Block) -> bool:
    match shape:
        case Many():
            return not block.keyed
        case BlockShape() | OneKey():
            return block.keyed and all(_inner(shape, entry) for entry in block.entries)
        case Table() | PhraseTable():
            return block.keyed
    return False


def _inner(shape: Shape, entry: Entry) -> Shape | Key | None:
    """What an entry of a block of this shape is; None: unknown."""
    name = _name(entry)
    match shape:
        case BlockShape(model):
            known = (key for key in keys_of(model) if name in (key.chinese, key.english))
            return next(known, None)
        case OneKey(kind):
            return _one_key(kind, name)
        case Table(keys, values):
            return _named(name, keys, values)
        case PhraseTable(keys, values):
            return _named(name, Spelt(keys), Spelt(values))
        case Many(item=item):
            return item
    return None


def _named(name: str, names: Shape, value: Shape) -> Key:
    """A key that the writer of the file has chosen, or one of a few words."""
    chinese, english = translated(name, names, "zh"), translated(name, names, "en")
    return Key(chinese, english, value, required=False, default="", says="")


def _one_key(kind: str, name: str) -> Key | None:
    """The entry of a one-key block, its key in both languages."""
    for entry in entries_of(kind):
        english, chinese = entry.key.translated(name, "en"), entry.key.translated(name, "zh")
        if english != name or chinese != name or name in entry.key.examples("zh"):
            both = (chinese, name) if chinese != name else (name, english)
            return Key(*both, entry.value, required=False, default="", says=entry.says)
    return None


def _commented(line: str, entry: Entry) -> str:
    """The comment where it was, though not far to the right, and clear of the text."""
    if not entry.beside:
        return line.rstrip()
    clear = width(line) + 2
    column = min(entry.beside_at, _COMMENT_COLUMN)
    if clear > column:
        column = max(clear, _COMMENT_COLUMN)
    return f"{line}{' ' * (column - width(line))}{entry.beside}"


def _indented(line: str, indent: int) -> str:
    return f"{' ' * indent}{line}" if line else ""


def _moved(lines: list[str], indent: int) -> list[str]:
    """Lines of one text, the least indented of them at ``indent``."""
    depths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    least = min(depths, default=0)
    return [_indented(line[least:].rstrip(), indent) for line in lines]


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[0]:
        lines = lines[1:]
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines
