"""运行: is everything that should run running, and what waits for somebody to look."""

from typing import Final

from aiohttp import web

from bot.backlog import age, piles
from console.site import Route, Visit

_SHOWN = 10


async def page(visit: Visit) -> web.StreamResponse:
    ctx = visit.ctx
    found = await piles(ctx)
    return visit.page(
        "running.html",
        piles=found,
        alarming=[pile for pile in found if pile.bad],
        dead=await ctx.store.inbox.dead(_SHOWN),
        release=await ctx.store.releases.head(),
        age=lambda at: age(at, ctx.now()),
        again=visit.request.query.get("again", ""),
    )


ROUTES: Final = (Route("GET", "/console/running", "operate", page),)
