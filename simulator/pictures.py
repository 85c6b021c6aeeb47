"""The pictures behind the addresses of QR codes, drawn as WeCom would."""

from __future__ import annotations

import io

import segno
from aiohttp import web

from simulator.company import Way
from simulator.stage import STAGE

_GROUP, _PERSON = "https://work.weixin.qq.com/gm/", "https://u.wechat.com/"


def add_routes(app: web.Application) -> None:
    app.router.add_get("/wwpic/{config_id}/0", _picture)


def says(way: Way) -> str:
    """What a phone reads when it scans the code."""
    return f"{_GROUP if way.kind == 'join' else _PERSON}{way.config_id}"


async def _picture(request: web.Request) -> web.StreamResponse:
    """404 for a code that was deleted."""
    sim = request.app[STAGE].now_on
    way = sim.company.ways.get(request.match_info["config_id"])
    if way is None:
        raise web.HTTPNotFound
    drawn = io.BytesIO()
    segno.make(says(way), error="h").save(drawn, kind="png", scale=8, border=2)
    return web.Response(body=drawn.getvalue(), content_type="image/png")
