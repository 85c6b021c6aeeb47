"""How the figures of a report are read: on a screen, in a browser and in a file alike."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.reports.report import Column

UNKNOWN = "—"  # nobody can know; the notes say why


def days_ago(now: datetime, days: int, tz: ZoneInfo) -> datetime:
    """The beginning of the local day with which the last ``days`` days begin."""
    first = now.astimezone(tz).date() - timedelta(days=days - 1)
    return datetime.combine(first, time(), tz)


def cell(column: Column, row: Mapping[str, Any], tz: ZoneInfo) -> str:
    """One value with its share, if its column names a whole."""
    value = row[column.name]
    if column.of and value is not None and (whole := row[column.of]):
        return f"{value}（{_percent(value / whole)}）"
    match value:
        case None:
            return UNKNOWN
        case float() if column.share:
            return _percent(value)
        case float():
            return f"{value:.1f}"
        case datetime():
            return f"{value.astimezone(tz):%Y-%m-%d %H:%M}"
        case bool():
            return "是" if value else "否"
        case list() | tuple():
            return "、".join(map(str, value))
    return str(value)


def _percent(share: float) -> str:
    return f"{share:.1%}".replace(".0%", "%")
