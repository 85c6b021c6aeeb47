"""When a group has come to a theme: send it down the SOPs that begin with that, once."""

from bot.actions import journeys
from bot.context import Context
from config.book import Book
from config.sop import Sop


async def look(ctx: Context) -> bool:
    """Begin what was not begun yet; groups there already begin when their SOP is published."""
    book = (await ctx.releases.head()).book
    begun = 0
    for sop in _beginning_with_a_theme(book):
        groups = await ctx.store.groups.of_theme(sop.entry.theme or "")
        known = await ctx.store.journeys.first_of(sop.names, [group.id for group in groups])
        for group in groups:
            if group.id not in known:
                begun += await journeys.begin_group(ctx, sop, group)
    return begun > 0


def _beginning_with_a_theme(book: Book) -> list[Sop]:
    """Group SOPs that have more to them than a calendar."""
    return [
        sop
        for sop in book.sops.values()
        if sop.state == "启用" and sop.entry.kind == "群属于主题" and sop.flow().entry
    ]
