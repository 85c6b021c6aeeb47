"""客户: find one, and read everything that happened to them and why."""

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from bot.context import Context
from bot.model import Contact
from bot.store.finding import Asked
from bot.story import people, tell
from console.rights import Reader
from console.site import Route, Visit

_PAGE = 30


async def page(visit: Visit) -> web.StreamResponse:
    """A lead sees the customers of their departments' people."""
    query, ctx = visit.request.query, visit.ctx
    staff = await staff_seen(ctx, visit.who)
    chosen = query.get("staff", "")
    if chosen and (staff is None or chosen in staff):
        staff = (chosen,)
    asked = Asked(name=query.get("q", "").strip(), tag=query.get("tag", ""), staff=staff)
    found = await ctx.store.finding.customers(asked, query.get("after", ""), _PAGE)
    known = await ctx.store.contacts.many(found.ids)
    return visit.page(
        "customers.html" if "HX-Request" not in visit.request.headers else "customers_rows.html",
        customers=[known[id] for id in found.ids if id in known],
        after=found.after,
        q=query.get("q", ""),
        tag=asked.tag,
        staff=chosen,
        tags=sorted((await ctx.store.tags.names()).values()),
        colleagues=await _colleagues(ctx, visit.who),
        names=await people(ctx),
    )


async def one(visit: Visit) -> web.StreamResponse:
    contact = await _seen(visit, visit.request.match_info["id"])
    ctx = visit.ctx
    story = await tell(ctx, contact.id)
    return visit.page(
        "customer.html",
        contact=contact,
        lines=list(reversed(story.lines)) if story else [],
        journeys=await ctx.store.journeys.of(contact.id),
        names=await people(ctx),
    )


async def _seen(visit: Visit, id: str) -> Contact:
    """404 for a customer who does not exist, or is none of the reader's business."""
    contact = await visit.ctx.store.contacts.get(id)
    staff = await staff_seen(visit.ctx, visit.who)
    if contact is None:
        raise web.HTTPNotFound
    if staff is not None and not {r.staff for r in contact.relations} & set(staff):
        raise web.HTTPNotFound
    return contact


async def staff_seen(ctx: Context, reader: Reader) -> tuple[str, ...] | None:
    """Whose customers the reader may see; None: everybody's."""
    if reader.sees_all:
        return None
    everyone = await ctx.store.staff.active()
    return tuple(m.id for m in everyone if reader.departments & set(m.departments))


async def _colleagues(ctx: Context, reader: Reader) -> Sequence[Any]:
    seen = await staff_seen(ctx, reader)
    everyone = await ctx.store.staff.active()
    return [m for m in everyone if seen is None or m.id in seen]


ROUTES: Final = (
    Route("GET", "/console/customers", "look", page),
    Route("GET", "/console/customers/{id}", "look", one),
)
