"""Which days a page of the calendar shows, and where one turns to from there.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, get_args

View = Literal["month", "week", "list"]
VIEWS: Final[tuple[View, ...]] = get_args(View)
_DAY = timedelta(days=1)
_FARTHEST = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the calendar: whole weeks, or the days of one month as a list."""

    view: View
    at: date
    first: date
    last: date
    before: date
    after: date

    def holds(self, day: date) -> bool:
        """False for the days of other months that only fill the weeks."""
        return self.view == "week" or (day.year, day.month) == (self.at.year, self.at.month)


def leaf(asked: Mapping[str, str], today: date) -> Leaf:
    """The page asked for; what nobody can read means today, and nobody turns to another age."""
    view: View = next((view for view in VIEWS if view == asked.get("view")), "month")
    try:
        at = date.fromisoformat(asked.get("at", ""))
    except ValueError:
        at = today
    at = max(today - _FARTHEST, min(at, today + _FARTHEST))
    if view == "week":
        monday = at - at.weekday() * _DAY
        return Leaf(view, at, monday, monday + 6 * _DAY, at - 7 * _DAY, at + 7 * _DAY)
    first = at.replace(day=1)
    behind = (first + 31 * _DAY).replace(day=1)
    last, before = behind - _DAY, (first - _DAY).replace(day=1)
    if view == "list":
        return Leaf(view, at, first, last, before, behind)
    return Leaf(
        view,
        at,
        first - first.weekday() * _DAY,
        last + (6 - last.weekday()) * _DAY,
        before,
        behind,
    )
