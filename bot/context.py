"""What every handler, timed duty and page is given to work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.store import Store
from bot.wecom.client import WeCom
from config.book import Book
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Release:
    """One published folder, compiled; ``n`` is 0 before anything was published."""

    n: int
    book: Book
    redirects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """SOP → a step that is gone → where one goes on; "": nowhere."""
    hash: str = ""
    rev: int = 0
    """Of head, which counts states set by commands too; 0 for an earlier release."""


class Releases(Protocol):
    """The compiled releases of this process."""

    async def head(self) -> Release:
        """What is live; at most 5 s old."""

    async def get(self, n: int) -> Release:
        """An earlier release, for a step that was entered under it."""

    def forget(self) -> None:
        """Head has moved: look again at once."""


class Hints:
    """Wake the loops of this process early. Losing every hint only costs latency."""

    def __init__(self) -> None:
        self._bells: dict[str, list[Callable[[], None]]] = {}
        self.stopping = False
        """This process was told to stop: long work is left to another."""

    def on(self, name: str, bell: Callable[[], None]) -> None:
        self._bells.setdefault(name, []).append(bell)

    def ring(self, *names: str) -> None:
        """``inbox``, ``urgent``, ``outbox``, ``urgent outbox``, ``journeys`` …"""
        for name in names:
            for bell in self._bells.get(name, ()):
                bell()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Reads of WeCom go through ``wecom``; what changes WeCom goes through ``store.outbox``."""

    settings: Settings
    store: Store
    wecom: WeCom
    releases: Releases
    now: Callable[[], datetime]
    hints: Hints = field(default_factory=Hints)
