"""Play a folder for weeks before a synthetic company, or one that was read from the database."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.rehearse.crew import Crew
from bot.rehearse.figures import Figures, figures_of
from bot.rehearse.population import Company, live_through
from bot.rehearse.rates import Rates
from bot.rehearse.record import Line
from bot.rehearse.rehearsal import Rehearsal
from config.book import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be played."""

    start: datetime
    days: int
    customers: int
    seed: int = 1
    rates: Rates = field(default_factory=Rates)
    contact: str = ""  # whose timeline is wanted


@dataclass(frozen=True, slots=True)
class Played:
    figures: Figures
    lines: list[Line]
    known: bool  # whether there was such a contact


def company_of(book: Book, wish: Wish) -> Company:
    return Company(book, wish.start, wish.customers, wish.seed, wish.rates)


def synthetic(book: Book, wish: Wish) -> Rehearsal:
    """The folder with as many customers as wished for, on the eve of the first day."""
    company = company_of(book, wish)
    return Rehearsal(
        book,
        now=wish.start,
        contacts=company.contacts(),
        groups=company.groups(),
        staff=company.staff,
        behaviour=Crew(book, wish.rates, wish.seed),
        seed=wish.seed,
        explains=explained(wish),
    )


def explained(wish: Wish) -> Callable[[str], bool]:
    """Timelines take room: only the one asked for is kept."""
    return lambda subject: subject == wish.contact


def play(
    rehearsal: Rehearsal,
    book: Book,
    wish: Wish,
    company: Company | None = None,
    watch: Callable[[], None] = lambda: None,
) -> Played:
    """Live through the days, told to ``watch``; with ``company`` another one than the synthetic."""
    before = len(rehearsal.stage.contacts)
    with _no_collector():
        live_through(rehearsal, company or company_of(book, wish), wish.days, watch)
    newcomers = len(rehearsal.stage.contacts) - before
    return Played(
        figures_of(rehearsal, wish.start, newcomers),
        rehearsal.why,
        wish.contact in rehearsal.stage.contacts or not wish.contact,
    )


@contextmanager
def _no_collector() -> Iterator[None]:
    """The rows of a rehearsal form no circles; looking for some in millions of them takes time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
