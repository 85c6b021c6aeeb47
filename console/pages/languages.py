"""The reader chooses a language; the browser remembers it."""

from typing import Final

from aiohttp import web

from console.language import COOKIE, LANGUAGES
from console.site import Route, Visit, go, own_path

_YEAR_SECONDS = 365 * 86_400


async def choose(visit: Visit) -> web.StreamResponse:
    chosen = visit.request.query.get("lang", "")
    answer = go(own_path(visit.request.query.get("next", "/console/")))
    if chosen in LANGUAGES:
        answer.set_cookie(COOKIE, chosen, max_age=_YEAR_SECONDS, path="/", samesite="Lax")
    return answer


ROUTES: Final = (Route("GET", "/language", None, choose),)
