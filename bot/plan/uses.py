"""Who uses a 素材, 栏目, 主题群 or file: the steps that change when it does."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from bot.plan.words import label_of
from config.book import Book
from config.steps import Step, all_steps

_USED_AS = {
    "素材": {"素材", "附件"},
    "栏目": {"素材轮播"},
    "主题群": {"主题", "邀请入主题群"},
    "KOC体系": {"体系"},
}
_HOLDS = {"素材": {"假期版"}, "文件": {"文件", "封面"}}


def of(book: Book, kind: str, name: str) -> Iterator[str]:
    """“SOP”的“步骤”, in the order of the folder; also through a 栏目, 假期版 or picture."""
    wanted = {(kind, name), *_holders(book, kind, name)}
    for sop in book.sops.values():
        for step in all_steps(sop.steps):
            if any(_mentions(step, kind, name) for kind, name in wanted):
                yield f"“{sop.name}”的“{step.name}”"
    if kind == "素材":
        yield from (
            f"主题群“{t.name}”的入群欢迎语" for t in book.themes.values() if t.welcome == name
        )
        yield from (f"渠道“{c.name}”的欢迎语" for c in book.channels.values() if name in c.says)


def _holders(book: Book, kind: str, name: str) -> set[tuple[str, str]]:
    """What shows this inside itself."""
    found: set[tuple[str, str]] = set()
    for material in book.materials.values():
        for label, value in _values(material):
            if label in _HOLDS.get(kind, ()) and value == name:
                found |= {("素材", material.name), *_holders(book, "素材", material.name)}
    if kind == "素材":
        found |= {("栏目", column.name) for column in book.columns.values() if name in column.order}
    return found


def _mentions(step: Step, kind: str, name: str) -> bool:
    labels = _USED_AS.get(kind, set())
    return any(
        label in labels and (value == name or (isinstance(value, tuple) and name in value))
        for action in step.actions
        for label, value in _values(action)
    )


def _values(block: BaseModel) -> Iterator[tuple[str, Any]]:
    for field in type(block).model_fields:
        yield label_of(type(block), field), getattr(block, field)
