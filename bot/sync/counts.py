"""What one comparison with WeCom came to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

AT_ONCE = 8
_TOLD = 20  # problems named; the others are only counted


@dataclass(slots=True)
class Counts:
    """What a sync saw, what of it was not as we thought, and what could not be read."""

    staff: int = 0
    tags: int = 0
    groups: int = 0
    contacts: int = 0
    changed: int = 0
    failed: int = 0
    left: list[str] = field(default_factory=list)  # staff who work here no longer
    problems: list[str] = field(default_factory=list)

    def note(self, what: str, error: Exception) -> None:
        self.failed += 1
        if len(self.problems) < _TOLD:
            self.problems.append(f"{what}: {error}")


Watch = Callable[[int, int], Awaitable[None]]


async def nobody(done: int, total: int) -> None:
    """Nobody watches."""


async def each(ids: Iterable[str], do: Callable[[str], Awaitable[None]]) -> None:
    """A few at a time, in a fixed order."""
    waiting = sorted(ids, reverse=True)

    async def hand() -> None:
        while waiting:
            await do(waiting.pop())

    async with asyncio.TaskGroup() as hands:
        for _ in range(min(AT_ONCE, len(waiting))):
            hands.create_task(hand())
