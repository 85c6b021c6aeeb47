"""推演: choose what is played and for how long, and see drawn what would come of it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from aiohttp import web

from bot.store.work import Work
from bot.work import begin
from console.drawn import columns
from console.language import marked
from console.pages.drafting import contents, draft_of
from console.site import Route, Visit, go

DAYS: Final = (7, 14, 30, 90)
CUSTOMERS: Final = (1_000, 5_000, 10_000)
_EARLIER = 10

#: The series of a day that are pushes: key of the figures → what people read.
SERIES: Final[Mapping[str, str]] = {
    "service": marked("服务"),
    "marketing": marked("营销"),
    "groups": marked("发到群"),
    "welcomes": marked("欢迎语"),
    "moments": marked("朋友圈"),
    "to_staff": marked("给员工"),
}


async def page(visit: Visit) -> web.StreamResponse:
    """What to play, and what was played before."""
    draft = await draft_of(visit.ctx, visit.who.user)
    mine = await visit.ctx.store.work.latest_of("simulate", visit.who.user, _EARLIER)
    return visit.page(
        "simulation_new.html",
        drafted=len(draft.changes),
        head=await visit.ctx.store.releases.head(),
        days=DAYS,
        customers=CUSTOMERS,
        earlier=mine,
    )


async def start(visit: Visit) -> web.StreamResponse:
    """Have it played; the same choice while it is under way is the same simulation."""
    sent = await visit.form()
    days = next((n for n in DAYS if str(n) == sent.get("days")), 30)
    customers = next((n for n in CUSTOMERS if str(n) == sent.get("customers")), 0)
    whose = visit.who.user if sent.get("what") == "draft" else ""
    visit.about = f"{days} 天，" + (f"虚拟门店 {customers:,} 位客户" if customers else "真实的客户")
    args = {"draft": whose, "days": days, "customers": customers}
    return go(f"/console/work/{await begin(visit.ctx, 'simulate', args, visit.who.user)}")


async def one(visit: Visit) -> web.StreamResponse:
    """A simulation that was played, drawn; 404 for what is none, or is not over."""
    work = await visit.ctx.store.work.get(visit.request.match_info["id"])
    if work is None or work.kind != "simulate" or "figures" not in work.result:
        raise web.HTTPNotFound
    figures = work.result["figures"]
    days = [dict(day) | {"day": date.fromisoformat(day["day"])} for day in figures["days"]]
    series = [name for name in SERIES if any(day[name] for day in days)]
    sent = [sum(day[name] for name in SERIES) for day in days]
    return visit.page(
        "simulation.html",
        work=work,
        figures=figures,
        days=days,
        series=series,
        names=SERIES,
        sent=sent,
        pushes=columns(days, series),
        tasks=columns(days, ["tasks"]),
        courses=_busy(figures["courses"]),
        most=max((one["pushes"] for one in figures["courses"]), default=0),
        load=max((one["tasks"] for one in figures["loads"]), default=0),
        each=max(figures["per_customer"].values(), default=0),
        stale=await _stale(visit, work),
    )


def _busy(courses: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those in which anything happened, the loudest first."""
    busy = [one for one in courses if one["entered"] or one["pushes"] or one["tasks"]]
    return sorted(busy, key=lambda one: (-one["pushes"], -one["tasks"], one["sop"]))


async def _stale(visit: Visit, work: Work) -> bool:
    """Whether what was played is not what would be played now."""
    whose = str(work.args.get("draft", ""))
    if whose:
        now = (await contents(visit.ctx, await draft_of(visit.ctx, whose))).hash
    else:
        head = await visit.ctx.store.releases.head()
        now = await visit.ctx.store.releases.fingerprint(head) if head else ""
    return now != str(work.result.get("hash", ""))


ROUTES: Final = (
    Route("GET", "/console/simulation", "edit", page),
    Route("POST", "/console/simulation", "edit", start, did=marked("推演")),
    Route("GET", "/console/simulation/{id}", "edit", one),
)
