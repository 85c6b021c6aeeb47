"""日历: what was sent and given on each day, and what will be, as far as that can be known."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from bot.context import Context
from bot.plan.diary import Asked, diary
from bot.playbook.hours import Hours
from bot.reports.names import people
from bot.work import begin
from config.book import Book
from config.rules import Quieted
from console.language import marked
from console.month import VIEWS, Leaf, leaf
from console.pages.customers import staff_seen
from console.site import Route, Visit, go

_GROUPS_LISTED = 300
_IN_A_CELL = 4
_FILTERS: Final = ("about", "sop", "staff")
KINDS: Final[Mapping[str, str]] = {
    "customers": marked("推送"),
    "groups": marked("发到群"),
    "moments": marked("朋友圈"),
    "tasks": marked("任务"),
    "audience": marked("检查人群"),
    "steps": marked("步骤"),
}
QUIETED: Final[Mapping[Quieted, str]] = {
    "客户": marked("客户"),
    "客户群": marked("客户群"),
    "员工": marked("员工"),
}
WEEKDAYS: Final = (
    marked("周一"),
    marked("周二"),
    marked("周三"),
    marked("周四"),
    marked("周五"),
    marked("周六"),
    marked("周日"),
)
FATES: Final[Mapping[str, str]] = {
    "delivered": marked("已送达 {n}"),
    "said": marked("员工说做好了 {n}"),
    "verified": marked("已核实 {n}"),
    "waiting": marked("还没完 {n}"),
    "failed": marked("没送达 {n}"),
    "suppressed": marked("规则拦下 {n}"),
    "expired": marked("过期 {n}"),
    "cancelled": marked("取消 {n}"),
    "coming": marked("排着 {n}"),
}


async def page(visit: Visit) -> web.StreamResponse:
    """A lead sees what concerns their departments' people."""
    ctx, query = visit.ctx, visit.request.query
    book = (await ctx.releases.head()).book
    hours = Hours.of(book)
    today = ctx.now().astimezone(hours.tz).date()
    shown = leaf(query, today)
    chosen = {name: query.get(name, "") for name in _FILTERS}
    seen = await staff_seen(ctx, visit.who)
    asked = _asked(shown, chosen, seen)
    await _may_see(ctx, asked.group, seen)
    days = await diary(ctx, asked)
    names = await people(ctx)
    return visit.page(
        "calendar.html",
        leaf=shown,
        days=days,
        today=today,
        clock=lambda at: f"{at.astimezone(hours.tz):%H:%M}",
        url=lambda **changed: _url(shown, chosen, changed),
        views=VIEWS,
        most=_IN_A_CELL if shown.view == "month" else 10_000,
        kinds=KINDS,
        weekdays=WEEKDAYS,
        quiet=[(QUIETED[who], q.hours) for who, q in hours.quiet.items() if q.hours],
        fates=FATES,
        book=book,
        chosen=chosen,
        groups=await _groups(ctx, book, seen),
        staff=_people(names if seen is None else seen, names),
        windows=_windows(book, chosen["sop"]),
        forecast=await ctx.store.forecasts.newest() if seen is None else None,
        may_forecast=seen is None and visit.who.may("edit"),
        local_day=lambda at: f"{at.astimezone(hours.tz):%m-%d %H:%M}",
        release=(await ctx.releases.head()).n,
    )


async def rehearse(visit: Visit) -> web.StreamResponse:
    """Play through the coming days; whoever presses twice has it done once."""
    work_id = await begin(visit.ctx, "forecast", {}, visit.who.user)
    visit.about = work_id
    return go(f"/console/work/{work_id}")


def _asked(shown: Leaf, chosen: Mapping[str, str], seen: Sequence[str] | None) -> Asked:
    """Whom a lead may not see is nobody."""
    what, _, name = chosen["about"].partition(":")
    staff = tuple(seen) if seen is not None else None
    if chosen["staff"] and (staff is None or chosen["staff"] in staff):
        staff = (chosen["staff"],)
    return Asked(
        first=shown.first,
        last=shown.last,
        staff=staff,
        sop=chosen["sop"],
        theme=name if what == "theme" else "",
        group=name if what == "group" else "",
    )


def _people(whom: Iterable[str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(((one, names.get(one, one)) for one in whom), key=lambda pair: pair[1])


async def _may_see(ctx: Context, group: str, seen: Sequence[str] | None) -> None:
    """404 for a group that does not exist, or is none of the reader's business."""
    if not group:
        return
    found = await ctx.store.groups.get(group)
    if found is None or (seen is not None and found.owner not in seen):
        raise web.HTTPNotFound


async def _groups(
    ctx: Context, book: Book, seen: Sequence[str] | None
) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Theme → its groups (id, name); none are listed where there are too many to choose from."""
    listed = [
        group
        for group in await ctx.store.groups.all()
        if group.theme in book.themes and (seen is None or group.owner in seen)
    ]
    found: dict[str, list[tuple[str, str]]] = {theme: [] for theme in book.themes}
    for group in listed if len(listed) <= _GROUPS_LISTED else ():
        found[group.theme].append((group.id, group.name or group.id))
    return {theme: sorted(groups, key=lambda one: one[1]) for theme, groups in found.items()}


def _windows(book: Book, sop: str) -> Sequence[tuple[str, str]]:
    """(SOP, its 可发时段), of one or of all that have some."""
    sops = [found] if (found := book.sop(sop)) else list(book.sops.values())
    return [
        (one.name, "、".join(map(str, one.calendar.windows)))
        for one in sops
        if one.calendar.windows and one.state == "启用"
    ]


def _url(shown: Leaf, chosen: Mapping[str, str], changed: Mapping[str, object]) -> str:
    now = {"view": shown.view, "at": shown.at.isoformat(), **chosen}
    asked = {name: str(value) for name, value in (now | dict(changed)).items() if value}
    return f"/console/calendar?{urlencode(asked)}"


ROUTES: Final = (
    Route("GET", "/console/calendar", "look", page),
    Route("POST", "/console/calendar/forecast", "edit", rehearse, did=marked("推演日历")),
)
