"""A WeCom that answers as a test tells it to, over real HTTP, and remembers what it was asked."""

import asyncio
import json
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from bot.store.paces import Paces
from bot.store.tokens import TokenShelf
from bot.wecom.client import WeCom, open_session
from config.settings import Settings

CORP = "wwcorp0123456789"
AGENT_SECRET = "agent-secret-5e1f"
CONTACT_SECRET = "contact-secret-77aa"
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

Client = AsyncMongoClient[dict[str, Any]]
Rows = AsyncDatabase[dict[str, Any]]


@dataclass
class Heard:
    path: str
    token: str
    raw: bytes
    query: Mapping[str, str]
    upload: tuple[str, bytes] | None = None

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Peer:
    """Answers 0 unless ``script`` holds a refusal, a status, raw bytes, ``hang`` or ``cut``."""

    script: defaultdict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    heard: list[Heard] = field(default_factory=list)
    valid: dict[str, str] = field(default_factory=dict)  # token → secret
    fetched: int = 0
    token_seconds: int = 7200
    voids_old: bool = False
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    def will(self, path: str, *answers: Any) -> None:
        self.script[path].extend(answers)

    def void_tokens(self) -> None:
        self.valid.clear()

    def calls(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.path == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/cgi-bin/")
        heard = Heard(path, request.query.get("access_token", ""), b"", dict(request.query))
        if request.content_type.startswith("multipart/"):
            part = await (await request.multipart()).next()
            assert isinstance(part, aiohttp.BodyPartReader)
            heard.upload = (part.filename or "", bytes(await part.read()))
        else:
            heard.raw = await request.read()
        self.heard.append(heard)
        scripted = self.script[path].popleft() if self.script[path] else None
        return await self._play(scripted, request, heard)

    async def _play(self, scripted: Any, request: web.Request, heard: Heard) -> web.StreamResponse:
        match scripted:
            case "cut":
                assert request.transport is not None
                request.transport.abort()
            case "hang":
                self.hanging.set()
                await self.let_go.wait()
            case bytes():
                return web.Response(body=scripted, content_type="application/json")
            case int() if 300 <= scripted < 600:
                return web.Response(status=scripted, text="oops")
            case int():
                return _refusal(scripted)
            case dict():
                return web.json_response({"errcode": 0, "errmsg": "ok", **scripted})
        if heard.path == "gettoken":
            return self._token(request.query["corpsecret"])
        if heard.token not in self.valid:
            return _refusal(40014)
        return web.json_response({"errcode": 0, "errmsg": "ok", "media_id": "m1", "msgid": "x"})

    def _token(self, secret: str) -> web.Response:
        self.fetched += 1
        if secret not in (AGENT_SECRET, CONTACT_SECRET):
            return _refusal(40001)
        known = next((token for token, of in self.valid.items() if of == secret), None)
        if known and self.voids_old:
            del self.valid[known]
            known = None
        token = known or f"token-{uuid.uuid4().hex}"
        self.valid[token] = secret
        return web.json_response(
            {"errcode": 0, "access_token": token, "expires_in": self.token_seconds}
        )


def _refusal(code: int) -> web.Response:
    said = f"no, hint: [1763], from ip: 203.0.113.9, more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
    return web.json_response({"errcode": code, "errmsg": said})


@dataclass
class Clock:
    """Business time that stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Rig:
    """A peer, a database and as many clients as there would be processes."""

    peer: Peer
    db: Rows
    base: str
    clock: Clock
    stack: AsyncExitStack

    async def client(
        self, *, secret: str = AGENT_SECRET, contact: str = CONTACT_SECRET, base: str = ""
    ) -> WeCom:
        settings = Settings.model_validate(
            {
                "corp_id": CORP,
                "agent_id": 1000002,
                "agent_secret": secret,
                "contact_secret": contact,
                "callback_token": "token",
                "callback_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
                "api_base": base or self.base,
            }
        )
        session = await self.stack.enter_async_context(open_session(settings.api_base))
        shelf, paces = TokenShelf(self.db["tokens"]), Paces(self.db["paces"])
        return WeCom(settings, session, shelf, paces, self.clock)


@asynccontextmanager
async def rigged(db: Rows) -> AsyncIterator[Rig]:
    peer = Peer()
    app = web.Application()
    app.router.add_route("*", "/cgi-bin/{path:.*}", peer.answer)
    async with TestServer(app) as server, AsyncExitStack() as stack:
        yield Rig(peer, db, str(server.make_url("/cgi-bin")), Clock(), stack)
        peer.let_go.set()
