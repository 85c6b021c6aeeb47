"""Do one small piece of work after another until told to stop."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Worker:
    """Runs ``work`` while it returns True, and rests when it returns False.

    Stops between two pieces of work, by a flag and not by cancellation: on Python 3.11
    ``asyncio.wait_for`` (which PyMongo uses) can swallow a cancellation.
    """

    def __init__(
        self, name: str, work: Callable[[], Awaitable[bool]], *, rest_seconds: float
    ) -> None:
        self._name = name
        self._work = work
        self._rest_seconds = rest_seconds
        self._stopping = False
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)

    def wake(self) -> None:
        """There is work: do not rest any longer."""
        self._bell.set()

    async def stop(self) -> None:
        """Finish the piece of work in hand, then return."""
        self._stopping = True
        self.wake()
        if self._task:
            await self._task

    async def _run(self) -> None:
        while not self._stopping:
            self._bell.clear()
            if await self._try_once() or self._stopping:
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._rest_seconds):
                    await self._bell.wait()

    async def _try_once(self) -> bool:
        try:
            return await self._work()
        except Exception:
            log.exception("%s failed; resting before the next try", self._name)
            return False
