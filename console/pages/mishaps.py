"""接口报错: what WeCom refused in the last day, how often, and what helps."""

from datetime import timedelta
from typing import Final

from aiohttp import web

from bot.sender.words import cure
from console.site import Route, Visit

_LATELY: Final = timedelta(days=1)


async def page(visit: Visit) -> web.StreamResponse:
    ctx = visit.ctx
    await ctx.store.mishaps.write()  # what this process heard a moment ago counts too
    found = await ctx.store.mishaps.since(ctx.now() - _LATELY)
    return visit.page(
        "mishaps.html",
        rows=[(one, cure(one.what, one.code, one.said, one.path)) for one in found],
        bad=frozenset({"Misconfigured", "NotTrusted"}),
    )


ROUTES: Final = (Route("GET", "/console/running/errors", "operate", page),)
