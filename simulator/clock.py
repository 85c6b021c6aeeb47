"""Business time: it stands still until it is turned, and then everything due happens in order."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(order=True, frozen=True, slots=True)
class Act:
    """Ties are broken by ``key``, never by who was planned first."""

    at: datetime
    key: str
    n: int
    do: Callable[[], object] = field(compare=False)


class Clock:
    def __init__(self, start: datetime) -> None:
        self.now = start.astimezone(UTC)
        self._acts: list[Act] = []
        self._planned = 0

    def plan(self, at: datetime, key: str, do: Callable[[], object]) -> None:
        self._planned += 1
        heapq.heappush(self._acts, Act(at.astimezone(UTC), key, self._planned, do))

    def next(self) -> datetime | None:
        """When something happens next by itself; None if nothing ever will."""
        return max(self._acts[0].at, self.now) if self._acts else None

    def turn_to(self, moment: datetime) -> None:
        """Raises ValueError when ``moment`` has passed."""
        moment = moment.astimezone(UTC)
        if moment < self.now:
            raise ValueError(f"the clock shows {self.now.isoformat()} and cannot be turned back")
        while self._acts and self._acts[0].at <= moment:
            act = heapq.heappop(self._acts)
            self.now = max(self.now, act.at)
            act.do()
        self.now = moment

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())
