"""The live company as a rehearsal needs it: read once, then played without the database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.context import Context, Release
from bot.plan.population import Population, coming, read
from bot.rehearse.crew import Crew
from bot.rehearse.population import Company
from bot.rehearse.rehearsal import Rehearsal
from bot.rehearse.simulate import Wish, explained
from config.book import Book


@dataclass(frozen=True, slots=True)
class Living:
    """Everybody under way now, whom newcomers will add, and the releases some still follow."""

    at: datetime
    people: Population
    coming: Mapping[str, float]
    older: Mapping[int, Release]


async def living(ctx: Context, book: Book) -> Living:
    """Who would be rehearsed with ``book`` from now on; the database is only read."""
    now, release = ctx.now(), await ctx.releases.head()
    people = await read(ctx.store, release.n, [release.book, book], now)
    expected = await coming(ctx.store, now)
    older = {n: await ctx.releases.get(n) for n in people.older_releases}
    return Living(now, people, dict(expected.by_staff), older)


def on_stage(here: Living, book: Book, wish: Wish) -> tuple[Rehearsal, Company, Wish]:
    """The rehearsal of them, those who will come, and the wish as it is from now on."""
    wish = replace(wish, start=here.at, customers=len(here.people.contacts))
    rehearsal = here.people.rehearsal(
        book,
        wish.start,
        here.older,
        behaviour=Crew(book, wish.rates, wish.seed),
        seed=wish.seed,
        explains=explained(wish),
    )
    company = Company(
        book, here.at, wish.customers, wish.seed, wish.rates, coming=dict(here.coming)
    )
    return rehearsal, company, wish
