"""Begin journeys: send a customer, or a group for one moment of a calendar, down an SOP."""

from dataclasses import replace
from datetime import datetime
from typing import Literal, TypeAlias

from bot.context import Context, Release
from bot.model import Contact, Group, Journey, Occurrence
from bot.playbook import entering, situation
from bot.playbook.audience import all_hold, explain, holds
from bot.playbook.hours import Hours
from bot.playbook.waiting import exit_keys
from bot.store.log import line
from bot.store.rows import slot_of
from config.book import Book
from config.sop import Sop

Outcome: TypeAlias = Literal["begun", "not let in", "full"]


async def begin(
    ctx: Context,
    sop: Sop,
    contact: Contact,
    staff: str,
    *,
    since: datetime | None = None,
    begun_by: str = "",
) -> bool:
    """Send a customer down an SOP; False when they do not begin it, see :func:`let_in`."""
    outcome = await let_in(ctx, sop, contact, staff, since=since, begun_by=begun_by, tell=True)
    return outcome == "begun"


async def let_in(
    ctx: Context,
    sop: Sop,
    contact: Contact,
    staff: str,
    *,
    since: datetime | None = None,
    begun_by: str = "",
    tell: bool = False,
) -> Outcome:
    """Send a customer down an SOP, if its entry rules let them in and today has room.

    ``tell``: who is not let in is told of in the log, with the rule that says so.

    ``since`` is when they really entered, if that was earlier: what ends the journey may have
    happened between then and now. ``begun_by`` names what it begins with, which begins it once.
    """
    release, now = await ctx.releases.head(), ctx.now()
    if sop.state != "启用":
        return "not let in"
    names = await ctx.store.tags.names()
    state = situation.of_contact(contact, names, staff)
    asked = [(explain(rule, state, now), holds(rule, state, now)) for rule in sop.entry.conditions]
    if not all(held for _, held in asked):
        if tell:
            failed = "；".join(words for words, held in asked if not held)
            await _turned_away(ctx, sop, contact.id, begun_by, failed)
        return "not let in"
    before = await ctx.store.journeys.entries(sop.names, contact.id)
    if begun_by and any(journey.begun_by == begun_by for journey in before):
        return "not let in"
    number = entering.number(before, sop.entry.again, now)
    if number is None:
        if tell:
            why = entering.why_not_again(before, sop.entry.again)
            await _turned_away(ctx, sop, contact.id, begun_by, why)
        return "not let in"
    journey = born(sop, contact.id, f"{sop.name}:{contact.id}:{number}", staff, release, now)
    journey = replace(journey, entered_at=min(since or now, now), begun_by=begun_by)
    if not await _has_room(ctx, sop, journey, release.book, now):
        return "full"
    if not await ctx.store.journeys.begin(journey):
        return "not let in"
    rules = "；".join(words for words, _ in asked)
    await _say(ctx, journey, f"进入 SOP“{sop.name}”" + (f"：{rules}" if rules else ""))
    ctx.hints.ring("journeys")
    return "begun"


async def begin_group(ctx: Context, sop: Sop, group: Group) -> bool:
    """Send a group down an SOP from its first step; False while its entry rules say no."""
    release, now = await ctx.releases.head(), ctx.now()
    if not group.owner or not all_hold(sop.entry.conditions, situation.of_group(group), now):
        return False
    id = f"{sop.name}:{group.id}:1"
    journey = born(sop, group.id, id, group.owner, release, now, group=True)
    if not await ctx.store.journeys.begin(journey):
        return False
    await _say(ctx, journey, f"群进入 SOP“{sop.name}”")
    ctx.hints.ring("journeys")
    return True


async def begin_occurrence(
    ctx: Context, sop: Sop, step: str, group: Group, occurrence: Occurrence
) -> bool:
    """Send a group through one moment of a calendar step; False when that happened before."""
    release, now = await ctx.releases.head(), ctx.now()
    id = f"{sop.name}:{group.id}:{occurrence.id}"
    journey = born(sop, group.id, id, group.owner, release, now, group=True)
    journey = at_step(journey, step, occurrence)
    if not await ctx.store.journeys.begin(journey):
        return False
    ctx.hints.ring("journeys")
    return True


def born(
    sop: Sop,
    subject: str,
    id: str,
    staff: str,
    release: Release,
    now: datetime,
    *,
    group: bool = False,
) -> Journey:
    """Born due: if we die before walking it, the next look walks it."""
    return Journey(
        id=id,
        sop=sop.name,
        subject=subject,
        subject_type="group" if group else "contact",
        staff=staff,
        step=sop.flow().entry or "",
        release_entered=release.n,
        pinned=sop.on_change == "按旧版走完",
        entered_at=now,
        step_at=now,
        due_at=now,
        keys=exit_keys(sop, subject, staff, release.book),
        slot=slot_of(subject),
    )


def at_step(journey: Journey, step: str, occurrence: Occurrence) -> Journey:
    """Born for one moment of a calendar."""
    at = occurrence.scheduled_at
    return replace(
        journey, step=step, thread=occurrence.id, planned_at=at, step_at=min(at, journey.step_at)
    )


async def _has_room(ctx: Context, sop: Sop, journey: Journey, book: Book, now: datetime) -> bool:
    """每天最多; a customer turned away is told of in the log, not forgotten silently."""
    window = entering.daily_window(sop, now, Hours.of(book).tz)
    if window is None:
        return True
    full = await ctx.store.caps.reserve(f"sop:{sop.name}", journey.id, "服务", now, [window])
    if full:
        await _say(ctx, journey, f"没有进入“{sop.name}”：今天已满 {window.limit} 人")
    return full is None


async def _turned_away(ctx: Context, sop: Sop, contact_id: str, begun_by: str, why: str) -> None:
    key = f"{sop.name}:{contact_id}:{begun_by or ctx.now().isoformat()}:refused"
    what = f"没有进入“{sop.name}”：{why}"
    await ctx.store.log.write([line(key, [contact_id], ctx.now(), what, sop=sop.name)])


async def _say(ctx: Context, journey: Journey, what: str) -> None:
    about = [journey.id, journey.subject]
    await ctx.store.log.write([line(f"{journey.id}:begin", about, ctx.now(), what)])
