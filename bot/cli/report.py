"""The command that prints figures: one table, and below it what the figures leave out."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot import reports
from bot.app import open_context
from bot.cli.terminal import AsJson, complain, say, say_json
from bot.plan.columns import WIDTH, clip, hang, pad, width
from bot.reports.report import Asked, CannotReport, Column, Report
from bot.reports.words import cell, days_ago
from config import settings as deployment
from config.guess import closest, did_you_mean
from config.settings import Settings

_GAP = "  "
_MOST = 30  # cells of one column


def report(
    name: Annotated[str, typer.Argument(help="渠道、任务、推送……；不写就列出有哪些")] = "",
    days: Annotated[int, typer.Option(min=1, max=730, help="最近几天，今天也算一天")] = 30,
    by: Annotated[str, typer.Option(help="按什么拆开，例如标签组“宝宝月龄”")] = "",
    about: Annotated[str, typer.Option(help="只看这一个渠道、主题群、素材……")] = "",
    as_json: AsJson = False,
) -> None:
    """看数字：每个报表只数一件事，比例旁边都有分母，算不出来的写明原因。"""
    if not name:
        _list(as_json=as_json)
        return
    _ask_for_what_there_is(name, by, about)
    settings = deployment.load()
    try:
        made, asked = asyncio.run(_made(settings, name, days, by, about))
    except CannotReport as error:
        complain(str(error), 2)
    if as_json:
        say_json(in_json(made, asked))
        return
    for line in in_words(made, asked, settings.tz):
        say(line)


def in_words(made: Report, asked: Asked, tz: ZoneInfo) -> list[str]:
    """As the terminal shows it: one line per row, or a few where a row is wider than a screen."""
    first, last = (moment.astimezone(tz) for moment in (asked.since, asked.until))
    when = f"{first:%Y-%m-%d} 至 {last:%m-%d %H:%M}"
    lines = [f"{made.title}（{f'{last:%Y-%m-%d %H:%M} 现在' if made.now else when}）", ""]
    shown = [[cell(column, row, tz) for column in made.columns] for row in made.rows]
    lines += _table(made.columns, shown) if shown else [made.empty]
    notes = [line for note in made.notes for line in hang("· ", note)]
    return [*lines, *([""] if notes else []), *notes]


def in_json(made: Report, asked: Asked) -> dict[str, Any]:
    """The same figures for programs; what nobody can know is null."""
    return {
        "title": made.title,
        "since": asked.since.isoformat(),
        "until": asked.until.isoformat(),
        "columns": [{"name": c.name, "title": c.title, "of": c.of} for c in made.columns],
        "rows": [_row(made, row) for row in made.rows],
        "notes": list(made.notes),
    }


def _list(*, as_json: bool) -> None:
    if as_json:
        rows = reports.REPORTS.items()
        say_json([{"name": n, "what": r.what, "about": r.about, "by": r.by} for n, r in rows])
        return
    for name, listed in reports.REPORTS.items():
        about = f"--about {listed.about}" if listed.about else ""
        by = f"--by {listed.by}" if listed.by else ""
        more = "，".join(filter(None, (about, by)))
        say(f"{pad(name, 10)}{listed.what}{f'（{more}）' if more else ''}")


def _ask_for_what_there_is(name: str, by: str, about: str) -> None:
    listed = reports.REPORTS.get(name)
    if listed is None:
        near = did_you_mean(closest(name, reports.REPORTS))
        complain(f"没有报表“{name}”：{near}现有 {'、'.join(reports.REPORTS)}", 2)
    if by and not listed.by:
        complain(f"报表“{name}”不能拆开看：去掉 --by", 2)
    if about and not listed.about:
        complain(f"报表“{name}”不能只看一个：去掉 --about", 2)


async def _made(
    settings: Settings, name: str, days: int, by: str, about: str
) -> tuple[Report, Asked]:
    async with open_context(settings) as ctx:
        now = ctx.now()
        first = days_ago(now, days, settings.tz)
        asked = Asked(since=first, until=now, by=by, about=about)
        return await reports.report(name)(ctx, asked), asked


def _row(made: Report, row: Mapping[str, Any]) -> dict[str, Any]:
    values = {column.name: row[column.name] for column in made.columns}
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}


def _table(columns: Sequence[Column], shown: Sequence[Sequence[str]]) -> list[str]:
    titles = [column.title for column in columns]
    cells = [min(_MOST, max(map(width, column))) for column in zip(titles, *shown, strict=True)]
    if sum(cells) + len(_GAP) * (len(cells) - 1) > WIDTH:
        return [line for row in shown for line in _block(titles, row)]
    rows = (titles, ["─" * size for size in cells], *shown)
    return [
        _GAP.join(
            pad(clip(cell, size), size) for cell, size in zip(row, cells, strict=True)
        ).rstrip()
        for row in rows
    ]


def _block(titles: Sequence[str], row: Sequence[str]) -> list[str]:
    """A row that is wider than a screen: its first value, and below it everything by name."""
    cells = [f"{title} {value}" for title, value in zip(titles[1:], row[1:], strict=True) if value]
    lines = [""]
    for told in cells:
        longer = f"{lines[-1]}{_GAP}{told}" if lines[-1] else told
        if lines[-1] and width(longer) > WIDTH - len(_GAP):
            lines.append(told)
        else:
            lines[-1] = longer
    return [row[0], *(part for line in lines if line for part in hang(_GAP, line))]
