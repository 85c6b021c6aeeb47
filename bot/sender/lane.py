"""Send the rows of one lane, many at a time, so that a slow call never holds up the others."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing
from bot.sender.attempt import attempt
from bot.sender.gate import turned_away

log = logging.getLogger(__name__)

_BATCH = {"urgent": 20, "normal": 50}
_AT_ONCE = {"urgent": 20, "normal": 16}
_PATIENCE_SECONDS = 0.25  # a call slower than this is left to finish in the background


class Sender:
    """One lane's sender. Any number may run, in any number of processes."""

    def __init__(self, ctx: Context, lane: Literal["urgent", "normal"]) -> None:
        self._ctx = ctx
        self._lane = lane
        self._seats = asyncio.Semaphore(_AT_ONCE[lane])
        self._in_hand: dict[asyncio.Task[None], int] = {}

    async def work(self) -> bool:
        """Send what is due; False when nothing is due and nothing is under way."""
        room = _BATCH[self._lane] - sum(self._in_hand.values())
        if room > 0:
            owner, rows = await self._ctx.store.outbox.claim(self._ctx.now(), self._lane, room)
            if rows:
                crash_point("sender.after_claim")
                await self._begin(owner, rows)
                await self._wait(asyncio.ALL_COMPLETED)
                return True
        if not self._in_hand:
            return False
        await self._wait(asyncio.FIRST_COMPLETED)
        return True

    async def finish(self) -> None:
        """Wait for every call under way; call this after the last :meth:`work`."""
        while self._in_hand:
            await asyncio.wait(self._in_hand)

    async def _begin(self, owner: str, rows: Sequence[Outgoing]) -> None:
        away = await turned_away(self._ctx, owner, rows)
        for chain in _chains([row for row in rows if row.id not in away]):
            task = asyncio.create_task(self._one_by_one(owner, chain))
            self._in_hand[task] = len(chain)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._in_hand[task]

    async def _wait(self, until: str) -> None:
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=_PATIENCE_SECONDS, return_when=until)

    async def _one_by_one(self, owner: str, chain: Sequence[Outgoing]) -> None:
        """Rows of a chain in order; those behind one that has to wait may have to wait with it."""
        async with self._seats:
            for position, row in enumerate(chain):
                try:
                    again = await attempt(self._ctx, owner, row)
                except Exception:
                    log.exception("outbox %s: its lease has to run out", row.id)
                    return
                if again and (again.paced or row.serial):
                    behind = [waiting.id for waiting in chain[position + 1 :]]
                    await self._ctx.store.outbox.put_back(owner, behind, again.at)
                    return


def _chains(rows: Sequence[Outgoing]) -> list[list[Outgoing]]:
    """Rows that must not, or had better not, be sent at the same time stand behind each other."""
    chains: defaultdict[str, list[Outgoing]] = defaultdict(list)
    for row in rows:
        chains[_chain_of(row)].append(row)
    return list(chains.values())


def _chain_of(row: Outgoing) -> str:
    """Messages to one person arrive in the order in which they were meant."""
    if row.serial:
        return f"serial:{row.serial}"
    return f"to:{row.staff}" if row.kind in ("card", "text") and row.staff else row.id
