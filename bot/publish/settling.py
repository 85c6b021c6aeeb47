"""After a release: bring WeCom's tags and our groups in line with it."""

import logging

from bot import sync
from bot.context import Context
from bot.wecom.errors import WeComError
from config.book import Book

log = logging.getLogger(__name__)


async def settle(ctx: Context, book: Book) -> None:
    """Make what the new release needs in WeCom; what fails is tried nightly."""
    ctx.releases.forget()
    try:
        await sync.create_missing_tags(ctx, book)
        await sync.place_groups(ctx)
    except WeComError as error:
        log.warning("WeCom did not take the new release's tags yet: %s", error)
