"""Make a plan: compare a folder with what is live, count, warn, and rehearse the coming days."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bot.context import Context
from bot.model import Group
from bot.plan import (
    affected,
    audience,
    calendars,
    codes,
    company,
    examples,
    greetings,
    holidays,
    links,
    outlook,
    sources,
)
from bot.plan.affected import Affected, Change
from bot.plan.audience import Audience
from bot.plan.changes import Changes, between
from bot.plan.company import Company
from bot.plan.examples import Example
from bot.plan.plan import Approvals, Plan
from bot.plan.population import Coming, coming
from bot.plan.remarks import Remark, beware, error, note
from bot.playbook import said
from bot.playbook.hours import Hours
from bot.playbook.moves import Redirects, predecessor, redirects
from bot.publish.approving import missing_approval
from bot.publish.comparing import compare
from bot.publish.drift import Side
from bot.publish.folder import Base, Contents
from bot.publish.frozen import frozen
from bot.publish.live import with_states
from bot.publish.publishing import still_meant
from bot.store.releases import Head
from config.book import Book
from config.conditions import AnyOf, NoneOf, Tagged
from config.loader import load_texts
from config.mistakes import Mistakes
from config.pages import linked_by
from config.sop import Sop

_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is live and what would be, both with the states that commands gave."""

    head: Head
    live: Book
    new: Book
    gone: Redirects  # as they would be after publishing
    live_hash: str
    live_pictures: Mapping[str, str]
    new_pictures: Mapping[str, str]
    readable: bool = True  # False: the live release is of a version nobody can read any more


async def make(
    ctx: Context,
    contents: Contents,
    base: Base | None = None,
    *,
    author: str,
    note: str = "",
    folder: str = "",
    overwrite: bool = False,
    recall: bool = False,
    back_to: int = 0,
    forecast: bool = True,
) -> Plan:
    """The plan for publishing ``contents`` now; raises Mistakes. Nothing is changed by it."""
    sides = await _sides(ctx, contents)
    drift = {} if back_to else await compare(ctx.store, contents, base)
    plan = Plan(
        base=sides.head.n,
        base_hash=sides.live_hash,
        states=dict(sides.head.states),
        contents=contents,
        made_at=ctx.now(),
        author=author,
        note=note,
        zone=sides.new.rules.timezone,
        folder=folder,
        recall=recall,
        back_to=back_to,
        drift=drift,
    )
    if not plan.publishes:
        return plan
    return await _filled(ctx, plan, sides, overwrite=overwrite or bool(back_to), forecast=forecast)


async def under_way(ctx: Context, contents: Contents) -> dict[str, int]:
    """SOP → how many people are under way in it now, for every SOP that would change."""
    sides = await _sides(ctx, contents)
    found = between(sides.live, sides.new)
    lines = await _affected(ctx, found, sides, recall=False)
    return {one.sop: one.total for one in lines}


async def _sides(ctx: Context, contents: Contents) -> Sides:
    new = await asyncio.to_thread(load_texts, contents.files, contents.pictures)
    head = await ctx.store.releases.live()
    marks = {path: sha256(content).hexdigest() for path, content in contents.pictures.items()}
    if not head.n:
        return Sides(
            head=head,
            live=Book(),
            new=new,
            gone={},
            live_hash="",
            live_pictures={},
            new_pictures=marks,
        )
    stored = await ctx.store.releases.get(head.n)
    was, readable = await _as_it_was(ctx, head.n)
    return Sides(
        head=head,
        live=with_states(was, head.states),
        new=with_states(new, still_meant(head.states, was, new)),
        gone=redirects(was, new, stored.redirects),
        live_hash=stored.hash,
        live_pictures=stored.pictures,
        new_pictures=marks,
        readable=readable,
    )


async def _as_it_was(ctx: Context, n: int) -> tuple[Book, bool]:
    """What a release said; nothing, and False, when no version of today can read it."""
    try:
        return (await ctx.releases.get(n)).book, True
    except Mistakes:
        return Book(), False


async def _filled(
    ctx: Context, plan: Plan, sides: Sides, *, overwrite: bool, forecast: bool
) -> Plan:
    now, hours = ctx.now(), Hours.of(sides.new)
    found = between(sides.live, sides.new, (sides.live_pictures, sides.new_pictures))
    people = await coming(ctx.store, now)
    audiences = await _audiences(ctx, found, sides.new, people, now)
    here = await _company(ctx, sides, now)
    told = [
        *_behind(plan.drift, overwrite=overwrite),
        *_unreadable(sides),
        *await _frozen(ctx, sides),
        *_questions(found),
        *holidays.remarks(sides.new, hours, now),
        *audience.remarks(audiences),
        *company.remarks(sides.new, here, hours),
        *codes.remarks(sides.live, sides.new),
        *links.remarks(sides.live, sides.new),
        *greetings.remarks(sides.live, sides.new),
        *await sources.remarks(ctx.store.census, sides.new, now),
        *_whose_tags(found, sides.new),
        *_pages(sides.new, ctx.settings.public_url),
        *_reminders(sides.new),
    ]
    shown: tuple[Example, ...] = ()
    ahead = None
    if forecast:
        ahead = await outlook.look(ctx, sides.head.n, sides.live, sides.new, sides.gone, people)
        shown = await examples.worked(ctx, found, sides.new, people)
        told += outlook.beyond_limit(ahead)
    return replace(
        plan,
        changes=found,
        affected=(
            *await _affected(ctx, found, sides, recall=plan.recall),
            *_calendars(found, sides, here.groups, now),
        ),
        audiences=tuple(audiences),
        outlook=ahead,
        examples=shown,
        remarks=tuple(told),
        approvals=await _approvals(ctx, plan.contents, sides.new),
    )


