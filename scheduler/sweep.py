"""When what is live has changed: look again at everybody whom the change concerns."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.actions.recall import recall, take_back
from bot.context import Context, Release
from bot.crash import crash_point
from bot.model import Journey
from bot.playbook.hours import Hours
from bot.playbook.moves import Edit, look_at
from bot.playbook.waiting import exit_keys
from bot.publish.live import with_states
from bot.store.releases import Head
from bot.store.sweeps import Sweep
from config.book import Book
from config.mistakes import Mistakes
from config.phrases import AttributeDate
from config.sop import Sop

log = logging.getLogger(__name__)

BATCH = 500
_BEGINNING = ("", "", "")


async def look(ctx: Context) -> bool:
    """One batch of journeys; False when everybody knows what is live, or others are at it."""
    head = await ctx.store.releases.live()
    if not head.n:
        return False
    sweep = await ctx.store.sweeps.claim(head)
    if sweep is None:
        return False
    crash_point("sweep.claimed")
    before = [await _book(ctx, head) for head in (sweep.done, *sweep.via)]
    now_live = await _book(ctx, sweep.to)
    edits = _edits(before, now_live, ctx.now())
    if sweep.place == _BEGINNING and not sweep.second:
        await _recall(ctx, sweep)
        await _take_back(ctx, edits)
    place = await _batch(ctx, sweep, edits)
    crash_point("sweep.looked")
    if place is None:
        await ctx.store.sweeps.finish(sweep)
    else:
        await ctx.store.sweeps.advance(sweep, place)
    ctx.hints.ring("journeys")
    return True


async def _book(ctx: Context, head: Head) -> Book:
    """What was, or is, live then; empty when no version of today can read it any more."""
    if not head.n:
        return Book()
    try:
        return with_states((await ctx.releases.get(head.n)).book, head.states)
    except Mistakes:
        log.warning("release %s cannot be read any more: everybody is looked at", head.n)
        return Book()


@dataclass(frozen=True, slots=True)
class _Named:
    """An edit, under a name that journeys under way may carry."""

    name: str
    edit: Edit
    book: Book


def _edits(before: Sequence[Book], live: Book, now: datetime) -> list[_Named]:
    """Every edit that concerns somebody, in the order of the names.

    Of what was live in between the first that differs counts: back to what was, some have walked
    by the other meanwhile.
    """
    hours = Hours.of(live)
    names = {name for book in (*before, live) for name in book.sops}
    names |= {name for sop in live.sops.values() for name in sop.formerly}
    found = []
    for name in sorted(names):
        edits = (
            Edit(was.sop(name), live.sop(name), hours, now, _clock(was) != _clock(live))
            for was in before
        )
        if edit := next((edit for edit in edits if edit.matters), None):
            found.append(_Named(name, edit, live))
    return found


def _clock(book: Book) -> tuple[object, ...]:
    rules = book.rules
    return (rules.timezone, rules.workdays, rules.attributes)


async def _batch(
    ctx: Context, sweep: Sweep, edits: Sequence[_Named]
) -> tuple[str, str, str] | None:
    """Look at the next journeys; how far we are then, None when everybody has been looked at."""
    sop, subject, thread = sweep.place
    left = [named for named in edits if named.name >= sop]
    if not left:
        return None
    named = left[0]
    after = (subject, thread) if named.name == sop else ("", "")
    hand = await ctx.store.journeys.under_way(named.name, after, BATCH)
    await _look_at_all(ctx, sweep, named, hand)
    if len(hand) == BATCH:
        return (named.name, hand[-1].subject, hand[-1].thread)
    return (left[1].name, "", "") if len(left) > 1 else None


async def _look_at_all(ctx: Context, sweep: Sweep, named: _Named, hand: Sequence[Journey]) -> None:
    """Those that somebody moves while we look are read and looked at again."""
    if sweep.second:  # those that were begun or moved by who did not know yet
        hand = [journey for journey in hand if journey.looked_rev < sweep.to.rev]
    while hand:
        kept = {n: await ctx.releases.get(n) for n in {j.release_entered for j in hand if j.pinned}}
        dates = await _dates(ctx, named.edit.sop, hand)
        looks = [
            (
                journey,
                look_at(_of(journey, named.edit, kept), journey, dates.get(journey.subject, {})),
                _keys(journey, named, kept),
            )
            for journey in hand
        ]
        moved = await ctx.store.journeys.look_no_later(looks, sweep.to.rev)
        hand = await ctx.store.journeys.many(moved) if moved else []


def _of(journey: Journey, edit: Edit, kept: dict[int, Release]) -> Edit:
    """Who finishes the old version is concerned by nothing but the state of the SOP."""
    if not journey.pinned or edit.sop is None:
        return edit
    sop = kept[journey.release_entered].book.sop(journey.sop)
    if sop is None:
        return edit
    was = sop.model_copy(update={"state": edit.was.state}) if edit.was else None
    now = sop.model_copy(update={"state": edit.sop.state})
    return replace(edit, was=was, sop=now, clock_changed=False)


def _keys(journey: Journey, named: _Named, kept: dict[int, Release]) -> Sequence[str]:
    """By what its exit rules are told from now on."""
    if named.edit.sop is None or journey.pinned:
        return ()
    keys = exit_keys(named.edit.sop, journey.subject, journey.staff, named.book)
    return [key for key in keys if key not in journey.keys]


async def _dates(
    ctx: Context, sop: Sop | None, hand: Sequence[Journey]
) -> dict[str, dict[str, date]]:
    """The dates steps are counted from, per customer; read only where a step asks for one."""
    nodes = sop.flow().nodes.values() if sop else ()
    if not any(isinstance(node.step.when, AttributeDate) for node in nodes):
        return {}
    contacts = await ctx.store.contacts.many(journey.subject for journey in hand)
    return {
        id: {name: date.fromisoformat(day) for name, day in contact.attributes.items()}
        for id, contact in contacts.items()
    }


async def _recall(ctx: Context, sweep: Sweep) -> None:
    """撤回未发, for every release since the last sweep that asks for it, once."""
    for n in range(max(sweep.done.n, sweep.recalled) + 1, sweep.to.n + 1):
        stored = await ctx.store.releases.get(n)
        if stored.recall and stored.base:
            was, live = Head(n=stored.base), Head(n=n)
            await recall(ctx, await _book(ctx, was), await _book(ctx, live))
        await ctx.store.sweeps.recalled(n)


async def _take_back(ctx: Context, edits: Sequence[_Named]) -> None:
    """Of an SOP that was stopped, or is gone, nothing more is sent, also not by who has it."""
    for named in edits:
        if named.edit.sop is None or named.edit.sop.state == "停用":
            reason = "SOP已停用" if named.edit.sop else "SOP已删除"
            await take_back(ctx, named.name, None, reason)
