"""The company's clock on the wall: its zone, its workdays and whose hours are quiet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo

from bot.playbook import calendar
from bot.playbook.calendar import Quiet, WorkCalendar
from config.book import Book
from config.phrases import Duration, When
from config.rules import AttributeKind, Quieted
from config.sop import OffDay


@dataclass(frozen=True, slots=True)
class Hours:
    tz: ZoneInfo
    calendar: WorkCalendar
    quiet: Mapping[Quieted, Quiet]
    attributes: Mapping[str, AttributeKind] = field(default_factory=dict)
    """客户属性 → whether its date comes back."""

    @classmethod
    def of(cls, book: Book) -> Self:
        tz = ZoneInfo(book.rules.timezone)
        audiences: tuple[Quieted, ...] = ("客户", "客户群", "员工")
        quiet = {who: Quiet(book.rules.quiet.get(who), tz) for who in audiences}
        return cls(tz, WorkCalendar.of(book.rules), quiet, book.rules.attributes)

    def local(self, at: datetime) -> str:
        """As people read it: 11-23 10:00."""
        return f"{at.astimezone(self.tz):%m-%d %H:%M}"

    def free_after(self, audience: Quieted, at: datetime) -> datetime:
        """``at``, or the end of the quiet hours it falls in."""
        return self.quiet[audience].end_after(at)

    def add(self, length: Duration, start: datetime) -> datetime:
        """When ``length`` is over."""
        return calendar.add(length, start, tz=self.tz, calendar=self.calendar)

    def moment(
        self,
        when: When | None,
        entered_at: datetime,
        released_at: datetime,
        off_day: OffDay,
        attributes: Mapping[str, date] = MappingProxyType({}),
    ) -> datetime | None:
        """The planned moment of a step; None: its day is left out, or the date is not known."""
        return calendar.moment(
            when,
            entered_at=entered_at,
            released_at=released_at,
            tz=self.tz,
            calendar=self.calendar,
            off_day=off_day,
            attributes=attributes,
            kinds=self.attributes,
        )

    def is_holiday(self, at: datetime) -> bool:
        """Inside a statutory long holiday."""
        return self.calendar.is_holiday(at.astimezone(self.tz).date())

    def is_workday(self, at: datetime) -> bool:
        return self.calendar.is_workday(at.astimezone(self.tz).date())
