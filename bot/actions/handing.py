"""Give open tasks to somebody else: who looks after the customer now, who answers, a colleague."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from bot.actions import tasks
from bot.actions.dealing import (
    Place,
    card_row,
    deal_all,
    manager_of,
    name_of,
    next_place,
)
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Task
from bot.playbook import batches, chasing
from bot.playbook.chasing import BY_WISH, FOLLOWED, LEFT
from bot.playbook.ladder import StaffTime, rungs_by_clock
from bot.wecom import cards
from config.book import Book


async def heir_of(ctx: Context, book: Book, task: Task, why: str) -> str:
    """Who takes it over; "" when there is nobody.

    Of somebody who left, whoever looks after the customer now; else who answers for the task.
    """
    if why in (LEFT, FOLLOWED) and (friend := await follower_of(ctx, task)):
        return friend
    return await manager_of(ctx, book, task)


async def follower_of(ctx: Context, task: Task) -> str:
    """Who looks after its customer or group, other than who has the task; "" for nobody."""
    if task.subject_type == "group":
        group = await ctx.store.groups.get(task.subject)
        return chasing.follows(
            task, group, await ctx.store.staff.many([group.owner] if group else [])
        )
    contact = await ctx.store.contacts.get(task.subject)
    known = [relation.staff for relation in contact.relations] if contact else []
    return chasing.follows(task, contact, await ctx.store.staff.many(known))


async def hand_over(
    ctx: Context, book: Book, given: Sequence[Task], why: str, to: str = ""
) -> None:
    """Give open tasks, with a new card and a new deadline, to ``to`` or to whose turn it is.

    Tasks of one kind for one person come on one card. Nobody to give it to: it is cancelled.
    """
    moving: defaultdict[str, list[Task]] = defaultdict(list)
    was = {task.id: task for task in given}
    for task in given:
        heir = to or await heir_of(ctx, book, task, why)
        if not heir:
            await tasks.cancel(ctx, task, f"{why}，没有可接手的人")
        elif task.given_at is None:  # no card has arrived
            await _give_unseen(ctx, task, heir, why)
        else:
            moving[task.staff].append(replace(task, staff=heir))
    for theirs in moving.values():
        for group in batches.grouped(theirs):
            await _move(ctx, book, [was[task.id] for task in group], group, why)
    ctx.hints.ring("outbox", "tasks")


async def _give_unseen(ctx: Context, task: Task, heir: str, why: str) -> None:
    """As if it had been theirs from the beginning; a shared card that may still come is not
    called back: the tasks of the others are on it."""
    if not task.shared:
        await ctx.store.outbox.cancel([card_row(task, task.cards)], why)
    now = ctx.now()
    await ctx.store.tasks.hand_over(task, heir, at=now, why=why, state="待派", due_at=now, rung=0)


async def _move(
    ctx: Context, book: Book, old: Sequence[Task], new: Sequence[Task], why: str
) -> None:
    """The messages first, under names that say what they are about; then the tasks."""
    now, staff = ctx.now(), StaffTime.of(book.rules)
    first = new[0]
    free = staff.free(now)
    deadline = staff.deadline(free, first.limit)
    theirs = [replace(task, deadline=deadline) for task in new]
    place, n = await _fresh_place(ctx, theirs)
    before = await name_of(ctx, book.team, old[0].staff)
    rows = await deal_all(ctx, book, theirs, place, reminder=f"{before} 转来", again=True)
    rows = [replace(row, due_at=free) for row in rows]
    await ctx.store.outbox.put([*rows, *await _taken_away(ctx, book, old, first.staff)])
    crash_point("handing.between")
    ladder = book.rules.ladders.get(first.ladder, ())
    rung = rungs_by_clock(ladder) if why in BY_WISH else len(ladder)
    for task in old:
        await ctx.store.tasks.hand_over(
            task,
            first.staff,
            at=now,
            why=why,
            state="已转派",
            deadline=deadline,
            due_at=deadline,
            rung=rung,
            card=place.card,
            cards=n or task.cards + 1,
            shared=place.shared,
        )
        what = f"任务“{task.title}”{why}，转给 {first.staff}"
        await tasks.log(ctx, task, f"{task.id}:to:{first.staff}", what)


async def _fresh_place(ctx: Context, theirs: Sequence[Task]) -> tuple[Place, int]:
    """Their card, and its number when one task has it for itself: those put for somebody else
    before a crash keep theirs."""
    place = next_place(theirs)
    if place.shared:
        return place, 0
    task = theirs[0]
    n = task.cards + 1
    while (taken := await ctx.store.outbox.get(card_row(task, n))) and taken.staff != task.staff:
        n += 1
    return Place(card_row(task, n)), n


async def _taken_away(ctx: Context, book: Book, old: Sequence[Task], to: str) -> list[Outgoing]:
    """The cards of who had them say where they went, once nothing of theirs is left on them."""
    ids, rows = {task.id for task in old}, []
    for task in old:
        rows += [row for row in await ctx.store.outbox.about(task.id) if row.staff == task.staff]
    for name in sorted({name for task in old for name in task.sharing}):
        sharers = await ctx.store.tasks.shared(name)
        rest = [t for t in sharers if t.open and t.id not in ids and t.staff == old[0].staff]
        if not rest:
            about = await ctx.store.outbox.about(name)
            rows += [row for row in about if row.staff == old[0].staff]
    moved = cards.moved_to(await name_of(ctx, book.team, to))
    return tasks.in_place(ctx, old[0], rows, lambda _: moved)
