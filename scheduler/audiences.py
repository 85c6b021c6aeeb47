"""When an audience is to be looked at (检查人群): begin every customer who is in it."""

from contextlib import aclosing

from bot.actions import journeys
from bot.context import Context
from bot.crash import crash_point
from bot.model import Occurrence
from bot.playbook.recurring import Planned, audiences, goes_on_at, nobody_asks
from config.book import Book
from config.sop import Sop
from scheduler import moments

_PAGE = 200  # customers looked at between two notes of how far we are


async def look(ctx: Context) -> bool:
    """Note what has come, then go through one audience; True when there was one."""
    release = await ctx.releases.head()
    planned = audiences(release.book)
    await moments.note(ctx, release, planned)
    owner, batch = await ctx.store.occurrences.claim(ctx.now(), 1, kind="audience")
    for occurrence in batch:
        try:
            sop = release.book.sop(occurrence.sop)
            if (why := nobody_asks(sop)) or sop is None:
                await ctx.store.occurrences.finish(owner, occurrence.id, why)
            else:
                one = next(p for p in planned if p.sop.name == sop.name)
                await _go_through(ctx, owner, release.book, one, occurrence)
        finally:
            await ctx.store.occurrences.release(owner, [occurrence.id])
    return bool(batch)


async def _go_through(
    ctx: Context, owner: str, book: Book, one: Planned, occurrence: Occurrence
) -> None:
    """Everybody in the order of ids, from where somebody before us stopped.

    Whom this moment has begun it does not begin again, so nobody need know exactly where that was.
    """
    begun, cursor = 0, occurrence.cursor
    while page := await _page(ctx, one.sop, book, cursor):
        inside = await ctx.store.journeys.inside(one.sop.names, page)
        for contact_id in page:
            if contact_id in inside:
                continue
            outcome = await _begin(ctx, one.sop, contact_id, occurrence)
            if outcome == "full":
                await _rest(ctx, owner, one, occurrence, cursor, begun)
                return
            begun += outcome == "begun"
            cursor = contact_id
            crash_point("audiences.between")
        cursor = page[-1]
        if not await ctx.store.occurrences.expanded_to(owner, occurrence.id, cursor):
            return
    await ctx.store.occurrences.finish(owner, occurrence.id, begun=begun)


async def _page(ctx: Context, sop: Sop, book: Book, cursor: str) -> list[str]:
    page: list[str] = []
    found = ctx.store.contacts.matching(sop.entry.conditions, book, ctx.now(), cursor)
    async with aclosing(found) as ids:
        async for contact_id in ids:
            page.append(contact_id)
            if len(page) == _PAGE:
                break
    return page


async def _begin(
    ctx: Context, sop: Sop, contact_id: str, occurrence: Occurrence
) -> journeys.Outcome:
    """Each is judged once more, as they are at this moment."""
    contact = await ctx.store.contacts.get(contact_id)
    friend = contact.newest_friend if contact else None
    if contact is None or friend is None:
        return "not let in"
    return await journeys.let_in(ctx, sop, contact, friend.staff, begun_by=occurrence.id)


async def _rest(
    ctx: Context, owner: str, one: Planned, occurrence: Occurrence, cursor: str, begun: int
) -> None:
    """今天已满: the rest come the next day, by the next look if there is one by then."""
    again = goes_on_at(one, occurrence, ctx.now())
    if again is None:
        await ctx.store.occurrences.finish(owner, occurrence.id, begun=begun)
    else:
        await ctx.store.occurrences.go_on(owner, occurrence.id, cursor, again)
