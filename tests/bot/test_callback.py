import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import REGISTRY
from yarl import URL

from bot import business, callback
from bot.intake import Intake
from bot.spool import Spool
from bot.store.client import open_client
from bot.store.inbox import Inbox
from bot.wecom.crypto import Crypto
from tests.bot.own_mongod import OwnMongod
from tests.bot.wecom import sealing

CORP = "wwcorp"
KEYS = {
    "app": ("apptoken", "a" * 42 + "E"),
    "contact": ("contacttoken", "b" * 42 + "E"),
    "directory": ("directorytoken", "c" * 42 + "E"),
}
SECRET = "shop-secret"
BUSINESS_NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def now() -> datetime:
    """Milliseconds are what MongoDB keeps of a moment."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass
class Door:
    """The HTTP side of the bot, without the bot: what WeCom and the shop can reach."""

    url: str
    intake: Intake
    inbox: Inbox
    rows: Any
    spool_dir: Path
    session: aiohttp.ClientSession
    rang: list[str] = field(default_factory=list)

    async def post(
        self, message: bytes, route: str = "app", *, keys: str = "", as_json: bool = False
    ) -> aiohttp.ClientResponse:
        token, key = KEYS[keys or route]
        sealed = sealing.encrypt(message, key, CORP)
        body = json.dumps({"encrypt": sealed}).encode() if as_json else sealing.envelope(sealed)
        return await self.post_raw(body, sealing.query(token, sealed), route)

    async def post_raw(self, body: bytes, query: str, route: str = "app") -> aiohttp.ClientResponse:
        return await self.session.post(f"{self.url}{callback.PATHS[route]}?{query}", data=body)

    async def tell(
        self, body: bytes, *, secret: str = SECRET, timestamp: str = "1763700000"
    ) -> aiohttp.ClientResponse:
        signature = business.sign(secret, timestamp, body)
        headers = {"X-Qunce-Timestamp": timestamp, "X-Qunce-Signature": signature}
        return await self.session.post(f"{self.url}/api/events", data=body, headers=headers)

    async def stored(self) -> dict[str, dict[str, Any]]:
        return {row["_id"]: row async for row in self.rows.find()}

    def spooled(self) -> list[Path]:
        return list(self.spool_dir.glob("*")) if self.spool_dir.is_dir() else []

    async def drain(self) -> None:
        while await self.intake.drain():
            pass


@pytest.fixture(scope="module")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnMongod]:
    mongod = OwnMongod(tmp_path_factory.mktemp("mongod"))
    mongod.start()
    yield mongod
    mongod.stop()


@asynccontextmanager
async def opened(mongod: OwnMongod, spool_dir: Path, secret: str | None) -> AsyncIterator[Door]:
    rang: list[str] = []
    intake = Intake(Spool(spool_dir), rang.append)
    cryptos = {route: Crypto(*keys, CORP) for route, keys in KEYS.items()}
    app = web.Application(**callback.APPLICATION)
    app.add_routes(
        callback.routes(
            cryptos, intake, events_secret=secret, now=lambda: BUSINESS_NOW, machine_now=now
        )
    )
    server = TestServer(app)
    async with open_client(mongod.url) as client, aiohttp.ClientSession() as session:
        rows = client[f"test_{uuid4().hex}"]["inbox"]
        inbox = Inbox(rows)
        await inbox.prepare()
        await server.start_server(**callback.RUNNER)
        url = str(server.make_url("")).rstrip("/")
        yield Door(url, intake, inbox, rows, spool_dir, session, rang)
        await server.close()
        await intake.close()


@pytest.fixture
async def unconnected(mongod: OwnMongod, tmp_path: Path) -> AsyncIterator[Door]:
    """MongoDB is not there yet, as far as the intake knows."""
    async with opened(mongod, tmp_path / "spool", SECRET) as door:
        yield door


@pytest.fixture
async def door(unconnected: Door) -> Door:
    unconnected.intake.connect(unconnected.inbox)
    return unconnected


def added(contact: str, at: int = 1763700000, code: str = "") -> bytes:
    return (
        "<xml><ToUserName><![CDATA[wwcorp]]></ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType>event</MsgType>"
        "<Event><![CDATA[change_external_contact]]></Event>"
        "<ChangeType><![CDATA[edit_external_contact]]></ChangeType><UserID>zhangsan</UserID>"
        f"<ExternalUserID><![CDATA[{contact}]]></ExternalUserID>{code}</xml>"
    ).encode()


def key_of(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()


def counted(route: str, outcome: str) -> float:
    labels = {"route": route, "outcome": outcome}
    return REGISTRY.get_sample_value("qunce_callbacks_total", labels) or 0.0


# --- the URL check -----------------------------------------------------------------------------


@pytest.mark.parametrize("route", KEYS)
async def test_the_url_check_is_answered_with_what_is_inside(door: Door, route: str) -> None:
    token, key = KEYS[route]
    sealed = sealing.encrypt(b"7461846182", key, CORP)
    query = (
        sealing.query(token, sealed)
        + "&"
        + URL.build(query={"echostr": sealed}).raw_query_string.replace("+", "%2B")
    )
    async with door.session.get(
        URL(f"{door.url}{callback.PATHS[route]}?{query}", encoded=True)
    ) as answer:
        assert (answer.status, await answer.read()) == (200, b"7461846182")


async def test_a_plus_sign_sent_unescaped_does_not_break_the_url_check(door: Door) -> None:
    token, key = KEYS["app"]
    sealed = next(
        sealed for _ in range(999) if "+" in (sealed := sealing.encrypt(b"hi", key, CORP))
    )
    url = f"{door.url}/callback?{sealing.query(token, sealed)}&echostr={sealed}"
    async with door.session.get(URL(url, encoded=True)) as answer:
        assert (answer.status, await answer.read()) == (200, b"hi")


@pytest.mark.parametrize("query", ["", "echostr=x&msg_signature=1&timestamp=2&nonce=3"])
async def test_a_forged_url_check_is_refused(door: Door, query: str) -> None:
    async with door.session.get(f"{door.url}/callback?{query}") as answer:
        assert (answer.status, await answer.read()) == (403, b"")


# --- keeping -----------------------------------------------------------------------------------


async def test_a_callback_is_kept_as_wecom_encrypted_it(door: Door) -> None:
    message, before = added("wm1"), now()
    answer = await door.post(message, "contact")
    row = (await door.stored())[key_of(message)]

    assert (answer.status, await answer.read()) == (200, b"")
    assert Crypto(*KEYS["contact"], CORP).decrypt_stored(row.pop("envelope")) == message
    assert before <= row.pop("received_at") <= now()
    assert row == {
        "_id": key_of(message),
        "route": "contact",
        "lane": "normal",
        "subject": "wm1",
        "slot": crc32(b"wm1") % 64,
        "state": "new",
        "due_at": BUSINESS_NOW,
        "tries": 0,
    }
    assert door.rang == ["normal"]


async def test_json_envelopes_are_kept_too(door: Door) -> None:
    answer = await door.post(added("wm1"), as_json=True)

    assert answer.status == 200
    assert list(await door.stored()) == [key_of(added("wm1"))]


async def test_a_repeat_is_acknowledged_and_kept_once(door: Door) -> None:
    answers = await asyncio.gather(*(door.post(added("wm1")) for _ in range(20)))

    assert {answer.status for answer in answers} == {200}
    assert len(await door.stored()) == 1


async def test_500_distinct_events_of_one_second_are_all_kept(door: Door) -> None:
    messages = [added(f"wm{number}") for number in range(500)]
    answers = await asyncio.gather(*(door.post(message) for message in messages))

    assert {answer.status for answer in answers} == {200}
    assert set(await door.stored()) == {key_of(message) for message in messages}


TEXT = b"<xml><FromUserName>lisi</FromUserName><MsgType>%s</MsgType><Content>hi</Content></xml>"
TAP = b"<xml><FromUserName>lisi</FromUserName><Event>template_card_event</Event></xml>"
GROUP = b"<xml><FromUserName>sys</FromUserName><ChatId><![CDATA[wr1]]></ChatId></xml>"


@pytest.mark.parametrize(
    ("message", "lane", "subject"),
    [
        (added("wm1", code="<WelcomeCode>C</WelcomeCode>"), "urgent", "wm1"),
        (TEXT % b"<![CDATA[text]]>", "urgent", "lisi"),
        (TEXT % b"text", "urgent", "lisi"),
        (TEXT % b"image", "normal", "lisi"),
        (TAP, "urgent", "lisi"),
        (GROUP, "normal", "wr1"),
        (b"neither XML nor JSON", "normal", ""),
    ],
)
async def test_lane_and_subject_are_seen_without_parsing(
    door: Door, message: bytes, lane: str, subject: str
) -> None:
    await door.post(message)
    row = (await door.stored())[key_of(message)]

    assert (row["lane"], row["subject"]) == (lane, subject)
    assert door.rang == [lane]


async def test_the_acknowledgement_is_plain_http_whatever_the_client_speaks(door: Door) -> None:
    token, key = KEYS["app"]
    sealed = sealing.encrypt(added("wm1"), key, CORP)
    body = sealing.envelope(sealed)
    answers = []
    for version, connection in (("1.1", "keep-alive"), ("1.1", "close"), ("1.0", "close")):
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(door.url).port)
        head = (
            f"POST /callback?{sealing.query(token, sealed)} HTTP/{version}\r\nHost: x\r\n"
            f"Connection: {connection}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        times = 2 if connection == "keep-alive" else 1
        writer.write((head.encode() + body) * times)
        answers += [await reader.readuntil(b"\r\n\r\n") for _ in range(times)]
        if connection == "close":
            assert await reader.read() == b""  # the server closes
        writer.close()

    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200"] * 4
    assert all(b"Content-Length: 0\r\n" in answer for answer in answers)
    assert all(b"\r\nDate: " in answer for answer in answers)


# --- refusing ----------------------------------------------------------------------------------


async def test_what_was_not_sealed_for_this_url_is_refused_and_not_kept(door: Door) -> None:
    token, key = KEYS["app"]
    sealed = sealing.encrypt(added("wm1"), key, CORP)
    foreign = sealing.encrypt(added("wm1"), key, "wwother")
    good = sealing.query(token, sealed)
    before = counted("app", "refused")
    answers = [
        await door.post(added("wm1"), "app", keys="contact"),
        await door.post_raw(sealing.envelope(sealed), ""),
        await door.post_raw(sealing.envelope(sealed), good.replace("nonce=", "nonce=1")),
        await door.post_raw(sealing.envelope(sealed[:-8] + "AAAAAAA="), good),
        await door.post_raw(sealing.envelope(foreign), sealing.query(token, foreign)),
        await door.post_raw(b"", good),
        await door.post_raw(b"<!DOCTYPE xml []>" + sealing.envelope(sealed), good),
        await door.post_raw(b"\xff" * 100, good),
    ]

    assert [(a.status, await a.read()) for a in answers] == [(403, b"")] * len(answers)
    assert await door.stored() == {}
    assert counted("app", "refused") == before + len(answers)


async def test_a_body_over_64_kib_is_refused(door: Door) -> None:
    at_most = await door.post_raw(b"x" * callback.BODY_BYTES, "")
    more = await door.post_raw(b"x" * (callback.BODY_BYTES + 1), "")

    assert (at_most.status, more.status) == (403, 413)


async def test_a_body_that_does_not_come_is_given_up(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback, "BODY_SECONDS", 0.2)
    port = URL(door.url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /callback HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n<xml")
    answer = await asyncio.wait_for(reader.readline(), 5)
    writer.close()

    assert answer.startswith(b"HTTP/1.1 408 ")


# --- without MongoDB ---------------------------------------------------------------------------


async def test_before_mongodb_is_there_callbacks_wait_on_the_disk(unconnected: Door) -> None:
    door = unconnected
    messages = [added(f"wm{number}") for number in range(50)]
    answers = await asyncio.gather(*(door.post(message) for message in messages))

    assert {answer.status for answer in answers} == {200}
    assert await door.stored() == {}
    assert not door.intake.reachable

    door.intake.connect(door.inbox)
    await door.drain()
    rows = await door.stored()

    assert set(rows) == {key_of(message) for message in messages}
    assert {row["due_at"] for row in rows.values()} == {BUSINESS_NOW}
    assert door.spooled() == []


async def test_what_is_spooled_and_stored_too_is_one_row(unconnected: Door) -> None:
    door = unconnected
    await door.post(added("wm1"))
    door.intake.connect(door.inbox)
    await door.post(added("wm1"))
    await door.drain()

    assert list(await door.stored()) == [key_of(added("wm1"))]
    assert door.spooled() == []


async def test_a_frozen_mongod_is_answered_within_two_seconds(
    door: Door, mongod: OwnMongod
) -> None:
    await door.post(added("first"))
    mongod.freeze()
    try:
        since = time.monotonic()
        answers = await asyncio.gather(*(door.post(added(f"wm{n}")) for n in range(100)))
        first = time.monotonic() - since
        late = await door.post(added("late"))
        then = time.monotonic() - since - first
    finally:
        mongod.thaw()
    await door.drain()

    assert {answer.status for answer in (*answers, late)} == {200}
    assert first < 2.0
    assert then < 0.5  # the outage is known by now
    assert len(await door.stored()) == 102
    assert door.intake.reachable
    assert door.spooled() == []


async def test_neither_mongodb_nor_disk_is_503(mongod: OwnMongod, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    async with opened(mongod, tmp_path / "data" / "spool", None) as door:
        refused = await door.post(added("wm1"))
        door.intake.connect(door.inbox)
        kept = await door.post(added("wm2"))

        assert (refused.status, await refused.read()) == (503, b"")
        assert kept.status == 200
        assert list(await door.stored()) == [key_of(added("wm2"))]


async def test_an_insert_that_only_its_majority_lacks_is_not_trusted(
    door: Door, mongod: OwnMongod
) -> None:
    mongod.fail(
        {"times": 1}, writeConcernError={"code": 64, "errmsg": "waiting for replication timed out"}
    )
    answer = await door.post(added("wm1"))
    spooled = door.spooled()
    await door.drain()

    assert answer.status == 200
    assert len(spooled) == 1
    assert list(await door.stored()) == [key_of(added("wm1"))]
    assert door.spooled() == []


async def test_a_cut_connection_is_healed_by_the_driver(door: Door, mongod: OwnMongod) -> None:
    mongod.fail({"times": 1}, closeConnection=True)
    answer = await door.post(added("wm1"))

    assert answer.status == 200
    assert list(await door.stored()) == [key_of(added("wm1"))]


async def test_an_insert_that_fails_goes_to_the_disk(door: Door, mongod: OwnMongod) -> None:
    mongod.fail({"times": 1}, errorCode=50)
    answers = await asyncio.gather(*(door.post(added(f"wm{n}")) for n in range(10)))
    await door.drain()

    assert {answer.status for answer in answers} == {200}
    assert len(await door.stored()) == 10


async def test_kill_9_of_mongod_loses_nothing_that_was_acknowledged(
    door: Door, mongod: OwnMongod
) -> None:
    acknowledged: set[str] = set()
    stopping = asyncio.Event()

    async def deliver(who: int) -> None:
        number = 0
        while not stopping.is_set():
            message = added(f"wm{who}-{number}")
            answer = await door.post(message)
            if answer.status == 200:
                acknowledged.add(key_of(message))
            number += 1

    senders = [asyncio.create_task(deliver(who)) for who in range(8)]
    for _ in range(2):
        before = len(acknowledged)
        while len(acknowledged) < before + 300:
            await asyncio.sleep(0)
        await asyncio.to_thread(mongod.kill)
        before = len(acknowledged)
        while len(acknowledged) < before + 100:  # on the disk, meanwhile
            await asyncio.sleep(0)
        await asyncio.to_thread(mongod.start)
        while not door.intake.reachable:
            await door.intake.drain()
    stopping.set()
    await asyncio.gather(*senders)
    await door.drain()

    assert len(acknowledged) >= 800
    assert acknowledged - set(await door.stored()) == set()
    assert door.spooled() == []


# --- events of the shop ------------------------------------------------------------------------

ORDER = {"id": "o-1", "subject": "wm1", "kind": "order", "at": "2026-11-25T20:30:00+08:00"}


async def test_an_order_is_kept_once_under_its_id(door: Door) -> None:
    body = json.dumps(ORDER | {"amount": 199}).encode()
    answers = [await door.tell(body), await door.tell(body, timestamp="1763700099")]
    ((identity, row),) = (await door.stored()).items()

    assert [answer.status for answer in answers] == [200, 200]
    assert identity == "event:o-1"
    assert (row["route"], row["subject"], row["lane"]) == ("events", "wm1", "normal")
    assert json.loads(row["envelope"]) == ORDER | {"amount": 199}


async def test_a_signature_that_is_no_text_is_refused(door: Door) -> None:
    headers = {"X-Qunce-Timestamp": "1763700000", "X-Qunce-Signature": "\udcff"}
    request = "\r\n".join(
        ["POST /api/events HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in headers.items())]
    )
    host, port = door.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{request}\r\nContent-Length: 2\r\n\r\n{{}}".encode("utf-8", "surrogateescape"))

    status = await reader.readline()

    writer.close()
    assert b" 403 " in status


async def test_an_order_that_is_not_signed_is_refused(door: Door) -> None:
    body = json.dumps(ORDER).encode()
    unsigned = await door.session.post(f"{door.url}/api/events", data=body)
    forged = await door.tell(body, secret="another")

    assert (unsigned.status, forged.status) == (403, 403)
    assert await door.stored() == {}


async def test_without_a_secret_nobody_may_post_orders(mongod: OwnMongod, tmp_path: Path) -> None:
    async with opened(mongod, tmp_path / "spool", None) as door:
        answer = await door.tell(json.dumps(ORDER).encode(), secret="")

        assert answer.status == 403


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": ""}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"id": 7}, "id"),
        ({"subject": None}, "subject"),
        ({"kind": []}, "kind"),
        ({"at": "2026-11-25T20:30:00"}, "at"),
        ({"at": 1763700000}, "at"),
        ({"at": "yesterday"}, "at"),
    ],
)
async def test_an_order_of_another_form_is_told_what_is_wrong(
    door: Door, change: dict[str, Any], named: str
) -> None:
    answer = await door.tell(json.dumps(ORDER | change).encode())

    assert answer.status == 400
    assert (await answer.json())["error"].startswith(f"{named}: ")
    assert await door.stored() == {}


async def test_a_body_that_is_not_json_is_told_so(door: Door) -> None:
    answer = await door.tell(b"order=1")

    assert answer.status == 400
    assert "JSON" in (await answer.json())["error"]


# --- the row's life ----------------------------------------------------------------------------


async def test_a_callback_is_claimed_by_lane_and_finished_by_its_owner_only(door: Door) -> None:
    await door.post(added("wm1"))
    urgent = await door.inbox.claim(BUSINESS_NOW, lane="urgent")
    owner, claimed = await door.inbox.claim(BUSINESS_NOW, lane="normal")
    _, again = await door.inbox.claim(BUSINESS_NOW, lane="normal")
    await door.inbox.finish(claimed[0].id, "somebody else", "done")
    held = (await door.stored())[claimed[0].id]
    await door.inbox.finish(claimed[0].id, owner, "ignored", "$why: nobody wants it")
    row = (await door.stored())[claimed[0].id]

    assert (urgent[1], again) == ([], [])
    assert held["state"] == "new"
    assert (row["state"], row["why"]) == ("ignored", "$why: nobody wants it")
    assert "due_at" not in row
    assert "lease" not in row
    assert timedelta(days=29, hours=23) < row["delete_at"] - now() <= timedelta(days=30)


async def test_a_postponed_callback_comes_back_when_it_is_due(door: Door) -> None:
    await door.post(added("wm1"))
    owner, (one,) = await door.inbox.claim(BUSINESS_NOW, lane="normal")
    later = BUSINESS_NOW + timedelta(minutes=1)
    await door.inbox.postpone(one.id, owner, later, "Busy")
    _, too_early = await door.inbox.claim(BUSINESS_NOW, lane="normal")
    _, (again,) = await door.inbox.claim(later, lane="normal")

    assert too_early == []
    assert (again.tries, again.why) == (1, "Busy")


async def test_a_dead_callback_can_be_given_another_chance(door: Door) -> None:
    await door.post(added("wm1"))
    owner, (one,) = await door.inbox.claim(BUSINESS_NOW, lane="normal")
    await door.inbox.finish(one.id, owner, "dead", "ValueError")
    listed = [dead.id for dead in await door.inbox.dead()]
    replayed = [await door.inbox.replay(one.id, BUSINESS_NOW) for _ in range(2)]
    _, (again,) = await door.inbox.claim(BUSINESS_NOW, lane="normal")

    assert listed == [one.id]
    assert replayed == [True, False]
    assert again.id == one.id
