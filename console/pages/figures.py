"""报表: figures with their denominators, on the screen or as a file for a spreadsheet."""

import csv
import io
import re
from typing import Final

from aiohttp import web

from bot import reports
from bot.reports.report import Asked, CannotReport, Report
from bot.reports.words import cell, days_ago
from console.site import Route, Visit

_DAYS: Final = (1, 7, 30, 90, 365)


async def page(visit: Visit) -> web.StreamResponse:
    name, asked, days = _asked(visit)
    wrong, made = "", None
    try:
        made = await reports.report(name)(visit.ctx, asked)
    except CannotReport as error:
        wrong = str(error)
    return visit.page(
        "figures.html",
        name=name,
        listed=reports.REPORTS,
        days=days,
        choices=_DAYS,
        asked=asked,
        made=made,
        rows=_cells(visit, made) if made else [],
        wrong=wrong,
    )


async def file(visit: Visit) -> web.StreamResponse:
    """For spreadsheets: the mark at the beginning tells them that it is UTF-8."""
    name, asked, _ = _asked(visit)
    try:
        made = await reports.report(name)(visit.ctx, asked)
    except CannotReport as error:
        return visit.page("error.html", status=409, why=str(error))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.title for column in made.columns])
    writer.writerows([[_harmless(one) for one in row] for row in _cells(visit, made)])
    writer.writerows([[note] for note in made.notes])
    answer = web.Response(body=text.getvalue().encode("utf-8-sig"), content_type="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=qunce-report.csv"
    return answer


def _asked(visit: Visit) -> tuple[str, Asked, int]:
    """404 for a report that does not exist."""
    query, now = visit.request.query, visit.ctx.now()
    name = query.get("name", next(iter(reports.REPORTS)))
    listed = reports.REPORTS.get(name)
    if listed is None:
        raise web.HTTPNotFound
    days = next((days for days in _DAYS if str(days) == query.get("days")), 30)
    return (
        name,
        Asked(
            since=days_ago(now, days, visit.site.settings.tz),
            until=now,
            by=query.get("by", "").strip() if listed.by else "",
            about=query.get("about", "").strip() if listed.about else "",
        ),
        days,
    )


def _cells(visit: Visit, made: Report) -> list[list[str]]:
    tz = visit.site.settings.tz
    return [[cell(column, row, tz) for column in made.columns] for row in made.rows]


def _harmless(text: str) -> str:
    """A customer's name must not become a formula of the reader's spreadsheet; figures stay."""
    if re.fullmatch(r"-?[\d.]+%?", text):
        return text
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


ROUTES: Final = (
    Route("GET", "/console/figures", "figures", page),
    Route("GET", "/console/figures.csv", "figures", file),
)
