"""店长日报: on workday mornings one message tells every manager what is overdue, and what to do."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions.dealing import manager_of, name_of, note
from bot.context import Context, Release
from bot.crash import crash_point
from bot.model import Outgoing, Task
from bot.playbook import digest
from bot.playbook.calendar import day_start
from bot.playbook.chasing import is_on_hold
from bot.playbook.digest import Due
from bot.playbook.ladder import StaffTime
from config.book import Book

MARK = "digest"
_OFF = timedelta(hours=1)


async def look(ctx: Context) -> bool:
    """Write the day's messages once, whichever process comes first; True when it was time to.

    Of mornings that were missed only today's is made up for.
    """
    release = await ctx.releases.head()
    rules, now = release.book.rules, ctx.now()
    seen = await _seen(ctx, release)
    moment = digest.next_after(rules, seen) if seen else None
    if seen and moment is None and now - seen > _OFF:  # nothing is made up for once they are on
        await ctx.store.marks.advance(MARK, seen, now)
    if seen is None or moment is None or moment > now:
        return False
    while (later := digest.next_after(rules, moment)) and later <= now:
        moment = later
    staff = StaffTime.of(rules)
    if day_start(moment, staff.tz) == day_start(now, staff.tz):
        await ctx.store.outbox.put(await _messages(ctx, release.book, staff, moment))
        ctx.hints.ring("outbox")
    crash_point("digests.between")
    await ctx.store.marks.advance(MARK, seen, moment)
    return True


async def next_moment(ctx: Context) -> datetime | None:
    """When the next one is to be written; None: never."""
    return digest.next_after((await ctx.releases.head()).book.rules, ctx.now())


async def _seen(ctx: Context, release: Release) -> datetime | None:
    """Up to when they were written; None before anything was published."""
    seen = await ctx.store.marks.get(MARK)
    if seen is None and release.n:
        await ctx.store.marks.start(MARK, await ctx.store.releases.published_at(release.n))
        seen = await ctx.store.marks.get(MARK)
    return seen


async def _messages(ctx: Context, book: Book, staff: StaffTime, moment: datetime) -> list[Outgoing]:
    now, rows = ctx.now(), []
    midnight = day_start(day_start(moment, staff.tz) + timedelta(hours=36), staff.tz)
    for manager, due in sorted((await _due(ctx, book, moment)).items()):
        people = {task.staff for task in due.overdue}
        names = {id: await name_of(ctx, book.team, id) for id in people}
        if text := digest.words(due, names.__getitem__, staff, now):
            id = f"text:digest:{manager}:{moment.astimezone(staff.tz):%Y-%m-%d}"
            row = replace(note(ctx, id, manager, text), due_at=staff.free(now))
            rows.append(replace(row, expires_at=midnight))
    return rows


async def _due(ctx: Context, book: Book, moment: datetime) -> dict[str, Due]:
    """What each manager is to hear of."""
    overdue: defaultdict[str, list[Task]] = defaultdict(list)
    answers: dict[tuple[str, str], str] = {}
    for task in await ctx.store.tasks.overdue_open(ctx.now()):
        if is_on_hold(book, task):
            continue
        about = (task.staff, task.sop)
        if about not in answers:
            answers[about] = await manager_of(ctx, book, task)
        if manager := answers[about]:
            overdue[manager].append(task)
    passed_on: defaultdict[str, list[Task]] = defaultdict(list)
    for task in await ctx.store.tasks.passed_on():
        if not is_on_hold(book, task):
            passed_on[task.staff].append(task)
    return {
        manager: Due(digest.untold(overdue[manager], manager, moment), passed_on[manager])
        for manager in {*overdue, *passed_on}
    }
