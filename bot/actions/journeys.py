"""Begin journeys: send a customer, or a group for one moment of a calendar, down an SOP."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.context import Context, Release
from bot.model import CapWindow, Contact, Group, Journey, Occurrence
from bot.playbook import situation
from bot.playbook.audience import all_hold
from bot.playbook.calendar import day_start
from bot.playbook.hours import Hours
from bot.playbook.waiting import exit_keys
from bot.store.log import line
from bot.store.rows import slot_of
from config.book import Book
from config.sop import Sop


async def begin(
    ctx: Context, sop: Sop, contact: Contact, staff: str, *, since: datetime | None = None
) -> bool:
    """Send a customer down an SOP, if its entry rules let them in; False when they do not.

    ``since`` is when they really entered, if that was earlier: what ends the journey may have
    happened between then and now.
    """
    release, now = await ctx.releases.head(), ctx.now()
    if sop.state != "启用":
        return False
    names = await ctx.store.tags.names()
    state = situation.of_contact(contact, names, staff)
    if not all_hold(sop.entry.conditions, state, now):
        return False
    number = await _entry_number(ctx, sop, contact.id, now)
    if number is None:
        return False
    journey = _new(sop, contact.id, f"{sop.name}:{contact.id}:{number}", staff, release, now)
    journey = replace(journey, entered_at=min(since or now, now))
    if not await _has_room(ctx, sop, journey, release.book, now):
        return False
    if not await ctx.store.journeys.begin(journey):
        return False
    await _say(ctx, journey, f"进入 SOP“{sop.name}”")
    ctx.hints.ring("journeys")
    return True


async def begin_group(ctx: Context, sop: Sop, group: Group) -> bool:
    """Send a group down an SOP from its first step; False while its entry rules say no."""
    release, now = await ctx.releases.head(), ctx.now()
    if not group.owner or not all_hold(sop.entry.conditions, situation.of_group(group), now):
        return False
    id = f"{sop.name}:{group.id}:1"
    journey = _new(sop, group.id, id, group.owner, release, now, group=True)
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
    journey = _new(sop, group.id, id, group.owner, release, now, group=True)
    journey = _at_step(journey, step, occurrence)
    if not await ctx.store.journeys.begin(journey):
        return False
    ctx.hints.ring("journeys")
    return True


def _new(
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
        entered_at=now,
        step_at=now,
        due_at=now,
        keys=exit_keys(sop, subject, staff, release.book),
        slot=slot_of(subject),
    )


def _at_step(journey: Journey, step: str, occurrence: Occurrence) -> Journey:
    at = occurrence.scheduled_at
    return replace(
        journey, step=step, thread=occurrence.id, planned_at=at, step_at=min(at, journey.step_at)
    )


async def _entry_number(ctx: Context, sop: Sop, subject: str, now: datetime) -> int | None:
    """Which time this would be; None when 重复进入 says no."""
    before = await ctx.store.journeys.entries([sop.name, *sop.formerly], subject)
    if not before:
        return 1
    again = sop.entry.again
    if again is None or before[-1].state == "active":
        return None
    left = max(before[-1].step_at, before[-1].entered_at)
    return len(before) + 1 if now >= left + timedelta(days=again) else None


async def _has_room(ctx: Context, sop: Sop, journey: Journey, book: Book, now: datetime) -> bool:
    """每天最多; a customer turned away is told of in the log, not forgotten silently."""
    limit = sop.entry.daily_limit
    if limit is None:
        return True
    since = day_start(now, Hours.of(book).tz)
    window = CapWindow(
        rule=f"每天{limit}人", limit=limit, since=since, until=since + timedelta(days=1)
    )
    full = await ctx.store.caps.reserve(f"sop:{sop.name}", journey.id, "服务", now, [window])
    if full:
        await _say(ctx, journey, f"没有进入“{sop.name}”：今天已满 {limit} 人")
    return full is None


async def _say(ctx: Context, journey: Journey, what: str) -> None:
    about = [journey.id, journey.subject]
    await ctx.store.log.write([line(f"{journey.id}:begin", about, ctx.now(), what)])
