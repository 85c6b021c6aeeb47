"""What keeps the house: a nightly comparison with WeCom, and the news nobody finished telling."""

import logging
from datetime import timedelta

from bot.actions.news import tell_news
from bot.context import Context
from bot.sync import sync_everything
from bot.wecom.errors import WeComError

log = logging.getLogger(__name__)

EVERY = timedelta(hours=24)
AGAIN = timedelta(minutes=10)  # when WeCom could not be asked
MARK = "synced"


async def look(ctx: Context) -> bool:
    """Compare once a day, whichever process comes first; False: nothing is left for now.

    Customers kept by an older version are completed before, a batch at a time.
    """
    if await ctx.store.contacts.complete():
        return True
    now = ctx.now()
    seen = await ctx.store.marks.get(MARK)
    if seen is None:
        await ctx.store.marks.start(MARK, now - EVERY)
    elif now - seen >= EVERY and await ctx.store.marks.advance(MARK, seen, now):
        try:
            await sync_everything(ctx)
        except WeComError as error:
            log.warning("the comparison with WeCom is put off: %s", error)
            await ctx.store.marks.advance(MARK, now, now - EVERY + AGAIN)
        await tell_news(ctx)
        return False
    return seen is None
