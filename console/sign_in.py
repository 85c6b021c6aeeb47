"""Come in and go out: through WeCom in its client or by QR code, or as a local admin."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from bot.store.sessions import Kind
from bot.store.sign_ins import Admin
from bot.wecom.errors import WeComError
from console import rights
from console.gate import COOKIE
from console.language import marked
from console.site import Route, Visit, go, own_path

STATE_COOKIE: Final = "__Host-qunce-state"
BACK: Final = "/sign-in/back"
_STALE: Final = marked("这次登录已过期或不是从这台设备发起的，请再登录一次。")
_STRANGER: Final = marked("你不在群策的员工名单里，请找管理员把你加进应用可见范围。")
_HASHER = PasswordHasher()
_CHECKING = ThreadPoolExecutor(1, "passwords")  # each takes a moment and 64 MB: one at a time
_NOBODYS = _HASHER.hash("nobody's password")  # as slow for a name that does not exist


async def page(visit: Visit) -> web.StreamResponse:
    """In WeCom's own client there is nothing to ask."""
    next_path = own_path(visit.request.query.get("next", "/console/"))
    if visit.reader:
        return go(next_path)
    in_client = "wxwork" in visit.request.headers.get("User-Agent", "").lower()
    if in_client and visit.address and "why" not in visit.request.query:
        return go("/sign-in/wecom?" + urlencode({"next": next_path}))
    return _shown(visit, next_path)


async def to_wecom(visit: Visit) -> web.StreamResponse:
    """Off to WeCom, with a state that only this browser can bring back."""
    next_path = own_path(visit.request.query.get("next", "/console/"))
    if not visit.address:
        return _shown(visit, next_path, marked("还没有设置 QUNCE_PUBLIC_URL，企业微信登录用不了。"))
    state, secret = await visit.ctx.store.sign_ins.begin(next_path, visit.site.now())
    answer = go(_wecom_page(visit, state))
    _keep(answer, STATE_COOKIE, secret)
    return answer


async def back(visit: Visit) -> web.StreamResponse:
    """WeCom sends the browser back with a code; whose it is, only WeCom knows."""
    query, store = visit.request.query, visit.ctx.store
    secret = visit.request.cookies.get(STATE_COOKIE, "")
    next_path = await store.sign_ins.take(query.get("state", ""), secret, visit.site.now())
    if next_path is None:
        return _shown(
            visit, "/console/", marked("这次登录已过期或不是从这台设备发起的，请再登录一次。")
        )
    try:
        told = await visit.ctx.wecom.call(
            "auth/getuserinfo", params={"code": query.get("code", "")}
        )
    except WeComError:
        return _shown(visit, next_path, marked("企业微信没有认出这次登录，请再试一次。"))
    member = await store.staff.get(str(told.get("userid", "")))
    if member is None or not member.active:
        return _shown(
            visit, next_path, marked("你不在群策的员工名单里，请找管理员把你加进应用可见范围。")
        )
    visit.reader = rights.of_staff(member, (await visit.ctx.releases.head()).book)
    return await let_in(visit, "wecom", next_path)


async def local(visit: Visit) -> web.StreamResponse:
    """The password of a local admin; five wrong ones lock the name for a quarter of an hour."""
    sent, store, now = await visit.form(), visit.ctx.store, visit.site.now()
    name, next_path = sent.get("name", "").strip(), own_path(sent.get("next", "/console/"))
    visit.about = name[:60]
    admin = await store.admins.get(name)
    proper = False
    if not _is_locked(admin, now):
        known, typed = admin.password_hash if admin else _NOBODYS, sent.get("password", "")
        loop = asyncio.get_running_loop()
        proper = await loop.run_in_executor(_CHECKING, _is_right, known, typed) and bool(admin)
        admin = await store.admins.get(name)  # what was tried meanwhile counts
    if _is_locked(admin, now):
        return _shown(visit, next_path, marked("密码错了太多次，请 15 分钟后再试。"), status=403)
    if not proper:
        await store.admins.failed(name, now)
        return _shown(visit, next_path, marked("名字或密码不对。"), status=403)
    await store.admins.passed(name)
    visit.reader = rights.of_admin(name)
    return await let_in(visit, "local", next_path)


async def out(visit: Visit) -> web.StreamResponse:
    if token := visit.request.cookies.get(COOKIE):
        await visit.ctx.store.sessions.end(token)
    answer = go("/sign-in?why=out")
    answer.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    return answer


ROUTES: Final = (
    Route("GET", "/sign-in", None, page),
    Route("GET", "/sign-in/wecom", None, to_wecom),
    Route("GET", BACK, None, back, did=marked("登录")),
    Route("POST", "/sign-in/local", None, local, did=marked("用密码登录")),
    Route("POST", "/sign-out", None, out, did=marked("退出登录")),
)


def hashed(password: str) -> str:
    """What is kept of a password (argon2id)."""
    return _HASHER.hash(password)


def _is_locked(admin: Admin | None, now: datetime) -> bool:
    return bool(admin and admin.locked_until and admin.locked_until > now)


def _is_right(known: str, typed: str) -> bool:
    try:
        return _HASHER.verify(known, typed)
    except VerificationError:
        return False


async def let_in(visit: Visit, kind: Kind, next_path: str) -> web.Response:
    """A session for whoever the visit is by now, and on to where they wanted to be."""
    token = await visit.ctx.store.sessions.begin(visit.who.user, kind, visit.site.now())
    answer = go(next_path)
    _keep(answer, COOKIE, token)
    return answer


def _keep(answer: web.Response, name: str, value: str) -> None:
    answer.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="Lax")


def _shown(visit: Visit, next_path: str, wrong: str = "", status: int = 200) -> web.Response:
    return visit.page(
        "sign_in.html",
        status=status,
        next=next_path,
        wrong=wrong,
        with_wecom=bool(visit.address),
        out=visit.request.query.get("why") == "out",
    )


def _wecom_page(visit: Visit, state: str) -> str:
    """snsapi_base in the client (P:91022), the QR page elsewhere (P:98152)."""
    settings = visit.site.settings
    asked = {"redirect_uri": visit.address + BACK, "state": state}
    if "wxwork" in visit.request.headers.get("User-Agent", "").lower():
        scope = {"response_type": "code", "scope": "snsapi_base", "agentid": settings.agent_id}
        query = urlencode({"appid": settings.corp_id, **asked, **scope})
        return f"{settings.authorize_url}?{query}#wechat_redirect"
    login = {"login_type": "CorpApp", "appid": settings.corp_id, "agentid": settings.agent_id}
    return f"{settings.login_url}?{urlencode(login | asked)}"
