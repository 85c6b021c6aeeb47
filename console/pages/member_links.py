"""A new link to a page of a member's own, for whoever looks after them to send by hand.

A link belongs to the device that opened it first: who changed their phone asks for another.
"""

import secrets
from typing import Final

from aiohttp import web

from bot.actions import member_links
from bot.playbook.joining import offered
from bot.playbook.pages import PURPOSES, Purpose
from console.language import marked
from console.pages.customers import contact_seen
from console.site import Route, Visit

_NAMES: Final[dict[Purpose, str]] = {
    "join": marked("选群页"),
    "privacy": marked("隐私页"),
}


async def choose(visit: Visit) -> web.StreamResponse:
    return await _page(visit)


async def make(visit: Visit) -> web.StreamResponse:
    """Another link each time; those made before stay good for whoever opened them."""
    wanted = (await visit.form()).get("page", "")
    purpose = next((one for one in PURPOSES if one == wanted and one in _NAMES), None)
    links = await member_links.maker(visit.ctx, visit.address)
    if purpose is None or links is None:
        raise web.HTTPNotFound
    contact = await contact_seen(visit, visit.request.match_info["id"])
    visit.about = f"{contact.id} {_NAMES[purpose]}"
    made = links.to(purpose, contact.id, serial=secrets.token_urlsafe(6))
    return await _page(visit, made, _NAMES[purpose])


async def _page(visit: Visit, made: str = "", name: str = "") -> web.Response:
    contact = await contact_seen(visit, visit.request.match_info["id"])
    return visit.page(
        "member_links.html",
        contact=contact,
        pages=_NAMES,
        offered=bool(offered((await visit.ctx.releases.head()).book)),
        address=visit.address,
        made=made,
        name=name,
    )


ROUTES: Final = (
    Route("GET", "/console/customers/{id}/links", "act", choose),
    Route("POST", "/console/customers/{id}/links", "act", make, did=marked("生成客户页面链接")),
)
