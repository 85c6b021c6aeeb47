"""The 获客链接 of a channel: made, changed or deleted, as it is wanted when the call is made.

WeCom lists only links that this app made and that still exist, so the channel's name is the key by
which one is found again whose making nobody was told of.
"""

from datetime import timedelta

from bot.model import AcquisitionLink
from bot.sender.hand import Answer, Channel, Ended, Hand, may_repeat
from bot.wecom import bodies
from bot.wecom.errors import Busy, Refused
from bot.wecom.paging import pages

_API = "externalcontact/customer_acquisition"
_SECONDS = 8.0
_NOT_WANTED = -410  # ours: another change has taken its place


async def _wanted(hand: Hand) -> Answer:
    """What the channel's link is to be now; an older change is not made any more."""
    link = await hand.ctx.store.links.get(hand.row.body["channel"])
    if link is None or link.rev != hand.row.body["rev"]:
        raise Refused(_NOT_WANTED, "设置又变了，按新的来")
    return {"link": link}


async def _make(hand: Hand, body: Answer) -> Answer:
    """An existing link of this name is used again; WeCom would make a second one."""
    link: AcquisitionLink = body["link"]
    known = {"link_id": link.link_id, "url": link.url} if link.link_id else await _named(hand, link)
    if not link.users:
        if known:
            await _delete(hand, known["link_id"])
        return {"link_id": "", "url": ""}
    asked = bodies.acquisition_link(link.channel, link.users, skip_verify=link.skip_verify)
    if known:
        await _update(hand, known["link_id"], asked)
        return known
    made = (await hand.call(f"{_API}/create_link", asked, _SECONDS))["link"]
    return {"link_id": str(made["link_id"]), "url": str(made["url"])}


async def _named(hand: Hand, link: AcquisitionLink) -> Answer:
    """The link of this channel's name that no other channel has; {} when there is none."""
    taken = {other.link_id for other in await hand.ctx.store.links.all()}
    for link_id in await _listed(hand):
        if link_id in taken:
            continue
        shown = (await hand.call(f"{_API}/get", {"link_id": link_id}, _SECONDS))["link"]
        if shown.get("link_name") == link.channel:
            return {"link_id": link_id, "url": str(shown["url"])}
    return {}


async def _listed(hand: Hand) -> list[str]:
    body = {"limit": 100}
    return [str(one) async for one in pages(hand.ctx.wecom, f"{_API}/list_link", body, _IDS)]


_IDS = "link_id_list"


async def _update(hand: Hand, link_id: str, asked: Answer) -> None:
    """A link that somebody deleted in WeCom is made anew."""
    try:
        await hand.call(f"{_API}/update_link", {"link_id": link_id, **asked}, _SECONDS)
    except Refused as error:
        if link_id in await _listed(hand):
            raise
        await hand.ctx.store.links.forget(link_id)
        raise Busy(error.code, "the link is gone in WeCom: make another") from error


async def _delete(hand: Hand, link_id: str) -> None:
    try:
        await hand.call(f"{_API}/delete_link", {"link_id": link_id}, _SECONDS)
    except Refused:
        if link_id in await _listed(hand):
            raise


async def _made(hand: Hand, answer: Answer) -> None:
    """Whoever looks at the links next tells people their address."""
    ctx, channel, rev = hand.ctx, hand.row.body["channel"], hand.row.body["rev"]
    if answer["link_id"]:
        await ctx.store.links.made(channel, rev, answer["link_id"], answer["url"])
    else:
        await ctx.store.links.deleted(channel, rev)
    await ctx.store.links.ring(ctx.now())


async def _refused(hand: Hand, error: Refused) -> Ended | None:
    """What we refused ourselves is not WeCom's failure."""
    return Ended("suppressed", error.message) if error.code == _NOT_WANTED else None


async def _gave_up(hand: Hand, ended: Ended) -> None:
    """Whoever looks at the links next tells people why."""
    if ended.state != "suppressed":
        body, ctx = hand.row.body, hand.ctx
        await ctx.store.links.troubled(body["channel"], body["rev"], ended.why, body["day"])
        await ctx.store.links.ring(ctx.now())


ACQUISITION_LINK = Channel(
    prepare=_wanted,
    send=_make,
    learned=_made,
    reconcile=may_repeat,
    refused=_refused,
    gave_up=_gave_up,
    tries=10,
    ask_again=timedelta(seconds=10),
)
