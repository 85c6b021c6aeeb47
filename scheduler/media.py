"""Have WeCom keep every file that will be sent soon: uploaded ahead, renewed before it expires."""

import asyncio
import logging
from datetime import timedelta

from bot.context import Context
from bot.crash import crash_point
from bot.playbook import needed
from bot.publish.live import with_states
from bot.sender import pictures
from bot.sender.words import refusal
from bot.store.media import File
from bot.wecom.errors import Paced, Refused, WeComError
from config.book import Book
from config.mistakes import Mistakes

log = logging.getLogger(__name__)

EARLY = timedelta(hours=12)  # renewed so long before WeCom throws it away
LOOKS = timedelta(hours=12)  # between two looks at what is needed
BATCH = 4
_AGAIN, _REFUSED = timedelta(minutes=10), timedelta(hours=6)


async def look(ctx: Context) -> bool:
    """See what is needed when it is the time for that, then upload a few; False: nothing to do."""
    planned = await _plan(ctx)
    owner, files = await ctx.store.media.claim(ctx.now(), BATCH)
    await asyncio.gather(*(_renew(ctx, owner, file) for file in files))
    return planned or bool(files)


async def _plan(ctx: Context) -> bool:
    """By what is live this moment: a release seen a few seconds ago may lack the new files."""
    now, store = ctx.now(), ctx.store
    owner = await store.media.claim_plan(now)
    if not owner:
        return False
    head = await store.releases.live()
    if head.n:
        stored = await store.releases.get(head.n)
        await store.materials.learn(stored.materials)
        book = await _book(ctx, head.n)
        live = with_states(book, head.states)
        await store.media.want(_files(live, needed.needs(live, now)), now, EARLY)
    crash_point("media.planned")
    await store.media.planned(owner, now + LOOKS, now)
    return True


async def _book(ctx: Context, n: int) -> Book:
    """Empty when no version of today can read it any more: then nothing of it is sent either."""
    try:
        return (await ctx.releases.get(n)).book
    except Mistakes:
        return Book()


def _files(book: Book, needs: set[needed.Need]) -> list[File]:
    return [
        File(need.use, need.kind, book.files[need.path], need.path)
        for need in sorted(needs)
        if need.path in book.files
    ]


async def _renew(ctx: Context, owner: str, file: File) -> None:
    """Uploaded once more, unless it was meanwhile, by whoever needed it at once."""
    expires_at, now = await ctx.store.media.expiry(file.key), ctx.now()
    try:
        if expires_at is None or expires_at - EARLY <= now:
            await pictures.upload(ctx, file)
            crash_point("media.uploaded")
            expires_at = await ctx.store.media.expiry(file.key)
    except Paced as error:
        await ctx.store.media.park(owner, file.key, error.until, error=str(error))
    except WeComError as error:
        log.warning("media %s: %s", file.key, error, extra={"action": "upload"})
        wait = _REFUSED if isinstance(error, Refused) else _AGAIN
        await ctx.store.media.park(owner, file.key, now + wait, error=refusal(error))
    else:
        due_at = expires_at - EARLY if expires_at else None
        await ctx.store.media.park(owner, file.key, due_at)
