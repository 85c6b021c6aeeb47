"""Answer a customer who has just added somebody: WeCom takes it within 20 seconds, once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.actions import content, member_links
from bot.actions.content import Wording
from bot.context import Context
from bot.model import Contact, Outgoing
from bot.playbook import situation
from bot.playbook.audience import Facts, all_hold
from bot.playbook.duty_roster import covers
from bot.playbook.hours import Hours
from bot.store.log import line
from config.book import Book
from config.channels import Channel
from config.content import Content, Welcome
from config.materials import TextMaterial

CODE_LIVES = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a new customer is told; ``about``: the SOP that says so, or 渠道:名字."""

    about: str
    step: str
    content: Content

    @property
    def whose(self) -> str:
        """As people know it: “新客7天欢迎”, 渠道“门口海报”."""
        channel = self.about.removeprefix(_CHANNEL)
        return f"“{channel}”" if channel == self.about else f"渠道“{channel}”"


_CHANNEL = "渠道:"


async def welcome(ctx: Context, contact: Contact, staff: str, code: str, came_by: str) -> bool:
    """Queue the welcome of the channel, else of the first SOP that takes this customer.

    False when there is none. ``came_by``: the ``state`` of the code they used. Quiet hours, caps
    and 每天最多 do not apply: it answers the customer's own act (P:92137).
    """
    if not code:
        return False
    book = (await ctx.releases.head()).book
    now = ctx.now()
    state = situation.of_contact(contact, await ctx.store.tags.names(), staff)
    greeting = chosen(book, state, staff, came_by, now)
    if not greeting:
        return False
    channel = book.channels.get(came_by)
    if channel and channel.shop and not contact.shop:  # WeCom has not told us their name in time
        contact = replace(contact, shop=channel.shop)
    member = await ctx.store.staff.get(staff)
    name = member.name if member and member.name else book.team.name_of(staff)
    wording = Wording(
        book=book,
        values=content.of_contact(contact, name, book),
        holiday=Hours.of(book).is_holiday(now),
    )
    id = f"welcome:{hashlib.sha256(code.encode()).hexdigest()[:32]}"
    if links := await member_links.maker(ctx):
        wording = replace(wording, link=links.of(contact.id, id))
    row = Outgoing(
        id=id,
        kind="welcome",
        lane="urgent",
        body={
            "welcome_code": code,
            "message": content.message_of(greeting.content, wording),
            "userid": staff,
        },
        subject=contact.id,
        about=greeting.about,
        due_at=now,
        expires_at=now + CODE_LIVES,
    )
    await ctx.store.outbox.put([row])
    ctx.hints.ring("urgent outbox")
    what = f"用{greeting.whose}的欢迎语回应添加"
    await ctx.store.log.write([line(f"{row.id}:asked", [contact.id], now, what, staff=staff)])
    return True


def chosen(book: Book, state: Facts, staff: str, came_by: str, now: datetime) -> Greeting | None:
    """The channel's own words go before those of any SOP."""
    channel = book.channels.get(came_by)
    if channel and (materials := _said_by(channel, book, staff, now)):
        return Greeting(f"{_CHANNEL}{channel.name}", "欢迎语", _together(materials, book))
    return _of_sops(book, state, now)


def _said_by(channel: Channel, book: Book, staff: str, now: datetime) -> Sequence[str]:
    """The first line of 欢迎语安排 for this moment and this person, else 欢迎语."""
    hours = Hours.of(book)
    for entry in channel.greetings:
        people = [book.team.userid(name) for name in entry.staff]
        if covers(entry, hours, now) and (not people or staff in people):
            return entry.welcome
    return channel.welcome


def _together(materials: Sequence[str], book: Book) -> Content:
    """The text first, everything else attached to it."""
    first, *others = sorted(
        materials, key=lambda name: not isinstance(book.materials[name], TextMaterial)
    )
    return Content.model_validate({"素材": first, "附件": others})


def _of_sops(book: Book, state: Facts, now: datetime) -> Greeting | None:
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
                    return Greeting(sop.name, node.step.name, action)
    return None
