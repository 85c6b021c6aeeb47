"""Worked examples with real dates: somebody enters, and this is what happens to them."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.context import Context
from bot.model import Staff
from bot.plan.changes import Changes
from bot.plan.guest import Guest, Scene, visit
from bot.plan.population import Coming
from bot.plan.story import Moment, merged, told
from bot.playbook.hours import Hours
from config.book import Book
from config.phrases import WEEKDAYS, AfterWorkdays, NextWorkday, OnDay
from config.sop import Node, Sop
from config.triggers import AUDIENCE

MOST_SOPS = 2  # whose examples are shown
_DAY = timedelta(days=1)
_AHEAD_DAYS = 400
_LATE = time(21, 50)
_AFTER_QUIET = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """``only_differences``: the moments are those that are not as the SOP says at first sight."""

    sop: str
    title: str
    moments: tuple[Moment, ...] = ()
    only_differences: bool = False
    why_none: str = ""


async def worked(ctx: Context, found: Changes, book: Book, expected: Coming) -> tuple[Example, ...]:
    """Of the SOPs that change most and will run."""
    changed = [one for one in found.sops if one.mark != "-" and book.sops[one.name].state == "启用"]
    most = sorted(changed, key=lambda one: -one.size)[:MOST_SOPS]
    if not most:
        return ()
    staff = await ctx.store.staff.active()
    scene = Scene(
        book=book,
        now=ctx.now(),
        staff=staff,
        host=_host(staff, expected, book),
        groups=await ctx.store.groups.all(),
        tag_names=await ctx.store.tags.names(),
    )
    shown: list[Example] = []
    for one in most:
        sop = book.sops[one.name]
        guest = await _guest(ctx, sop, scene)
        shown += await asyncio.to_thread(_of, sop, scene, guest)
    return tuple(shown)


def _host(staff: list[Staff], expected: Coming, book: Book) -> str:
    """Whom the guest of the examples adds: whoever is added most."""
    known = {one.id for one in staff}
    busy = [(count, id) for id, count in expected.by_staff.items() if id in known]
    if busy:
        return max(busy)[1]
    return min(known or set(book.team.people.values()), default="")


async def _guest(ctx: Context, sop: Sop, scene: Scene) -> Guest:
    """For an audience somebody who really fits; otherwise one made to measure."""
    if sop.entry.kind == AUDIENCE:
        async for id in ctx.store.contacts.matching(sop.entry.conditions, scene.book, scene.now):
            known = await ctx.store.contacts.get(id)
            if known and known.newest_friend:
                return Guest(known)
    return Guest()


def _of(sop: Sop, scene: Scene, guest: Guest) -> list[Example]:
    """By day, late in the evening, and into the next days off."""
    return [*_three(sop, scene, guest)]


def _three(sop: Sop, scene: Scene, guest: Guest) -> Iterator[Example]:
    hours = Hours.of(scene.book)
    if sop.subject == "客户群":
        yield _group_week(sop, scene, hours)
        return
    yield _told(sop, scene, guest, scene.now, _now_title(sop, hours, scene.now))
    if sop.entry.kind != AUDIENCE:
        late = _late_evening(hours, scene.now)
        title = f"{late.astimezone(hours.tz):%H:%M} {_verb(sop)}"
        yield _differing(_told(sop, scene, guest, late, title))
    if rest := _before_rest(sop, hours, scene.now):
        local = rest.astimezone(hours.tz)
        title = f"{local.month}月{local.day}日 {_weekday(local.date())} {_verb(sop)}"
        yield _differing(_told(sop, scene, guest, rest, title))


def _told(sop: Sop, scene: Scene, guest: Guest, at: datetime, title: str) -> Example:
    plain = visit(sop, scene, guest, at, lucky=False)
    if not plain.entered:
        why = "例子里的客户不符合进入条件"
        return Example(sop=sop.name, title=title, why_none=why)
    lucky = visit(sop, scene, guest, at, lucky=True)
    return Example(sop=sop.name, title=title, moments=merged(plain, lucky))


def _differing(example: Example) -> Example:
    differ = tuple(moment for moment in example.moments if moment.instead_of)
    return replace(example, moments=differ, only_differences=True)


# ---- when they enter ----------------------------------------------------------------------------


def _now_title(sop: Sop, hours: Hours, now: datetime) -> str:
    local = now.astimezone(hours.tz)
    day = f"今天（{local.month}月{local.day}日 {_weekday(local.date())}）"
    if sop.entry.kind == AUDIENCE:
        return f"{day}以后第一次被选中的客户"
    return f"{day}{local:%H:%M} {_verb(sop)}的客户"


def _weekday(day: date) -> str:
    return f"周{WEEKDAYS[day.weekday()]}"


def _verb(sop: Sop) -> str:
    entry = sop.entry
    match entry.kind:
        case "添加好友":
            return "加好友"
        case "检查人群":
            return "被选中"
        case "阶段变化":
            return f"到了“{entry.stage}”"
    about = entry.tag or entry.tag_group or entry.theme or entry.form or entry.event
    return f"{entry.kind}“{about}”" if about else entry.kind


def _late_evening(hours: Hours, now: datetime) -> datetime:
    """The next time just after customers' quiet hours have begun."""
    quiet = hours.quiet["客户"].start_after(now - _AFTER_QUIET)
    if quiet is not None:
        return quiet + _AFTER_QUIET
    local = now.astimezone(hours.tz)
    late = datetime.combine(local.date(), _LATE, hours.tz)
    return late if late > now else late + _DAY


def _before_rest(sop: Sop, hours: Hours, now: datetime) -> datetime | None:
    """A day on which entering leads a step into the next long holiday, else into a weekend."""
    days = [wait for node in sop.flow().nodes.values() if (wait := _days_until(node)) is not None]
    if not days:
        return None
    wait = days[-1]
    today = now.astimezone(hours.tz).date()
    coming = [today + n * _DAY for n in range(wait, _AHEAD_DAYS)]
    holidays = [day for day in coming if hours.calendar.is_holiday(day)]
    off = [day for day in coming if not hours.calendar.is_workday(day)]
    found = holidays[1:2] or off[:1]
    if not found:
        return None
    entered = datetime.combine(found[0] - wait * _DAY, time(10), hours.tz)
    return entered if entered > now else entered + timedelta(days=7 if not holidays else 1)


def _days_until(node: Node) -> int | None:
    """How many days after entry a step comes that minds its day; None: it does not mind."""
    match node.step.when:
        case OnDay(day, _) if node.off_day != "照常":
            return day - 1
        case NextWorkday():
            return 1
        case AfterWorkdays(days, _):
            return days
    return None


# ---- groups -------------------------------------------------------------------------------------


def _group_week(sop: Sop, scene: Scene, hours: Hours) -> Example:
    """What a group of the theme gets in the seven days to come."""
    found = visit(sop, scene, Guest(), scene.now, lucky=False)
    local = scene.now.astimezone(hours.tz)
    title = f"主题“{sop.entry.theme}”的群，{local.month}月{local.day}日起 7 天"
    if not found.entered:
        return Example(sop=sop.name, title=title, why_none="这几天没有要发的，或者群还不符合条件")
    return Example(sop=sop.name, title=title, moments=told(found))
