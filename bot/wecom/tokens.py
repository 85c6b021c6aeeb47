"""One access token per secret, shared by all processes and fetched by one of them at a time."""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.wecom.errors import Busy, Refused, WeComError, from_answer

FETCH_SECONDS = 4.0
LEASE_SECONDS = 6.0
REFUSED_SECONDS = 60.0  # many calls with a wrong secret block our IP for an hour
_WAIT_SECONDS = 7.0  # longer than the lease: outlives a process that died while fetching
_POLL_SECONDS = 0.05
_LOOK_AGAIN_SECONDS = 5.0
_EARLY_SECONDS = 300.0


class Kept(Protocol):
    """What is known of one secret's token."""

    @property
    def value(self) -> str: ...
    @property
    def seconds_left(self) -> float: ...
    @property
    def lifetime_seconds(self) -> float: ...
    @property
    def refused(self) -> tuple[int, str] | None: ...


class Shelf(Protocol):
    """Where all processes keep the tokens. All its times are machine time, on one clock."""

    async def read(self, name: str, app: str) -> Kept: ...
    async def reserve(self, name: str, app: str, owner: str, seconds: float) -> bool: ...
    async def keep(self, name: str, owner: str, value: str, seconds: float) -> None: ...
    async def refuse(
        self, name: str, owner: str, refused: tuple[int, str], seconds: float
    ) -> None: ...
    async def release(self, name: str, owner: str) -> None: ...
    async def drop(self, name: str, value: str) -> bool: ...


Fetch = Callable[[str], Awaitable[tuple[str, float]]]
"""Ask WeCom for the token of a secret: the token and for how many seconds it is valid."""


@dataclass(frozen=True, slots=True)
class _Cached:
    value: str
    until: float  # monotonic: when to look at the shelf again


class Tokens:
    """The tokens of one corp. ``secret_of`` names its secrets: ``agent`` and ``contact``."""

    def __init__(
        self, corp_id: str, secret_of: Mapping[str, str], shelf: Shelf, fetch: Fetch
    ) -> None:
        self._secret_of = dict(secret_of)
        self._apps = {name: _fingerprint(corp_id, s) for name, s in self._secret_of.items()}
        self._shelf = shelf
        self._fetch = fetch
        self._cached: dict[str, _Cached] = {}
        self._pending: dict[str, asyncio.Task[str]] = {}
        self._jitter = 1 + secrets.randbelow(1000) / 1000

    async def get(self, name: str, seconds: float) -> str:
        """A token that is valid for some time; raises what WeCom said when there is none,
        Busy when none comes within ``seconds``."""
        cached = self._cached.get(name)
        if cached and time.monotonic() < cached.until:
            return cached.value
        if name not in self._pending:
            task = asyncio.create_task(self._shared(name))
            task.add_done_callback(lambda done: self._finished(name, done))
            self._pending[name] = task
        pending = self._pending[name]
        done, _ = await asyncio.wait({pending}, timeout=max(seconds, 0))
        if not done:
            raise Busy(-1, "no token yet", "gettoken")
        return pending.result()

    async def renew(self, name: str, refused: str, seconds: float) -> str:
        """The token after ``refused``; fetched only if nobody has done so already."""
        await self._shelf.drop(name, refused)
        cached = self._cached.get(name)
        if cached and cached.value == refused:
            del self._cached[name]
        return await self.get(name, seconds)

    def _finished(self, name: str, done: asyncio.Task[str]) -> None:
        del self._pending[name]
        if not done.cancelled():
            done.exception()  # counts as seen, even when every caller has gone

    async def _shared(self, name: str) -> str:
        give_up_at = time.monotonic() + _WAIT_SECONDS
        owner = f"{os.getpid()}-{secrets.token_hex(8)}"
        while True:
            if found := await self._stored(name):
                return found
            if await self._shelf.reserve(name, self._apps[name], owner, LEASE_SECONDS):
                return await self._fetched(name, owner)
            if found := await self._still_valid(name):
                return found  # another process is renewing it
            if time.monotonic() > give_up_at:
                raise Busy(-1, "another process is still fetching the token", "gettoken")
            await asyncio.sleep(_POLL_SECONDS)

    async def _fetched(self, name: str, owner: str) -> str:
        """Fetch as the owner of the lease, unless somebody did just before we got it."""
        try:
            if found := await self._stored(name):
                return found
            value, seconds = await self._fetch(self._secret_of[name])
            await self._shelf.keep(name, owner, value, seconds)
            return self._remember(name, value, seconds - self._early(seconds))
        except Refused as error:
            why = (error.code, error.message)
            await self._shelf.refuse(name, owner, why, REFUSED_SECONDS)
            raise
        except WeComError:
            if found := await self._still_valid(name):
                return found
            raise
        finally:
            await self._shelf.release(name, owner)

    async def _stored(self, name: str) -> str:
        """The stored token if it need not be renewed yet; else empty."""
        kept = await self._shelf.read(name, self._apps[name])
        if kept.refused:
            raise from_answer(*kept.refused, "gettoken")
        rest = kept.seconds_left - self._early(kept.lifetime_seconds)
        return self._remember(name, kept.value, rest) if kept.value and rest > 0 else ""

    async def _still_valid(self, name: str) -> str:
        """The stored token even if it is time to renew it; else empty."""
        kept = await self._shelf.read(name, self._apps[name])
        if not kept.value or kept.seconds_left <= 0:
            return ""
        return self._remember(name, kept.value, min(kept.seconds_left, _LOOK_AGAIN_SECONDS))

    def _early(self, lifetime_seconds: float) -> float:
        """How long before its end to renew. WeCom then may hand out the same token once more,
        with what is left of its time, so the margin shrinks with the lifetime."""
        return min(_EARLY_SECONDS, lifetime_seconds / 10) * self._jitter

    def _remember(self, name: str, value: str, seconds: float) -> str:
        self._cached[name] = _Cached(value, time.monotonic() + seconds)
        return value


def _fingerprint(corp_id: str, secret: str) -> str:
    return hashlib.sha256(f"{corp_id}/{secret}".encode()).hexdigest()[:24]
