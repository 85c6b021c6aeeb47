"""操作记录: who did what in the console, newest first."""

from datetime import datetime
from typing import Final

from aiohttp import web

from console.site import Route, Visit

_PAGE = 50


async def page(visit: Visit) -> web.StreamResponse:
    before = visit.request.query.get("before", "")
    try:
        until = datetime.fromisoformat(before) if before else None
    except ValueError:
        until = None
    lines = await visit.ctx.store.audit.latest(_PAGE + 1, until)
    more = lines[_PAGE - 1]["at"].isoformat() if len(lines) > _PAGE else ""
    return visit.page("trail.html", lines=lines[:_PAGE], more=more)


ROUTES: Final = (Route("GET", "/console/trail", "trail", page),)
