"""选群页: a member chooses what interests them and gets the code of the right group."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from bot.actions import inviting, joining, qr_pictures
from bot.actions.joining import Offer
from bot.playbook.hours import Hours
from bot.playbook.joining import why_over
from console.language import marked
from console.members import Guest, for_members
from console.site import Route, go

_COOLING: Final = "退群冷却到 "
_OVER: Final = {
    _COOLING: marked("您退过这个主题的群，{until} 以后可以再进。"),
    "占位有效期已过": marked("上次给您留的位子已经过期了。"),
    "各群都满了": marked("群都满了，现在没有位子。"),
    "不符合": marked("这个群现在不适合您。"),
}
_NOT_ARRANGED: Final = marked("这次没有安排成，可以再试一次。")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """An offer with the words of the page; ``again`` False: it is no use to try now."""

    offer: Offer
    until: str = ""
    over: str = ""
    again: bool = True


async def themes(guest: Guest) -> web.StreamResponse:
    """Every theme they may choose, with where they stand; who has seen the code was invited."""
    offers = await joining.offers(guest.ctx, guest.contact, guest.link.about)
    for offer in offers:
        if offer.stage == "code" and offer.seat:
            await joining.shown(guest.ctx, offer.seat)
    hours = Hours.of((await guest.ctx.releases.head()).book)
    return guest.page("member_join.html", cards=[_card(guest, offer, hours) for offer in offers])


async def choose(guest: Guest) -> web.StreamResponse:
    """They want to join; back to the page, which says what comes of it."""
    wanted = (await guest.visit.form()).get("theme", "")
    offer = await _offered(guest, wanted)
    guest.visit.about = f"{guest.contact.id} {offer.theme.name}"
    await joining.choose(guest.ctx, guest.contact, guest.friend, offer.theme)
    return go(guest.path)


async def code(guest: Guest) -> web.StreamResponse:
    """The picture of the group's QR code, by us: the page loads nothing from elsewhere."""
    offer = await _offered(guest, guest.visit.request.query.get("theme", ""))
    picture = await qr_pictures.picture(guest.ctx, offer.code) if offer.stage == "code" else None
    if picture is None:
        raise web.HTTPNotFound
    return web.Response(body=picture, content_type=qr_pictures.format_of(picture))


def _card(guest: Guest, offer: Offer, hours: Hours) -> _Card:
    if offer.seat is None or offer.stage not in ("code", "over"):
        return _Card(offer=offer)
    if offer.stage == "code":
        until = inviting.held_until(offer.seat, offer.theme, hours, guest.ctx.now())
        return _Card(offer=offer, until=hours.local(until))
    why = why_over(offer.seat)
    over = next((words for begin, words in _OVER.items() if why.startswith(begin)), _NOT_ARRANGED)
    until_then = why.removeprefix(_COOLING) if why.startswith(_COOLING) else ""
    return _Card(offer=offer, until=until_then, over=over, again=not until_then)


async def _offered(guest: Guest, theme: str) -> Offer:
    """Raises HTTPNotFound for what this member is not offered."""
    offers = await joining.offers(guest.ctx, guest.contact, guest.link.about)
    for offer in offers:
        if offer.theme.name == theme:
            return offer
    raise web.HTTPNotFound


ROUTES: Final = (
    Route("GET", "/m/join/{token}", None, for_members("join", themes)),
    Route("POST", "/m/join/{token}", None, for_members("join", choose), did=marked("会员选群")),
    Route("GET", "/m/join/{token}/code", None, for_members("join", code)),
)
