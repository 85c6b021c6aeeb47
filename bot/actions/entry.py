"""Who begins which SOP when something happens to a customer."""

from datetime import datetime, timedelta

from bot.actions import journeys
from bot.context import Context
from bot.model import Contact, Fact
from bot.playbook.chasing import LEFT
from bot.playbook.waiting import begun_by
from config.book import Book

LATE_NEWS = timedelta(days=1)


async def befriended(ctx: Context, contact: Contact, staff: str, at: datetime) -> None:
    """Begin every SOP that begins with 添加好友, as of the moment they became friends.

    The tasks of a friend of theirs who left the company are looked at: they follow the customer.
    """
    await ctx.store.wishes.orphans(contact.id, LEFT, ctx.now())
    book = (await ctx.releases.head()).book
    id = f"add:{contact.id}:{staff}:{at.isoformat()}"
    for sop in book.sops.values():
        if sop.entry.kind == "添加好友":
            await journeys.begin(ctx, sop, contact, staff, since=at, begun_by=id)


async def begin_with(ctx: Context, book: Book, fact: Fact) -> None:
    """Begin every SOP that begins with this fact, once however often it is looked at.

    They are entered as of the moment it happened; of what is told days later, as of now.
    """
    contact = await ctx.store.contacts.get(fact.subject)
    if contact is None:  # a group may have members who are nobody's customers
        return
    staff = known_by(contact, fact)
    if not staff:
        return
    since = entered_at(fact, ctx.now())
    for sop in begun_by(fact, book):
        await journeys.begin(ctx, sop, contact, staff, since=since, begun_by=fact.id)


def entered_at(fact: Fact, now: datetime) -> datetime | None:
    """As of when a fact makes people enter; None: as of now."""
    return fact.at if fact.at > now - LATE_NEWS else None


def newest_friend(contact: Contact) -> str:
    """The member of staff who knows the customer since last; "" when nobody does."""
    friend = contact.newest_friend
    return friend.staff if friend else ""


def known_by(contact: Contact, fact: Fact) -> str:
    """Whoever the fact names, were it the friend they just lost; else the newest friend."""
    named = contact.relation(str(fact.data.get("staff", "")))
    if named and (not named.lost or "how" in fact.data):
        return named.staff
    return newest_friend(contact)
