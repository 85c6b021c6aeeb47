"""Make the links of member pages, and tell whose an opened one is."""

from typing import Literal

from bot.context import Context
from bot.playbook.pages import (
    LinkMaker,
    MemberLink,
    Purpose,
    is_genuine,
    month_of,
    months_from,
    unsigned,
)


async def maker(ctx: Context, address: str = "") -> LinkMaker | None:
    """For links made now; None while nobody said where browsers find us."""
    where = address or ctx.settings.public_url
    if not where:
        return None
    now = ctx.now()
    keys = await ctx.store.member_links.keys(months_from(now))
    return LinkMaker(address=where, now=now, keys=keys)


async def read(ctx: Context, purpose: Purpose, token: str) -> MemberLink | Literal["over"] | None:
    """Whose link this is; "over" when it was good once, None when we never made it."""
    claimed = unsigned(purpose, token)
    key = await ctx.store.member_links.key(month_of(claimed.expires_at)) if claimed else None
    if claimed is None or key is None or not is_genuine(claimed, token, key):
        return None
    return claimed if ctx.now() < claimed.expires_at else "over"
