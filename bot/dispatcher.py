"""Take callbacks out of the inbox, a batch under one lease, and hand each to its handler."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from zlib import crc32

from prometheus_client import Counter

from bot.context import Context
from bot.model import Incoming
from bot.router import Known, NotForUs, NotYet, PageForm, Posted, Router
from bot.store.due import LEASE_SECONDS
from bot.wecom.crypto import Crypto
from bot.wecom.errors import Paced
from bot.wecom.events import parse
from config.settings import Settings

Lane = Literal["urgent", "normal"]

BATCH: Mapping[Lane, int] = {"urgent": 32, "normal": 50}
AT_ONCE: Mapping[Lane, int] = {"urgent": 32, "normal": 8}
PATIENCE_SECONDS = 0.25  # what takes longer is left to finish while newer callbacks are claimed
PAUSES = tuple(timedelta(seconds=s) for s in (5, 60, 300, 1800, 7200, 21600))
_SPREAD = 0.2

_HANDLED = Counter("qunce_callbacks_handled", "Callbacks by how they ended", ["kind", "end"])

log = logging.getLogger(__name__)


class Envelopes:
    """Opens what the inbox keeps as WeCom sealed it."""

    def __init__(self, settings: Settings) -> None:
        self._locks = {
            route: Crypto(*settings.keys(route), settings.corp_id)
            for route in ("app", "contact", "directory")
        }

    def open(self, incoming: Incoming) -> Known:
        """The event inside; raises BadEnvelope or Malformed when there is none to be had."""
        if incoming.route == "events":
            return _posted(incoming.envelope)
        if incoming.route == "page":
            return _form(incoming.envelope)
        return parse(self._locks[incoming.route].decrypt_stored(incoming.envelope))


class Dispatcher:
    """One lane's loop body. The urgent lane has a loop and a claim of its own."""

    def __init__(self, ctx: Context, router: Router, lane: Lane) -> None:
        self._ctx = ctx
        self._router = router
        self._lane = lane
        self._hands = asyncio.Semaphore(AT_ONCE[lane])
        self._batches: dict[asyncio.Task[None], _Batch] = {}
        self._envelopes = Envelopes(ctx.settings)

    async def work(self) -> bool:
        """Handle what is due; False when nothing is due and nothing is in hand."""
        room = BATCH[self._lane] - sum(batch.left for batch in self._batches.values())
        if room > 0 and await self._begin(room):
            await self._wait(asyncio.ALL_COMPLETED)
            return True
        if not self._batches:
            return False
        await self._wait(asyncio.FIRST_COMPLETED)
        return True

    async def finish(self) -> None:
        """Wait for whatever is in hand; call this after the last :meth:`work`."""
        while self._batches:
            await asyncio.wait(self._batches)

    async def _begin(self, room: int) -> bool:
        lease_over = time.monotonic() + LEASE_SECONDS
        owner, rows = await self._ctx.store.inbox.claim(
            self._ctx.now(), lane=self._lane, limit=room
        )
        if not rows:
            return False
        batch = _Batch(self, self._hands, owner, rows, lease_over)
        task = asyncio.create_task(batch.handle())
        self._batches[task] = batch
        task.add_done_callback(self._done)
        return True

    async def _wait(self, until: str) -> None:
        await asyncio.wait(self._batches, timeout=PATIENCE_SECONDS, return_when=until)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._batches[task]
        if error := task.exception():
            log.error("a batch of callbacks broke off", exc_info=error)

    async def handle(self, incoming: Incoming, owner: str) -> None:
        """One callback from its envelope to its end."""
        inbox, event = self._ctx.store.inbox, None
        try:
            event = self._envelopes.open(incoming)
            handler = self._router.handler_for(event)
            if handler is None:
                raise NotForUs("没有这类事件的处理程序")
            await handler(event, self._ctx)
        except NotForUs as why:
            await inbox.finish(incoming.id, owner, "ignored", str(why))
            _count(event, "ignored")
        except (NotYet, Paced) as wait:
            await inbox.postpone(incoming.id, owner, wait.until, str(wait), failed=False)
        except Exception as error:
            await self._failed(incoming, owner, event, error)
        else:
            await inbox.finish(incoming.id, owner, "done")
            _count(event, "done")

    async def renew(self, owner: str, ids: Sequence[str]) -> None:
        await self._ctx.store.inbox.due.renew(owner, ids)

    async def _failed(
        self, incoming: Incoming, owner: str, event: Known | None, error: Exception
    ) -> None:
        """Later, with growing pauses; then dead, which `qunce doctor` and the console show."""
        kind, why = getattr(event, "kind", ""), f"{type(error).__name__}: {error}"
        about = {"inbox": incoming.id, "event": kind, "subject": incoming.subject}
        if incoming.tries >= len(PAUSES):
            about["action"] = "dead"
            log.error("callback is dead: %s", why, extra=about, exc_info=error)
            await self._ctx.store.inbox.finish(incoming.id, owner, "dead", why)
            _count(event, "dead")
            return
        about["action"] = "retry"
        log.warning("callback failed: %s", why, extra=about, exc_info=error)
        due = self._ctx.now() + pause(incoming.id, incoming.tries)
        await self._ctx.store.inbox.postpone(incoming.id, owner, due, why)
        _count(event, "retried")


