"""WeCom's sign-in pages: who you are is chosen by a click, where the real ones know it."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from simulator.refusal import Refusal
from simulator.simulation import Simulation
from simulator.stage import STAGE

CODE_SECONDS = 300.0
_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>模拟的企业微信登录</title>
<body style="font:17px/2 system-ui;max-width:22rem;margin:4rem auto;padding:0 1rem">
<h1 style="font-size:1.2rem">模拟的企业微信：你是谁？</h1>{people}</body></html>"""


def add_routes(app: web.Application) -> None:
    app.router.add_get("/connect/oauth2/authorize", _page)
    app.router.add_get("/wwlogin/sso/login", _page)


def issue(sim: Simulation, userid: str) -> str:
    """A code for somebody who works here: valid for five minutes, once."""
    if sim.company.working(userid) is None:
        raise Refusal(60111, f"userid not found: {userid}")
    code = sim.mint.letters("code", userid, str(len(sim.desk.codes)))
    sim.desk.codes[code] = (userid, sim.machine() + CODE_SECONDS)
    return code


def take(sim: Simulation, code: str) -> str:
    """Whose code it is; 40029 when it is nobody's, used or over."""
    userid, until = sim.desk.codes.get(code, ("", 0.0))
    sim.desk.codes[code] = ("", 0.0)
    if not userid or sim.machine() >= until:
        raise Refusal(40029, "invalid code")
    return userid


async def _page(request: web.Request) -> web.StreamResponse:
    """With ``as=<userid>`` in the query that person is meant, without a click."""
    sim, query = request.app[STAGE].now_on, dict(request.query)
    if (
        query.get("appid") != sim.setup.corp_id
        or not urlsplit(query.get("redirect_uri", "")).netloc
    ):
        return web.Response(status=400, text="appid or redirect_uri invalid (50001)")
    if chosen := query.pop("as", ""):
        answer = {"code": issue(sim, chosen), "state": query.get("state", "")}
        raise web.HTTPFound(f"{query['redirect_uri']}?{urlencode(answer)}")
    people = "".join(
        f'<p><a href="?{escape(urlencode(query | {"as": one.userid}))}">{escape(one.name)}</a></p>'
        for one in sim.company.crew()
    )
    return web.Response(text=_PAGE.format(people=people), content_type="text/html")
