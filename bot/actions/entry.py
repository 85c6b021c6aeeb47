"""Who begins which SOP when something happens to a customer."""

from collections.abc import Callable, Iterable
from datetime import datetime

from bot.actions import journeys
from bot.context import Context
from bot.model import Contact, Fact
from config.book import Book
from config.sop import Sop
from config.triggers import Entry


async def befriended(ctx: Context, contact: Contact, staff: str, at: datetime) -> None:
    """Begin every SOP that begins with 添加好友, as of the moment they became friends."""
    await _begin(ctx, contact, staff, lambda entry, book: entry.kind == "添加好友", since=at)


async def tagged(ctx: Context, contact: Contact, staff: str, tag: str) -> None:
    """Begin every SOP that begins with this tag ("组/名"), or with any of its group."""

    def fits(entry: Entry, book: Book) -> bool:
        if entry.kind != "打上标签":
            return False
        if entry.tag_group:
            return entry.tag_group == tag.split("/")[0]
        return entry.tag is not None and book.tag(entry.tag) == tag

    await _begin(ctx, contact, staff, fits)


async def ordered(ctx: Context, contact: Contact, staff: str) -> None:
    """Begin every SOP that begins with 下单."""
    await _begin(ctx, contact, staff, lambda entry, book: entry.kind == "下单")


def newest_friend(contact: Contact) -> str:
    """The member of staff who knows the customer since last; "" when nobody does."""
    friends = [r for r in contact.relations if not r.lost]
    return max(friends, key=lambda r: (r.since, r.staff)).staff if friends else ""


def tags_in(facts: Iterable[Fact]) -> Iterable[tuple[str, str]]:
    """(staff, tag) of those facts that tell of a tag."""
    for fact in facts:
        if "tag" in fact.data:
            yield fact.data["staff"], fact.data["tag"]


async def _begin(
    ctx: Context,
    contact: Contact,
    staff: str,
    fits: Callable[[Entry, Book], bool],
    *,
    since: datetime | None = None,
) -> None:
    book = (await ctx.releases.head()).book
    fitting: list[Sop] = [sop for sop in book.sops.values() if fits(sop.entry, book)]
    for sop in fitting:
        await journeys.begin(ctx, sop, contact, staff, since=since)
