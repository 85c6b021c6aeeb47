"""Which function handles which event."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from bot.context import Context
from bot.wecom.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A business event somebody posted to /api/events: an order, a visit …"""

    id: str
    subject: str
    kind: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageForm:
    """What a member of staff sent off on a page of ours about their tasks."""

    id: str
    by: str
    at: datetime
    wish: str  # see bot/actions/by_page.py
    tasks: tuple[str, ...]
    data: dict[str, Any] = field(default_factory=dict)


Known = Event | Posted | PageForm
E = TypeVar("E", bound=Known)
Handler = Callable[[E, Context], Awaitable[None]]


class NotYet(Exception):
    """The handler asks to be called again, not before ``until`` (business time)."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {until.isoformat()}")
        self.until = until


class NotForUs(Exception):
    """Nothing to do, now or ever; the message says why."""


class Router:
    """One handler per kind of event; a second claim to the same kind is an error."""

    def __init__(self) -> None:
        self._handlers: dict[type[Any], Handler[Any]] = {}

    def on(self, *kinds: type[E]) -> Callable[[Handler[E]], Handler[E]]:
        """Decorate the function that handles ``kinds``."""

        def register(handler: Handler[E]) -> Handler[E]:
            for kind in kinds:
                self._add(kind, handler)
            return handler

        return register

    def include(self, *routers: "Router") -> None:
        """Take over the handlers of other routers."""
        for router in routers:
            for kind, handler in router._handlers.items():
                self._add(kind, handler)

    def handler_for(self, event: Known) -> Handler[Any] | None:
        return self._handlers.get(type(event))

    def _add(self, kind: type[Any], handler: Handler[Any]) -> None:
        if kind in self._handlers:
            raise ValueError(f"{kind.__name__} already has a handler")
        self._handlers[kind] = handler
