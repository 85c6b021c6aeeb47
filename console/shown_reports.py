"""A report as a page and a file show it: every cell in words."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.context import Context
from bot.reports import report
from bot.reports.report import Asked, Report
from bot.reports.words import cell, days_ago
from console.sheets import KINDS

MOST_ROWS: Final = 1_000  # of a kept one; its file has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    empty: str
    """Said in place of the table when there are no rows."""
    at: datetime
    left_out: int = 0
    """Rows that only the file has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which report of the last ``days`` days; the rest as in ``Asked``."""

    name: str
    days: int
    by: str = ""
    about: str = ""

    def asked(self, now: datetime, tz: ZoneInfo) -> Asked:
        return Asked(since=days_ago(now, self.days, tz), until=now, by=self.by, about=self.about)


async def make(ctx: Context, wanted: Wanted) -> Shown:
    """Count it now. Raises CannotReport."""
    now, tz = ctx.now(), ctx.settings.tz
    return _in_words(await report(wanted.name)(ctx, wanted.asked(now, tz)), now, tz)


def as_figures(shown: Shown) -> dict[str, Any]:
    """What is kept of it, with no more rows than a page has room for."""
    rows = list(shown.rows[:MOST_ROWS])
    return asdict(shown) | {"rows": rows, "left_out": len(shown.rows) - len(rows)}


def from_figures(figures: Mapping[str, Any]) -> Shown:
    names = Shown.__dataclass_fields__
    return Shown(**{name: value for name, value in figures.items() if name in names})


def as_csv(shown: Shown) -> bytes:
    sheet = KINDS["csv"].begin(shown.columns)
    sheet.add(shown.rows)
    sheet.add([note] for note in shown.notes)
    return sheet.done()


def _in_words(made: Report, now: datetime, tz: ZoneInfo) -> Shown:
    return Shown(
        title=made.title,
        columns=[column.title for column in made.columns],
        rows=[[cell(column, row, tz) for column in made.columns] for row in made.rows],
        notes=list(made.notes),
        empty=made.empty,
        at=now,
    )
