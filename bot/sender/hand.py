"""One row in hand: its lease, its deadline, and what may become of it."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.context import Context
from bot.model import Outgoing
from bot.store.outbox import Ending
from bot.wecom.client import TIMEOUT_SECONDS
from bot.wecom.errors import Refused

Answer = dict[str, Any]

IN_DOUBT = "in_doubt"
"""In the result of a row that failed although an earlier attempt may have been carried out."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a row ended; ``why`` is empty only for what was sent."""

    state: Ending
    why: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Later:
    """Look at it again, still not knowing what WeCom did."""

    at: datetime
    why: str


Repeat = Literal["repeat", "afresh"]
"""repeat: harmless, though an earlier attempt may have been carried out.
afresh: no earlier attempt was carried out."""


class OutOfTime(Exception):
    """Too little of the lease is left to make a call: somebody else may own the row by its end."""


class NotOurs(Exception):
    """Somebody else owns the row now; whatever we know about it is theirs to find out."""


@dataclass(slots=True)
class Hand:
    """A leased row. ``deadline`` (monotonic) was taken before its lease was last renewed."""

    ctx: Context
    owner: str
    row: Outgoing
    deadline: float = 0.0
    again: bool = False  # an earlier attempt may have been carried out

    async def call(
        self, path: str, body: Mapping[str, Any], timeout_seconds: float = TIMEOUT_SECONDS
    ) -> Answer:
        """Call WeCom, only if the call is over before the lease is."""
        if self.deadline - time.monotonic() <= timeout_seconds:
            raise OutOfTime
        return await self.ctx.wecom.call(path, body, timeout_seconds=timeout_seconds)

    async def note(self, **learned: Any) -> None:
        """Keep what a call answered before the next one is made."""
        if not await self.ctx.store.outbox.note(self.owner, self.row.id, learned):
            raise NotOurs


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How one kind of call is made, and what to do when its outcome is not known.

    ``prepare`` may be repeated freely and happens before the row counts as sending; ``send`` makes
    the call; ``learned`` tells whoever waits for the answer, and may be told twice.
    """

    prepare: Callable[[Hand], Awaitable[Answer]]
    send: Callable[[Hand, Answer], Awaitable[Answer]]
    learned: Callable[[Hand, Answer], Awaitable[None]]
    reconcile: Callable[[Hand], Awaitable[Repeat | Ended | Later]]
    refused: Callable[[Hand, Refused], Awaitable[Ended | None]]
    gave_up: Callable[[Hand, Ended], Awaitable[None]]
    tries: int = 10
    ask_again: timedelta = timedelta(seconds=2)
    """How long after a lost answer it is looked into."""


async def as_it_stands(hand: Hand) -> Answer:
    return dict(hand.row.body)


async def nothing_to_tell(hand: Hand, told: object) -> None:
    """Only the row's own result counts."""


async def is_final(hand: Hand, error: Refused) -> Ended | None:
    """No refusal of this channel means anything else than no."""
    return None


async def may_repeat(hand: Hand) -> Repeat:
    return "repeat"
