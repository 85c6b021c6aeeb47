"""今天: what is going on, and where to look next."""

from typing import Final

from aiohttp import web

from console.site import Route, Visit, go


async def page(visit: Visit) -> web.StreamResponse:
    tallies, tasks = visit.ctx.store.tallies, visit.ctx.store.tasks
    return visit.page(
        "today.html",
        customers=await tallies.customers(),
        pushes=await tallies.pushes(),
        tasks=await tasks.tally(),
    )


async def first(visit: Visit) -> web.StreamResponse:
    """Whoever may not look at the shop looks at their own tasks."""
    return go("/console/today" if visit.who.may("look") else "/console/mine")


ROUTES: Final = (
    Route("GET", "/console/", "own tasks", first),
    Route("GET", "/console/today", "look", page),
)
