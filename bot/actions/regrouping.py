"""换群: tags have changed, so another group would be better; propose it to who knows the customer.

A proposal is a seat in state 建议: it holds nothing, and becomes a candidate once they say yes.
"""

from datetime import datetime

from bot.actions import tasks
from bot.context import Context
from bot.crash import crash_point
from bot.model import Contact, Fact, Group, Seat
from bot.playbook import admission, caps, keys, situation
from bot.playbook.hours import Hours
from bot.playbook.regrouping import (
    LOOK_DAILY,
    SETTLES,
    STEP,
    Accept,
    Ask,
    Drop,
    Standing,
    Wait,
    decide,
    question,
)
from bot.store.log import line
from bot.store.rows import slot_of
from config.book import Book
from config.themes import ThemePicker


async def consider(ctx: Context, book: Book, fact: Fact) -> None:
    """A tag some 分流器 asks for was put on or taken off: is there a better group now?"""
    pickers = admission.pickers_about(fact, book)
    contact = await ctx.store.contacts.get(fact.subject) if pickers else None
    if contact is None:
        return
    await ctx.store.seats.wake_subject(contact.id, ctx.now())  # what they wait for may be no more
    facts = situation.of_customer(contact, await ctx.store.tags.names())
    for picker in pickers:
        sits = await ctx.store.groups.all_with_member(sorted(picker.themes), contact.id)
        target = admission.better(picker, facts, ctx.now())
        seat = proposal(fact, picker, target, contact, sits, ctx.now())
        if seat and not await ctx.store.seats.proposed(seat.theme, seat.subject):
            await ctx.store.seats.put([seat])
    ctx.hints.ring("seats")


def proposal(
    fact: Fact,
    picker: ThemePicker,
    target: str | None,
    contact: Contact,
    sits: list[Group],
    now: datetime,
) -> Seat | None:
    """None when they sit in no group of the picker's, or in the right one, or nobody knows them."""
    friend = contact.newest_friend
    themes = {group.theme for group in sits}
    if not friend or not target or not sits or target in themes:
        return None
    return Seat(
        id=f"move:{contact.id}:{target}:{fact.at:%Y%m%d%H%M%S}",
        theme=target,
        subject=contact.id,
        staff=friend.staff,
        state="建议",
        picker=picker.name,
        origin=sits[0].id,
        created_at=now,
        due_at=now + SETTLES,
        slot=slot_of(contact.id),
    )


async def look(
    ctx: Context, owner: str, book: Book, seat: Seat, now: datetime
) -> Accept | Drop | None:
    """Ask, or wait; what else becomes of the proposal is for whoever has the seat in hand."""
    contact = await ctx.store.contacts.get(seat.subject) or Contact(id=seat.subject)
    origin = await ctx.store.groups.get(seat.origin)
    standing = await _standing(ctx, book, seat, contact, origin, now)
    then = decide(seat, standing, book, now)
    match then:
        case Ask():
            return await _ask(ctx, owner, seat, contact, origin, now)
        case Wait(until) if standing.task:
            await ctx.store.seats.look_again(owner, seat, until)
            return None
        case Wait(until):
            at = Hours.of(book).local(until)
            what = f"邀请间隔：最近邀请过进群，{at} 再问要不要换到主题“{seat.theme}”"
            id = f"{seat.id}:gap:{until.isoformat()}"
            await ctx.store.log.write([line(id, [seat.id, seat.subject], now, what)])
            await ctx.store.seats.waits_for_gap(owner, seat, until)
            return None
        case Drop(why) if standing.task:
            await tasks.cancel(ctx, standing.task, why)
    return then


async def _standing(
    ctx: Context, book: Book, seat: Seat, contact: Contact, origin: Group | None, now: datetime
) -> Standing:
    theme, free_at = book.themes.get(seat.theme), None
    if theme:
        hits = await ctx.store.caps.hits(admission.invitations(seat.subject))
        full = caps.full(hits, None, now, [admission.gap(theme, now)])
        free_at = full.free_at if full else None
    names = await ctx.store.tags.names()
    return Standing(
        facts=situation.of_customer(contact, names),
        in_target=await ctx.store.groups.with_member(seat.theme, seat.subject) is not None,
        in_origin=bool(origin and origin.open and seat.subject in origin.roster),
        invited=await ctx.store.seats.living(seat.theme, seat.subject) is not None,
        task=await ctx.store.tasks.get(f"{seat.id}:ask"),
        free_at=free_at,
    )


async def _ask(
    ctx: Context, owner: str, seat: Seat, contact: Contact, origin: Group | None, now: datetime
) -> Drop | None:
    """The key first and the task second: an answer nobody waits for would be lost."""
    ledger, window = admission.proposals(seat.subject), admission.proposal_gap(now)
    if await ctx.store.caps.reserve(ledger, seat.id, "服务", now, [window]):
        return Drop("30天内已经建议过换群")
    friend = contact.newest_friend
    if not friend:
        return Drop("客户已没有跟进人")
    await ctx.store.seats.asks(owner, seat, keys.task_closed(seat.id, STEP), now + LOOK_DAILY)
    crash_point("seats.asking")
    where = origin.name or origin.id if origin else ""
    await ctx.store.tasks.put([question(seat, friend.staff, contact.name, where, now)])
    ctx.hints.ring("tasks")
    return None
