"""Believe WeCom when it says somebody is no friend any more: our copy agrees, journeys leave.

No callback told us, or it was lost; a mass message that failed is often the first we hear of it.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from bot import sync
from bot.actions import news
from bot.context import Context
from bot.wecom.errors import Refused

log = logging.getLogger(__name__)


async def not_friends(ctx: Context, staff: str, contacts: Iterable[str], at: datetime) -> None:
    """Read each again (P:92114); doing this twice does it once.

    WeCom goes on listing a customer who deleted the member of staff. Who is still listed after
    their message failed for 不是好友 (P:93338, status 2) has therefore done that. Raises WeComError
    when WeCom cannot be asked now.
    """
    for contact_id in dict.fromkeys(contacts):
        try:
            await sync.read_contact(ctx, contact_id, at)
        except Refused as error:  # NotAContact, or 40096: WeCom does not know them at all
            log.info("contact %s: %s", contact_id, error, extra={"action": "churn"})
        contact = await ctx.store.contacts.get(contact_id)
        friend = contact.relation(staff) if contact else None
        if friend and not friend.lost:
            fact = sync.parted(contact_id, staff, "by_customer", at)
            await ctx.store.contacts.lost(contact_id, staff, "by_customer", at, [fact])
        await news.tell_contact(ctx, contact_id)
