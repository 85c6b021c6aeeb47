"""客户回复 as 获客助手 tells of it: that a friend by a link has written, never what."""

from datetime import UTC, datetime

from bot.actions import facts
from bot.context import Context
from bot.model import Relation
from bot.playbook.happenings import REPLY, happening
from bot.store.log import line
from config.book import Book

SOURCE = "获客助手"
FIRST = 1


def hears(book: Book) -> bool:
    """Whether 获客助手 is declared as a 客户回复来源."""
    return SOURCE in book.rules.reply_sources


async def heard(ctx: Context, contact_id: str, staff: str, number: int, at: datetime) -> bool:
    """The customer has written to this member of staff for the ``number``-th time; False when
    they are not known as friends (yet).

    Two callbacks tell of a first message and the nightly list a third time: it happens once.
    """
    contact = await ctx.store.contacts.get(contact_id)
    friend = contact.relation(staff) if contact else None
    if friend is None:
        return False
    event = _chat(contact_id, friend, number)
    if await ctx.store.facts.known(event):
        return True
    # Counted before anybody looks at what it begins.
    await ctx.store.contacts.happened(contact_id, REPLY, event, at)
    told = f"给 {staff} 发了消息（获客助手）"
    await ctx.store.log.write([line(f"{event}:heard", [contact_id], at, told, staff=staff)])
    data = {"staff": staff, "number": number}
    await facts.record(ctx, [happening(event, REPLY, contact_id, at, "wecom", data)])
    return True


def _chat(contact_id: str, friend: Relation, number: int) -> str:
    """The day they became friends tells apart what was written before they parted."""
    day = f"{friend.since.astimezone(UTC):%Y-%m-%d}"
    return f"reply:chat:{contact_id}:{friend.staff}:{day}:{number}"
