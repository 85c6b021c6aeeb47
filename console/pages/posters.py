"""二维码海报: for the codes of groups and channels; to look at, to print and to send."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args
from urllib.parse import quote, urlencode

from aiohttp import web

from bot.actions.join_codes import asked
from bot.actions.qr_pictures import format_of, picture
from bot.context import Context
from bot.model import Group, Way
from bot.story import people
from bot.wecom import bodies
from config.channels import Channel
from console import fonts, poster
from console.pages.customers import staff_seen
from console.pages.group import seen
from console.poster import Paper, Poster
from console.site import Route, Visit

_PAGE = 50
_LONGEST_TITLE, _LONGEST_WORDS = 24, 60
_JOIN, _ADD = "长按或扫一扫，进群一起聊", "扫一扫，加好友"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the code of a poster leads to; ``address`` "": there is no code yet."""

    of: str
    name: str
    title: str
    words: str
    address: str
    is_picture: bool  # the address is that of a picture, and not what the code is to say
    back: str
    make: str = ""  # where to ask for a code; "" nobody need ask


async def listed(visit: Visit) -> web.StreamResponse:
    """The codes and links of channels; those of groups are found from their groups."""
    ctx, after = visit.ctx, visit.request.query.get("after", "")
    staff = await staff_seen(ctx, visit.who)
    channels = (await ctx.releases.head()).book.channels
    ways = await ctx.store.ways.listed(after, _PAGE + 1)
    mine = {name for name, one in channels.items() if await _is_mine(visit, one, staff)}
    links = [] if after else await ctx.store.links.all()
    return visit.page(
        "posters.html",
        ways=[way for way in ways[:_PAGE] if way.channel in mine and way.qr_code],
        links=[link for link in links if link.channel in mine and link.url],
        after=ways[_PAGE - 1].id if len(ways) > _PAGE else "",
        names=await people(ctx),
    )


async def page(visit: Visit) -> web.StreamResponse:
    """How it will look; the form is only an address, so that a poster can be sent on as a link."""
    source, wanted, paper = await _asked(visit)
    code = await _code(visit.ctx, source)
    query = urlencode({"of": source.of, "title": wanted[0], "words": wanted[1], "paper": paper})
    return visit.page(
        "poster.html",
        source=source,
        title=wanted[0],
        words=wanted[1],
        paper=paper,
        papers=get_args(Paper),
        hint=poster.HINT,
        has_code=code is not None,
        query=query,
        longest=(_LONGEST_TITLE, _LONGEST_WORDS),
        can_write=fonts.chinese() is not None,
        cut=[text for text in wanted if poster.in_print(text) != text.strip()],
    )


async def code(visit: Visit) -> web.StreamResponse:
    """The bare code, as it stands in the page."""
    source, _, _ = await _asked(visit)
    content = await _code(visit.ctx, source)
    if content is None:
        raise web.HTTPNotFound
    return web.Response(body=content, content_type=format_of(content))


async def as_pdf(visit: Visit) -> web.StreamResponse:
    made, paper = await _made(visit)
    return _file(await asyncio.to_thread(poster.pdf, made, paper), made.title, "pdf")


async def as_png(visit: Visit) -> web.StreamResponse:
    made, _ = await _made(visit)
    return _file(await asyncio.to_thread(poster.png, made), made.title, "png")


# ---- what is asked for --------------------------------------------------------------------------


async def _made(visit: Visit) -> tuple[Poster, Paper]:
    source, (title, words), paper = await _asked(visit)
    content = await _code(visit.ctx, source)
    if content is None:
        raise web.HTTPNotFound
    return Poster(title=title, words=words, code=content), paper


