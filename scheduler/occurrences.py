"""When a moment of a group calendar comes: note it once, then send every group of the theme."""

from bot.actions import journeys
from bot.context import Context
from bot.model import Occurrence
from bot.playbook.recurring import not_any_more, plan, takes_part
from config.book import Book
from scheduler import moments

_SAVE_EVERY = 20  # groups begun between two notes of how far we are


async def look(ctx: Context) -> bool:
    """Note what has come, then expand one batch; True when there was something to expand."""
    release = await ctx.releases.head()
    await moments.note(ctx, release, plan(release.book))
    owner, batch = await ctx.store.occurrences.claim(ctx.now())
    if not batch:
        return False
    try:
        for occurrence in batch:
            await _expand(ctx, owner, release.book, occurrence)
    finally:
        await ctx.store.occurrences.release(owner, [one.id for one in batch])
    return True


async def _expand(ctx: Context, owner: str, book: Book, occurrence: Occurrence) -> None:
    """Begin a journey for every group of the theme, going on where somebody before us stopped."""
    sop = book.sop(occurrence.sop)
    if reason := not_any_more(sop, occurrence) or not sop:
        await ctx.store.occurrences.finish(owner, occurrence.id, str(reason))
        return
    groups = await ctx.store.groups.of_theme(sop.entry.theme or "")
    rest = [group for group in groups if group.id > occurrence.cursor]
    begun = 0
    for number, group in enumerate(rest, 1):
        if takes_part(sop, group, ctx.now()):
            begun += await journeys.begin_occurrence(ctx, sop, occurrence.step, group, occurrence)
        if number % _SAVE_EVERY == 0 and not await ctx.store.occurrences.expanded_to(
            owner, occurrence.id, group.id
        ):
            return
    await ctx.store.occurrences.finish(owner, occurrence.id, begun=begun)
    ctx.hints.ring("journeys")
