"""A customer was added, edited or lost."""

from datetime import timedelta

from bot import sync
from bot.actions import channels, entry, news
from bot.actions.dealing import note
from bot.actions.welcome import welcome
from bot.context import Context
from bot.model import Contact
from bot.router import NotForUs, NotYet, Router
from bot.store.contacts import Lost
from bot.store.log import line
from bot.wecom.errors import NotAContact, WeComError
from bot.wecom.events import (
    ContactAdded,
    ContactDeletedByCustomer,
    ContactDeletedByStaff,
    ContactEdited,
    HalfAdded,
    TransferFailed,
)

router = Router()

NAME_SECONDS = 1.0
SETTLE = timedelta(seconds=2)
FIRST_LOOK = timedelta(seconds=30)
GIVE_UP = timedelta(days=1)

_WHY_FAILED = {
    "customer_refused": "客户拒绝了转接",
    "customer_limit_exceed": "接替成员的客户数已达上限",
}


@router.on(ContactAdded, HalfAdded)
async def added(event: ContactAdded | HalfAdded, ctx: Context) -> None:
    """Welcome them while the code lives, then remember them and begin what begins here."""
    news_to_us = await ctx.store.contacts.met(
        event.contact_id, event.staff_id, event.at, event.state
    )
    contact = await _glance(ctx, event)
    known = contact or await ctx.store.contacts.get(event.contact_id)
    await welcome(
        ctx,
        known or Contact(id=event.contact_id),
        event.staff_id,
        event.welcome_code,
        came_by=event.state,
    )
    await channels.came(ctx, event.state, event.staff_id, event.at)
    if not news_to_us:
        return
    contact = contact or await _confirmed(ctx, event)
    await channels.greet(ctx, contact, event.state, event.staff_id, event.at)
    await news.tell_contact(ctx, event.contact_id)
    friend = contact.relation(event.staff_id)
    if friend and not friend.lost:
        await entry.befriended(ctx, contact, event.staff_id, event.at)


@router.on(ContactEdited)
async def edited(event: ContactEdited, ctx: Context) -> None:
    """Read again, late enough: two edits in one second are one and the same callback."""
    if ctx.now() < event.at + SETTLE:
        raise NotYet(event.at + SETTLE)
    try:
        await sync.read_contact(ctx, event.contact_id, event.at)
    except NotAContact as error:
        await news.tell_contact(ctx, event.contact_id)
        raise NotForUs("企业微信说对方已不是客户（84061）") from error
    await news.tell_contact(ctx, event.contact_id)


@router.on(ContactDeletedByStaff)
async def deleted_by_staff(event: ContactDeletedByStaff, ctx: Context) -> None:
    how: Lost = "transfer" if event.source == "DELETE_BY_TRANSFER" else "by_staff"
    await _lost(ctx, event, how)


@router.on(ContactDeletedByCustomer)
async def deleted_by_customer(event: ContactDeletedByCustomer, ctx: Context) -> None:
    await _lost(ctx, event, "by_customer")


@router.on(TransferFailed)
async def transfer_failed(event: TransferFailed, ctx: Context) -> None:
    """The one who was to take over learns why the customer did not come."""
    contact = await ctx.store.contacts.get(event.contact_id)
    name = contact.name if contact and contact.name else event.contact_id
    what = f"转接失败：{_WHY_FAILED.get(event.fail_reason, event.fail_reason)}"
    key = f"transfer:{event.contact_id}:{event.staff_id}:{event.at.isoformat()}"
    await ctx.store.log.write([line(key, [event.contact_id], event.at, what, staff=event.staff_id)])
    text = f"客户“{name}”{what}。"
    await ctx.store.outbox.put([note(ctx, f"text:{key}", event.staff_id, text)])
    ctx.hints.ring("outbox")


async def _glance(ctx: Context, event: ContactAdded | HalfAdded) -> Contact | None:
    """Their name for the welcome, if WeCom gives it within a second."""
    try:
        return await sync.read_contact(
            ctx, event.contact_id, event.at, timeout_seconds=NAME_SECONDS
        )
    except WeComError:
        return None


async def _confirmed(ctx: Context, event: ContactAdded | HalfAdded) -> Contact:
    """Read them in earnest; a half-added customer becomes one when staff accept."""
    try:
        return await sync.read_contact(ctx, event.contact_id, event.at)
    except NotAContact as error:
        age = ctx.now() - event.at
        if age > GIVE_UP:
            raise NotForUs("一天过去，对方仍不是客户（84061）") from error
        raise NotYet(ctx.now() + max(FIRST_LOOK, age)) from error


async def _lost(
    ctx: Context, event: ContactDeletedByStaff | ContactDeletedByCustomer, how: Lost
) -> None:
    fact = sync.parted(event.contact_id, event.staff_id, how, event.at)
    await ctx.store.contacts.lost(event.contact_id, event.staff_id, how, event.at, [fact])
    await news.tell_contact(ctx, event.contact_id)
