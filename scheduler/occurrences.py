"""When a moment of a group calendar comes: note it once, then send every group of the theme."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions import journeys
from bot.context import Context, Release
from bot.model import Group, Occurrence
from bot.playbook import situation
from bot.playbook.audience import all_hold
from bot.playbook.calendar import WorkCalendar, occurrences
from config.book import Book
from config.phrases import RECURRING, Recurring, in_words
from config.sop import Node, OffDay, Sop

LATE = timedelta(minutes=5)
_AHEAD = timedelta(days=62)  # a monthly step has a next moment within it
_SAVE_EVERY = 20  # groups begun between two notes of how far we are


async def look(ctx: Context) -> bool:
    """Note what has come, then expand one batch; True when there was something to expand."""
    release = await ctx.releases.head()
    steps = plan(release.book)
    seen = await ctx.store.marks.many(step.mark for step in steps) if steps else {}
    for step in steps:
        await _note(ctx, release, step, seen.get(step.mark))
    owner, batch = await ctx.store.occurrences.claim(ctx.now())
    if not batch:
        return False
    try:
        for occurrence in batch:
            await _expand(ctx, owner, release.book, occurrence)
    finally:
        await ctx.store.occurrences.release(owner, [one.id for one in batch])
    return True


async def next_moment(ctx: Context) -> datetime | None:
    """When the next calendar step comes; None when no SOP has a calendar."""
    book, now = (await ctx.releases.head()).book, ctx.now()
    coming = (next(step.between(now, now + _AHEAD), None) for step in plan(book) if step.enabled)
    return min((at for at in coming if at), default=None)


@dataclass(frozen=True, slots=True)
class Planned:
    """One recurring step of a calendar SOP."""

    sop: Sop
    node: Node
    when: Recurring
    tz: ZoneInfo
    calendar: WorkCalendar
    off_day: OffDay

    @property
    def enabled(self) -> bool:
        return self.sop.state == "启用"

    @property
    def mark(self) -> str:
        """Where the planner stands; another time, or another day off, begins anew."""
        timing = f"{in_words(self.when)}|{self.off_day}|{self.tz.key}"
        digest = hashlib.sha256(timing.encode()).hexdigest()[:12]
        return f"plan:{self.sop.name}/{self.node.step.name}@{digest}"

    def between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """The moments in (since, until]."""
        return occurrences(
            self.when, since, until, tz=self.tz, calendar=self.calendar, off_day=self.off_day
        )

    def at(self, moment: datetime, now: datetime) -> Occurrence:
        return Occurrence(
            id=f"{self.sop.name}/{self.node.step.name}@{moment:%Y-%m-%dT%H:%MZ}",
            sop=self.sop.name,
            step=self.node.step.name,
            scheduled_at=moment,
            late=moment < now - LATE,
            due_at=moment,
        )


def plan(book: Book) -> list[Planned]:
    """Every recurring step of the folder's group calendars."""
    zone, calendar = ZoneInfo(book.rules.timezone), WorkCalendar.of(book.rules)
    found = []
    for sop in book.sops.values():
        flow = sop.flow()
        tz = ZoneInfo(sop.calendar.timezone) if sop.calendar.timezone else zone
        for name in flow.recurring:
            node = flow[name]
            if isinstance(node.step.when, RECURRING):
                found.append(Planned(sop, node, node.step.when, tz, calendar, node.off_day))
    return found


async def _note(ctx: Context, release: Release, step: Planned, seen: datetime | None) -> None:
    """Insert what has come since the last look; the mark moves only once it is stored.

    While an SOP is paused its moments pass by: nothing is caught up when it goes on.
    """
    now, marks = ctx.now(), ctx.store.marks
    if seen is None:
        if not step.enabled:
            return
        seen = await ctx.store.releases.published_at(release.n)
        await marks.start(step.mark, seen)
    moments = list(step.between(seen, now)) if seen < now else []
    if not moments:
        return
    if step.enabled:
        await ctx.store.occurrences.put([step.at(moment, now) for moment in moments])
    await marks.advance(step.mark, seen, moments[-1])


async def _expand(ctx: Context, owner: str, book: Book, occurrence: Occurrence) -> None:
    """Begin a journey for every group of the theme, going on where somebody before us stopped."""
    sop = book.sop(occurrence.sop)
    if reason := _not_any_more(sop, occurrence) or not sop:
        await ctx.store.occurrences.finish(owner, occurrence.id, str(reason))
        return
    groups = await ctx.store.groups.of_theme(sop.entry.theme or "")
    rest = [group for group in groups if group.id > occurrence.cursor]
    begun = 0
    for number, group in enumerate(rest, 1):
        if _takes_part(sop, group, ctx.now()):
            begun += await journeys.begin_occurrence(ctx, sop, occurrence.step, group, occurrence)
        if number % _SAVE_EVERY == 0 and not await ctx.store.occurrences.expanded_to(
            owner, occurrence.id, group.id
        ):
            return
    await ctx.store.occurrences.finish(owner, occurrence.id, begun=begun)
    ctx.hints.ring("journeys")


def _not_any_more(sop: Sop | None, occurrence: Occurrence) -> str:
    """What head says about a moment that was noted under an earlier release."""
    if sop is None:
        return "SOP 已不在配置里"
    if sop.state != "启用":
        return f"SOP {sop.state}"
    if occurrence.step not in sop.flow().recurring:
        return "步骤已不在日历里"
    return ""


def _takes_part(sop: Sop, group: Group, now: datetime) -> bool:
    return bool(group.owner) and all_hold(sop.entry.conditions, situation.of_group(group), now)
