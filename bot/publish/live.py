"""The compiled releases of one process, and which of them is live."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

from bot.context import Release
from bot.playbook import versions
from bot.store import Store
from bot.store.releases import Head
from config.book import Book
from config.loader import load_texts

FRESH_SECONDS = 5.0
_KEPT = 8  # compiled releases held in memory at least
_KEPT_SECONDS = 900.0  # one that was asked for so lately stays besides


class LiveReleases:
    """The compiled releases of this process, head re-read at least every five seconds.

    Journeys that finish under the release they began with keep asking for old ones: whatever was
    asked for lately stays compiled, however many there are.
    """

    def __init__(self, store: Store) -> None:
        self._shelf = store.releases
        self._compiled: dict[int, Release] = {}
        self._asked: dict[int, float] = {}
        self._live: tuple[Head, Release] | None = None
        self._seen = Head()
        self._read_at = float("-inf")
        self._compiling = asyncio.Lock()

    async def head(self) -> Release:
        """What is live, with the states that commands gave."""
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            read_at = time.monotonic()
            self._seen, self._read_at = await self._shelf.live(), read_at
        seen = self._seen
        if self._live is None or self._live[0] != seen:
            self._live = (seen, _with_states(await self.get(seen.n), seen))
        return self._live[1]

    async def get(self, n: int) -> Release:
        """Release ``n`` as it was written; KeyError when there is none."""
        self._asked[n] = time.monotonic()
        if n not in self._compiled:
            async with self._compiling:
                if n not in self._compiled:
                    self._compiled[n] = await self._compile(n)
                    self._forget_old()
        return self._compiled[n]

    def forget(self) -> None:
        """Head has moved: look again at once."""
        self._read_at = float("-inf")

    def _forget_old(self) -> None:
        newest_first = sorted(self._compiled, key=self._asked.__getitem__, reverse=True)
        limit = time.monotonic() - _KEPT_SECONDS
        for n in newest_first[_KEPT:]:
            if self._asked[n] < limit:
                del self._compiled[n], self._asked[n]

    async def _compile(self, n: int) -> Release:
        if not n:
            return Release(0, Book())
        stored = await self._shelf.get(n)
        book = await asyncio.to_thread(load_texts, stored.files)
        book = replace(book, files=stored.pictures, versions=versions.live(stored.materials))
        return Release(n, book, stored.redirects, stored.hash)


def _with_states(release: Release, head: Head) -> Release:
    """``release`` itself when no command says anything else than its files."""
    return replace(release, book=with_states(release.book, head.states), rev=head.rev)


def with_states(book: Book, states: Mapping[str, str]) -> Book:
    """The book with the states that commands gave to its SOPs."""
    changed = {
        name: sop.model_copy(update={"state": states[name]})
        for name, sop in book.sops.items()
        if states.get(name, sop.state) != sop.state
    }
    return replace(book, sops={**book.sops, **changed}) if changed else book
