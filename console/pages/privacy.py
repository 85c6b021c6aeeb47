"""隐私页: what is kept about a member in plain words, and 停止推送."""

from typing import Final

from aiohttp import web

from bot.actions import opting
from bot.playbook.happenings import INTERACTION
from console.language import marked
from console.members import Guest, for_members
from console.site import Route, go

_DEEDS: Final = {
    "order": marked("下单"),
    "visit": marked("到店"),
    "reply": marked("给顾问发消息"),
    "join": marked("进群"),
    "form": marked("打卡和答题"),
}


async def kept(guest: Guest) -> web.StreamResponse:
    """Everything about them in our database, as they would say it."""
    store, contact = guest.ctx.store, guest.contact
    stop = await opting.standing(guest.ctx, contact.id)
    seats = await store.seats.of(contact.id)
    deeds = [
        (_DEEDS.get(kind, kind), len(times), max(times))
        for kind, times in contact.happened.items()
        if times and kind != INTERACTION
    ]
    adviser = await store.staff.get(guest.friend.staff)
    return guest.page(
        "member_privacy.html",
        contact=contact,
        adviser=adviser.name if adviser else "",
        deeds=deeds,
        themes=sorted({seat.theme for seat in seats if seat.state == "已入群"}),
        stop=stop,
        received=sum(one.state == "delivered" for one in await store.deliveries.of(contact.id)),
        answers=[one for one in await store.told.of(contact.id) if one.said],
    )


async def stop(guest: Guest) -> web.StreamResponse:
    await opting.stop(guest.ctx, guest.contact.id, why="在隐私页")
    return go(guest.path)


async def resume(guest: Guest) -> web.StreamResponse:
    await opting.resume(guest.ctx, guest.contact.id, why="在隐私页")
    return go(guest.path)


ROUTES: Final = (
    Route("GET", "/m/privacy/{token}", None, for_members("privacy", kept)),
    Route(
        "POST",
        "/m/privacy/{token}/stop",
        None,
        for_members("privacy", stop),
        did=marked("会员停止推送"),
    ),
    Route(
        "POST",
        "/m/privacy/{token}/resume",
        None,
        for_members("privacy", resume),
        did=marked("会员恢复推送"),
    ),
)
