"""Every call to /cgi-bin passes here: counting, faults, tokens, budgets, WeCom's form of errors."""

import asyncio
import json
from typing import Any

from aiohttp import BodyPartReader, web

from simulator.api import ENDPOINTS
from simulator.api.args import Answer, Args
from simulator.api.endpoint import Endpoint
from simulator.refusal import Refusal
from simulator.simulation import Simulation
from simulator.stage import STAGE

POLL_SECONDS = 0.02
EXECUTED = "executed_then_"


async def call(request: web.Request) -> web.StreamResponse:
    sim = request.app[STAGE].now_on
    path = request.match_info["path"]
    sim.ledger.calls[path] += 1
    endpoint = ENDPOINTS.get(path)
    if endpoint is None:
        sim.ledger.unknown_calls[path] += 1
        return web.json_response({"errcode": 404, "errmsg": f"no such api: {path}"}, status=404)
    sim.calls_in_flight += 1
    try:
        return await _answer(request, sim, endpoint)
    finally:
        sim.calls_in_flight -= 1


async def _answer(request: web.Request, sim: Simulation, endpoint: Endpoint) -> web.StreamResponse:
    is_upload = request.content_type.startswith("multipart/")
    raw = b"" if is_upload else await request.read()
    fault = sim.faults.take(endpoint.path, raw or request.query_string.encode())
    if fault and not fault.startswith(EXECUTED) and fault != "token_void":
        return await _misbehave(request, sim, fault)
    if fault == "token_void":
        sim.tokens.void(request.query.get("access_token", ""))
    try:
        args = await _upload(request) if is_upload else _args(request, raw)
        body = await _execute(request, sim, endpoint, args)
    except Refusal as refusal:
        body = _refused(sim, endpoint, refusal, request.remote)
    if fault and fault.startswith(EXECUTED):
        return await _misbehave(request, sim, fault)
    return web.json_response(body)


async def _execute(request: web.Request, sim: Simulation, endpoint: Endpoint, args: Args) -> Answer:
    if request.method != endpoint.method:
        code = 43001 if endpoint.method == "GET" else 43002
        raise Refusal(code, f"require {endpoint.method} method")
    if endpoint.needs != "nothing":
        owner = sim.tokens.check(request.query.get("access_token", ""))
        if endpoint.needs == "agent token" and owner != "agent":
            raise Refusal(48002, "api forbidden for this secret")
    sim.call_budget.take(endpoint.path, sim.now, sim.limits)
    if endpoint.exclusive is None:
        body = endpoint.answer(sim, args)
    else:
        body = await _alone(sim, endpoint, args, endpoint.exclusive(args))
    if sim.invariants:
        sim.invariants.look(endpoint.path, args, body)
    return {"errcode": 0, "errmsg": "ok", **body}


async def _alone(sim: Simulation, endpoint: Endpoint, args: Args, what: str) -> Answer:
    """Refused while another call is changing the same thing; the change takes its time."""
    if what in sim.desk.busy:
        raise Refusal(45035, "concurrent modification")
    sim.desk.busy.add(what)
    try:
        await asyncio.sleep(sim.limits.exclusive_seconds)
        return endpoint.answer(sim, args)
    finally:
        sim.desk.busy.discard(what)


def _args(request: web.Request, raw: bytes) -> Args:
    args: Args = {key: value for key, value in request.query.items() if key != "access_token"}
    if request.method != "POST":
        return args
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise Refusal(47001, "data format error") from None
    if not isinstance(body, dict):
        raise Refusal(47001, "data format error")
    return args | body


async def _upload(request: web.Request) -> Args:
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "media":
            asked = {key: value for key, value in request.query.items() if key != "access_token"}
            content = bytes(await part.read())
            return {**asked, "filename": part.filename or "", "content": content}
    raise Refusal(41005, "missing media data")


def _refused(
    sim: Simulation, endpoint: Endpoint, refusal: Refusal, address: str | None
) -> dict[str, Any]:
    sim.ledger.errors[f"{endpoint.path} {refusal.code}"] += 1
    if sim.invariants:
        sim.invariants.refused(endpoint.path, refusal.code)
    hint = sim.mint.whole("hint")
    return {
        "errcode": refusal.code,
        "errmsg": f"{refusal.message}, hint: [{hint}], from ip: {address}, more info at "
        f"https://open.work.weixin.qq.com/devtool/query?e={refusal.code}",
    }


async def _misbehave(request: web.Request, sim: Simulation, fault: str) -> web.StreamResponse:
    match fault:
        case "5xx":
            return web.Response(status=502, text="<html>502 Bad Gateway</html>")
        case "empty":
            return web.Response()
        case "garbage":
            return web.Response(text="<html>系统维护中</html>", content_type="text/html")
        case "hang" | "executed_then_timeout":
            await _hang(request, sim.limits.hang_seconds)
            return _cut(request)
        case "cut" | "executed_then_cut":
            return _cut(request)
        case _:
            refusal = Refusal(int(fault), "system busy" if fault == "-1" else "as ordered")
            endpoint = ENDPOINTS[request.match_info["path"]]
            return web.json_response(_refused(sim, endpoint, refusal, request.remote))


async def _hang(request: web.Request, seconds: float) -> None:
    """Until the caller has had enough."""
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(POLL_SECONDS)


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()
