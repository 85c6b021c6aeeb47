"""What every request goes through: who asks, may they, and what is written down about it."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.context import Context
from bot.store.audit import Line
from bot.store.client import MongoError
from console import rights
from console.language import marked
from console.rights import Reader
from console.site import Route, Site, Visit, go

log = logging.getLogger(__name__)

COOKIE: Final = "__Host-qunce"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_SMALLER: Final = frozenset({"text/html", "text/plain", "text/csv", "application/json"})
_FORM_BYTES: Final = 4 * 1024 * 1024  # of who signed in: a whole file of YAML, as browsers write it
_AWAY: Final = "数据库暂时连不上：收到的回调先存在本机磁盘，恢复后自动补处理。请稍后再打开。"


def guarded(site: Site, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler aiohttp calls for a route."""

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = await _answer(site, route, request)
        answer.headers.update(HEADERS)
        if answer.content_type in _SMALLER and "gzip" in request.headers.get("Accept-Encoding", ""):
            answer.enable_compression(web.ContentCoding.gzip)
        return answer

    return handle


async def _answer(site: Site, route: Route, request: web.Request) -> web.StreamResponse:
    ctx = site.health.ctx
    if ctx is None or not await ctx.store.answers():
        return web.Response(status=503, text=_AWAY)
    visit = Visit(site, ctx, request)
    if route.method == "POST" and not _is_ours(visit):
        await _write_down(visit, route, 403)
        return _refused(visit, 403, marked("这个请求不是从群策的页面发出的，没有执行。"))
    try:
        visit.reader = await reader_of(site, ctx, request)
        answer = await _allowed(visit, route)
        await _write_down(visit, route, answer.status)
    except MongoError:
        log.exception(
            "%s cannot be answered", route.path
        )  # the path asked for may be a signed link
        return web.Response(status=503, text=_AWAY)
    return answer


async def _allowed(visit: Visit, route: Route) -> web.StreamResponse:
    if route.may is not None:
        if visit.reader is None:
            return _to_sign_in(visit)
        if not visit.reader.may(route.may):
            return _refused(visit, 403, marked("你没有打开这一页的权限，请找负责人开通。"))
        visit.reader = replace(visit.reader, by=route.may)
        visit.request = visit.request.clone(client_max_size=_FORM_BYTES)
    try:
        return await route.view(visit)
    except web.HTTPNotFound:
        return _refused(visit, 404, marked("没有这一页，可能已被删除。"))
    except web.HTTPRequestEntityTooLarge:
        return _refused(visit, 413, marked("发来的内容太长了，没有执行。"))
    except MongoError:
        raise
    except Exception:
        log.exception("%s failed", route.path)
        why = marked("程序出错了，可能只做了一半：请看看结果，再试一次。详情在日志里。")
        return _refused(visit, 500, why)


async def reader_of(site: Site, ctx: Context, request: web.Request) -> Reader | None:
    """Whose session the browser holds; None for nobody's, and for who no longer works here."""
    token = request.cookies.get(COOKIE)
    session = await ctx.store.sessions.find(token, site.now()) if token else None
    if session is None:
        return None
    if session.kind == "local":
        return rights.of_admin(session.user.removeprefix(rights.LOCAL))
    member = await ctx.store.staff.get(session.user)
    if member is None or not member.active:
        return None
    return rights.of_staff(member, (await ctx.releases.head()).book)


def _is_ours(visit: Visit) -> bool:
    """Sent by a page of ours; browsers that do not say so themselves at least name the origin."""
    request = visit.request
    fetched = request.headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return fetched == "same-origin"
    origin = urlsplit(request.headers.get("Origin", ""))
    return bool(origin.netloc) and origin.netloc in {request.host, urlsplit(visit.address).netloc}


def _to_sign_in(visit: Visit) -> web.Response:
    where = f"/sign-in?next={quote(visit.request.path_qs)}"
    if visit.request.headers.get("HX-Request"):  # the whole page goes there, not a part of it
        return web.Response(status=401, headers={"HX-Redirect": where})
    return go(where)


def _refused(visit: Visit, status: int, why: str) -> web.Response:
    return visit.page("error.html", status=status, why=why)


async def _write_down(visit: Visit, route: Route, outcome: int) -> None:
    """One line for everything that was not only looked at, also when it was refused."""
    if not route.did or (not route.keeps and outcome != 403):
        return
    who = f"{visit.reader.name}（{visit.reader.user}）" if visit.reader else ""
    await visit.ctx.store.audit.write(
        Line(
            at=visit.site.now(),
            who=who,
            did=route.did,
            about=visit.about,
            outcome=outcome,
            address=visit.request.remote or "",
        )
    )
