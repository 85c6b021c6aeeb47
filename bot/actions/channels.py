"""What a 渠道 does when a customer comes through it, and whom it tells when something is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions import content
from bot.actions.dealing import name_of, note
from bot.actions.tagging import tag
from bot.context import Context
from bot.model import Contact, Outgoing
from bot.playbook.calendar import day_start
from bot.playbook.hours import Hours
from bot.playbook.wording import fill
from bot.store.log import line
from bot.wecom import bodies
from config.book import Book
from config.channels import REMARK_CHARACTERS, Channel

_NAME = "客户昵称"


def today(hours: Hours, now: datetime) -> tuple[datetime, datetime]:
    """From midnight to midnight on the company's clock."""
    start = day_start(now, hours.tz)
    return start, day_start(start + timedelta(hours=36), hours.tz)


async def came(ctx: Context, state: str, staff: str, at: datetime) -> None:
    """Somebody added ``staff`` through a channel: who has had their day's share takes no more.

    It may be told twice: what counts is the friendship, which is there once.
    """
    book = (await ctx.releases.head()).book
    channel = book.channels.get(state)
    if channel is None or channel.daily_limit_each is None:
        return
    added = await ctx.store.arrivals.by_staff(state, *today(Hours.of(book), at))
    if added.get(staff, 0) >= channel.daily_limit_each:
        await ctx.store.ways.wake(ctx.now(), state)
        if channel.kind == "获客链接":
            await ctx.store.links.ring(ctx.now())
        ctx.hints.ring("channels", "links")


async def greet(ctx: Context, contact: Contact, state: str, staff: str, at: datetime) -> None:
    """The tags and the remark of the channel, once for each time they come."""
    book = (await ctx.releases.head()).book
    if not (channel := book.channels.get(state)):
        return
    about = f"channel:{contact.id}:{staff}:{at.isoformat()}"
    because = f"来自渠道“{channel.name}”"
    await tag(ctx, contact.id, staff, book.full_tags(channel.tags), because, f"tag:{about}")
    if channel.remark is None:
        return
    values = content.of_contact(contact, await name_of(ctx, book.team, staff), book)
    if name := remark(channel.remark, values):
        await ctx.store.outbox.put([_remark(f"remark:{about}", contact.id, staff, name, ctx.now())])
        ctx.hints.ring("outbox")


def remark(template: str, values: Mapping[str, str]) -> str:
    """备注 for one customer; of a name too long as much as there is room for."""
    whole = fill(template, values).strip()
    over, name = len(whole) - REMARK_CHARACTERS, values.get(_NAME, "")
    if over > 0 and len(name) > over + 1:
        whole = fill(template, {**values, _NAME: f"{name[: -over - 1]}…"}).strip()
    return bodies.clip_characters(whole, REMARK_CHARACTERS)


async def who_answers(ctx: Context, book: Book, channel: Channel) -> str:
    """The 店长 of the channel's shop, else the first of its people who works here; "" nobody."""
    team = book.team
    shop = team.shop(channel.shop or "")
    candidates: list[str] = []
    if shop and (named := team.manager_of(shop.name)):
        candidates.append(named)
    elif shop:
        candidates += [leader.id for leader in await ctx.store.staff.leaders_of([shop.department])]
    candidates += [team.userid(name) for name in (*channel.backup, *channel.staff)]
    here = await ctx.store.staff.many(candidates)
    return next((one for one in candidates if one in here and here[one].active), "")


async def tell(ctx: Context, book: Book, channel: Channel, key: str, text: str) -> None:
    """One word under ``key`` to who answers for the channel, outside of staff's quiet hours."""
    now = ctx.now()
    await ctx.store.log.write([line(f"{key}:said", [f"way:{channel.name}"], now, text)])
    if to := await who_answers(ctx, book, channel):
        row = note(ctx, f"text:{key}", to, text)
        due_at = Hours.of(book).free_after("员工", now)
        await ctx.store.outbox.put([replace(row, due_at=due_at)])
        ctx.hints.ring("outbox")


async def names_of(ctx: Context, book: Book, users: Sequence[str]) -> str:
    """As colleagues call them: 张丽、陈静."""
    return "、".join([await name_of(ctx, book.team, user) for user in users])


def _remark(id: str, contact: str, staff: str, name: str, now: datetime) -> Outgoing:
    """One call in the outbox; one customer's calls are made one by one."""
    body = {"userid": staff, "external_userid": contact, "remark": name}
    serial = f"tag:{contact}"  # WeCom refuses two changes of one customer at once (45035)
    return Outgoing(
        id=id, kind="remark", body=body, staff=staff, subject=contact, serial=serial, due_at=now
    )
