"""Which moments of calendars and audiences have come: each is noted once, whoever looks first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.context import Context, Release
from bot.playbook.recurring import Planned, audiences, plan

_AHEAD = timedelta(days=800)  # what comes once in a lunar year has a next moment within it


async def note(ctx: Context, release: Release, planned: Sequence[Planned]) -> None:
    """Note what has come of these since the last look."""
    seen = await ctx.store.marks.many(one.mark for one in planned) if planned else {}
    for one in planned:
        await _note(ctx, release, one, seen.get(one.mark))


async def next_moment(ctx: Context) -> datetime | None:
    """When the next one comes; None when no SOP has a calendar or looks at an audience."""
    book, now = (await ctx.releases.head()).book, ctx.now()
    every = [*plan(book), *audiences(book)]
    coming = (next(one.between(now, now + _AHEAD), None) for one in every if one.enabled)
    return min((at for at in coming if at), default=None)


async def _note(ctx: Context, release: Release, one: Planned, seen: datetime | None) -> None:
    """Insert what has come since the last look; the mark moves only once it is stored.

    While an SOP is paused its moments pass by: nothing is caught up when it goes on. Of the
    looks at an audience that were missed only the last is made up for.
    """
    now, marks = ctx.now(), ctx.store.marks
    if seen is None:
        if not one.enabled:
            return
        seen = await ctx.store.releases.published_at(release.n)
        await marks.start(one.mark, seen)
    moments = list(one.between(seen, now)) if seen < now else []
    if not moments:
        return
    if one.enabled:
        wanted = moments[-1:] if one.kind == "audience" else moments
        await ctx.store.occurrences.put([one.at(moment, now) for moment in wanted])
    await marks.advance(one.mark, seen, moments[-1])
