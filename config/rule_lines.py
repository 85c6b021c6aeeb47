"""Where each of the rules over everything (全局规则) is written, and which are left as they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.documents import SEPARATOR, Document, Folder, read
from config.reading import Map
from config.rules import Rules


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule as it stands in its file; ``file`` is "" for one that nobody wrote."""

    name: str
    means: str
    file: str = ""
    line: int = 0
    text: str = ""


def rule_lines(files: Mapping[str, str]) -> list[RuleLine]:
    """The written ones in the order of their file, then those that hold by default."""
    written = [line for name, text in files.items() for line in _written(name, text)]
    known = {line.name for line in written}
    rest = [
        RuleLine(names[0], _means(names[0]))
        for names in _NAMES
        if not known & set(names) and names[0] != Rules.block
    ]
    return [*written, *rest]


def _written(name: str, text: str) -> Iterator[RuleLine]:
    folder = Folder()
    read(name, text.removeprefix("\ufeff"), folder)
    for document in folder.documents:
        if isinstance(document.root, Map) and document.kind == Rules.block:
            yield from _of(name, document)


def _of(file: str, document: Document) -> Iterator[RuleLine]:
    places = sorted(document.root.keys_at.items(), key=lambda item: item[1])
    begun = document.lines[: places[-1][1].line]
    last = next(
        (n for n, line in enumerate(document.lines) if n >= len(begun) and SEPARATOR.match(line)),
        len(document.lines),
    )
    ends = [at.line - 1 for _, at in places[1:]] + [last]
    for (name, at), end in zip(places, ends, strict=True):
        lines = document.lines[at.line - 1 : end]
        if _means(name):
            yield RuleLine(name, _means(name), file, at.line, "\n".join(lines).rstrip())


def _means(name: str) -> str:
    """What a rule is for, "" for the name of the block itself."""
    for names, info in zip(_NAMES, Rules.model_fields.values(), strict=True):
        if name in names and names[0] != Rules.block:
            return info.description or ""
    return ""


def _spellings(info: object) -> tuple[str, ...]:
    choices = getattr(getattr(info, "validation_alias", None), "choices", ())
    return tuple(str(one) for one in choices)


_NAMES = tuple(_spellings(info) for info in Rules.model_fields.values())
