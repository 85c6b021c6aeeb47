"""The traditional calendar, and days that come back every year: the one door to borax."""

from collections.abc import Iterator
from datetime import date, timedelta

from borax.calendars.lunardate import LCalendars, LunarDate

_DAY = timedelta(days=1)


def lunar_days(month: int, day: int, since: date, until: date) -> Iterator[date]:
    """Every 正月初一, 腊月二十三 … in [since, until], never in a leap month.

    Day 30 of a month that has only 29 is its last day.
    """
    for year in range(since.year - 1, until.year + 1):
        found = in_lunar_year(month, day, year)
        if since <= found <= until:
            yield found


def in_lunar_year(month: int, day: int, year: int) -> date:
    """That day of the lunar year which begins in ``year``."""
    last = LCalendars.ndays(year, month)
    solar: date = LunarDate(year, month, min(day, last)).to_solar_date()
    return solar


def month_and_day(born: date) -> tuple[int, int]:
    """The lunar month and day of a date; a birthday in a leap month is kept in the ordinary one."""
    lunar = LunarDate.from_solar(born)
    return lunar.month, lunar.day


def anniversaries(first: date, since: date, until: date, *, lunar: bool) -> Iterator[date]:
    """The day on which ``first`` comes back, in [since, until] and not before it.

    Of the 29th of February in other years it is the 28th.
    """
    if lunar:
        found = lunar_days(*month_and_day(first), since, until)
    else:
        found = (_in_year(first, year) for year in range(since.year, until.year + 1))
    yield from (day for day in found if max(since, first) <= day <= until)


def _in_year(first: date, year: int) -> date:
    try:
        return first.replace(year=year)
    except ValueError:
        return first.replace(year=year, month=3, day=1) - _DAY
