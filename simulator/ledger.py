"""What really reached whom, kept for whoever checks the bot."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(slots=True)
class Deliveries:
    """Attempts made (``sent``), attempts answered 200 or not, notices given up after the last.

    ``dropped`` were never attempted, as ordered.
    """

    sent: int = 0
    ok: int = 0
    failed: int = 0
    gave_up: int = 0
    dropped: int = 0

    def as_dict(self) -> dict[str, int]:
        return {
            "sent": self.sent,
            "ok": self.ok,
            "failed": self.failed,
            "gave_up": self.gave_up,
            "dropped": self.dropped,
        }


@dataclass(slots=True)
class Ledger:
    welcomes: list[Row] = field(default_factory=list)
    welcomes_refused: list[Row] = field(default_factory=list)
    group_welcomes: list[Row] = field(default_factory=list)
    greeted: list[Row] = field(default_factory=list)
    mass: list[Row] = field(default_factory=list)
    cancelled: list[Row] = field(default_factory=list)
    reminded: list[Row] = field(default_factory=list)
    delivered: list[Row] = field(default_factory=list)
    undelivered: list[Row] = field(default_factory=list)
    moments: list[Row] = field(default_factory=list)
    published: list[Row] = field(default_factory=list)
    moments_cancelled: list[Row] = field(default_factory=list)
    cards: list[Row] = field(default_factory=list)
    card_updates: list[Row] = field(default_factory=list)
    taps: list[Row] = field(default_factory=list)
    texts: list[Row] = field(default_factory=list)
    written: list[Row] = field(default_factory=list)
    recalled: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)
    joins: list[Row] = field(default_factory=list)
    leaves: list[Row] = field(default_factory=list)
    dropped: list[Row] = field(default_factory=list)
    repeats: list[Row] = field(default_factory=list)
    customers: list[Row] = field(default_factory=list)
    deleted: list[Row] = field(default_factory=list)
    business: list[Row] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    breaches: list[Row] = field(default_factory=list)
    unknown_calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    callbacks: Deliveries = field(default_factory=Deliveries)
    events: Deliveries = field(default_factory=Deliveries)

    def as_dict(self) -> dict[str, Any]:
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}


def _plain(value: Any) -> Any:
    return value.as_dict() if isinstance(value, Deliveries) else value
