"""Misbehaviour on request, and nothing without it."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.simulator.client import Refused, Sim

TEXT = {
    "touser": "zhangli",
    "msgtype": "text",
    "agentid": 1000002,
    "text": {"content": "任务"},
}


async def texts(sim: Sim) -> int:
    return len((await sim.ledger())["texts"])


async def code(sim: Sim, path: str = "message/send", body: dict[str, Any] = TEXT) -> int:
    return int((await sim.raw(path, body))["errcode"])


async def test_an_errcode_is_answered_as_often_as_ordered(sim: Sim) -> None:
    await sim.setup()
    await sim.token("message/send")
    await sim.faults(api="message/send", fault="45009", times=2)
    await sim.faults(api="*", fault="-1", times=1)

    assert [await code(sim) for _ in range(4)] == [45009, 45009, -1, 0]
    assert await texts(sim) == 1


async def test_a_voided_token_stays_void(sim: Sim) -> None:
    await sim.setup()
    await sim.faults(api="message/send", fault="token_void", times=1)
    assert [await code(sim), await code(sim)] == [40014, 40014]

    fresh = await sim.raw("gettoken", corpid="ww1", corpsecret="agent-secret")
    assert (await sim.raw("message/send", TEXT, access_token=fresh["access_token"]))["errcode"] == 0


async def test_a_bad_gateway_is_no_json(sim: Sim) -> None:
    await sim.setup()
    await sim.faults(api="message/send", fault="5xx", times=1)
    query = {"access_token": await sim.token("message/send")}
    url = f"{sim.base}/cgi-bin/message/send"
    async with sim.http.post(url, params=query, json=TEXT) as answer:
        assert answer.status == 502
    assert await texts(sim) == 0


@pytest.mark.parametrize(("fault", "happened"), [("cut", 0), ("executed_then_cut", 1)])
async def test_a_cut_connection_leaves_the_caller_guessing(
    sim: Sim, fault: str, happened: int
) -> None:
    await sim.setup()
    await sim.token("message/send")
    await sim.faults(api="message/send", fault=fault, times=1)
    with pytest.raises(aiohttp.ClientError):
        await sim.call("message/send", TEXT)

    assert await texts(sim) == happened


@pytest.mark.parametrize(("fault", "happened"), [("hang", 0), ("executed_then_timeout", 1)])
async def test_a_hanging_call_ends_when_the_caller_gives_up(
    sim: Sim, fault: str, happened: int
) -> None:
    await sim.setup()
    await sim.token("message/send")
    await sim.faults(api="message/send", fault=fault, times=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await sim.call("message/send", TEXT)

    assert await texts(sim) == happened
    async with asyncio.timeout(2):
        while (await sim.next())["calls_in_flight"]:
            await asyncio.sleep(0.01)


async def test_a_rate_strikes_some_and_spares_their_repeats(sim: Sim) -> None:
    await sim.setup()
    await sim.faults(api="user/get", fault="-1", rate=0.5)
    codes = [
        [(await sim.raw("user/get", userid="zhangli", n=str(n)))["errcode"] for _ in range(8)]
        for n in range(10)
    ]

    struck = sum(code == -1 for row in codes for code in row)
    assert 20 < struck < 60
    assert all(0 in row for row in codes)


async def test_faults_can_be_cleared(sim: Sim) -> None:
    await sim.setup()
    await sim.faults(api="*", fault="-1")
    async with sim.http.delete(f"{sim.base}/_sim/faults") as answer:
        assert answer.status == 200

    assert await code(sim) == 0
    with pytest.raises(ValueError, match="errcode or one of"):
        await sim.faults(api="*", fault="earthquake")


async def test_an_unknown_api_is_a_404_and_counted(sim: Sim) -> None:
    await sim.setup()
    query = {"access_token": "x"}
    async with sim.http.get(f"{sim.base}/cgi-bin/user/hire", params=query) as answer:
        assert answer.status == 404

    books = await sim.ledger()
    assert books["calls"]["user/hire"] == 1
    assert books["unknown_calls"] == {"user/hire": 1}


async def test_a_get_endpoint_refuses_post(sim: Sim) -> None:
    await sim.setup()
    with pytest.raises(Refused) as refusal:
        await sim.call("user/get", {"userid": "zhangli"})

    assert refusal.value.code == 43001
