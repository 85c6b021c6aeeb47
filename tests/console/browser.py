"""A browser as far as the server can tell: it keeps cookies and says where a request comes from."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from tests.world import World


@dataclass(slots=True)
class Answer:
    status: int
    html: str
    url: URL
    headers: Any


class Browser:
    """One person's; what it does is done by a click on one of our pages."""

    def __init__(self, world: World, http: aiohttp.ClientSession) -> None:
        self._base = world.address
        self._sim = world.sim.base
        self.http = http

    async def open(self, path: str, *, follow: bool = True, **headers: str) -> Answer:
        return await self._ask("GET", path, follow=follow, headers=headers)

    async def post(self, to: str, /, *, ours: bool = True, **form: str) -> Answer:
        """Fill in a form; ``ours`` False: the form stands on somebody else's page."""
        site = {"Sec-Fetch-Site": "same-origin" if ours else "cross-site"}
        return await self._ask("POST", to, follow=True, headers=site, data=form)

    async def send(self, to: str, fields: Sequence[tuple[str, str]]) -> Answer:
        """Fill in a form some of whose fields are there more than once."""
        return await self._ask(
            "POST", to, follow=True, headers={"Sec-Fetch-Site": "same-origin"}, data=list(fields)
        )

    async def sign_in(self, userid: str, next_path: str = "/console/") -> Answer:
        """By WeCom's QR code, scanned by this person."""
        sent = await self.open("/sign-in/wecom?" + urlencode({"next": next_path}), follow=False)
        async with self.http.get(
            URL(sent.headers["Location"] + f"&as={userid}", encoded=True), allow_redirects=False
        ) as answer:
            back = answer.headers["Location"]
        return await self.open(back.removeprefix(self._base))

    async def _ask(self, method: str, path: str, *, follow: bool, **more: Any) -> Answer:
        url = URL(self._base + quote(path, safe="/?&=%+"), encoded=True)
        async with self.http.request(method, url, allow_redirects=follow, **more) as answer:
            return Answer(answer.status, await answer.text(), answer.url, answer.headers)


@asynccontextmanager
async def open_browser(world: World) -> AsyncIterator[Browser]:
    """Browsers keep a Secure cookie of this machine although there is no https."""
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[URL(world.address)])
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Browser(world, http)
