"""Read a folder of YAML into a Book, or say everything that is wrong with it at once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from config import sop_checks
from config.book import Book
from config.channels import Channel
from config.checks import step_names, text_mistakes
from config.documents import Document, Folder, decoded, files_of, read
from config.explain import Found, empty, explain, unknown_key
from config.kinds import shape, spellings
from config.materials import Column
from config.mistakes import Mistakes
from config.names import declared_names, model_name, wrong_name
from config.rules import Rules
from config.sop import Sop
from config.tags import Tags
from config.team import Team
from config.themes import Theme, ThemePicker

_M = TypeVar("_M")


def load_folder(path: Path) -> Book:
    """Read every ``*.yaml`` under ``path``; raise :class:`Mistakes` when something is wrong."""
    folder = Folder()
    files = files_of(path)
    folder.files = frozenset(file.relative_to(path).as_posix() for file in files)
    for file in files:
        if file.suffix in (".yaml", ".yml"):
            name = file.relative_to(path).as_posix()
            text = decoded(name, file.read_bytes(), folder)
            if text is not None:
                read(name, text, folder)
    return _book(folder)


def load_texts(files: Mapping[str, str], pictures: Iterable[str] | None = None) -> Book:
    """As :func:`load_folder`, from texts; without ``pictures`` their names are not checked."""
    folder = Folder()
    folder.files = None if pictures is None else frozenset(pictures)
    for name, text in files.items():
        read(name, text, folder)
    return _book(folder)


def _book(folder: Folder) -> Book:
    for document in folder.documents:
        _validate(document, folder)
    _look_up(folder)
    book = _gather(folder.documents)
    _check_sops(folder, book)
    if any(mistake.level == "错误" for mistake in folder.mistakes):
        raise Mistakes(folder.mistakes)
    return replace(book, reminders=tuple(sorted(folder.mistakes)))


def _validate(document: Document, folder: Folder) -> None:
    notes = document.reading
    try:
        adapter = shape(model_name(document))
        document.model = adapter.validate_python(document.root, context=notes)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            if found := explain(detail, document.root, spellings(), notes):
                folder.note_in(document, found)
    for at, name in notes.empty.items():
        folder.note_in(document, empty(name, at))
    for unknown in notes.unknown:
        folder.note_in(document, unknown_key(unknown))
    for found in step_names(notes.uses):
        folder.note_in(document, found)
    for text in notes.texts:
        for found in text_mistakes(text, document.lines):
            folder.note_in(document, found)
    if len(notes.languages) > 1:
        at = max(notes.languages.values())
        mixed = Found(at, "一个文件里混用了中文和英文设置项", "整个文件统一用一种")
        folder.note_in(document, mixed, "提醒")


def _look_up(folder: Folder) -> None:
    names = declared_names(folder)
    for document in folder.documents:
        for use in document.reading.uses:
            if found := wrong_name(use, names):
                folder.note_in(document, found)


def _check_sops(folder: Folder, book: Book) -> None:
    for document in folder.documents:
        sop, root = document.model, document.root
        if not isinstance(sop, Sop):
            continue
        for found in sop_checks.errors(sop, root, document.reading.uses, book.materials):
            folder.note_in(document, found)
        for found in sop_checks.reminders(sop, root, book.rules, book.materials):
            folder.note_in(document, found, "提醒")


def _gather(documents: list[Document]) -> Book:
    tags: dict[str, tuple[str, ...]] = {}
    for declared in _all(documents, Tags):
        tags |= declared.groups
    return Book(
        sops={sop.name: sop for sop in _all(documents, Sop)},
        themes={theme.name: theme for theme in _all(documents, Theme)},
        pickers={picker.name: picker for picker in _all(documents, ThemePicker)},
        materials={d.model.name: d.model for d in documents if d.kind == "素材" and d.model},
        columns={column.name: column for column in _all(documents, Column)},
        channels={channel.name: channel for channel in _all(documents, Channel)},
        tags=tags,
        team=next(iter(_all(documents, Team)), Team()),
        rules=next(iter(_all(documents, Rules)), Rules()),
    )


def _all(documents: list[Document], kind: type[_M]) -> list[_M]:
    return [d.model for d in documents if isinstance(d.model, kind)]