def pause(incoming_id: str, tries: int) -> timedelta:
    """Before the next try: 5 s up to 6 h, spread by a fifth so that not all come at once."""
    part = crc32(f"{incoming_id}/{tries}".encode()) % 1000 / 1000
    return PAUSES[tries] * (1 - _SPREAD + 2 * _SPREAD * part)


class _Batch:
    """What one claim gave; none of it is begun when it may be somebody else's by now."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        hands: asyncio.Semaphore,
        owner: str,
        rows: Sequence[Incoming],
        lease_over: float,
    ) -> None:
        self._dispatcher = dispatcher
        self._hands = hands
        self._owner = owner
        self._rows = {incoming.id: incoming for incoming in rows}
        self._lease_over = lease_over
        self._done = asyncio.Event()

    @property
    def left(self) -> int:
        return len(self._rows)

    async def handle(self) -> None:
        renewing = asyncio.create_task(self._renew())
        try:
            async with asyncio.TaskGroup() as tasks:
                for incoming in tuple(self._rows.values()):
                    tasks.create_task(self._one(incoming))
        finally:
            self._done.set()
            await renewing

    async def _one(self, incoming: Incoming) -> None:
        async with self._hands:
            if time.monotonic() < self._lease_over:
                await self._dispatcher.handle(incoming, self._owner)
        del self._rows[incoming.id]

    async def _renew(self) -> None:
        """At half the lease, until all is handled. When that fails the lease simply ends."""
        while not await self._done_within(LEASE_SECONDS / 2):
            starting = time.monotonic()
            try:
                await self._dispatcher.renew(self._owner, list(self._rows))
            except Exception:
                log.exception("could not renew the lease of %d callbacks", len(self._rows))
                return
            if starting < self._lease_over:
                self._lease_over = starting + LEASE_SECONDS

    async def _done_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._done.wait()
        except TimeoutError:
            return False
        return True


def _posted(body: str) -> Posted:
    """/api/events checked signature and shape before it was kept."""
    fields = json.loads(body)
    return Posted(
        id=str(fields.pop("id")),
        subject=str(fields.pop("subject")),
        kind=str(fields.pop("kind")),
        at=datetime.fromisoformat(fields.pop("at")),
        data=fields,
    )


def _form(body: str) -> PageForm:
    """The page checked who sent it before it was kept."""
    fields = json.loads(body)
    at, tasks = datetime.fromisoformat(fields.pop("at")), tuple(fields.pop("tasks"))
    return PageForm(at=at, tasks=tasks, **fields)


def _count(event: Known | None, end: str) -> None:
    known = type(event).__name__ if event is not None else "unreadable"
    _HANDLED.labels(known, end).inc()
