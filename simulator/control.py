"""The handles for whoever runs the simulation: clock, acts, faults, ledger."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, cast

from aiohttp import web
from pydantic import ValidationError

from simulator import acts, truth
from simulator.api import ENDPOINTS
from simulator.callbacks import RouteName
from simulator.refusal import Refusal
from simulator.simulation import Simulation
from simulator.stage import STAGE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_routes(app: web.Application) -> None:
    app.router.add_post("/_sim/setup", _guarded(_setup))
    app.router.add_get("/_sim/next", _guarded(_next))
    app.router.add_post("/_sim/clock", _guarded(_clock))
    app.router.add_post("/_sim/act", _guarded(_act))
    app.router.add_post("/_sim/faults", _guarded(_faults))
    app.router.add_delete("/_sim/faults", _guarded(_clear_faults))
    app.router.add_post("/_sim/limits", _guarded(_limits))
    app.router.add_post("/_sim/verify", _guarded(_verify))
    app.router.add_get("/_sim/ledger", _guarded(_ledger))
    app.router.add_get("/_sim/company", _guarded(_company))
    app.router.add_get("/_sim/truth", _guarded(_truth))
    app.router.add_get("/_sim/endpoints", _guarded(_endpoints))


def _guarded(handler: Handler) -> Handler:
    """A mistake in the request is a 400 that says what is wrong."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            body = {"error": refusal.message, "errcode": refusal.code}
            return web.json_response(body, status=400)
        except (ValidationError, ValueError) as mistake:
            return web.json_response({"error": str(mistake)}, status=400)

    return answer


async def _setup(request: web.Request) -> web.Response:
    """Answers the ids a test may need at once."""
    sim = await request.app[STAGE].play(await _json(request))
    return _answer({**_times(sim), **_ids(sim)})


async def _next(request: web.Request) -> web.Response:
    return _answer(_times(request.app[STAGE].now_on))


async def _clock(request: web.Request) -> web.Response:
    sim = request.app[STAGE].now_on
    moment = datetime.fromisoformat((await _json(request))["now"])
    if moment.tzinfo is None:
        raise ValueError("now needs an offset")
    sim.clock.turn_to(moment)
    return _answer(_times(sim))


async def _act(request: web.Request) -> web.Response:
    return _answer(acts.act(request.app[STAGE].now_on, await _json(request)))


async def _faults(request: web.Request) -> web.Response:
    request.app[STAGE].now_on.faults.add(await _json(request))
    return _answer({})


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[STAGE].now_on.faults.clear()
    return _answer({})


async def _limits(request: web.Request) -> web.Response:
    return _answer(request.app[STAGE].now_on.limit(await _json(request)).model_dump())


async def _verify(request: web.Request) -> web.Response:
    """Do what the admin console does when a callback address is saved."""
    wish = await _json(request)
    sim = request.app[STAGE].now_on
    echo = wish.get("echo", "4217905366120893")
    status, body = await sim.outlet.echo(cast(RouteName, wish["route"]), echo)
    return _answer({"status": status, "body": body, "ok": status == 200 and body == echo})


async def _ledger(request: web.Request) -> web.Response:
    """``?only=calls,callbacks`` spares the rest."""
    books = request.app[STAGE].now_on.ledger.as_dict()
    if only := request.query.get("only"):
        books = {name: books[name] for name in only.split(",") if name in books}
    return _answer(books)


async def _company(request: web.Request) -> web.Response:
    return _answer(_ids(request.app[STAGE].now_on))


async def _truth(request: web.Request) -> web.Response:
    return _answer(truth.whole(request.app[STAGE].now_on))


async def _endpoints(request: web.Request) -> web.Response:
    return _answer(
        {"endpoints": [{"path": e.path, "method": e.method} for e in ENDPOINTS.values()]}
    )


async def _json(request: web.Request) -> dict[str, Any]:
    body = json.loads(await request.read())
    if not isinstance(body, dict):
        raise ValueError("a JSON object is needed")
    return body


def _answer(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, dumps=_dumps)


def _dumps(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)


def _times(sim: Simulation) -> dict[str, Any]:
    moment = sim.clock.next()
    return {
        "now": sim.at,
        "next": moment.isoformat() if moment else None,
        "calls_in_flight": sim.calls_in_flight,
        "callbacks_in_flight": sim.outlet.in_flight,
        "breaches": len(sim.ledger.breaches),
    }


def _ids(sim: Simulation) -> dict[str, Any]:
    return {
        "groups": {g.name: g.chat_id for g in sim.company.groups.values() if not g.dismissed},
        "tags": {f"{g.name}/{t.name}": t.id for g, t in sim.company.living_tags()},
        "members": {
            g.chat_id: list(g.members) for g in sim.company.groups.values() if not g.dismissed
        },
    }
