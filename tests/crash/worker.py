"""A worker of the crash test: the product as it is, with short leases, a fast clock and chaos.

Run by fork, so that a hundred deaths cost little. ``mutation`` breaks one of the rules on purpose:
``blind-resend`` repeats a mass message whose outcome is unknown without looking for it;
``effects-first`` stores the effects of the next step before the compare-and-swap that chooses it.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot import crash

LEASE_SECONDS = 3
CALL_SECONDS = 1.0
RANDOM_TAG = "试验/随机"


@dataclass(frozen=True)
class Orders:
    """What a worker is told."""

    mongo_url: str
    database: str
    api_base: str
    data_dir: Path
    start: datetime
    born: float  # machine time at which business time was ``start``
    speed: float
    chaos: str
    mutation: str


def now_of(orders: Orders) -> datetime:
    return orders.start + timedelta(seconds=(time.time() - orders.born) * orders.speed)


def work(orders: Orders) -> None:
    """Until killed or told to stop."""
    crash.arm(orders.chaos)
    _shorten_leases()
    _flip_coins()
    if orders.mutation == "blind-resend":
        _resend_blindly()
    elif orders.mutation == "effects-first":
        _effects_first()
    asyncio.run(_work(orders))


async def _work(orders: Orders) -> None:
    from bot.app import Machine, open_context

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_context(settings(orders), now=lambda: now_of(orders)) as ctx:
        machine = Machine(ctx)
        machine.start()
        await stop.wait()
        await machine.stop()


def settings(orders: Orders) -> Any:
    from config.settings import Settings

    return Settings(
        corp_id="wwcrash",
        agent_id=1000002,
        agent_secret="a" * 32,
        contact_secret="c" * 32,
        callback_token="token",
        callback_aes_key="a" * 43,
        api_base=orders.api_base,
        mongo_url=orders.mongo_url,
        database=orders.database,
        data_dir=orders.data_dir,
    )


def _shorten_leases() -> None:
    """Before anything takes them by value: leases a test can outwait, calls shorter than half."""
    assert "bot.sender.attempt" not in sys.modules, "too late to shorten leases"
    from bot.store import due

    due.LEASE_SECONDS = LEASE_SECONDS
    from bot.wecom import client

    client.TIMEOUT_SECONDS = CALL_SECONDS
    from bot.actions import walk

    walk.BATCH = 5
    walk.STUCK_AFTER = 1000  # here it is never the journey that kills the worker


def _flip_coins() -> None:
    """A branch that may be judged differently each time it is looked at, as a changed tag would."""
    from bot.playbook import audience, holding, journey
    from config.conditions import Tagged

    true_holds = audience.holds
    coin = random.Random(os.getpid() * 7919)

    def holds(condition: Any, facts: Any, now: datetime) -> bool:
        if isinstance(condition, Tagged) and RANDOM_TAG.endswith(condition.tags[0]):
            return coin.random() < 0.5
        return true_holds(condition, facts, now)

    holding.holds = journey.holds = holds


def _resend_blindly() -> None:
    from bot.sender import mass

    async def repeat(hand: Any) -> str:
        return "afresh"

    object.__setattr__(mass.MASS, "reconcile", repeat)


def _effects_first() -> None:
    from bot.actions import walk
    from bot.playbook.journey import Move

    honest = walk._Walk._write
    dice = random.Random(os.getpid())

    async def hasty(self: Any, decided: Sequence[tuple[Any, Move]], *, last: bool) -> Any:
        made = walk.Effects()
        for journey, move in decided:
            if move.change.get("phase") == "before" and move.change["due_at"] <= self.now:
                ahead = replace(journey, step=move.change["step"], visit=journey.rev_no + 2)
                releases: Mapping[int, Any] = {journey.release_step: self.release}
                sop = self.release.book.sops[journey.sop]
                made += self._effects(sop, ahead, (), releases)
        await self._store(made)
        if made.deliveries and dice.random() < 0.2:
            os.kill(os.getpid(), signal.SIGKILL)
        return await honest(self, decided, last=last)

    walk._Walk._write = hasty
