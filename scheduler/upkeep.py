"""What keeps the house: a nightly comparison with WeCom, and the news nobody finished telling."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions.news import tell_news
from bot.context import Context
from bot.playbook.hours import Hours
from bot.sync import sync_everything
from bot.wecom.errors import Misconfigured, WeComError

log = logging.getLogger(__name__)

NIGHT_HOUR = 3  # local time: nobody waits for the calls it takes, and yesterday's figures are in
AGAIN = timedelta(minutes=10)  # when WeCom could not be asked
ABSENT = timedelta(hours=1)  # whoever begins so long after the last comparison begins with one
MARK = "synced"
_PUT_OFF = "sync put off"


async def look(ctx: Context) -> bool:
    """Compare once a night, whichever process comes first; False: nothing is left for now.

    Customers kept by an older version are completed before, a batch at a time. Where WeCom says
    that we may not ask (48002), asking again helps nobody: it waits for the next night.
    """
    if await ctx.store.contacts.complete():
        return True
    now, night = ctx.now(), last_night(ctx.now(), Hours.of((await ctx.releases.head()).book).tz)
    seen = await ctx.store.marks.get(MARK)
    if seen is None:
        await ctx.store.marks.start(MARK, _before(night))
    elif await _is_put_off(ctx, now):
        return False
    elif seen < night and await ctx.store.marks.advance(MARK, seen, now):
        try:
            await hand_on(ctx, (await sync_everything(ctx)).left)
        except Misconfigured as error:
            log.error("the comparison with WeCom is not allowed: %s", error.hint)
        except WeComError as error:
            log.warning("the comparison with WeCom is put off: %s", error)
            await _put_off(ctx, now + AGAIN)
            await ctx.store.marks.advance(MARK, now, _before(night))
        await tell_news(ctx)
        return False
    return seen is None


async def begin(ctx: Context) -> None:
    """A process starts: was nobody there to hear WeCom, the next look compares, night or not."""
    now = ctx.now()
    seen = await ctx.store.marks.get(MARK)
    if seen and now - seen > ABSENT:
        night = last_night(now, Hours.of((await ctx.releases.head()).book).tz)
        await ctx.store.marks.advance(MARK, seen, _before(night))


async def hand_on(ctx: Context, left: Sequence[str]) -> None:
    """Of who has left nobody told us: their tasks go to others and no customers to them."""
    for staff in left:
        await ctx.store.tasks.wake_of_staff(staff, ctx.now())
    if left:
        await ctx.store.ways.wake(ctx.now())


async def _is_put_off(ctx: Context, now: datetime) -> bool:
    until = await ctx.store.marks.get(_PUT_OFF)
    return until is not None and now < until


async def _put_off(ctx: Context, until: datetime) -> None:
    seen = await ctx.store.marks.get(_PUT_OFF)
    if seen is None:
        await ctx.store.marks.start(_PUT_OFF, until)
    else:
        await ctx.store.marks.advance(_PUT_OFF, seen, until)


def last_night(now: datetime, tz: ZoneInfo) -> datetime:
    """When the latest comparison was due."""
    local = now.astimezone(tz)
    night = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)


def _before(night: datetime) -> datetime:
    return night - timedelta(seconds=1)
