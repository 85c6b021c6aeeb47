"""The doors callbacks come in by: open the envelope, keep it, acknowledge; decide nothing."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from aiohttp import HttpVersion11, web
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.web_request import BaseRequest
from prometheus_client import Counter

from bot.business import BadEvent, is_signed, read
from bot.intake import Intake, Outcome
from bot.model import Incoming
from bot.wecom.crypto import BadEnvelope, Crypto, sealed_in

BODY_BYTES = 64 * 1024
BODY_SECONDS = 5
PATHS = {"app": "/callback", "contact": "/callback/contact", "directory": "/callback/directory"}

# For web.Application: the cap holds for every route of that application.
APPLICATION = {"client_max_size": BODY_BYTES}
# For web.AppRunner. aiohttp keeps idle connections for an hour; WeCom's last seconds.
RUNNER: Mapping[str, Any] = {
    "access_log": None,
    "keepalive_timeout": 15.0,
    "lingering_time": 2.0,
    "shutdown_timeout": 5.0,
}

CALLBACKS = Counter("qunce_callbacks", "Callbacks by what became of them", ["route", "outcome"])

Clock = Callable[[], datetime]

_SIGNED = re.compile(
    r"[^?#]*\?msg_signature=([0-9a-f]{40})&timestamp=([0-9]{10})&nonce=([0-9A-Za-z]{1,64})"
)


def routes(
    cryptos: Mapping[str, Crypto],
    intake: Intake,
    *,
    events_secret: str | None,
    now: Clock,
    machine_now: Clock,
) -> list[web.RouteDef]:
    """Everything that comes in from outside; ``cryptos`` by route: app, contact, directory."""
    listed = []
    for route, path in PATHS.items():
        callback = Callback(route, cryptos[route], intake, now, machine_now)
        listed += [web.get(path, callback.get), web.post(path, callback.post)]
    events = BusinessEvents(events_secret, intake, now, machine_now)
    return [*listed, web.post("/api/events", events.post)]


class _Acknowledgement(web.StreamResponse):
    """200 with an empty body, written in one piece and used again and again.

    Putting together the head of an ordinary response is a sixth of the whole request's cost.
    """

    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, request: BaseRequest) -> None:
        if request.transport is None:
            raise ConnectionResetError
        head = f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: {rfc822_formatted_time()}\r\n\r\n"
        request.transport.write(head.encode())

    async def write_eof(self, data: bytes = b"") -> None:
        """It is written already."""


_ACKNOWLEDGED = _Acknowledgement()


def _acknowledged(request: web.Request) -> web.StreamResponse:
    return (
        _ACKNOWLEDGED if request.keep_alive and request.version == HttpVersion11 else web.Response()
    )


class _Door:
    """What all doors do with a callback once they believe it."""

    def __init__(self, route: str, intake: Intake, now: Clock, machine_now: Clock) -> None:
        self._route = route
        self._intake = intake
        self._now = now
        self._machine_now = machine_now
        self._counters = {
            outcome: CALLBACKS.labels(route, outcome)
            for outcome in ("stored", "spooled", "unavailable", "refused", "echoed")
        }

    async def _body(self, request: web.Request) -> bytes:
        try:
            if request.content.is_eof():  # it came with the head: no need for a timer
                return await request.read()
            async with asyncio.timeout(BODY_SECONDS):
                return await request.read()
        except TimeoutError:
            self._counters["refused"].inc()
            raise web.HTTPRequestTimeout from None
        except web.HTTPRequestEntityTooLarge:
            self._counters["refused"].inc()
            raise

    async def _keep(
        self,
        request: web.Request,
        incoming_id: str,
        envelope: str,
        subject: str,
        lane: Literal["urgent", "normal"] = "normal",
    ) -> web.StreamResponse:
        """200 only if it survives a power cut."""
        outcome: Outcome = await self._intake.keep(
            Incoming(
                id=incoming_id,
                route=self._route,
                envelope=envelope,
                lane=lane,
                subject=subject,
                received_at=self._machine_now(),
                due_at=self._now(),
            )
        )
        self._counters[outcome].inc()
        return web.Response(status=503) if outcome == "unavailable" else _acknowledged(request)

    def _refuse(self, status: int = 403, text: str | None = None) -> web.Response:
        self._counters["refused"].inc()
        return web.Response(status=status, text=text)


class Callback(_Door):
    """One callback URL. WeCom waits five seconds and repeats twice; there is no second chance."""

    def __init__(
        self, route: str, crypto: Crypto, intake: Intake, now: Clock, machine_now: Clock
    ) -> None:
        super().__init__(route, intake, now, machine_now)
        self._crypto = crypto

    async def get(self, request: web.Request) -> web.Response:
        """WeCom checks the URL: it wants to see what is inside ``echostr``."""
        # A plus sign sent unescaped arrives as a blank; base64 has no blanks.
        echo = request.query.get("echostr", "").replace(" ", "+")
        try:
            opened = self._crypto.open(echo, *_signature_of(request))
        except BadEnvelope:
            return self._refuse()
        self._counters["echoed"].inc()
        return web.Response(body=opened, content_type="text/plain")

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Keep one callback and answer with an empty body."""
        body = await self._body(request)
        try:
            envelope = sealed_in(body)
            opened = self._crypto.open(envelope, *_signature_of(request))
        except BadEnvelope:
            return self._refuse()
        return await self._keep(
            request,
            hashlib.sha256(opened).hexdigest(),
            envelope,
            subject_of(opened),
            "urgent" if is_urgent(opened) else "normal",
        )


class BusinessEvents(_Door):
    """``POST /api/events``: signed JSON from the shop's own systems."""

    def __init__(self, secret: str | None, intake: Intake, now: Clock, machine_now: Clock) -> None:
        super().__init__("events", intake, now, machine_now)
        self._secret = secret

    async def post(self, request: web.Request) -> web.StreamResponse:
        body = await self._body(request)
        timestamp = request.headers.get("X-Qunce-Timestamp", "")
        signature = request.headers.get("X-Qunce-Signature", "")
        if not self._secret or not is_signed(self._secret, timestamp, signature, body):
            return self._refuse()
        try:
            event = read(body)
        except BadEvent as error:
            self._counters["refused"].inc()
            return web.json_response({"error": str(error)}, status=400)
        return await self._keep(request, f"event:{event.id}", body.decode(), event.subject)


def is_urgent(opened: bytes) -> bool:
    """To welcome, a card tapped, a text from staff. One too many does no harm."""
    return (
        b"WelcomeCode" in opened
        or b"template_card_" in opened
        or b"[text]" in opened
        or b">text<" in opened
        or b'"text"' in opened
    )


def subject_of(opened: bytes) -> str:
    """The customer, group or member of staff it is about, as far as a byte search can tell."""
    for tag in (b"ExternalUserID", b"ChatId", b"UserID", b"FromUserName"):
        if value := _text_of(opened, tag):
            return value.decode("utf-8", "replace")
    return ""


def _text_of(opened: bytes, tag: bytes) -> bytes:
    """What stands in the first element (or under the first key) of that name."""
    start = opened.find(b"<" + tag + b">")
    if start < 0:
        return b""
    start += len(tag) + 2
    end = opened.find(b"</", start)
    return opened[start:end].strip().removeprefix(b"<![CDATA[").removesuffix(b"]]>")


def _signature_of(request: web.Request) -> tuple[str, str, str]:
    """msg_signature, timestamp and nonce, word for word."""
    if usual := _SIGNED.fullmatch(request.raw_path):
        return usual[1], usual[2], usual[3]
    query = request.query
    return query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", "")
