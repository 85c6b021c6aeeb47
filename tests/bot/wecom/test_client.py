import asyncio
import socket
import traceback
from collections.abc import AsyncIterator

import pytest

from bot.wecom import errors
from bot.wecom.pace import PER_MEMBER
from tests.bot.wecom.peer import AGENT_SECRET, CONTACT_SECRET, Client, Rig, rigged

EFFECT = "externalcontact/add_msg_template"
READ = "externalcontact/groupchat/get"


@pytest.fixture
async def rig(mongo: Client, database: str) -> AsyncIterator[Rig]:
    async with rigged(mongo[database]) as made:
        yield made


async def test_a_body_is_posted_as_readable_utf8(rig: Rig) -> None:
    wecom = await rig.client()

    answer = await wecom.call(EFFECT, {"text": {"content": "宝宝😀"}})

    assert answer["msgid"] == "x"
    assert "宝宝😀".encode() in rig.peer.calls(EFFECT)[0].raw


async def test_half_an_emoji_in_a_name_does_not_stop_a_call(rig: Rig) -> None:
    wecom = await rig.client()

    await wecom.call(EFFECT, {"name": "张\ud83d"})

    assert rig.peer.calls(EFFECT)[0].body == {"name": "张?"}


async def test_without_a_body_it_is_a_get_with_parameters(rig: Rig) -> None:
    wecom = await rig.client()

    await wecom.call("externalcontact/get", params={"external_userid": "wmX"})

    heard = rig.peer.calls("externalcontact/get")[0]
    assert heard.query["external_userid"] == "wmX"
    assert heard.raw == b""


async def test_customer_calls_use_the_contact_secret_and_all_others_the_agents(rig: Rig) -> None:
    wecom = await rig.client()

    await wecom.call("externalcontact/get", params={"external_userid": "wmX"})
    await wecom.call("user/get", params={"userid": "zhangli"})

    tokens = [rig.peer.valid[heard.token] for heard in rig.peer.heard if heard.token]
    assert tokens == [CONTACT_SECRET, AGENT_SECRET]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (-1, errors.Busy),
        (6000, errors.Busy),
        (45033, errors.Busy),
        (45035, errors.Busy),
        (41051, errors.WelcomeSpent),
        (42014, errors.AlreadySent),
        (84061, errors.NotAContact),
        (48002, errors.Misconfigured),
        (60020, errors.NotTrusted),
        (40058, errors.Refused),
        (999999, errors.Refused),
    ],
)
async def test_a_refusal_is_the_class_of_its_reaction_and_is_not_repeated(
    rig: Rig, code: int, expected: type[errors.WeComError]
) -> None:
    wecom = await rig.client()
    rig.peer.will(EFFECT, code)

    with pytest.raises(errors.WeComError) as raised:
        await wecom.call(EFFECT, {})

    assert type(raised.value) is expected
    assert raised.value.code == code
    assert len(rig.peer.calls(EFFECT)) == 1


LOST = ["cut", "hang", 502, b"", "繁忙".encode("gbk"), b"<html>", b"[]", b'{"errcode": "?"}']


@pytest.mark.parametrize("fault", LOST, ids=str)
async def test_a_lost_answer_to_an_effect_leaves_its_outcome_unknown(
    rig: Rig, fault: object
) -> None:
    wecom = await rig.client()
    await wecom.call(READ, {})
    rig.peer.will(EFFECT, fault)

    with pytest.raises(errors.OutcomeUnknown):
        await wecom.call(EFFECT, {}, timeout_seconds=0.5)

    assert len(rig.peer.calls(EFFECT)) == 1


@pytest.mark.parametrize("fault", LOST, ids=str)
async def test_a_lost_answer_to_a_question_is_only_busy(rig: Rig, fault: object) -> None:
    wecom = await rig.client()
    await wecom.call(EFFECT, {})
    rig.peer.will(READ, fault)

    with pytest.raises(errors.Busy):
        await wecom.call(READ, {}, timeout_seconds=0.5)


async def test_where_nobody_listens_it_is_surely_not_done(rig: Rig) -> None:
    wecom = await rig.client()
    await wecom.call(EFFECT, {})  # the shared token is there
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        deaf = await rig.client(base=f"http://127.0.0.1:{unused.getsockname()[1]}/cgi-bin")

        with pytest.raises(errors.Unreachable):
            await deaf.call(EFFECT, {})


async def test_when_no_token_can_be_had_an_effect_is_surely_not_done(rig: Rig) -> None:
    wecom = await rig.client()
    rig.peer.will("gettoken", 502)

    with pytest.raises(errors.Busy):
        await wecom.call(EFFECT, {})

    assert rig.peer.calls(EFFECT) == []


@pytest.mark.parametrize("status", [302, 404])
async def test_a_wrong_address_is_a_matter_of_settings(rig: Rig, status: int) -> None:
    wecom = await rig.client()
    rig.peer.will(EFFECT, status)

    with pytest.raises(errors.Misconfigured) as raised:
        await wecom.call(EFFECT, {})

    assert "QUNCE_API_BASE" in raised.value.hint


async def test_an_untrusted_address_is_named_and_asked_about_once(rig: Rig) -> None:
    wecom = await rig.client()
    rig.peer.will(READ, 60020)

    with pytest.raises(errors.NotTrusted) as raised:
        await wecom.call(READ, {})

    assert raised.value.ip == "203.0.113.9"
    assert "203.0.113.9" in raised.value.hint
    assert len(rig.peer.calls(READ)) == 1


