import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.store.tokens import TokenShelf
from bot.wecom import errors
from tests.bot.wecom.peer import AGENT_SECRET, Client, Rig, rigged

CALL = "user/get"


@pytest.fixture
async def rig(mongo: Client, database: str) -> AsyncIterator[Rig]:
    async with rigged(mongo[database]) as made:
        yield made


async def let_it_age(rig: Rig, seconds_left: float) -> None:
    """The stored token nears its end."""
    end = datetime.now(UTC) + timedelta(seconds=seconds_left)
    await rig.db["tokens"].update_one({"_id": "agent"}, {"$set": {"expires_at": end}})


async def test_all_processes_share_one_token(rig: Rig) -> None:
    clients = [await rig.client() for _ in range(4)]

    await asyncio.gather(*(client.call(CALL) for client in clients for _ in range(10)))

    assert rig.peer.fetched == 1
    assert len(rig.peer.calls(CALL)) == 40


async def test_a_voided_token_is_fetched_once_by_whoever_notices(rig: Rig) -> None:
    rig.peer.voids_old = True
    clients = [await rig.client() for _ in range(4)]
    await asyncio.gather(*(client.call(CALL) for client in clients))
    rig.peer.void_tokens()

    await asyncio.gather(*(client.call(CALL) for client in clients for _ in range(10)))

    assert rig.peer.fetched == 2


async def test_a_late_refusal_of_an_old_token_leaves_the_new_one_alone(rig: Rig) -> None:
    rig.peer.voids_old = True
    quick, late = await rig.client(), await rig.client()
    await quick.call(CALL)
    await late.call(CALL)
    rig.peer.void_tokens()
    await quick.call(CALL)

    await late.call(CALL)  # still has the old one in its hand

    assert rig.peer.fetched == 2


async def test_a_call_is_repeated_exactly_once(rig: Rig) -> None:
    wecom = await rig.client()
    rig.peer.will(CALL, 42001, 42001, 42001)

    with pytest.raises(errors.Busy) as raised:
        await wecom.call(CALL)

    assert raised.value.code == 42001
    assert len(rig.peer.calls(CALL)) == 2


async def test_a_wrong_secret_is_asked_about_once_by_all_processes(rig: Rig) -> None:
    clients = [await rig.client(secret="revoked") for _ in range(3)]

    for client in clients * 3:
        with pytest.raises(errors.Misconfigured) as raised:
            await client.call(CALL)

    assert raised.value.code == 40001
    assert "QUNCE_AGENT_SECRET" in raised.value.hint
    assert rig.peer.fetched == 1


async def test_a_wrong_address_stays_a_matter_of_settings_while_it_is_remembered(rig: Rig) -> None:
    wecom = await rig.client()
    rig.peer.will("gettoken", 404)

    for _ in range(2):
        with pytest.raises(errors.Misconfigured) as raised:
            await wecom.call(CALL)
        assert "QUNCE_API_BASE" in raised.value.hint

    assert len(rig.peer.calls("gettoken")) == 1


async def test_a_corrected_secret_is_tried_at_once(rig: Rig) -> None:
    with pytest.raises(errors.Misconfigured):
        await (await rig.client(secret="revoked")).call(CALL)

    await (await rig.client()).call(CALL)

    assert rig.peer.fetched == 2


async def test_another_apps_token_is_not_used(rig: Rig) -> None:
    await (await rig.client()).call(CALL)

    with pytest.raises(errors.Misconfigured):
        await (await rig.client(secret="another")).call(CALL)


async def test_one_secret_for_both_has_one_token(rig: Rig) -> None:
    rig.peer.voids_old = True
    wecom = await rig.client(contact=AGENT_SECRET)

    for _ in range(3):
        await wecom.call(CALL)
        await wecom.call("externalcontact/list")

    assert rig.peer.fetched == 1


async def test_a_token_near_its_end_is_renewed_while_the_others_still_use_it(rig: Rig) -> None:
    await (await rig.client()).call(CALL)
    await let_it_age(rig, seconds_left=60)
    renewing, other = await rig.client(), await rig.client()
    rig.peer.will("gettoken", "hang")

    renewal = asyncio.create_task(renewing.call(CALL))
    await rig.peer.hanging.wait()
    await other.call(CALL)
    rig.peer.let_go.set()
    await renewal

    assert rig.peer.fetched == 2


async def test_a_renewal_that_fails_is_no_harm_while_the_token_lives(rig: Rig) -> None:
    await (await rig.client()).call(CALL)
    await let_it_age(rig, seconds_left=60)
    rig.peer.will("gettoken", 502)

    await (await rig.client()).call(CALL)

    assert len(rig.peer.calls("gettoken")) == 2


async def test_what_is_left_of_a_token_is_used_before_asking_again(rig: Rig) -> None:
    rig.peer.token_seconds = 30  # WeCom repeats a token near its end
    wecom = await rig.client()

    for _ in range(20):
        await wecom.call(CALL)
    await (await rig.client()).call(CALL)

    assert rig.peer.fetched == 1


async def test_a_process_that_died_while_fetching_holds_nobody_up_for_long(rig: Rig) -> None:
    shelf = TokenShelf(rig.db["tokens"])
    wecom = await rig.client()
    rig.peer.will("gettoken", 502)
    with pytest.raises(errors.Busy):
        await wecom.call(CALL)
    app = (await rig.db["tokens"].find_one({"_id": "agent"}) or {})["app"]
    assert await shelf.reserve("agent", app, "the dead", 0.5)
    assert not await shelf.reserve("agent", app, "the living", 0.5)

    await wecom.call(CALL)

    assert rig.peer.fetched == 1


async def test_who_lost_the_lease_cannot_store_a_token(rig: Rig) -> None:
    shelf = TokenShelf(rig.db["tokens"])
    await shelf.reserve("agent", "app", "slow", 0)
    await shelf.reserve("agent", "app", "next", 5)

    await shelf.keep("agent", "slow", "$old", 7200)
    await shelf.keep("agent", "next", "$new", 7200)

    assert (await shelf.read("agent", "app")).value == "$new"
