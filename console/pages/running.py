"""运行: is everything that should run running, and what waits for somebody to look."""

from typing import Final

from aiohttp import web

from bot.backlog import age, piles
from console.language import marked
from console.site import Route, Visit, go

_PAGE = 50


async def page(visit: Visit) -> web.StreamResponse:
    ctx = visit.ctx
    found = await piles(ctx)
    return visit.page(
        "running.html",
        piles=found,
        alarming=[pile for pile in found if pile.bad],
        dead=await ctx.store.inbox.dead(_PAGE),
        release=await ctx.store.releases.head(),
        age=lambda at: age(at, ctx.now()),
        again=visit.request.query.get("again", ""),
    )


async def replay(visit: Visit) -> web.StreamResponse:
    """Give one dead callback another chance, or all of them."""
    inbox, now = visit.ctx.store.inbox, visit.ctx.now()
    which = (await visit.form()).get("id", "")
    visit.about = which[:16] or marked("全部")
    wanted = [which] if which else [one.id for one in await inbox.dead(10_000)]
    count = sum([await inbox.replay(id, now) for id in wanted])
    visit.ctx.hints.ring("inbox", "urgent inbox")
    return go(f"/console/running?again={count}")


ROUTES: Final = (
    Route("GET", "/console/running", "operate", page),
    Route("POST", "/console/running/replay", "operate", replay, did=marked("重新处理失败的回调")),
)
