"""What the steps of an SOP say to customers, groups and in moments, materials included. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from config.book import Book
from config.content import SendCustomer, SendGroup
from config.materials import Material
from config.moments import PostMoment
from config.sop import Sop

Said: TypeAlias = SendCustomer | SendGroup | PostMoment


class Push(NamedTuple):
    """One action of one step that sends something."""

    sop: str
    step: str
    number: int


def pushes(book: Book) -> dict[Push, Said]:
    """Every action that sends customers or groups something, or publishes it."""
    return {
        Push(sop.name, name, number): action
        for sop in book.sops.values()
        for name, node in sop.flow().nodes.items()
        for number, action in enumerate(node.step.actions)
        if isinstance(action, Said)
    }


def words_of(action: Said, book: Book) -> tuple[Any, ...]:
    """Equal exactly when two actions would send the same."""
    return (action, *materials_of(action, book))


def materials_of(action: Said, book: Book) -> tuple[Material, ...]:
    """Everything it may send besides its own words, holiday versions too."""
    return tuple(book.materials[name] for name in _names(action, book) if name in book.materials)


def _names(action: Said, book: Book) -> Iterator[str]:
    if action.column and action.column in book.columns:
        column = list(book.columns[action.column].order)
    else:
        column = []
    for name in (action.material, *action.attachments, *column):
        if name is None:
            continue
        yield name
        holiday = book.materials[name].holiday_version if name in book.materials else None
        if holiday:
            yield holiday


def reworded(was: Book, live: Book) -> Mapping[str, frozenset[str]]:
    """SOP, as journeys know it → the steps whose pushes would read differently now, or not be."""
    found: dict[str, set[str]] = {}
    now = pushes(live)
    for push, action in pushes(was).items():
        sop = live.sop(push.sop)
        step = _now_called(push.step, sop) if sop else None
        there = now.get(Push(sop.name, step, push.number)) if sop and step else None
        if there is None or words_of(there, live) != words_of(action, was):
            found.setdefault(push.sop, set()).add(push.step)
    return {sop: frozenset(steps) for sop, steps in found.items()}


def _now_called(step: str, sop: Sop) -> str | None:
    """None: it is gone."""
    nodes = sop.flow().nodes
    if step in nodes:
        return step
    return next((name for name, node in nodes.items() if step in node.step.formerly), None)
