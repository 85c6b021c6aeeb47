"""Come in with one click: only in a process that ``demo`` started, where everybody is made up."""

from hmac import compare_digest
from typing import Final

from aiohttp import web

from console import rights
from console.language import marked
from console.sign_in import let_in
from console.site import Route, Visit, own_path

PATH: Final = "/demo"


async def enter(visit: Visit) -> web.StreamResponse:
    """As the owner, or ``as`` somebody of the staff; 404 without the token from the terminal."""
    query = visit.request.query
    if not compare_digest(query.get("token", "").encode(), visit.site.one_click.encode()):
        raise web.HTTPNotFound
    book = (await visit.ctx.releases.head()).book
    owners = [book.team.people.get(name, "") for name in book.team.console.owners]
    wanted = query.get("as") or next(iter(owners), "")
    member = await visit.ctx.store.staff.get(wanted)
    next_path = own_path(query.get("next", "/console/"))
    if member is None or not member.active:
        if "as" in query:
            raise web.HTTPNotFound
        visit.reader = rights.of_admin("演示")
        return await let_in(visit, "local", next_path)
    visit.reader = rights.of_staff(member, book)
    return await let_in(visit, "wecom", next_path)


ROUTES: Final = (Route("GET", PATH, None, enter, did=marked("演示里一键登录")),)


def address(base: str, token: str) -> str:
    """What to open; whoever has it is in."""
    return f"{base}{PATH}?token={token}"
