"""The picture of a QR code, from us: what WeCom drew is read once and kept.

A page of ours may only show what we serve (Content-Security-Policy), and a member's phone need not
tell WeCom's servers that it looked.
"""

import logging
from typing import Literal

from bot.context import Context
from bot.wecom.errors import WeComError

log = logging.getLogger(__name__)

Format = Literal["image/png", "image/jpeg"]


async def picture(ctx: Context, url: str) -> bytes | None:
    """The picture at the ``qr_code`` address of a code (P:92228, P:92229): a PNG or JPEG.

    None without an address, and when WeCom cannot be reached or has no picture there; it is asked
    again a minute later.
    """
    if not url:
        return None
    pictures, now = ctx.store.qr_pictures, ctx.now()
    if known := await pictures.get(url, now):
        return known.content
    try:
        content = await ctx.wecom.picture(url)
    except WeComError as error:
        log.warning("the picture of a QR code cannot be had: %s", error)
        await pictures.failed(url, now)
        before = await pictures.get(url, now)
        return before.content if before else None
    await pictures.keep(url, content, now)
    return content


def format_of(content: bytes) -> Format:
    """What to call it when it is served."""
    return "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
