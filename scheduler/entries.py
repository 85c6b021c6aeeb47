"""When something has happened with which something begins: begin it, whoever noticed the fact."""

import logging
from datetime import timedelta

from bot.actions import entry, regrouping
from bot.context import Context
from bot.crash import crash_point
from bot.store.log import line

log = logging.getLogger(__name__)

_AFTER_FAILURE = timedelta(minutes=10)
_GIVE_UP = timedelta(days=1)


async def look(ctx: Context) -> bool:
    """Begin what begins with one batch of facts; True when there were any."""
    release = await ctx.releases.head()  # who cannot read it must not claim either
    owner, batch = await ctx.store.facts.claim(ctx.now())
    if not batch:
        return False
    looked_at = []
    for fact in batch:
        try:
            await entry.begin_with(ctx, release.book, fact)
            await regrouping.consider(ctx, release.book, fact)
        except Exception:  # one bad fact must not keep the others from beginning anything
            log.exception("fact %s cannot be looked at now", fact.id)
            if fact.at > ctx.now() - _GIVE_UP:
                await ctx.store.facts.look_again(owner, fact.id, ctx.now() + _AFTER_FAILURE)
                continue
            about = [fact.subject]
            what = "系统出错，一直没能判断要不要进入 SOP，已放弃，请看日志"
            await ctx.store.log.write([line(f"{fact.id}:given up", about, ctx.now(), what)])
        looked_at.append(fact.id)
        crash_point("entries.between")
    await ctx.store.facts.looked_at(owner, looked_at)
    return True
