"""体检: the questions of ``qunce doctor``; those that ask WeCom arrive one by one."""

from typing import Final

from aiohttp import web

from bot import doctor
from console.site import Route, Visit


async def page(visit: Visit) -> web.StreamResponse:
    """``all``: with every answer at once, for browsers without JavaScript."""
    names = [*doctor.OFFLINE, *doctor.ONLINE]
    answers = {}
    if "all" in visit.request.query:
        answers = {name: await doctor.ask(name, visit.ctx, visit.ctx.now()) for name in names}
    return visit.page("doctor.html", names=names, answers=answers)


async def part(visit: Visit) -> web.StreamResponse:
    """One question with its answer; nothing at all where it is not asked here."""
    name = visit.request.match_info["name"]
    if name not in {*doctor.OFFLINE, *doctor.ONLINE}:
        raise web.HTTPNotFound
    finding = await doctor.ask(name, visit.ctx, visit.ctx.now())
    return visit.page("doctor_part.html", finding=finding)


ROUTES: Final = (
    Route("GET", "/console/doctor", "operate", page),
    Route("GET", "/console/doctor/{name}", "operate", part),
)
