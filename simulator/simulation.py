"""One pretend company with its clock, its books and everyone who watches it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from simulator.budget import CallBudget, MessageBudget
from simulator.callbacks import Outlet
from simulator.cards import Card
from simulator.clock import Clock
from simulator.company import Company, Customer, Group, Relation
from simulator.dice import Dice, Mint
from simulator.faults import Faults
from simulator.founding import found
from simulator.invariants import Invariants
from simulator.ledger import Ledger
from simulator.mass import Mass
from simulator.moments import Moment
from simulator.setup import Limits, Setup, changed
from simulator.tokens import Tokens


class Onlookers:
    """Whoever reacts to what happens; nobody does in a company without customers of its own."""

    def begin(self) -> None: ...

    def customer_added(self, relation: Relation) -> None: ...

    def customer_received(self, customer: Customer, content: str) -> None: ...

    def joined(self, group: Group, customer: Customer) -> None: ...

    def mass_arrived(self, mass: Mass, userid: str) -> None: ...

    def mass_reminded(self, mass: Mass, userid: str) -> None: ...

    def moment_arrived(self, moment: Moment, userid: str) -> None: ...

    def moment_published(self, moment: Moment, userid: str) -> None: ...

    def card_arrived(self, card: Card, userid: str) -> None: ...

    def text_arrived(self, userid: str, content: str) -> None: ...


@dataclass(slots=True)
class SentMessage:
    """An app message, kept for recalling."""

    at: datetime
    userids: list[str]
    task_id: str | None


@dataclass(slots=True)
class Desk:
    """What WeCom itself remembers beside the company."""

    cards: dict[str, Card] = field(default_factory=dict)
    response_codes: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    messages: dict[str, SentMessage] = field(default_factory=dict)
    repeats: dict[str, datetime] = field(default_factory=dict)
    mass: dict[str, Mass] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    received: dict[str, list[datetime]] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    codes: dict[str, tuple[str, float]] = field(default_factory=dict)  # of signing in
    chat_keys: dict[str, tuple[datetime, str, str, str, int]] = field(default_factory=dict)


class Simulation:
    def __init__(self, setup: Setup, machine: Callable[[], float] = time.monotonic) -> None:
        self.setup = setup
        self.machine = machine
        self.dice = Dice(setup.seed)
        self.mint = Mint(setup.seed)
        self.clock = Clock(setup.start)
        self.ledger = Ledger()
        self.faults = Faults(self.dice)
        self.outlet = Outlet(setup, self.clock, self.mint, self.faults, self.ledger)
        self.tokens = Tokens(self.mint, machine)
        self.call_budget = CallBudget()
        self.message_budget = MessageBudget()
        self.desk = Desk()
        self.company: Company = found(setup, self.mint)
        self.onlookers = Onlookers()
        self.limits = setup.limits
        self.calls_in_flight = 0
        self.invariants = Invariants(self, setup.promises) if setup.promises else None

    @property
    def now(self) -> datetime:
        return self.clock.now

    @property
    def at(self) -> str:
        return self.clock.now.isoformat()

    def limit(self, changes: dict[str, object]) -> Limits:
        """Change WeCom's limits from now on."""
        self.limits = self.outlet.limits = changed(self.limits, changes)
        return self.limits
