"""One customer group: how it does, who sits in it and where else they sit, what runs in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from bot.actions import join_codes
from bot.context import Context
from bot.model import Group
from bot.playbook.placement import room
from bot.reports import themes as health
from bot.store.memberships import sitting
from bot.story import people
from bot.sync.groups import CUSTOMER
from console.language import marked
from console.pages.customers import belongs_to, staff_seen
from console.pages.groups import HEALTH_DAYS, lately
from console.site import Route, Visit, go

_PAGE = 30
_JOURNEYS = 20
_LEFT = 20
# join_scene: https://developer.work.weixin.qq.com/document/path/92122
_CAME: Final[Mapping[int, str]] = {
    1: marked("成员邀请"),
    2: marked("邀请链接"),
    3: marked("扫群二维码"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """``seen`` False: a customer of others, whose page the reader may not open."""

    id: str
    name: str
    is_customer: bool
    is_owner: bool
    at: datetime
    how: str
    by_our_code: bool
    elsewhere: Sequence[str]  # names of the other groups they sit in
    seen: bool


async def page(visit: Visit) -> web.StreamResponse:
    ctx, group = visit.ctx, await seen(visit, visit.request.match_info["id"])
    (figures,) = await health.health(ctx, [group], lately(ctx))
    left = await ctx.store.seat_lists.left(group.id, _LEFT)
    asked = None if group.join_way else await join_codes.asked(ctx, group)
    return visit.page(
        "group.html",
        group=group,
        room=room(group),
        figures=figures,
        days=HEALTH_DAYS,
        customers=len(sitting(group.roster)),
        journeys=await ctx.store.journeys.newest_of(group.id, _JOURNEYS),
        left=left,
        known=await ctx.store.contacts.many(who for who, _ in left),
        names=await people(ctx),
        asked=asked,
        may_act=visit.who.may("act"),
        **await _members(visit, group),
    )


async def more_members(visit: Visit) -> web.StreamResponse:
    group = await seen(visit, visit.request.match_info["id"])
    return visit.page("group_members.html", group=group, **await _members(visit, group))


async def make_code(visit: Visit) -> web.StreamResponse:
    """The group is to have a QR code of its own; WeCom is asked at most once a day."""
    visit.about = visit.request.match_info["id"]
    group = await seen(visit, visit.about)
    await join_codes.ask(visit.ctx, group)
    return go(f"/console/groups/poster?of=group:{group.id}")


async def seen(visit: Visit, id: str) -> Group:
    """404 for a group that does not exist, or is none of the reader's business."""
    group = await visit.ctx.store.groups.get(id)
    owners = await staff_seen(visit.ctx, visit.who)
    if group is None or (owners is not None and group.owner not in owners):
        raise web.HTTPNotFound
    return group


async def _members(visit: Visit, group: Group) -> dict[str, Any]:
    """One page of them, who came last first; the roster is part of the one document."""
    listed = sorted(group.roster, key=lambda one: (group.roster[one]["at"], one), reverse=True)
    after = visit.request.query.get("after", "")
    start = listed.index(after) + 1 if after in listed else 0
    page = listed[start : start + _PAGE]
    return {
        "members": await _shown(visit, group, page),
        "after": page[-1] if len(listed) > start + _PAGE else "",
    }


async def _shown(visit: Visit, group: Group, ids: Sequence[str]) -> list[Member]:
    ctx = visit.ctx
    contacts, staff = await ctx.store.contacts.many(ids), await people(ctx)
    mine = await staff_seen(ctx, visit.who)
    elsewhere = await _elsewhere(ctx, group, sitting({id: group.roster[id] for id in ids}))
    ours = {code["state"] for code in (group.join_way, group.next_way) if code.get("state")}
    found = []
    for id in ids:
        who, contact = group.roster[id], contacts.get(id)
        found.append(
            Member(
                id=id,
                name=contact.name if contact else staff.get(id, ""),
                is_customer=who["type"] == CUSTOMER,
                is_owner=id == group.owner,
                at=who["at"],
                how=_CAME.get(who.get("scene", 0), ""),
                by_our_code=who.get("state", "") in ours,
                elsewhere=elsewhere.get(id, ()),
                seen=contact is not None and belongs_to(contact, mine),
            )
        )
    return found


async def _elsewhere(ctx: Context, group: Group, ids: Sequence[str]) -> dict[str, list[str]]:
    """The names of the other groups each customer sits in."""
    places = await ctx.store.memberships.of(ids)
    return {
        who: [place.name or place.chat for place in there if place.chat != group.id]
        for who, there in places.items()
    }


ROUTES: Final = (
    Route("GET", "/console/groups/{id}", "look", page),
    Route("GET", "/console/groups/{id}/members", "look", more_members),
    Route("POST", "/console/groups/{id}/code", "act", make_code, did=marked("生成进群码")),
)
