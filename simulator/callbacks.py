"""Deliver callbacks as WeCom does: 5 seconds, three attempts, then silence."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

import aiohttp

from simulator import crypto
from simulator.clock import Clock
from simulator.dice import Mint
from simulator.faults import Faults
from simulator.ledger import Deliveries, Ledger
from simulator.notices import Fields, to_xml
from simulator.setup import Limits, Route, Setup

RouteName = Literal["app", "contact", "directory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One HTTP request that may have to be made up to three times."""

    url: str
    body: bytes
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class Turn:
    """A place in the queue, which another may be allowed to take."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self._followed = asyncio.Event()
        self._next: Turn | None = None

    def precede(self, following: "Turn") -> None:
        self._next = following
        self._followed.set()

    async def take(self, delivery: Coroutine[Any, Any, None], held_seconds: float) -> None:
        try:
            if held_seconds:
                await self._let_overtake(held_seconds)
            await delivery
        finally:
            delivery.close()  # when cancelled before it began
            self.done.set()

    async def _let_overtake(self, seconds: float) -> None:
        """Wait until the next one is through, if there is a next one within ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await self._followed.wait()
        except TimeoutError:
            return
        if self._next:
            await self._next.done.wait()


class Outlet:
    """Everything WeCom and the shop send to the bot; the caller never waits."""

    def __init__(
        self, setup: Setup, clock: Clock, mint: Mint, faults: Faults, ledger: Ledger
    ) -> None:
        self._setup = setup
        self._clock = clock
        self._mint = mint
        self._faults = faults
        self._ledger = ledger
        self.limits: Limits = setup.limits
        self.in_flight = 0
        self._addressed = count()
        self._last = Turn()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._gate = asyncio.Semaphore(setup.limits.callback_concurrency)

    def notify(
        self,
        route: RouteName,
        fields: Fields,
        *,
        sender: str = "sys",
        first_sent: Callable[[], None] | None = None,
    ) -> None:
        """``first_sent`` is called when the first attempt begins."""
        head = {
            "ToUserName": self._setup.corp_id,
            "FromUserName": sender,
            "CreateTime": self._clock.seconds,
            "MsgType": "event",
        }
        self.send(route, to_xml({**head, **fields}), first_sent=first_sent)

    def send(
        self,
        route: RouteName,
        text: str,
        *,
        form: Literal["xml", "json"] = "xml",
        first_sent: Callable[[], None] | None = None,
    ) -> None:
        """A route without an address receives nothing."""
        target: Route | None = getattr(self._setup.callbacks, route)
        if target is None:
            return
        agent_id = self._setup.agent_id if route == "app" else None
        stamp = str(self._clock.seconds)
        about = self._mint.hexes("callback", route, text)
        if self._faults.drops(about):
            self._ledger.callbacks.dropped += 1
            return

        def seal() -> Letter:
            sealed = crypto.encrypt(text, aes_key=target.aes_key, receive_id=self._setup.corp_id)
            nonce = str(self._mint.whole("nonce", about))
            query = {
                "msg_signature": crypto.sign(target.token, stamp, nonce, sealed),
                "timestamp": stamp,
                "nonce": nonce,
            }
            body = crypto.envelope(
                sealed, corp_id=self._setup.corp_id, agent_id=agent_id, form=form
            )
            return Letter(url=self._address(target), body=body, query=query)

        for copy in range(1 + self._faults.copies(about)):
            held = self._faults.held_seconds(f"{about}:{copy}")
            self._start(self._deliver(seal, self._ledger.callbacks, first_sent), held)

    def tell_shop(self, body: dict[str, Any]) -> None:
        """An order or a visit, signed with the shop's secret."""
        if self._setup.events is None:
            return
        raw = json.dumps(body, ensure_ascii=False).encode()
        stamp = str(self._clock.seconds)
        secret = self._setup.events.secret.encode()
        digest = hmac.new(secret, stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Qunce-Timestamp": stamp,
            "X-Qunce-Signature": digest,
        }
        letter = Letter(url=self._setup.events.url, body=raw, headers=headers)
        self._start(self._deliver(lambda: letter, self._ledger.events, None), 0.0)

    async def echo(self, route: RouteName, text: str) -> tuple[int, str]:
        """Verify a callback address as the admin console does on saving it."""
        target: Route | None = getattr(self._setup.callbacks, route)
        if target is None:
            raise ValueError(f"no address for {route}")
        sealed = crypto.encrypt(text, aes_key=target.aes_key, receive_id=self._setup.corp_id)
        stamp, nonce = str(self._clock.seconds), str(self._mint.whole("echo", text))
        query = {
            "msg_signature": crypto.sign(target.token, stamp, nonce, sealed),
            "timestamp": stamp,
            "nonce": nonce,
            "echostr": sealed,
        }
        async with self._http().get(self._address(target), params=query) as answer:
            return answer.status, await answer.text()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    def _start(self, delivery: Coroutine[Any, Any, None], held_seconds: float) -> None:
        self.in_flight += 1
        turn = Turn()
        self._last.precede(turn)
        self._last = turn
        task = asyncio.get_running_loop().create_task(turn.take(delivery, held_seconds))
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self.in_flight -= 1
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            raise error

    async def _deliver(
        self,
        seal: Callable[[], Letter],
        counts: Deliveries,
        first_sent: Callable[[], None] | None,
    ) -> None:
        async with self._gate:
            letter = seal()
            if first_sent:
                first_sent()
            for attempt in range(self.limits.callback_attempts):
                if attempt:
                    await asyncio.sleep(self.limits.callback_pause_seconds)
                    letter = seal() if self.limits.callback_resign else letter
                counts.sent += 1
                if await self._arrives(letter):
                    counts.ok += 1
                    return
                counts.failed += 1
            counts.gave_up += 1

    async def _arrives(self, letter: Letter) -> bool:
        """Whether it was answered 200 in time."""
        timeout = aiohttp.ClientTimeout(total=self.limits.callback_timeout_seconds)
        try:
            async with self._http().post(
                letter.url,
                params=letter.query,
                data=letter.body,
                headers=letter.headers,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                await answer.read()
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    def _address(self, route: Route) -> str:
        return route.urls[next(self._addressed) % len(route.urls)]

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self.limits.callback_concurrency)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session
