"""What the rules of today would have made of what happened, beside what was made of it then.

Looks only. It asks of every recorded event who would have begun, left or gone on in which SOP;
what follows from a begun journey, and what begins by the calendar, is for `simulate`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.context import Context
from bot.model import Fact
from bot.playbook.hours import Hours
from bot.replay.recorded import Happening, added, history_of, told
from bot.replay.rules import Replayed, Replaying
from config.book import Book

__all__ = ["Happening", "Replayed", "Report", "replay"]


@dataclass(frozen=True, slots=True)
class Report:
    events: tuple[Replayed, ...]
    callbacks: Mapping[str, int]
    """Callbacks of that time by what became of them; "unreadable" among them."""


async def replay(
    ctx: Context, book: Book, since: datetime, until: datetime, only: str = ""
) -> Report:
    """Every recorded event in [since, until), oldest first; ``only``: the one of this id."""
    facts = await ctx.store.facts.between(since, ctx.now() + timedelta(seconds=1))
    adds, callbacks = await added(ctx, since, until)
    spoken = [told(fact) for fact in facts if fact.subject and fact.at < until]
    happenings = sorted([*adds, *(one for one in spoken if one)], key=lambda h: (h.at, h.id))
    names = await ctx.store.tags.names()
    replaying = Replaying(book, Hours.of(book), names, since)
    known = await ctx.store.contacts.many(h.subject for h in happenings)
    by_subject: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_subject[fact.subject].append(fact)
    events = []
    for happening in happenings:
        contact = known.get(happening.subject)
        if contact is None:
            continue
        if contact.id not in replaying.histories:
            replaying.histories[contact.id] = await history_of(ctx, contact.id)
        found = replaying.replayed(happening, contact, by_subject[contact.id])
        if (found.then or found.now) and only in ("", happening.id):
            events.append(found)
    return Report(tuple(events), callbacks)