async def _asked(visit: Visit) -> tuple[Source, tuple[str, str], Paper]:
    """404 for what does not exist, or is none of the reader's business."""
    query = visit.request.query
    kind, _, id = query.get("of", "").partition(":")
    match kind:
        case "group":
            source = await _of_group(visit, id)
        case "way":
            source = await _of_way(visit, id)
        case "link":
            source = await _of_link(visit, id)
        case _:
            raise web.HTTPNotFound
    title = query.get("title", source.title)[:_LONGEST_TITLE]
    words = query.get("words", source.words)[:_LONGEST_WORDS]
    paper: Paper = "A5" if query.get("paper") == "A5" else "A4"
    return source, (title, words), paper


async def _of_group(visit: Visit, id: str) -> Source:
    group = await seen(visit, id)
    return Source(
        of=f"group:{group.id}",
        name=group.name or group.id,
        title=group.theme or group.name,
        words=_JOIN,
        address=group.join_way.get("qr_code", ""),
        is_picture=True,
        back=f"/console/groups/{quote(group.id)}",
        make=f"/console/groups/{quote(group.id)}/code" if await _may_ask(visit, group) else "",
    )


async def _may_ask(visit: Visit, group: Group) -> bool:
    """Whether WeCom has not been asked yet today, and the reader may."""
    may = visit.who.may("act") and group.open and not group.join_way
    return may and await asked(visit.ctx, group) is None


async def _of_way(visit: Visit, id: str) -> Source:
    way = await visit.ctx.store.ways.get(f"way:{id}")
    if way is None or way.state != "在用":
        raise web.HTTPNotFound
    channel = await _channel(visit, way.channel)
    return Source(
        of=f"way:{id}",
        name=await _named(visit.ctx, way),
        title=channel.shop or channel.name,
        words=_ADD,
        address=way.qr_code,
        is_picture=True,
        back="/console/groups/posters",
    )


async def _of_link(visit: Visit, name: str) -> Source:
    channel, link = await _channel(visit, name), await visit.ctx.store.links.get(name)
    if link is None:
        raise web.HTTPNotFound
    return Source(
        of=f"link:{name}",
        name=name,
        title=channel.shop or name,
        words=_ADD,
        address=bodies.link_address(link.url, name) if link.url else "",
        is_picture=False,
        back="/console/groups/posters",
    )


async def _channel(visit: Visit, name: str) -> Channel:
    channel = (await visit.ctx.releases.head()).book.channels.get(name)
    staff = await staff_seen(visit.ctx, visit.who)
    if channel is None or not await _is_mine(visit, channel, staff):
        raise web.HTTPNotFound
    return channel


async def _is_mine(visit: Visit, channel: Channel, staff: Sequence[str] | None) -> bool:
    """A lead's are those of their shops and of their people."""
    if staff is None:
        return True
    team = (await visit.ctx.releases.head()).book.team
    shop = team.shop(channel.shop or "")
    of_shop = shop is not None and shop.department in visit.who.departments
    return of_shop or bool({team.userid(name) for name in channel.staff} & set(staff))


async def _named(ctx: Context, way: Way) -> str:
    names = await people(ctx)
    return f"{way.channel} · {names.get(way.person, way.person)}" if way.person else way.channel


async def _code(ctx: Context, source: Source) -> bytes | None:
    """None while there is no code, or WeCom's picture of it cannot be had."""
    if source.is_picture:
        return await picture(ctx, source.address)
    return poster.of_text(source.address) if source.address else None


def _file(content: bytes, title: str, kind: str) -> web.Response:
    name = quote(f"{title or 'poster'}.{kind}")
    media = {"pdf": "application/pdf", "png": "image/png"}[kind]
    answer = web.Response(body=content, content_type=media)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer


ROUTES: Final = (
    Route("GET", "/console/groups/posters", "look", listed),
    Route("GET", "/console/groups/poster", "look", page),
    Route("GET", "/console/groups/poster/code", "look", code),
    Route("GET", "/console/groups/poster.pdf", "look", as_pdf),
    Route("GET", "/console/groups/poster.png", "look", as_png),
)
