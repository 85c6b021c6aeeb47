"""报表: figures with their denominators, on the screen or as a file for a spreadsheet."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Final

from aiohttp import web

from bot import reports
from bot.reports.report import CannotReport
from bot.store.work import KEEP_FILE_DAYS, Work
from bot.work import begin
from console.language import marked
from console.shown_reports import Shown, Wanted, as_csv, from_figures, make
from console.site import Route, Visit, go

AT_ONCE: Final = 10_000  # customers; of more, a report is counted as long work and kept
_DAYS: Final = (1, 7, 30, 90, 365)
_LOOKED_AT: Final = 20  # of the reports the reader had counted last


async def page(visit: Visit) -> web.StreamResponse:
    wanted = _wanted(visit.request.query)
    later = await _is_large(visit)
    shown: Shown | None = None
    kept: Work | None = None
    wrong = ""
    try:
        if not later:
            shown = await make(visit.ctx, wanted)
        elif kept := await _kept(visit, wanted):
            shown = from_figures(kept.result)
    except CannotReport as error:
        wrong = str(error)
    return visit.page(
        "figures.html",
        wanted=wanted,
        listed=reports.REPORTS,
        choices=_DAYS,
        shown=shown,
        later=later,
        kept=kept,
        has_file=_has_file(visit, kept),
        wrong=wrong,
    )


async def count(visit: Visit) -> web.StreamResponse:
    """Have it counted; the same wish twice is one piece of work."""
    wanted = _wanted(await visit.form())
    visit.about = wanted.name
    work_id = await begin(visit.ctx, "report", asdict(wanted), by=visit.who.user)
    return go(f"/console/work/{work_id}")


async def file(visit: Visit) -> web.StreamResponse:
    """For spreadsheets; what is counted as long work has its file there."""
    if await _is_large(visit):
        return go(visit.request.path_qs.replace("figures.csv", "figures", 1))
    try:
        shown = await make(visit.ctx, _wanted(visit.request.query))
    except CannotReport as error:
        return visit.page("error.html", status=409, why=str(error))
    answer = web.Response(body=as_csv(shown), content_type="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=qunce-report.csv"
    return answer


async def _is_large(visit: Visit) -> bool:
    return await visit.ctx.store.census.customers() > AT_ONCE


async def _kept(visit: Visit, wanted: Wanted) -> Work | None:
    """The newest of this kind that was counted for the reader; None: none was."""
    lately = await visit.ctx.store.work.latest_of("report", visit.who.user, _LOOKED_AT)
    same = (work for work in lately if work.args == asdict(wanted) and work.state == "完成")
    return next(same, None)


def _has_file(visit: Visit, kept: Work | None) -> bool:
    """Files are kept for a day, what is on the page for longer."""
    ended = kept.ended_at if kept else None
    return ended is not None and visit.ctx.now() - ended < timedelta(days=KEEP_FILE_DAYS)


def _wanted(query: Mapping[str, str]) -> Wanted:
    """404 for a report that does not exist."""
    name = query.get("name", next(iter(reports.REPORTS)))
    listed = reports.REPORTS.get(name)
    if listed is None:
        raise web.HTTPNotFound
    return Wanted(
        name=name,
        days=next((days for days in _DAYS if str(days) == query.get("days")), 30),
        by=query.get("by", "").strip()[:40] if listed.by else "",
        about=query.get("about", "").strip()[:80] if listed.about else "",
    )


ROUTES: Final = (
    Route("GET", "/console/figures", "figures", page),
    Route("GET", "/console/figures.csv", "figures", file),
    Route("POST", "/console/figures/count", "figures", count, did=marked("计算报表")),
)
