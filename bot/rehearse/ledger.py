"""One subject's places in the caps, in memory: given out exactly as MongoDB gives them out."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.model import CapWindow, Class, Full
from bot.playbook import caps


class Ledger:
    """One subject's hits in the caps, oldest first."""

    def __init__(self, hits: Iterable[Mapping[str, Any]] = ()) -> None:
        self.hits = sorted((dict(hit) for hit in hits), key=_at)
        self.shut_until: datetime | None = None
        self._keys = {hit["k"] for hit in self.hits}

    def reserve(
        self, key: str, cls: Class, at: datetime, windows: Sequence[CapWindow]
    ) -> Full | None:
        """As :meth:`bot.store.caps.Caps.reserve`."""
        if key in self._keys:
            return None
        concerned = [window for window in windows if window.cls in (None, cls)]
        since = min((window.since for window in concerned), default=at)
        if found := caps.full(self.since(since), self.shut_until, at, concerned):
            return found
        insort(self.hits, {"k": key, "cls": cls, "at": at}, key=_at)
        self._keys.add(key)
        if self.hits[0]["at"] <= at - caps.KEPT:
            self.hits = self.since(at - caps.KEPT)
            self._keys = {hit["k"] for hit in self.hits}
        return None

    def since(self, moment: datetime) -> list[dict[str, Any]]:
        """The hits not earlier than that; to the millisecond, as MongoDB keeps them."""
        first = moment - timedelta(milliseconds=1)
        return self.hits[bisect_left(self.hits, first, key=_at) :]

    def release(self, key: str) -> None:
        """The place is free again."""
        if key in self._keys:
            self._keys.remove(key)
            self.hits = [hit for hit in self.hits if hit["k"] != key]

    def move(self, key: str, at: datetime) -> None:
        """It was really received then."""
        if key in self._keys:
            for hit in self.hits:
                if hit["k"] == key:
                    hit["at"] = at
            self.hits.sort(key=_at)


def _at(hit: Mapping[str, Any]) -> datetime:
    at: datetime = hit["at"]
    return at
