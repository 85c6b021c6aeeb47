"""主题群: how full the groups of every theme are and how they do, and who waits for a place."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from bot.actions.opening import STEP
from bot.context import Context
from bot.model import Task
from bot.plan.words import condition
from bot.playbook.calendar import day_start
from bot.playbook.hours import Hours
from bot.playbook.regrouping import theme_subject
from bot.reports import themes as health
from bot.reports.report import Asked
from bot.store.group_lists import Owners, Totals
from bot.story import people
from config.book import Book
from config.themes import Theme
from console.pages.customers import staff_seen
from console.site import Route, Visit

_PAGE = 30
HEALTH_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One theme; ``held`` and ``free`` None: only known of all its groups together."""

    name: str
    purpose: str
    totals: Totals
    held: int | None
    waiting: int
    since: datetime | None
    given: int  # places given today
    limit: int | None
    opening: Task | None

    @property
    def share(self) -> float:
        return self.totals.members / self.totals.capacity if self.totals.capacity else 0.0

    @property
    def share_held(self) -> float:
        return (self.held or 0) / self.totals.capacity if self.totals.capacity else 0.0

    @property
    def free(self) -> int | None:
        return None if self.held is None else max(0, self.totals.room - self.held)


async def page(visit: Visit) -> web.StreamResponse:
    """Every theme; a lead sees the groups their own people own."""
    ctx = visit.ctx
    book = (await ctx.releases.head()).book
    owners = await staff_seen(ctx, visit.who)
    totals = await ctx.store.group_lists.totals(owners)
    held = await ctx.store.seat_lists.held(list(book.themes)) if owners is None else None
    return visit.page(
        "groups.html",
        rows=[await _row(ctx, book, theme, totals, held, owners) for theme in book.themes.values()],
        others=totals.get("", Totals()),
        names=await people(ctx),
    )


async def theme(visit: Visit) -> web.StreamResponse:
    """One theme with its groups and its waiting list; without a name the groups of none."""
    ctx, name = visit.ctx, await _named(visit)
    book = (await ctx.releases.head()).book
    owners = await staff_seen(ctx, visit.who)
    totals = await ctx.store.group_lists.totals(owners)
    found = book.themes.get(name)
    held = await ctx.store.seat_lists.held([name]) if owners is None else None
    return visit.page(
        "theme.html",
        name=name,
        row=await _row(ctx, book, found, totals, held, owners) if found else None,
        totals=totals.get(name, Totals()),
        gates=[condition(gate) for gate in found.gates] if found else [],
        overflow="、".join(found.overflow) if found else "",
        **await _groups(visit, name, owners),
        **await _waiting(visit, name, owners),
    )


async def more_groups(visit: Visit) -> web.StreamResponse:
    name, owners = await _named(visit), await staff_seen(visit.ctx, visit.who)
    return visit.page("theme_groups.html", name=name, **await _groups(visit, name, owners))


async def more_waiting(visit: Visit) -> web.StreamResponse:
    name, owners = await _named(visit), await staff_seen(visit.ctx, visit.who)
    return visit.page("theme_waiting.html", name=name, **await _waiting(visit, name, owners))


async def _named(visit: Visit) -> str:
    """404 for a theme that does not exist; "" is that of groups without one."""
    name = visit.request.query.get("name")
    if name is None or (name and name not in (await visit.ctx.releases.head()).book.themes):
        raise web.HTTPNotFound
    return name


async def _row(
    ctx: Context,
    book: Book,
    theme: Theme,
    totals: Mapping[str, Totals],
    held: Mapping[str, int] | None,
    owners: Owners,
) -> Row:
    lists, name = ctx.store.seat_lists, theme.name
    today = day_start(ctx.now(), Hours.of(book).tz)
    waiting, first, given, tasks = await asyncio.gather(
        lists.how_many_wait(name, owners),
        lists.waiting(name, owners, "", 1),
        lists.given(name, today),
        ctx.store.tasks.open_about(theme_subject(name)),
    )
    return Row(
        name=name,
        purpose=theme.purpose,
        totals=totals.get(name, Totals()),
        held=None if held is None else held.get(name, 0),
        waiting=waiting,
        since=first[0].created_at if first else None,
        given=given,
        limit=theme.daily_limit,
        opening=next((task for task in tasks if task.step == STEP), None),
    )


async def _groups(visit: Visit, theme: str, owners: Owners) -> dict[str, Any]:
    """One page of groups, each with how it did lately."""
    ctx, after = visit.ctx, visit.request.query.get("after", "")
    ids = await ctx.store.group_lists.of_theme(theme, owners, after, _PAGE + 1)
    known = await ctx.store.groups.many(ids[:_PAGE])
    shown = [known[id] for id in ids[:_PAGE] if id in known]
    rows = await health.health(ctx, shown, lately(ctx))
    return {
        "groups": list(zip(shown, rows, strict=True)),
        "after": ids[_PAGE - 1] if len(ids) > _PAGE else "",
        "days": HEALTH_DAYS,
    }


async def _waiting(visit: Visit, theme: str, staff: Sequence[str] | None) -> dict[str, Any]:
    ctx, after = visit.ctx, visit.request.query.get("after", "")
    seats = await ctx.store.seat_lists.waiting(theme, staff, after, _PAGE + 1) if theme else []
    shown = seats[:_PAGE]
    return {
        "seats": shown,
        "customers": await ctx.store.contacts.many(seat.subject for seat in shown),
        "behind": shown[-1].id if len(seats) > _PAGE else "",
        "names": await people(ctx),
    }


def lately(ctx: Context) -> Asked:
    """The time the health of groups is about."""
    return Asked(since=ctx.now() - timedelta(days=HEALTH_DAYS), until=ctx.now())


ROUTES: Final = (
    Route("GET", "/console/groups", "look", page),
    Route("GET", "/console/groups/theme", "look", theme),
    Route("GET", "/console/groups/theme/groups", "look", more_groups),
    Route("GET", "/console/groups/theme/waiting", "look", more_waiting),
)
