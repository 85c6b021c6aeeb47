"""Read a folder of YAML into a Book, or say everything that is wrong with it at once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from config import case_checks, kind_checks, media_checks, sop_checks, sop_reminders
from config.book import Book
from config.cases import CaseFile
from config.channels import Channel
from config.checks import hidden_by_hash, inside, step_names, text_mistakes
from config.documents import Document, Folder, read
from config.explain import Found, empty, explain, unknown_key
from config.files import content_of, decoded, files_of, misnamed
from config.incentives import Incentive
from config.kinds import shape, spellings
from config.koc import KocSystem
from config.materials import AnyMaterial, Column
from config.media_facts import facts_in, facts_of
from config.mistakes import Mistakes
from config.names import declared_names, model_name, trial_names, wrong_name
from config.pages import mistakes as page_mistakes
from config.playbooks import Play
from config.projects import Project
from config.rules import Rules
from config.sop import Sop
from config.surveys import Survey
from config.tags import Tags
from config.team import Team
from config.themes import Theme, ThemePicker
from config.training import Training

_M = TypeVar("_M")


def load_folder(path: Path) -> Book:
    """Read every ``*.yaml`` under ``path``; raise :class:`Mistakes` when something is wrong."""
    return _book(opened(path))


def opened(path: Path) -> Folder:
    """The documents of a folder and what makes them unreadable, nothing else checked yet."""
    folder = Folder()
    files = files_of(path)
    folder.files = frozenset(file.relative_to(path).as_posix() for file in files)
    looked = {file.relative_to(path).as_posix(): facts_of(file) for file in files}
    folder.facts = {name: facts for name, facts in looked.items() if facts}
    misnamed(folder.files, folder)
    for file in files:
        if file.suffix in (".yaml", ".yml"):
            name = file.relative_to(path).as_posix()
            content = content_of(name, file, folder)
            text = None if content is None else decoded(name, content, folder)
            if text is not None:
                read(name, text, folder)
    return folder


def load_texts(files: Mapping[str, str], pictures: Iterable[str] | None = None) -> Book:
    """As :func:`load_folder`, from texts; without ``pictures`` their names are not checked.

    Given with their bytes, pictures and other files are checked, too.
    """
    folder = read_texts(files)
    folder.files = None if pictures is None else frozenset(pictures)
    if isinstance(pictures, Mapping):
        folder.facts = {name: facts_in(content) for name, content in pictures.items()}
    return _book(folder)


def read_texts(files: Mapping[str, str]) -> Folder:
    """The documents of these texts, nothing of them checked yet."""
    folder = Folder()
    for name, text in files.items():
        read(name, text.removeprefix("\ufeff"), folder)
    return folder


def _book(folder: Folder) -> Book:
    for document in folder.documents:
        _validate(document, folder)
    _look_up(folder)
    book = _gather(folder.documents)
    _check(folder, book)
    told = folder.told()
    if any(mistake.level == "错误" for mistake in told):
        raise Mistakes(told)
    return replace(book, reminders=tuple(told))


def _validate(document: Document, folder: Folder) -> None:
    notes, before = document.reading, len(folder.mistakes)
    try:
        adapter = shape(model_name(document))
        document.model = adapter.validate_python(document.root, context=notes)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            if found := explain(detail, document.root, spellings(), notes):
                folder.note_in(document, found, code="value")
    for at, name in notes.empty.items():
        line = document.lines[at.line - 1]
        folder.note_in(document, empty(name, at, line), code="value")
    for unknown in notes.unknown:
        folder.note_in(document, unknown_key(unknown), code="key")
    for found in step_names(notes.uses):
        folder.note_in(document, found, code="name")
    if document.model is None and len(folder.mistakes) == before and not folder.full(document.file):
        unsaid = Found(document.place, "这一段写得不对", "对照 docs/sop-language.md 里的这一段改")
        folder.note_in(document, unsaid, code="value")
    if len(notes.languages) > 1:
        at = max(notes.languages.values())
        mixed = Found(at, "一个文件里混用了中文和英文设置项", "整个文件统一用一种")
        folder.note_in(document, mixed, "提醒")


def _look_up(folder: Folder) -> None:
    names = declared_names(folder)
    variables = names.variables
    for document in folder.documents:
        for use in document.reading.uses:
            if folder.full(document.file):
                break
            if found := wrong_name(use, names):
                folder.note_in(document, found, code="name")
        for text in document.reading.texts:
            pages = page_mistakes(text, names, partial(inside, text, lines=document.lines))
            for found in chain(text_mistakes(text, document.lines, variables), pages):
                if folder.full(document.file):
                    break
                folder.note_in(document, found, code="text")
            if found := hidden_by_hash(text, document.lines):
                folder.note_in(document, found, "提醒", code="text")
    for document, found in trial_names(folder.documents):
        folder.note_in(document, found, code="name")


def _check(folder: Folder, book: Book) -> None:
    """What a document's shape cannot say, of documents whose shape is right."""
    rules, materials, variables = book.rules, book.materials, book.variables()
    hears_replies = book.hears_replies()
    for document in folder.documents:
        model, root, uses = document.model, document.root, document.reading.uses
        errors, reminders = (
            kind_checks.errors(model, root, book),
            kind_checks.reminders(model, root),
        )
        if isinstance(model, Sop):
            errors = sop_checks.errors(
                model, root, uses, rules=rules, materials=materials, columns=book.columns
            )
            reminders = sop_reminders.reminders(
                model,
                root,
                rules=rules,
                materials=materials,
                variables=variables,
                hears_replies=hears_replies,
            )
        if isinstance(model, AnyMaterial):
            errors = chain(errors, media_checks.errors(model, root, folder.facts))
        if isinstance(model, CaseFile):
            errors = case_checks.errors(model, root, book)
            reminders = case_checks.reminders(model, uses, book)
        for found in errors:
            folder.note_in(document, found)
        for found in reminders:
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
        systems={system.name: system for system in _all(documents, KocSystem)},
        plays={play.name: play for play in _all(documents, Play)},
        incentives={incentive.name: incentive for incentive in _all(documents, Incentive)},
        trainings={training.name: training for training in _all(documents, Training)},
        surveys={survey.name: survey for survey in _all(documents, Survey)},
        projects={project.name: project for project in _all(documents, Project)},
        cases={cases.sop: cases for cases in _all(documents, CaseFile)},
        tags=tags,
        team=next(iter(_all(documents, Team)), Team()),
        rules=next(iter(_all(documents, Rules)), Rules()),
    )


def _all(documents: list[Document], kind: type[_M]) -> list[_M]:
    return [d.model for d in documents if isinstance(d.model, kind)]