async def test_after_45009_nobody_calls_that_api_until_the_pause_is_over(rig: Rig) -> None:
    first, second = await rig.client(), await rig.client()
    rig.peer.will(EFFECT, 45009)

    with pytest.raises(errors.Paced) as raised:
        await first.call(EFFECT, {})
    rig.clock.pass_(seconds=59)
    with pytest.raises(errors.Paced):
        await second.call(EFFECT, {})
    await second.call(READ, {})

    assert (raised.value.until - rig.clock.now).total_seconds() == 1
    assert len(rig.peer.calls(EFFECT)) == 1


async def test_when_the_pause_is_over_one_call_goes_first(rig: Rig) -> None:
    clients = [await rig.client(), await rig.client()]
    rig.peer.will(EFFECT, 45009, "hang")
    with pytest.raises(errors.Paced):
        await clients[0].call(EFFECT, {})
    rig.clock.pass_(seconds=60)

    probe = asyncio.create_task(clients[0].call(EFFECT, {}))
    await rig.peer.hanging.wait()
    for client in clients:
        with pytest.raises(errors.Paced):
            await client.call(EFFECT, {})
    rig.peer.let_go.set()
    await probe
    await asyncio.gather(*(client.call(EFFECT, {}) for client in clients))

    assert len(rig.peer.calls(EFFECT)) == 4


async def test_a_probe_that_learned_nothing_lets_the_next_one_try(rig: Rig) -> None:
    wecom = await rig.client()
    rig.peer.will(EFFECT, 45009, "cut")
    with pytest.raises(errors.Paced):
        await wecom.call(EFFECT, {})
    rig.clock.pass_(seconds=60)
    with pytest.raises(errors.OutcomeUnknown):
        await wecom.call(EFFECT, {})

    await wecom.call(EFFECT, {})

    assert len(rig.peer.calls(EFFECT)) == 3


async def test_the_surplus_for_one_member_waits_instead_of_being_dropped(rig: Rig) -> None:
    clients = [await rig.client(), await rig.client()]
    limit = PER_MEMBER[0].limit

    results = await asyncio.gather(
        *(clients[i % 2].call("message/send", {"touser": "ZhangLi"}) for i in range(40)),
        return_exceptions=True,
    )
    await clients[0].call("message/send", {"touser": "wangfang"})

    assert len(rig.peer.calls("message/send")) == limit + 1
    assert sum(isinstance(r, errors.Paced) for r in results) == 40 - limit


async def test_a_message_to_two_waits_for_both_and_costs_neither_while_it_waits(rig: Rig) -> None:
    wecom = await rig.client()
    limit = PER_MEMBER[0].limit
    for _ in range(limit):
        await wecom.call("message/send", {"touser": "b"})

    for _ in range(limit):
        with pytest.raises(errors.Paced):
            await wecom.call("message/send", {"touser": "a|b"})

    await wecom.call("message/send", {"touser": "a"})


async def test_staff_reached_through_a_department_are_counted_too(rig: Rig) -> None:
    wecom = await rig.client()
    for _ in range(PER_MEMBER[0].limit):
        await wecom.call("message/send", {"toparty": "12"}, staff=["a"])

    with pytest.raises(errors.Paced):
        await wecom.call("message/send", {"touser": "A"})


async def test_updating_a_card_costs_the_member_nothing(rig: Rig) -> None:
    wecom = await rig.client()
    for _ in range(PER_MEMBER[0].limit):
        await wecom.call("message/send", {"touser": "a"})

    await wecom.call("message/update_template_card", {"userids": ["a"]}, staff=["a"])


async def test_the_same_body_is_the_same_bytes(rig: Rig) -> None:
    wecom = await rig.client()

    for _ in range(2):
        await wecom.call("message/send", {"touser": "a", "text": {"content": "你好"}})

    first, second = rig.peer.calls("message/send")
    assert first.raw == second.raw


async def test_media_keeps_its_chinese_name(rig: Rig) -> None:
    wecom = await rig.client()

    media_id = await wecom.upload("file", '话术 "一".pdf', b"%PDF-1.7 content")

    heard = rig.peer.calls("media/upload")[0]
    assert media_id == "m1"
    assert heard.query["type"] == "file"
    assert heard.upload == ('话术 "一".pdf', b"%PDF-1.7 content")


@pytest.mark.parametrize("fault", ["cut", "hang", 502, 40058, 60020])
async def test_no_secret_is_in_what_is_raised(rig: Rig, fault: object) -> None:
    wecom = await rig.client()
    rig.peer.will(EFFECT, fault)

    with pytest.raises(errors.WeComError) as raised:
        await wecom.call(EFFECT, {}, timeout_seconds=0.5)

    shown = "".join(traceback.format_exception(raised.value))
    assert not any(token in shown for token in rig.peer.valid)
    assert CONTACT_SECRET not in shown


async def test_a_call_is_over_by_its_time_even_when_the_token_failed_first(rig: Rig) -> None:
    wecom = await rig.client()
    await wecom.call(EFFECT, {})
    rig.peer.void_tokens()
    rig.peer.will("gettoken", "hang")
    started = asyncio.get_running_loop().time()

    with pytest.raises(errors.Busy):
        await wecom.call(EFFECT, {}, timeout_seconds=1)

    assert asyncio.get_running_loop().time() - started < 3
    assert len(rig.peer.calls(EFFECT)) == 2
    rig.peer.let_go.set()
    await wecom.call(EFFECT, {})  # the token asked for then serves the next call
