"""An admin arranges the work of people: one more task for somebody, open ones for somebody else."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.actions.dealing import manager_of
from bot.actions.handing import hand_over
from bot.context import Context
from bot.model import Task
from bot.playbook.chasing import ARRANGED
from bot.playbook.evidence import BUTTON
from bot.store.rows import slot_of
from config.book import Book

BY_HAND: Final = "后台"  # in place of an SOP's name, for what nobody but an admin asked for
STEP: Final = "派任务"
LIMITS: Final = ("2小时", "4小时", "1个工作日", "2个工作日", "3个工作日", "7天")
MANAGER: Final = ""  # in place of somebody's account: whoever answers for each of the tasks
_DONE = "已完成"  # on its button


async def assign(
    ctx: Context,
    *,
    wish: str,
    contact: str,
    to: str,
    title: str,
    note: str,
    limit: str,
    by: str,
) -> str:
    """Give somebody a task about a customer; its id. The same ``wish`` is granted once.

    ``limit``: 期限, one of LIMITS; ``by``: the name of who wants it.
    """
    rules = (await ctx.releases.head()).book.rules
    id = f"hand:{wish}"
    task = Task(
        id=id,
        journey=id,
        sop=BY_HAND,
        step=STEP,
        subject=contact,
        staff=to,
        title=title,
        note=f"{by} 安排" + (f"：{note}" if note else ""),
        buttons=(_DONE,),
        proofs_wanted=(BUTTON,),
        created_at=ctx.now(),
        limit=limit,
        ladder=next(iter(rules.ladders), ""),
        due_at=ctx.now(),
        slot=slot_of(contact),
    )
    await ctx.store.tasks.put([task])
    ctx.hints.ring("tasks")
    return id


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of tasks that were to be given to somebody else."""

    moved: int = 0
    theirs: int = 0  # already
    over: int = 0  # ended, or their person has said that they are done
    nobody: int = 0  # answers for them

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(
            self.moved + other.moved,
            self.theirs + other.theirs,
            self.over + other.over,
            self.nobody + other.nobody,
        )

    @property
    def left(self) -> int:
        """Those with whom nothing was done."""
        return self.theirs + self.over + self.nobody


async def reassign(ctx: Context, given: Sequence[Task], to: str) -> Moved:
    """Give open tasks to ``to`` or, for MANAGER, each to who answers for it; twice is once.

    None is cancelled for want of somebody: it stays where it is.
    """
    book = (await ctx.releases.head()).book
    waiting = [task for task in given if task.open and not task.evidence]
    heirs = _Heirs(ctx, book, to)
    moving: defaultdict[str, list[Task]] = defaultdict(list)
    nobody = theirs = 0
    for task in waiting:
        heir = await heirs.of(task)
        if heir == task.staff:
            theirs += 1
        elif heir:
            moving[heir].append(task)
        else:
            nobody += 1
    for heir, tasks in moving.items():
        await hand_over(ctx, book, tasks, ARRANGED, heir)
    moved = sum(map(len, moving.values()))
    return Moved(moved, theirs, len(given) - len(waiting), nobody)


class _Heirs:
    """Who gets each task; of one person and SOP it is the same."""

    def __init__(self, ctx: Context, book: Book, to: str) -> None:
        self._ctx = ctx
        self._book = book
        self._to = to
        self._known: dict[tuple[str, str], str] = {}

    async def of(self, task: Task) -> str:
        """ "" for nobody."""
        if self._to != MANAGER:
            return self._to
        about = (task.staff, task.sop)
        if about not in self._known:
            self._known[about] = await manager_of(self._ctx, self._book, task)
        return self._known[about]
