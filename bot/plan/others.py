"""What changes besides the SOPs: 素材, 规则, 标签, 团队 …, with the steps that touches.  Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from bot.plan import uses
from bot.plan.words import differences, shown
from config.book import Book

Mark = Literal["~", "+", "-"]
Books = tuple[Book, Book]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherChange:
    """A 素材, 规则, 主题群, 团队 … in one line, with the steps it touches."""

    mark: Mark
    kind: str
    name: str
    what: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()


_SHELVES = (
    ("素材", "materials"),
    ("栏目", "columns"),
    ("主题群", "themes"),
    ("主题群", "pickers"),
    ("渠道", "channels"),
    ("KOC体系", "systems"),
    ("打法", "plays"),
    ("激励", "incentives"),
    ("培训", "trainings"),
    ("问卷", "surveys"),
    ("项目", "projects"),
)


def others(books: Books) -> Iterator[OtherChange]:
    old, new = books
    for kind, shelf in _SHELVES:
        olds: Mapping[str, Any] = getattr(old, shelf, {})
        news: Mapping[str, Any] = getattr(new, shelf, {})
        for name in dict.fromkeys([*olds, *news]):
            if found := _other(kind, name, olds.get(name), news.get(name), books):
                yield found
    yield from _tags(books)
    for kind, before, after in (("团队", old.team, new.team), ("规则", old.rules, new.rules)):
        if before == type(before)() and before != after:
            yield OtherChange(mark="+", kind=kind, name="")
        elif what := tuple(what for _, what in differences(before, after, books)):
            yield OtherChange(mark="~", kind=kind, name="", what=what)


def _other(
    kind: str, name: str, before: BaseModel | None, after: BaseModel | None, books: Books
) -> OtherChange | None:
    """None when nothing changed; it says which steps use it (素材 through 栏目, too)."""
    if after is None:
        return OtherChange(mark="-", kind=kind, name=name)
    if before is None:
        return OtherChange(mark="+", kind=kind, name=name)
    if type(before) is not type(after):
        what: tuple[str, ...] = (f"{shown(before)} → {shown(after)}",)
    else:
        what = tuple(what for _, what in differences(before, after, books))
    if not what:
        return None
    touches = tuple(uses.of(books[1], kind, name))
    return OtherChange(mark="~", kind=kind, name=name, what=what, touches=touches)


def _tags(books: Books) -> Iterator[OtherChange]:
    old, new = ({g: set(names) for g, names in book.tags.items()} for book in books)
    for group in dict.fromkeys([*old, *new]):
        come = [tag for tag in books[1].tags.get(group, ()) if tag not in old.get(group, set())]
        gone = [tag for tag in books[0].tags.get(group, ()) if tag not in new.get(group, set())]
        what = tuple(
            f"{verb} {'、'.join(names)}"
            for verb, names in (("新增", come), ("删除", gone))
            if names
        )
        if what:
            mark: Mark = "+" if group not in old else "-" if group not in new else "~"
            yield OtherChange(mark=mark, kind="标签", name=group, what=what)


def pictures(
    marks: tuple[Mapping[str, str], Mapping[str, str]], new: Book
) -> Iterator[OtherChange]:
    """A picture with another content under the same name; others show by their material."""
    old_marks, new_marks = marks
    for path, mark in new_marks.items():
        if old_marks.get(path, mark) != mark:
            touches = tuple(uses.of(new, "文件", path))
            yield OtherChange(mark="~", kind="图片", name=path, what=("换了图",), touches=touches)
