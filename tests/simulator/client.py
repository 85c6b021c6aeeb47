"""Drive the simulator in tests, as the bot and as a director."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.test_utils import TestServer

from simulator.server import build

START = "2026-11-02T08:00:00+08:00"  # a Monday
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
STAFF = (("zhangli", "张丽"), ("limin", "李敏"), ("wangfang", "王芳"))


def company(**changes: Any) -> dict[str, Any]:
    """A small company in which nobody does anything by himself."""
    return {
        "corp_id": "ww1",
        "agent_id": 1000002,
        "agent_secret": "agent-secret",
        "contact_secret": "contact-secret",
        "start": START,
        "departments": [
            {"id": 1, "name": "总部"},
            {"id": 12, "name": "徐汇店", "parentid": 1},
        ],
        "staff": [{"userid": u, "name": n, "department": [12]} for u, n in STAFF],
        "groups": [{"name": "0-6月龄1群", "owner": "zhangli", "members": 2}],
        "tag_groups": [{"name": "宝宝月龄", "tags": ["孕期", "0-6月龄", "6-12月龄"]}],
        "limits": {"callback_pause_seconds": 0.0},
        **changes,
    }


class Refused(Exception):
    """WeCom answered an errcode other than 0."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["errmsg"])
        self.code = answer["errcode"]


class Sim:
    """The control API and, by ``call``, the pretend WeCom itself."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.http = aiohttp.ClientSession()
        self._tokens: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.close()

    async def setup(self, **changes: Any) -> dict[str, Any]:
        """``company()`` with these changes."""
        self._tokens.clear()
        return await self.post("setup", company(**changes))

    async def clock(self, now: str | datetime) -> dict[str, Any]:
        text = now if isinstance(now, str) else now.isoformat()
        return await self.post("clock", {"now": text})

    async def next(self) -> dict[str, Any]:
        return await self.get("next")

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        return await self.post("act", {"do": do, **more})

    async def faults(self, **wish: Any) -> None:
        await self.post("faults", wish)

    async def ledger(self) -> dict[str, Any]:
        return await self.get("ledger")

    async def idle(self) -> None:
        """Every callback has been answered or given up."""
        async with asyncio.timeout(10):
            while (await self.next())["callbacks_in_flight"]:
                await asyncio.sleep(0.005)

    async def call(
        self, path: str, body: dict[str, Any] | None = None, **query: str
    ) -> dict[str, Any]:
        """Raises ``Refused``. Contact's token for externalcontact, else the agent's."""
        answer = await self.raw(path, body, **query)
        if answer["errcode"]:
            raise Refused(answer)
        return answer

    async def raw(
        self, path: str, body: dict[str, Any] | None = None, **query: str
    ) -> dict[str, Any]:
        query.setdefault("access_token", await self.token(path))
        method = "GET" if body is None else "POST"
        url = f"{self.base}/cgi-bin/{path}"
        async with self.http.request(method, url, params=query, json=body) as answer:
            return await answer.json(content_type=None)  # type: ignore[no-any-return]

    async def token(self, path: str) -> str:
        secret = "contact-secret" if path.startswith("externalcontact/") else "agent-secret"
        if secret not in self._tokens:
            query = {"corpid": "ww1", "corpsecret": secret}
            async with self.http.get(f"{self.base}/cgi-bin/gettoken", params=query) as answer:
                self._tokens[secret] = (await answer.json())["access_token"]
        return self._tokens[secret]

    async def upload(
        self,
        content: bytes,
        filename: str = "a.jpg",
        kind: str = "image",
        path: str = "media/upload",
        **more: str,
    ) -> str:
        """The media_id, or the address of the picture of a link."""
        form = aiohttp.FormData()
        file = io.BytesIO(content)
        form.add_field("media", file, filename=filename, content_type="image/jpeg")
        query = {"type": kind, "media_type": kind, "access_token": await self.token(path), **more}
        async with self.http.post(f"{self.base}/cgi-bin/{path}", params=query, data=form) as answer:
            body = await answer.json()
        if body["errcode"]:
            raise Refused(body)
        return str(body.get("media_id") or body["url"])

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.http.post(f"{self.base}/_sim/{path}", json=body) as answer:
            return await self._good(answer)

    async def get(self, path: str) -> dict[str, Any]:
        async with self.http.get(f"{self.base}/_sim/{path}") as answer:
            return await self._good(answer)

    async def _good(self, answer: aiohttp.ClientResponse) -> dict[str, Any]:
        body = await answer.json()
        if answer.status != 200:
            raise ValueError(body["error"])
        return body  # type: ignore[no-any-return]


@asynccontextmanager
async def open_sim(**how: Any) -> AsyncIterator[Sim]:
    """In this process; ``machine`` may be given as for build()."""
    async with TestServer(build(**how)) as server, Sim(str(server.make_url(""))) as sim:
        yield sim