async def _affected(ctx: Context, found: Changes, sides: Sides, *, recall: bool) -> list[Affected]:
    lines: list[Affected] = []
    hours, reworded = Hours.of(sides.new), dict(said.reworded(sides.live, sides.new))
    for one in found.sops:
        sop = sides.new.sops.get(one.name)
        before = predecessor(sop, sides.live, sides.new) if sop else sides.live.sops[one.name]
        if before is None:
            continue
        change = Change(
            before=before,
            sop=sop or before,
            found=one,
            redirects=sides.gone.get(one.name, {}),
            reworded=reworded.pop(before.name, frozenset()),
            withdraw=recall,
        )
        lines.append(await affected.count(ctx.store.census, change, hours, ctx.now()))
    for name, steps in reworded.items():  # only a 素材 of theirs reads differently
        line = await affected.unsent(ctx.store.census, [name], steps, withdraw=recall)
        if line.count:
            lines.append(Affected(sop=name, of="素材", total=0, lines=(line,)))
    return lines


def _calendars(
    found: Changes, sides: Sides, groups: Sequence[Group], now: datetime
) -> Iterator[Affected]:
    for one in found.sops:
        if sides.head.n and (lines := calendars.affected(one, sides.live, sides.new, groups, now)):
            yield lines


async def _audiences(
    ctx: Context, found: Changes, book: Book, people: Coming, now: datetime
) -> list[Audience]:
    """Of the SOPs that change and will run."""
    names = [one.name for one in found.sops if one.mark != "-"]
    sops = [sop for name in names if (sop := book.sops[name]).state == "启用"]
    looked = [await audience.look(ctx.store, book, sop, people.per_day, now) for sop in sops]
    return [one for one in looked if one]


async def _company(ctx: Context, sides: Sides, now: datetime) -> Company:
    store = ctx.store
    marks = {mark: path for path, mark in sides.new_pictures.items()}
    expiring = await store.census.media(list(marks), now + _SOON)
    return Company(
        tags=frozenset((await store.tags.names()).values()),
        groups=await store.groups.all(),
        staff=await store.staff.active(),
        media={marks[mark]: at for mark, at in expiring.items()},
    )


async def _approvals(ctx: Context, contents: Contents, book: Book) -> Approvals:
    missing = await missing_approval(ctx, contents, book)
    given = tuple(str(one["who"]) for one in await ctx.store.releases.approvals(contents.hash))
    return Approvals(wanted=missing.people if missing else given, given=() if missing else given)


# ---- remarks ------------------------------------------------------------------------------------


def _behind(drift: Mapping[str, Side], *, overwrite: bool) -> list[Remark]:
    """What qunce apply will refuse, said before."""
    theirs = [path for path, side in drift.items() if side != "only-folder"]
    if not theirs or overwrite:
        return []
    cure = "先运行 qunce pull；确定以文件夹为准，用 --overwrite（覆盖线上）"
    return [error(f"线上有文件夹里没有的改动（{'、'.join(theirs[:4])}）：{cure}")]


def _unreadable(sides: Sides) -> list[Remark]:
    if sides.readable:
        return []
    return [
        beware(f"线上第 {sides.head.n} 版现在的群策读不了：比较时当作空的，进行中的按步骤名接上")
    ]


async def _frozen(ctx: Context, sides: Sides) -> list[Remark]:
    """A running experiment may not be changed under the feet of those in it."""
    known = await ctx.store.experiments.names()
    return [
        error(f"“{sop}”的“{step}”：{what}")
        for sop, step, what in frozen(sides.live, sides.new, known)
    ]


def _questions(found: Changes) -> list[Remark]:
    return [beware(question) for sop in found.sops for question in sop.questions]


def _whose_tags(found: Changes, book: Book) -> list[Remark]:
    """The default of 谁打的, once, where a changed SOP relies on it."""
    names = [one.name for one in found.sops if one.mark != "-"]
    if any(_asks_anybodys(book.sops[name]) for name in names):
        return [note("标签条件：任何人打的（只看本跟进人打的，请写 谁打的: 本跟进人打的）")]
    return []


def _asks_anybodys(sop: Sop) -> bool:
    waiting: list[object] = [*sop.entry.conditions]
    for node in sop.flow().nodes.values():
        waiting += node.step.conditions
        for arm in getattr(node.step.actions[-1], "arms", ()):
            waiting += getattr(arm, "conditions", ())
    while waiting:
        condition = waiting.pop()
        if isinstance(condition, Tagged) and condition.by == "任何人":
            return True
        if isinstance(condition, AnyOf | NoneOf):
            waiting += condition.conditions
    return False


def _pages(book: Book, public_url: str | None) -> list[Remark]:
    """Links of pages nobody could open."""
    linked = [] if public_url else linked_by(book)
    shown = "、".join(f"{{{page}}}" for page in linked)
    why = f"文案里有 {shown}，但没有设置 QUNCE_PUBLIC_URL：发出去的消息里没有链接"
    return [beware(why)] if linked else []


def _reminders(book: Book) -> list[Remark]:
    count = len(book.reminders)
    return [note(f"检查时有 {count} 条提醒：运行 qunce check 查看")] if count else []
