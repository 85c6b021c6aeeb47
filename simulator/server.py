"""The pretend WeCom as an application: /cgi-bin for the bot, /_sim for whoever runs it."""

import time
from collections.abc import Callable

from aiohttp import web

from simulator import control, gate, pictures, signing_in
from simulator.stage import STAGE, Stage

LARGEST_REQUEST = 32 * 1024 * 1024


def build(*, machine: Callable[[], float] = time.monotonic) -> web.Application:
    """``machine`` is the clock for what real time governs: tokens and welcome codes."""
    app = web.Application(client_max_size=LARGEST_REQUEST)
    app[STAGE] = Stage(machine)
    app.router.add_route("*", "/cgi-bin/{path:.+}", gate.call)
    control.add_routes(app)
    signing_in.add_routes(app)
    pictures.add_routes(app)
    app.on_cleanup.append(_close)
    return app


async def _close(app: web.Application) -> None:
    await app[STAGE].clear()
