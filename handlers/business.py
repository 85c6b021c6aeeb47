"""The shop's own systems told us what a customer did, or is: an order, a form, a stage …"""

import re
from datetime import date, timedelta

from bot.actions import facts, news
from bot.business import FormEvent, ProfileEvent, StageEvent, details
from bot.context import Context
from bot.model import Fact
from bot.playbook import keys
from bot.playbook.happenings import happening
from bot.router import NotForUs, NotYet, Posted, Router
from config.book import Book

router = Router()

SETTLED = timedelta(minutes=10)  # until then an unknown customer may still turn up
_LOOK_AGAIN = timedelta(minutes=1)

_KIND = re.compile(r"\w[\w-]{0,39}")


@router.on(Posted)
async def happened(event: Posted, ctx: Context) -> None:
    """Keep it with the customer, wake who waits for it, leave to it what it may begin.

    What somebody did who is unknown yet is kept, too: their adding may be on its way.
    """
    if not _KIND.fullmatch(event.kind):
        raise NotForUs(f"不认识的业务事件“{event.kind[:40]}”")
    told = details(event.kind, event.data)
    did = None if isinstance(told, StageEvent | ProfileEvent) else _deed(event, told)
    if did:
        await ctx.store.facts.record([did], ctx.now())
        ctx.hints.ring("journeys")
    if await ctx.store.contacts.get(event.subject) is None:
        if ctx.now() < event.at + SETTLED:  # their adding may be in another process's hands
            raise NotYet(ctx.now() + _LOOK_AGAIN)
        raise NotForUs("没有这位客户")
    book = (await ctx.releases.head()).book
    match told:
        case StageEvent():
            await _staged(event, told, book, ctx)
        case ProfileEvent():
            await _profiled(event, told, book, ctx)
    if did:  # counted before anybody looks at what it begins
        await ctx.store.contacts.happened(event.subject, event.kind, event.id, event.at)
        await facts.record(ctx, [did])


def _deed(event: Posted, told: FormEvent | None) -> Fact:
    names = dict.fromkeys(("", told.form)) if told else ()
    about = tuple(keys.form(event.subject, name) for name in names)
    id, kind = f"{event.kind}:{event.id}", event.kind
    return happening(id, kind, event.subject, event.at, "posted", event.data, about)


async def _staged(event: Posted, told: StageEvent, book: Book, ctx: Context) -> None:
    system = book.systems.get(told.system)
    if system is None:
        known = "、".join(book.systems) or "（没有）"
        raise NotForUs(f"没有KOC体系“{told.system}”，现有：{known}")
    if system.stage(told.stage) is None:
        known = "、".join(stage.name for stage in system.stages)
        raise NotForUs(f"KOC体系“{told.system}”没有阶段“{told.stage}”，现有：{known}")
    fact = Fact(
        id=f"stage:{event.id}",
        keys=tuple(keys.stage(event.subject, name, told.stage) for name in (told.system, "")),
        subject=event.subject,
        at=event.at,
        source="posted",
        data={"system": told.system, "stage": told.stage},
    )
    newest = await ctx.store.contacts.staged(
        event.subject,
        told.system,
        told.stage,
        score=told.score,
        reason=told.reason,
        at=event.at,
        news=fact,
    )
    await news.tell_contact(ctx, event.subject)
    if not newest:
        raise NotForUs(f"“{told.system}”已经有更新的阶段，这一条来晚了")


async def _profiled(event: Posted, told: ProfileEvent, book: Book, ctx: Context) -> None:
    """All of it or nothing: a profile half kept would look like a whole one."""
    declared = book.rules.attributes
    for name, day in told.attributes.items():
        if name not in declared:
            known = "、".join(declared) or "（没有）"
            raise NotForUs(f"没有客户属性“{name}”，现有：{known}；要用请先写进全局规则的“客户属性”")
        if day is not None and not _is_date(day):
            raise NotForUs(f"客户属性“{name}”要写成 2027-01-10 这样的日期，收到“{day[:20]}”")
    fact = Fact(
        id=f"profile:{event.id}",
        keys=tuple(keys.attribute(event.subject, name) for name in told.attributes),
        subject=event.subject,
        at=event.at,
        source="posted",
        data={"attributes": dict(told.attributes)},
    )
    newest = await ctx.store.contacts.profiled(event.subject, told.attributes, event.at, fact)
    await news.tell_contact(ctx, event.subject)
    if not newest:
        raise NotForUs("这些客户属性已经有更新的，这一条来晚了")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
