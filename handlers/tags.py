"""The company's tags were changed by somebody else than us."""

from datetime import timedelta

from bot import sync
from bot.actions import news
from bot.context import Context
from bot.router import NotYet, Router
from bot.wecom.events import Event, TagCreated, TagDeleted, TagsShuffled, TagUpdated

router = Router()

SETTLE = timedelta(seconds=2)
_READ = "tags read"


@router.on(TagCreated, TagUpdated, TagDeleted, TagsShuffled)
async def changed(event: Event, ctx: Context) -> None:
    """Read the list once for all changes made before; a deleted group names none of its tags."""
    if ctx.now() < event.at + SETTLE:
        raise NotYet(event.at + SETTLE)
    read_at = await ctx.store.marks.get(_READ)
    if read_at and read_at >= event.at + SETTLE:
        return
    starting = ctx.now()
    await sync.read_tags(ctx)
    await news.tell_news(ctx)
    if read_at is None:
        await ctx.store.marks.start(_READ, starting)
    else:
        await ctx.store.marks.advance(_READ, read_at, starting)
