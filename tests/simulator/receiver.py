"""A bot that only opens envelopes, with a decryption of its own."""

import base64
import hashlib
import json
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from Crypto.Cipher import AES

from tests.simulator.client import AES_KEY

TOKEN = "callbacktoken"


@dataclass
class Receiver:
    """``answers`` are the statuses of the next requests, 200 after that; 0 never answers."""

    base: str = ""
    answers: list[int] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    shop: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def callbacks(self) -> dict[str, Any]:
        return {
            route: {"url": f"{self.base}/{route}", "token": TOKEN, "aes_key": AES_KEY}
            for route in ("app", "contact", "directory")
        }

    def fields(self, n: int = -1) -> dict[str, Any]:
        """The elements of the n-th text; lists for what repeats or nests."""
        return {child.tag: _value(child) for child in ElementTree.fromstring(self.texts[n])}

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append(dict(request.query) | {"route": request.match_info["route"]})
        body = await request.text()
        if body.startswith("{"):
            sealed = json.loads(body)["encrypt"]
        else:
            sealed = str(ElementTree.fromstring(body).findtext("Encrypt"))
        self.texts.append(self._open(request.query, sealed))
        status = self.answers.pop(0) if self.answers else 200
        if not status:
            assert request.transport
            request.transport.abort()
        return web.Response(status=status or 200)

    async def echo(self, request: web.Request) -> web.Response:
        return web.Response(text=self._open(request.query, request.query["echostr"]))

    async def sell(self, request: web.Request) -> web.Response:
        self.shop.append((dict(request.headers), await request.read()))
        return web.Response()

    def _open(self, query: Any, sealed: str) -> str:
        parts = sorted([TOKEN, query["timestamp"], query["nonce"], sealed])
        assert hashlib.sha1("".join(parts).encode()).hexdigest() == query["msg_signature"]
        key = base64.b64decode(AES_KEY + "=")
        plain = AES.new(key, AES.MODE_CBC, key[:16]).decrypt(base64.b64decode(sealed))
        assert len(plain) % 32 == 0
        assert 1 <= plain[-1] <= 32
        plain = plain[: -plain[-1]]
        (length,) = struct.unpack(">I", plain[16:20])
        assert plain[20 + length :] == b"ww1"
        return plain[20 : 20 + length].decode()


def _value(element: ElementTree.Element) -> Any:
    return [_value(child) for child in element] if len(element) else element.text or ""


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/shop", receiver.sell)
    app.router.add_post("/{route}", receiver.take)
    app.router.add_get("/{route}", receiver.echo)
    async with TestServer(app) as server:
        receiver.base = str(server.make_url("")).rstrip("/")
        yield receiver
