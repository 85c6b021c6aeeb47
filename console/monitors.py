"""What load balancers and Prometheus ask: /livez, /readyz, /metrics."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from console.site import Health


def routes(health: Health) -> list[web.RouteDef]:
    async def live(_: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(_: web.Request) -> web.Response:
        """503 while MongoDB is away: callbacks are kept on this machine's disk meanwhile."""
        ctx = health.ctx
        is_ready = bool(ctx and health.ready and await ctx.store.answers())
        body = {"ready": is_ready, "callbacks": "stored" if is_ready else "spooled"}
        return web.json_response(body, status=200 if is_ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [
        web.get("/livez", live),
        web.get("/readyz", ready),
        web.get("/metrics", metrics),
    ]
