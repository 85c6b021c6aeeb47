"""The shop's own systems told us what a customer did: an order, a visit …"""

import re
from datetime import timedelta

from bot.actions import entry
from bot.context import Context
from bot.model import Fact
from bot.playbook import keys
from bot.router import NotForUs, NotYet, Posted, Router

router = Router()

SETTLED = timedelta(minutes=10)  # until then an unknown customer may still turn up
_LOOK_AGAIN = timedelta(minutes=1)

_KIND = re.compile(r"\w[\w-]{0,39}")


@router.on(Posted)
async def happened(event: Posted, ctx: Context) -> None:
    """Count it, wake who waits for it, begin what begins with it."""
    if not _KIND.fullmatch(event.kind):
        raise NotForUs(f"不认识的业务事件“{event.kind[:40]}”")
    fact = Fact(
        id=f"{event.kind}:{event.id}",
        keys=(keys.happened(event.subject, event.kind),),
        subject=event.subject,
        at=event.at,
        source="posted",
        data=event.data,
    )
    await ctx.store.facts.record([fact], ctx.now())
    ctx.hints.ring("journeys")
    if not await ctx.store.contacts.happened(event.subject, event.kind, event.id, event.at):
        if ctx.now() < event.at + SETTLED:  # their adding may be in another process's hands
            raise NotYet(ctx.now() + _LOOK_AGAIN)
        raise NotForUs("没有这位客户")
    contact = await ctx.store.contacts.get(event.subject)
    if event.kind == "order" and contact and (staff := entry.newest_friend(contact)):
        await entry.ordered(ctx, contact, staff)
