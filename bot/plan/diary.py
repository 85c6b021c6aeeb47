"""The days of a calendar: what was sent and given, and what will be, as far as it can be known."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from bot.context import Context
from bot.model import Group
from bot.plan.foreseen import Foreseen, foreseen
from bot.plan.steps import in_brief
from bot.playbook.hours import Hours
from bot.playbook.recurring import takes_part
from bot.store.day_figures import Days, Pile
from bot.store.forecasts import Expected
from config.book import Book
from config.moments import PostMoment
from config.sop import GiveTask, Invite, SendCustomer, SendGroup, Sop, Step

Kind = Literal["customers", "groups", "moments", "tasks", "audience", "steps"]
Sure = Literal["past", "fixed", "estimated", "standing", "rehearsed", "left out"]
"""``past``: it happened. ``fixed``: the moment is certain. ``estimated``: the holidays of its year
are not announced. ``standing``: those who stand before it now; conditions are asked again then.
``rehearsed``: about so many, by the newest forecast. ``left out``: by its own calendar."""
_DAY = timedelta(days=1)
_SHOWN: frozenset[str] = frozenset({"customers", "groups", "moments", "tasks", "steps"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which days, and of whom; empty is everybody. ``staff`` None: all of them."""

    first: date
    last: date
    staff: tuple[str, ...] | None = None
    sop: str = ""
    theme: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One step of one SOP on one day."""

    at: datetime
    kind: Kind
    sop: str
    step: str
    sure: Sure
    count: int | None = None
    """Customers or groups; None: nobody can know before."""
    fates: Mapping[str, int] = field(default_factory=dict)
    acted: int = 0
    """Of them, those for which staff pressed the button."""
    notes: tuple[str, ...] = ()
    brief: str = ""
    """What the step does by the live release; "" when it is not in it any more."""
    about: int | None = None
    """How many the newest forecast expects, those who stand there and those who do not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    day: date
    entries: Sequence[Entry]
    is_workday: bool
    is_holiday: bool
    is_moved: bool
    """A workday on a weekend, or a day off on a weekday."""
    estimated: bool


Briefs = dict[tuple[str, str], str]
"""(SOP, step) → what it does: the same on every day of a month."""


async def diary(ctx: Context, asked: Asked) -> list[Day]:
    """Every day asked for, also those on which nothing happens."""
    book, now = (await ctx.releases.head()).book, ctx.now()
    hours = Hours.of(book)
    sops = _sops(book, asked)
    days = await _counted(ctx, asked, hours, now)
    briefs: Briefs = {}
    entries = {day: list(_of_piles(days[day], book, sops, briefs)) for day in days}
    for one in await _to_come(ctx, asked, book, hours, now):
        if sops is None or one.sop in sops:
            entries[one.at.astimezone(hours.tz).date()].append(one)
    forecast = await ctx.store.forecasts.newest()
    if forecast and asked.staff is None and not asked.group:
        for expected in forecast.expected:
            if expected.day in entries and (sops is None or expected.sop in sops):
                _expect(entries[expected.day], expected, book, now)
    return [_day(day, entries[day], hours) for day in sorted(entries)]


def _sops(book: Book, asked: Asked) -> frozenset[str] | None:
    """The names, former ones too, of the SOPs asked for; None: of all."""
    if asked.sop:
        sop = book.sop(asked.sop)
        return frozenset(sop.names) if sop else frozenset({asked.sop})
    if asked.theme:
        found = (sop for sop in book.sops.values() if _is_about(sop, asked.theme))
        return frozenset(name for sop in found for name in sop.names)
    return None


def _is_about(sop: Sop, theme: str) -> bool:
    if sop.entry.theme == theme:
        return True
    actions = (action for node in sop.flow().nodes.values() for action in node.step.actions)
    return any(isinstance(action, Invite) and action.theme == theme for action in actions)


async def _counted(ctx: Context, asked: Asked, hours: Hours, now: datetime) -> Days:
    figures, when = ctx.store.day_figures, (asked.first, asked.last)
    if asked.group:
        return await figures.of_group(asked.group, *when, zone=hours.tz, now=now)
    return await figures.days(*when, zone=hours.tz, now=now, staff=asked.staff)


# ---- what was counted ---------------------------------------------------------------------------


def _of_piles(
    piles: Iterable[Pile], book: Book, sops: frozenset[str] | None, briefs: Briefs
) -> Iterator[Entry]:
    """One entry for each step; what is past and what is to come of it apart."""
    found: dict[tuple[str, str, str, bool], list[Pile]] = {}
    for pile in piles:
        if pile.kind in _SHOWN and (sops is None or pile.sop in sops):
            ahead = pile.kind == "steps" or pile.fate == "coming"
            found.setdefault((pile.kind, pile.sop, pile.step, ahead), []).append(pile)
    for (kind, sop, step, ahead), those in found.items():
        yield _entry(those, kind, book.sop(sop), step, briefs, ahead=ahead)


