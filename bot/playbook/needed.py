"""Which files of a folder will be sent soon, so that WeCom has them before anybody waits. Pure.

What customers begin by themselves may come at any moment; a step of a calendar only on its days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never

from bot.playbook.recurring import plan
from config.book import Book
from config.content import Content, TellStaff
from config.materials import (
    FileMaterial,
    ImageMaterial,
    LinkMaterial,
    Material,
    MiniProgramMaterial,
    TextMaterial,
    VideoMaterial,
)
from config.sop import PostMoment, Sop

AHEAD = timedelta(days=3)


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """A file of the folder as WeCom is to have it."""

    use: Literal["message", "moment", "cover"]
    kind: Literal["image", "video", "file"]
    path: str


def needs(book: Book, now: datetime) -> set[Need]:
    """What enabled SOPs and the welcomes of channels may send until :data:`AHEAD` from ``now``."""
    found: set[Need] = set()
    idle = _idle_steps(book, now)
    for sop in book.sops.values():
        if sop.state == "启用":
            found |= set(_of_sop(sop, book, idle))
    for channel in book.channels.values():
        for material in _named(channel.says, book):
            found |= set(_of_material(material, in_moment=False))
    return found


def _idle_steps(book: Book, now: datetime) -> set[tuple[str, str]]:
    """Steps of calendars whose moment does not come so soon."""
    return {
        (one.sop.name, one.name)
        for one in plan(book)
        if next(one.between(now - timedelta(days=1), now + AHEAD), None) is None
    }


def _of_sop(sop: Sop, book: Book, idle: set[tuple[str, str]]) -> Iterator[Need]:
    for name, node in sop.flow().nodes.items():
        if (sop.name, name) in idle:
            continue
        for action in node.step.actions:
            if isinstance(action, Content) and not isinstance(action, TellStaff):
                in_moment = isinstance(action, PostMoment)
                for material in _materials(action, book):
                    yield from _of_material(material, in_moment=in_moment)


def _materials(content: Content, book: Book) -> Iterator[Material]:
    column = book.columns[content.column].order if content.column else ()
    names = (*([content.material] if content.material else ()), *column, *content.attachments)
    yield from _named(names, book)


def _named(names: Iterable[str], book: Book) -> Iterator[Material]:
    """In a long holiday, too."""
    for name in names:
        material = book.materials[name]
        yield material
        if material.holiday_version:
            yield book.materials[material.holiday_version]


def _of_material(material: Material, *, in_moment: bool) -> Iterator[Need]:
    use: Literal["message", "moment"] = "moment" if in_moment else "message"
    match material:
        case TextMaterial():
            return
        case ImageMaterial():
            yield Need(use, "image", material.file)
        case LinkMaterial():
            if material.cover:
                yield Need("moment" if in_moment else "cover", "image", material.cover)
        case MiniProgramMaterial():
            yield Need(use, "image", material.cover)
        case VideoMaterial():
            yield Need(use, "video", material.file)
        case FileMaterial():
            yield Need(use, "file", material.file)
        case _:
            assert_never(material)
