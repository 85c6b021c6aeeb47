"""What stands on the phone page: a person's tasks as they are to be done, soonest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from bot.actions import by_page, menu
from bot.actions.faces import names_of
from bot.context import Context
from bot.model import Task
from bot.playbook import batches, evidence
from bot.playbook.calendar import day_start
from bot.playbook.evidence import CHECKLIST, judge, to_fill, untapped
from bot.playbook.ladder import StaffTime
from config.book import Book
from console.language import marked

_BARE: Final = frozenset({"[图片]", "[视频]", "[文件]"})  # stand for a file that is shown itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What somebody had filled in when their form was not complete."""

    ticked: frozenset[str] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    """What is missing."""


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    tags: str
    """What the customer is tagged with."""


@dataclass(frozen=True, slots=True)
class File:
    n: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One task, or several of one kind that share a card."""

    tasks: tuple[Task, ...]
    title: str
    names: tuple[str, ...]
    text: str
    files: tuple[File, ...]
    buttons: tuple[Button, ...]
    labels: tuple[str, ...]
    ticks: bool
    missing: tuple[str, ...]
    late: bool
    waiting: bool
    later: Mapping[str, datetime]
    kept: Kept

    @property
    def first(self) -> Task:
        return self.tasks[0]

    @property
    def key(self) -> str:
        """Sorts items, and says where the next page begins."""
        at = self.first.deadline
        return f"{at.timestamp() if at else 9e9:012.0f}~{self.first.id}"


@dataclass(frozen=True, slots=True)
class Pile:
    name: str
    items: tuple[Item, ...]
    late: bool
    soon: bool
    """To be done today: shown whole, the others by their titles."""


async def items_of(
    ctx: Context, book: Book, given: Sequence[Task], kept: Mapping[str, Kept]
) -> list[Item]:
    """``kept``: task → what was filled in and is still to be completed."""
    made = [await _item(ctx, book, group, kept) for group in _grouped(given)]
    return sorted(made, key=lambda item: item.key)


def piles(items: Iterable[Item], staff: StaffTime, now: datetime) -> list[Pile]:
    """Overdue, today, later, and what only waits for WeCom; those there are."""
    tomorrow = day_start(day_start(now, staff.tz) + timedelta(hours=36), staff.tz)
    names = (marked("已逾期"), marked("今天要做"), marked("以后"), marked("做完了，等系统核实"))
    sorted_: dict[str, list[Item]] = {name: [] for name in names}
    for item in items:
        deadline = item.first.deadline
        if item.waiting:
            pile = names[3]
        elif item.late:
            pile = names[0]
        else:
            pile = names[1] if deadline and deadline < tomorrow else names[2]
        sorted_[pile].append(item)
    return [
        Pile(name, tuple(found), late=name == names[0], soon=name in names[:2])
        for name, found in sorted_.items()
        if found
    ]


def _grouped(given: Sequence[Task]) -> list[tuple[Task, ...]]:
    """As they are on cards; what is said to be done stands for itself."""
    groups: dict[object, list[Task]] = {}
    for task in given:
        alone = not task.shared or judge(task).told
        groups.setdefault(task.id if alone else (task.shared, task.deadline), []).append(task)
    return [tuple(group) for group in groups.values()]


async def _item(
    ctx: Context, book: Book, group: tuple[Task, ...], kept: Mapping[str, Kept]
) -> Item:
    first, now = group[0], ctx.now()
    verdict = judge(first)
    theirs = menu.undone(group, first.staff)
    return Item(
        tasks=group,
        title=batches.title(group),
        names=tuple(await names_of(ctx, group)),
        text=_text(first),
        files=tuple(
            File(n, one["kind"], PurePosixPath(one["asset"]).name)
            for n, one in enumerate(first.files)
        ),
        buttons=tuple(Button(label, _tags(first, label)) for label in by_page.buttons(first)),
        labels=to_fill(first),
        ticks=CHECKLIST in first.proofs_wanted and untapped(first),
        missing=tuple(
            evidence.in_words(name) for name in verdict.missing if not evidence.is_own_word(name)
        ),
        late=first.deadline is not None and first.deadline <= now,
        waiting=verdict.told,
        later=menu.offered(book, theirs, now) if theirs else {},
        kept=kept.get(first.id, Kept()),
    )


def _text(task: Task) -> str:
    """What can be copied; a file that is there for itself needs no word."""
    if not task.files:
        return task.material
    return "\n".join(line for line in task.material.splitlines() if line not in _BARE)


def _tags(task: Task, label: str) -> str:
    return task.result_tags.get(label, "").replace(",", "、")
