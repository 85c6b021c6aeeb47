"""Which days are workdays: the State Council's calendar, with the company's own additions."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

from config.rules import Rules
from config.sop import OffDay

_DAY = timedelta(days=1)
_LONGEST_HOLIDAY = timedelta(days=15)
_LONG_HOLIDAY_DAYS = 5
_HORIZON = timedelta(days=366 * 2)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Every question about a day, answered without a clock."""

    extra_work: frozenset[date] = frozenset()
    extra_rest: frozenset[date] = frozenset()

    @classmethod
    def of(cls, rules: Rules) -> "WorkCalendar":
        own = rules.workdays
        return cls(frozenset(own.extra_work), frozenset(own.extra_rest))

    def is_workday(self, day: date) -> bool:
        """In a year not yet announced (:meth:`estimated`): Monday to Friday."""
        if day in self.extra_work:
            return True
        return day not in self.extra_rest and _published_workday(day)

    def estimated(self, day: date) -> bool:
        """True when nobody has announced this year's holidays."""
        return not _announced(day.year) and day not in self.extra_work | self.extra_rest

    def is_holiday(self, day: date) -> bool:
        """In a statutory long holiday (法定长假: at least five days off in a row)."""
        if not _announced(day.year) or self.is_workday(day):
            return False
        first = last = day
        while not self.is_workday(first - _DAY) and day - first < _LONGEST_HOLIDAY:
            first -= _DAY
        while not self.is_workday(last + _DAY) and last - day < _LONGEST_HOLIDAY:
            last += _DAY
        days = (last - first).days + 1
        return days >= _LONG_HOLIDAY_DAYS and any(_festival(first + n * _DAY) for n in range(days))

    def workday_after(self, day: date, count: int = 1) -> date:
        """The ``count``-th workday after ``day``; with 0 the day itself."""
        for _ in range(count):
            day = self.workday_from(day + _DAY)
        return day

    def workday_from(self, day: date) -> date:
        """This day or the first workday after it."""
        return self._search(day, _DAY)

    def workday_until(self, day: date) -> date:
        """This day or the last workday before it."""
        return self._search(day, -_DAY)

    def _search(self, day: date, stride: timedelta) -> date:
        last = day + (_HORIZON if stride > timedelta() else -_HORIZON)
        found = day
        while not self.is_workday(found):
            if found == last:
                return day  # a calendar without workdays: better at once than never
            found += stride
        return found

    def shifted(self, day: date, off_day: OffDay) -> date | None:
        """Where 遇非工作日 moves ``day``; None: left out."""
        if off_day == "照常" or self.is_workday(day):
            return day
        if off_day == "顺延":
            return self.workday_from(day)
        return self.workday_until(day) if off_day == "提前" else None


@lru_cache
def _announced(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 12, 31))
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=4096)
def _published_workday(day: date) -> bool:
    if _announced(day.year):
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5


def _festival(day: date) -> bool:
    """Off by name of a festival, not only because it is a weekend."""
    if not _announced(day.year):
        return False
    off, name = chinese_calendar.get_holiday_detail(day)
    return bool(off and name)
