"""Make every callback durable before it is acknowledged: in MongoDB together with those that
came at the same time, or on this machine's disk while MongoDB cannot be reached."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple, Protocol

from bot.model import Incoming
from bot.spool import Spool, SpoolFile

log = logging.getLogger(__name__)

IN_FLIGHT = 2
BATCH = 500
WORTH = 32  # callbacks that make a second write under way worth its cost
STORE_SECONDS = 1.5  # of the 2 s a caller may wait, what MongoDB gets
ANSWER_SECONDS = 1.9
_TOO_LATE = 0.05
_DRAIN_SECONDS = 5.0

Outcome = Literal["stored", "spooled", "unavailable"]


class Inbox(Protocol):
    async def put_many(self, incoming: Sequence[Incoming], seconds: float) -> frozenset[str]:
        """The ids that are durable after at most ``seconds``."""


class _Waiting(NamedTuple):
    incoming: Incoming
    answer: asyncio.Future[Outcome]
    since: float


class Intake:
    """What arrives while a write is under way goes, together, into the next one."""

    def __init__(self, spool: Spool, rang: Callable[[str], None] = lambda lane: None) -> None:
        self._spool = spool
        self._rang = rang
        self._inbox: Inbox | None = None
        self._reachable = False
        self._waiting: deque[_Waiting] = deque()
        self._writers: set[asyncio.Task[None]] = set()  # asyncio itself would forget them
        self._in_flight = 0
        self._beginning = False

    @property
    def reachable(self) -> bool:
        """False while callbacks go to the spool."""
        return self._reachable

    def connect(self, inbox: Inbox) -> None:
        """MongoDB is there. Until then everything goes to the spool."""
        self._inbox = inbox
        self._reachable = True

    def keep(self, incoming: Incoming) -> asyncio.Future[Outcome]:
        """Resolves, within 2 s, to what became of it; ``unavailable`` means it was not kept."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(incoming, loop.create_future(), loop.time())
        self._waiting.append(waiting)
        if not self._beginning and self._may_write(self._in_flight):
            # The task begins in the loop's next turn: all of this turn go into one write.
            self._beginning = True
            self._in_flight += 1
            writer = loop.create_task(self._write())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        return waiting.answer

    async def drain(self) -> bool:
        """Bring what was spooled to MongoDB, under the same ids; True if there was something."""
        if self._inbox is None:
            return False
        file = await asyncio.to_thread(self._spool.take)
        if file is None:
            self._reachable = True  # at worst the next callback finds out again
            return False
        emptied = False
        try:
            emptied = await self._empty(file, self._inbox)
        finally:
            if not emptied:
                self._spool.back(file)
        if emptied:
            self._reachable = True
            await asyncio.to_thread(file.remove)
        return emptied

    async def close(self) -> None:
        """Answer whoever still waits, then leave the spool to whoever comes next."""
        while self._writers:
            await asyncio.wait(self._writers)
        await asyncio.to_thread(self._spool.close)

    async def _write(self) -> None:
        self._beginning = False
        while self._waiting and self._may_write(self._in_flight - 1):
            count = min(BATCH, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            try:
                await self._commit(batch)
            except Exception:  # an edge: whatever it is, the callers must hear of it
                log.exception("a batch was lost", extra={"action": "intake"})
                for waiting in batch:
                    _answer(waiting, "unavailable")
        self._in_flight -= 1

    def _may_write(self, others: int) -> bool:
        """Whoever writes last takes all that wait: nobody is left behind."""
        return others == 0 or (others < IN_FLIGHT and len(self._waiting) >= WORTH)

    async def _commit(self, batch: list[_Waiting]) -> None:
        kept = await self._put(batch)
        rest = []
        for waiting in batch:
            if waiting.incoming.id in kept:
                _answer(waiting, "stored")
            else:
                rest.append(waiting)
        self._ring([waiting.incoming for waiting in batch if waiting.incoming.id in kept])
        if rest:
            outcome = await self._spooled(rest)
            for waiting in rest:
                _answer(waiting, outcome)

    async def _put(self, batch: list[_Waiting]) -> frozenset[str]:
        left = batch[0].since + STORE_SECONDS - asyncio.get_running_loop().time()
        if self._inbox is None or not self._reachable or left < _TOO_LATE:
            return frozenset()
        try:
            kept = await self._inbox.put_many([waiting.incoming for waiting in batch], left)
        except Exception:
            log.exception("the inbox refused a batch", extra={"action": "intake"})
            kept = frozenset()
        self._reachable = bool(kept)
        return kept

    async def _spooled(self, batch: list[_Waiting]) -> Outcome:
        """The disk gets what is left of the time; it may finish later, which does no harm."""
        records = [_to_record(waiting.incoming) for waiting in batch]
        writing = asyncio.ensure_future(asyncio.to_thread(self._spool.append, records))
        try:
            async with asyncio.timeout_at(batch[0].since + ANSWER_SECONDS):
                await asyncio.shield(writing)
        except (OSError, TimeoutError) as error:
            writing.add_done_callback(_look_at)
            log.error("nothing could be spooled: %r", error, extra={"action": "spool"})
            return "unavailable"
        return "spooled"

    async def _empty(self, file: SpoolFile, inbox: Inbox) -> bool:
        records = file.records()
        total = 0
        while batch := await asyncio.to_thread(lambda: list(islice(records, BATCH))):
            incoming = [_from_record(record) for record in batch]
            kept = await inbox.put_many(incoming, _DRAIN_SECONDS)
            if not all(one.id in kept for one in incoming):
                return False
            total += len(incoming)
            self._ring(incoming)
        log.info("%d callbacks came out of the spool", total, extra={"action": "drain"})
        return True

    def _ring(self, incoming: Sequence[Incoming]) -> None:
        for lane in {one.lane for one in incoming}:
            self._rang(lane)


def _answer(waiting: _Waiting, outcome: Outcome) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(outcome)


def _look_at(writing: asyncio.Future[None]) -> None:
    """Take note of how a write nobody waits for any more ended."""
    if not writing.cancelled():
        writing.exception()


def _to_record(incoming: Incoming) -> bytes:
    return json.dumps(asdict(incoming), default=datetime.isoformat).encode()


def _from_record(record: bytes) -> Incoming:
    fields = json.loads(record)
    for name in ("received_at", "due_at"):
        fields[name] = fields[name] and datetime.fromisoformat(fields[name])
    return Incoming(**fields)
