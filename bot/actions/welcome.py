"""Answer a customer who has just added somebody: WeCom takes it within 20 seconds, once."""

import hashlib
from datetime import datetime, timedelta

from bot.actions import content
from bot.actions.content import Wording
from bot.context import Context
from bot.model import Contact, Outgoing
from bot.playbook import situation
from bot.playbook.audience import Facts, all_hold
from bot.playbook.hours import Hours
from bot.store.log import line
from config.book import Book
from config.content import Welcome
from config.sop import Sop

CODE_LIVES = timedelta(seconds=20)


async def welcome(ctx: Context, contact: Contact, staff: str, code: str) -> bool:
    """Queue the first 发欢迎语 whose SOP takes this customer; False when there is none.

    Quiet hours, caps and 每天最多 do not apply: it answers the customer's own act.
    """
    if not code:
        return False
    book = (await ctx.releases.head()).book
    now = ctx.now()
    state = situation.of_contact(contact, await ctx.store.tags.names(), staff)
    greeting = chosen(book, state, now)
    if not greeting:
        return False
    sop, action = greeting
    member = await ctx.store.staff.get(staff)
    name = member.name if member and member.name else book.team.name_of(staff)
    wording = Wording(
        book=book,
        values=content.of_contact(contact, name, book),
        holiday=Hours.of(book).is_holiday(now),
    )
    row = Outgoing(
        id=f"welcome:{hashlib.sha256(code.encode()).hexdigest()[:32]}",
        kind="welcome",
        lane="urgent",
        body={"welcome_code": code, "message": content.message_of(action, wording)},
        subject=contact.id,
        about=sop.name,
        due_at=now,
        expires_at=now + CODE_LIVES,
    )
    await ctx.store.outbox.put([row])
    ctx.hints.ring("urgent outbox")
    what = f"用“{sop.name}”的欢迎语回应添加"
    await ctx.store.log.write([line(f"{row.id}:asked", [contact.id], now, what, staff=staff)])
    return True


def chosen(book: Book, state: Facts, now: datetime) -> tuple[Sop, Welcome] | None:
    """The first 发欢迎语 whose SOP takes a customer in this state."""
    for sop in book.sops.values():
        if sop.state != "启用" or sop.entry.kind != "添加好友":
            continue
        if not all_hold(sop.entry.conditions, state, now):
            continue
        for node in sop.flow().nodes.values():
            if not all_hold(node.step.conditions, state, now):
                continue
            for action in node.step.actions:
                if isinstance(action, Welcome):
                    return sop, action
    return None
