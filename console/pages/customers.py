"""客户: find one by name, phone, tag or member of staff."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from bot.context import Context
from bot.model import Contact, Staff
from bot.playbook.masking import asked_for
from bot.store.finding import Asked
from bot.story import people
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
    said = query.get("q", "").strip()
    phone = asked_for(said)
    name = "" if phone else said
    asked = Asked(name=name, phone=phone, tag=query.get("tag", ""), staff=staff)
    found = await ctx.store.finding.customers(asked, query.get("after", ""), _PAGE)
    known = await ctx.store.contacts.many(found.ids)
    return visit.page(
        "customers.html" if "HX-Request" not in visit.request.headers else "customers_rows.html",
        customers=[known[id] for id in found.ids if id in known],
        after=found.after,
        q=said,
        phone=phone,
        tag=asked.tag,
        staff=chosen,
        tags=sorted((await ctx.store.tags.names()).values()),
        colleagues=await colleagues_of(ctx, visit.who),
        names=await people(ctx),
    )


async def contact_seen(visit: Visit, id: str) -> Contact:
    """404 for a customer who does not exist, or is none of the reader's business."""
    contact = await visit.ctx.store.contacts.get(id)
    staff = await staff_seen(visit.ctx, visit.who)
    if contact is None:
        raise web.HTTPNotFound
    if not belongs_to(contact, staff):
        raise web.HTTPNotFound
    return contact


def belongs_to(contact: Contact, staff: Sequence[str] | None) -> bool:
    """To one of them, or to nobody any more after one of them; None: anybody."""
    friends = [r for r in contact.relations if not r.lost] or contact.relations
    return staff is None or bool({r.staff for r in friends} & set(staff))


async def staff_seen(ctx: Context, reader: Reader) -> tuple[str, ...] | None:
    """Whose customers and tasks the reader may see; None: everybody's."""
    if reader.sees_all:
        return None
    everyone = await ctx.store.staff.active()
    return tuple(m.id for m in everyone if reader.departments & set(m.departments))


async def colleagues_of(ctx: Context, reader: Reader) -> Sequence[Staff]:
    """Those of them who work here: whom the reader may give something to."""
    seen = await staff_seen(ctx, reader)
    everyone = await ctx.store.staff.active()
    return [m for m in everyone if seen is None or m.id in seen]


ROUTES: Final = (Route("GET", "/console/customers", "look", page),)
