"""What is due when: the heaps that stand in for MongoDB's ``due_at`` indexes."""

from collections.abc import Iterable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count


class Agenda:
    """Due moments by kind of row; putting a row again replaces its moment."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self._numbers = count()
        self._heaps: dict[str, list[tuple[datetime, int, str]]] = {kind: [] for kind in kinds}
        self._due: dict[str, dict[str, datetime]] = {kind: {} for kind in kinds}

    def put(self, kind: str, id: str, at: datetime | None) -> None:
        """``at`` None: it waits for nothing any more."""
        due = self._due[kind]
        if at is None:
            due.pop(id, None)
        elif due.get(id) != at:
            due[id] = at
            heappush(self._heaps[kind], (at, next(self._numbers), id))

    def hasten(self, kind: str, id: str, at: datetime) -> None:
        """``at`` at the latest."""
        known = self._due[kind].get(id)
        if known is None or known > at:
            self.put(kind, id, at)

    def due_of(self, kind: str, id: str) -> datetime | None:
        return self._due[kind].get(id)

    def waiting(self, kind: str) -> Iterable[str]:
        """Everything of the kind that has a moment."""
        return self._due[kind].keys()

    def within(self, kind: str, after: datetime, until: datetime) -> list[str]:
        """Everything of the kind whose moment is in (after, until], earliest first."""
        due = self._due[kind]
        found = [(at, id) for id, at in due.items() if after < at <= until]
        return [id for _, id in sorted(found)]

    def take(self, kind: str, now: datetime) -> list[str]:
        """Everything of the kind that is due by now, earliest first; it is due no more."""
        heap = self._heaps[kind]
        if not heap or heap[0][0] > now:
            return []
        due, taken = self._due[kind], list[str]()
        while heap and heap[0][0] <= now:
            at, _, id = heappop(heap)
            if due.get(id) == at:
                del due[id]
                taken.append(id)
        return taken

    def next(self) -> datetime | None:
        """The earliest moment at which something is due; None when nothing waits."""
        found: datetime | None = None
        for kind, heap in self._heaps.items():
            due = self._due[kind]
            while heap and due.get(heap[0][2]) != heap[0][0]:
                heappop(heap)
            if heap and (found is None or heap[0][0] < found):
                found = heap[0][0]
        return found
