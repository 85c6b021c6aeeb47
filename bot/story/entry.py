"""Why a customer is not in an SOP: its entry rules one by one, as they stand now."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from bot.context import Context
from bot.model import Contact, Journey
from bot.playbook import entering, situation
from bot.playbook.audience import explain, holds
from bot.playbook.hours import Hours
from bot.playbook.waiting import key_of
from bot.store.facts import KEPT
from bot.story.lines import Line, Story, people, story
from config.book import Book
from config.guess import closest, did_you_mean
from config.phrases import in_words
from config.sop import Sop
from config.triggers import Entry


class UnknownSop(LookupError):
    """The message is one sentence for the person who asked."""


async def why_in(ctx: Context, contact_id: str, name: str) -> Story | None:
    """None when the customer is unknown; raises UnknownSop when the SOP is."""
    book, now = (await ctx.releases.head()).book, ctx.now()
    sop = book.sop(name)
    if sop is None:
        near = did_you_mean(closest(name, book.sops))
        raise UnknownSop(f"没有叫“{name}”的 SOP。{near or '现有：' + '、'.join(book.sops)}")
    contact = await ctx.store.contacts.get(contact_id)
    if contact is None:
        return None
    asked = [found async for found in _asked(ctx, sop, contact, book)]
    before = await ctx.store.journeys.entries(sop.names, contact.id)
    hours = Hours.of(book)
    lines = [*_been(before, hours), *asked]
    good = all(what.endswith("✓") for what in asked)
    verdict = "现在发生就会进入" if good else "现在发生也不会进入，见打 ✗ 的地方"
    title = f"{contact.name or contact.id}（{contact.id}）和 SOP“{sop.name}”"
    told = [Line(now, what) for what in [*lines, f"当“{_trigger(sop.entry)}”：{verdict}"]]
    return story(title, told, await people(ctx))


def _been(before: Sequence[Journey], hours: Hours) -> list[str]:
    told = []
    for number, journey in enumerate(before, 1):
        became = f"停在“{journey.step}”" if journey.state == "active" else journey.exit_reason
        told.append(f"第 {number} 次进入：{hours.local(journey.entered_at)}，{became or '已结束'}")
    return told or ["没有进入过"]


async def _asked(ctx: Context, sop: Sop, contact: Contact, book: Book) -> AsyncIterator[str]:
    """Every rule with what was found and the verdict."""
    now, hours = ctx.now(), Hours.of(book)
    yield f"状态：{sop.state} {_mark(sop.state == '启用')}"
    if sop.subject != "客户":
        yield "对象：这是客户群的 SOP，客户不会进入 ✗"
        return
    friend = contact.newest_friend
    yield f"跟进人：{friend.staff if friend else '没有，已不是好友'} {_mark(friend is not None)}"
    state = situation.of_customer(contact, await ctx.store.tags.names())
    for condition in sop.entry.conditions:
        said = explain(condition, state, now)
        yield said if said.endswith(("✓", "✗")) else f"{said} {_mark(holds(condition, state, now))}"
    before = await ctx.store.journeys.entries(sop.names, contact.id)
    again = entering.number(before, sop.entry.again, now)
    if before:
        why = "可以再进" if again else entering.why_not_again(before, sop.entry.again)
        yield f"重复进入：{why} {_mark(again is not None)}"
    if window := entering.daily_window(sop, now, hours.tz):
        hits = await ctx.store.caps.hits(f"sop:{sop.name}")
        used = sum(hit["at"] >= window.since for hit in hits)
        yield f"每天最多：今天已进 {used}/{window.limit} 人 {_mark(used < window.limit)}"
    yield f"{await _last(ctx, sop.entry, contact, book, hours)} ✓"


async def _last(ctx: Context, entry: Entry, contact: Contact, book: Book, hours: Hours) -> str:
    """When what begins it happened last; ✓ because it may happen any time."""
    if entry.kind == "检查人群":
        return f"当：{_trigger(entry)}，到点才检查"
    at: datetime | None = None
    friend = contact.newest_friend
    if entry.kind == "添加好友":
        at = friend.since if friend else None
    elif key := key_of(entry, contact.id, friend.staff if friend else "", book):
        facts = await ctx.store.facts.about([key], ctx.now() - KEPT + timedelta(days=1))
        at = facts[-1].at if facts else None
    when = f"最近一次在 {hours.local(at)}" if at else "还没有发生过"
    return f"当：{_trigger(entry)}，{when}"


def _trigger(entry: Entry) -> str:
    if entry.every:
        return f"{in_words(entry.every)} 检查人群"
    about = entry.tag or entry.tag_group or entry.theme or entry.stage or entry.event or ""
    return f"{entry.kind}：{about}" if about else entry.kind


def _mark(good: bool) -> str:
    return "✓" if good else "✗"
