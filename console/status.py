"""The status page, and what load balancers and Prometheus ask: /livez, /readyz, /metrics."""

from collections.abc import Mapping
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.context import Context
from bot.store.client import MongoError

_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>群策 · 运行状态</title>
<style>
body{{font:16px/1.7 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;
max-width:40rem;margin:2rem auto;padding:0 1rem;color:#222}}
table{{border-collapse:collapse;width:100%}}
td{{border-bottom:1px solid #ddd;padding:.4rem 0}} td+td{{text-align:right}}
.bad{{color:#b00020;font-weight:600}}
@media(prefers-color-scheme:dark){{body{{background:#161616;color:#ddd}}td{{border-color:#333}}}}
</style><h1>群策 · 运行状态</h1><p class="{tone}">{headline}</p><table>{rows}</table></html>"""


class Health(Protocol):
    """What the page needs of the process it runs in."""

    @property
    def ready(self) -> bool: ...

    @property
    def ctx(self) -> Context | None: ...


def routes(health: Health) -> list[web.RouteDef]:
    async def live(_: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(_: web.Request) -> web.Response:
        """503 while MongoDB is away: callbacks are kept on this machine's disk meanwhile."""
        is_ready = await _reached(health) is not None
        body = {"ready": is_ready, "callbacks": "stored" if is_ready else "spooled"}
        return web.json_response(body, status=200 if is_ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def page(_: web.Request) -> web.Response:
        try:
            ctx = await _reached(health)
            counts = await figures(ctx) if ctx else None
        except MongoError:  # it went away meanwhile
            counts = None
        return web.Response(text=_render(counts), content_type="text/html")

    return [
        web.get("/", page),
        web.get("/livez", live),
        web.get("/readyz", ready),
        web.get("/metrics", metrics),
    ]


async def _reached(health: Health) -> Context | None:
    """The context while callbacks are stored and MongoDB answers."""
    ctx = health.ctx
    return ctx if ctx and health.ready and await ctx.store.answers() else None


async def figures(ctx: Context) -> dict[str, int]:
    """What an admin looks at first; figures that should be 0 are marked when they are not."""
    outbox: dict[str, int] = {}
    for (_, state), count in (await ctx.store.outbox.counts()).items():
        outbox[state] = outbox.get(state, 0) + count
    return {
        "线上版本": await ctx.store.releases.head(),
        "进行中的旅程": await ctx.store.journeys.count_active(),
        "待处理的回调": await ctx.store.inbox.waiting(),
        "待发出的消息": outbox.get("ready", 0) + outbox.get("sending", 0),
        "已发出的消息": outbox.get("sent", 0),
        "处理失败的回调（要看）": len(await ctx.store.inbox.dead()),
        "发送失败的消息（要看）": outbox.get("failed", 0),
        "结果不明的消息（要看）": outbox.get("unknown", 0),
        "卡住的旅程（要看）": await ctx.store.journeys.count_stuck(),
    }


def _render(counts: Mapping[str, int] | None) -> str:
    """``counts`` None: MongoDB is away."""
    rows = "".join(
        f'<tr><td>{name}</td><td class="{"bad" if count and "要看" in name else ""}">{count}</td>'
        for name, count in (counts or {}).items()
    )
    headline = "一切正常，正在接收回调。"
    if counts is None:
        headline = "数据库暂时连不上：收到的回调先存在本机磁盘，恢复后自动补处理。"
    return _PAGE.format(tone="bad" if counts is None else "", headline=headline, rows=rows)