def _entry(
    piles: Sequence[Pile], kind: str, sop: Sop | None, step: str, briefs: Briefs, *, ahead: bool
) -> Entry:
    nodes = sop.flow().nodes if sop else {}
    written = nodes[step].step if step in nodes else None
    about = (sop.name if sop else "", step)
    if about not in briefs:
        briefs[about] = in_brief(written) if written else ""
    fates: Counter[str] = Counter()
    for pile in piles:
        fates[pile.fate] += pile.count
    reasons = Counter({p.reason: p.count for p in piles if p.reason})
    return Entry(
        at=min(pile.first for pile in piles),
        kind=_what(written) if kind == "steps" else kind,  # type: ignore[arg-type]  # one of _SHOWN
        sop=sop.name if sop else piles[0].sop,
        step=step,
        sure="standing" if ahead else "past",
        count=sum(fates.values()),
        fates=fates,
        acted=sum(pile.count for pile in piles if pile.acted),
        notes=tuple(f"{reason} {count}" for reason, count in reasons.most_common(3)),
        brief=briefs[about],
    )


def _what(step: Step | None) -> Kind:
    """What people get of a step, before anything else."""
    words: tuple[tuple[type[object], Kind], ...] = (
        (SendCustomer, "customers"),
        (SendGroup, "groups"),
        (PostMoment, "moments"),
        (GiveTask, "tasks"),
    )
    for action in step.actions if step else ():
        for kind, word in words:
            if isinstance(action, kind):
                return word
    return "steps"


# ---- what comes by the calendar -----------------------------------------------------------------


async def _to_come(
    ctx: Context, asked: Asked, book: Book, hours: Hours, now: datetime
) -> list[Entry]:
    since = max(now, datetime.combine(asked.first, time(), hours.tz))
    until = datetime.combine(asked.last + _DAY, time(), hours.tz)
    if since >= until:
        return []
    moments = list(foreseen(book, since - _DAY, until))  # one put off since yesterday is today's
    themes = {book.sops[one.sop].entry.theme or "" for one in moments}
    groups = {theme: await _groups(ctx, theme, asked) for theme in themes if theme}
    taking: dict[str, int] = {}  # SOP → groups, the same at each of its moments
    for name in {one.sop for one in moments}:
        sop = book.sops[name]
        there = groups.get(sop.entry.theme or "", ())
        taking[name] = sum(takes_part(sop, group, now) for group in there)
    return [
        _foreseen(one, book.sops[one.sop], taking[one.sop])
        for one in moments
        if since <= one.at < until and one.planned > now and _concerns(one, asked, groups, book)
    ]


def _concerns(
    one: Foreseen, asked: Asked, groups: Mapping[str, Sequence[Group]], book: Book
) -> bool:
    """Who asks about some people or one group hears of what these get."""
    if one.kind == "audience":
        return not (asked.group or asked.theme)
    there = groups.get(book.sops[one.sop].entry.theme or "", ())
    return bool(there) or not (asked.group or asked.staff is not None)


async def _groups(ctx: Context, theme: str, asked: Asked) -> list[Group]:
    listed = await ctx.store.groups.of_theme(theme)
    return [
        group
        for group in listed
        if asked.group in ("", group.id) and (asked.staff is None or group.owner in asked.staff)
    ]


def _foreseen(one: Foreseen, sop: Sop, groups: int) -> Entry:
    notes = (one.note,) if one.note else ()
    sure: Sure = "left out" if one.left_out else "estimated" if one.estimated else "fixed"
    if one.kind == "audience":
        return Entry(
            at=one.at, kind="audience", sop=sop.name, step=one.step, sure=sure, notes=notes
        )
    step = sop.flow()[one.step].step
    return Entry(
        at=one.at,
        kind=_what(step),
        sop=sop.name,
        step=one.step,
        sure=sure,
        count=groups,
        notes=notes,
        brief=in_brief(step),
    )


# ---- what a rehearsal expects -------------------------------------------------------------------


def _expect(entries: list[Entry], one: Expected, book: Book, now: datetime) -> None:
    """Beside who stands there already; what is certain needs no forecast."""
    sop = book.sops.get(one.sop)
    nodes = sop.flow().nodes if sop else {}
    if one.step not in nodes or one.first <= now:
        return
    same = [n for n, e in enumerate(entries) if (e.sop, e.step) == (one.sop, one.step)]
    for n in same:
        if entries[n].sure == "standing":
            entries[n] = replace(entries[n], about=one.count)
            return
    if not any(entries[n].sure in ("fixed", "estimated", "left out") for n in same):
        about = {"kind": one.kind, "sop": one.sop, "step": one.step}
        brief = in_brief(nodes[one.step].step)
        entries.append(
            Entry(at=one.first, **about, sure="rehearsed", about=one.count, brief=brief)  # type: ignore[arg-type]  # as named
        )


def _day(day: date, entries: Sequence[Entry], hours: Hours) -> Day:
    works = hours.calendar.is_workday(day)
    return Day(
        day=day,
        entries=sorted(entries, key=lambda one: (one.at, one.sop, one.step, one.sure)),
        is_workday=works,
        is_holiday=hours.calendar.is_holiday(day),
        is_moved=works != (day.weekday() < 5),
        estimated=hours.calendar.estimated(day),
    )
