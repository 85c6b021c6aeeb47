"""Days that come back by the sun or by the moon, and steps counted from a customer's own dates."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.playbook.calendar import WorkCalendar, moment, occurrences
from bot.playbook.lunar import anniversaries
from config.phrase_table import when
from config.phrases import RECURRING
from config.rules import AttributeKind
from config.sop import OffDay

TZ = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TZ).astimezone(UTC)


def walls(text: str, since: str, until: str) -> list[str]:
    phrase = when(text)
    assert isinstance(phrase, RECURRING)
    found = occurrences(phrase, at(since), at(until), tz=TZ, calendar=WorkCalendar())
    return [f"{one.astimezone(TZ):%Y-%m-%d %H:%M}" for one in found]


def planned(
    text: str, known: str | None, kind: AttributeKind, released: str, off_day: OffDay = "照常"
) -> str | None:
    found = moment(
        when(text),
        entered_at=at(released),
        released_at=at(released),
        tz=TZ,
        calendar=WorkCalendar(),
        off_day=off_day,
        attributes={"生日": date.fromisoformat(known)} if known else {},
        kinds={"生日": kind},
    )
    return f"{found.astimezone(TZ):%Y-%m-%d %H:%M}" if found else None


@pytest.mark.parametrize(
    ("text", "days"),
    [
        # 国务院公告: 春节 2026-02-17, 2027-02-06; 除夕 is the day before.
        ("农历正月初一 10:00", ["2026-02-17", "2027-02-06"]),
        ("农历除夕 10:00", ["2026-02-16", "2027-02-05"]),
        ("农历腊月二十三 10:00", ["2026-02-10", "2027-01-30"]),
        ("农历五月初五 10:00", ["2026-06-19", "2027-06-09"]),
        ("农历八月十五 10:00", ["2026-09-25", "2027-09-15"]),
        ("每年3月8日 10:00", ["2026-03-08", "2027-03-08"]),
    ],
)
def test_a_day_of_the_year_comes_back(text: str, days: list[str]) -> None:
    assert walls(text, "2026-01-01 00:00", "2027-12-31 00:00") == [f"{d} 10:00" for d in days]


def test_a_leap_month_has_no_second_festival() -> None:
    """2025 had a leap sixth month."""
    assert walls("农历六月十五 10:00", "2025-01-01 00:00", "2025-12-31 00:00") == [
        "2025-07-09 10:00"
    ]


def test_the_29th_of_february_waits_for_a_leap_year() -> None:
    assert walls("每年2月29日 10:00", "2026-01-01 00:00", "2032-12-31 00:00") == [
        "2028-02-29 10:00",
        "2032-02-29 10:00",
    ]


@pytest.mark.parametrize(
    ("text", "known", "kind", "expected"),
    [
        ("{生日}前7天 10:00", "2027-01-10", "日期", "2027-01-03 10:00"),
        ("{生日}后3天 10:00", "2020-01-10", "日期", "2020-01-13 10:00"),
        ("{生日}当天 10:00", "1990-11-25", "每年", "2026-11-25 10:00"),
        ("{生日}当天 10:00", "1990-11-23", "每年", "2027-11-23 10:00"),
        ("{生日}前7天 10:00", "1990-11-25", "每年", "2027-11-18 10:00"),
        ("{生日}后3天 10:00", "1990-11-22", "每年", "2026-11-25 10:00"),
        ("{生日}当天 10:00", "1992-02-29", "每年", "2027-02-28 10:00"),
        ("{生日}当天 10:00", "1990-01-27", "农历每年", "2027-02-06 10:00"),  # 正月初一
        ("{生日}前7天 10:00", "1990-01-27", "农历每年", "2027-01-30 10:00"),
        ("{生日}当天 10:00", None, "每年", None),
    ],
)
def test_a_step_is_counted_from_the_customers_own_date(
    text: str, known: str | None, kind: AttributeKind, expected: str | None
) -> None:
    assert planned(text, known, kind, "2026-11-23 14:00") == expected


def test_a_day_off_moves_or_leaves_out_a_birthday() -> None:
    saturday = "1990-11-28"

    assert planned("{生日}当天 10:00", saturday, "每年", "2026-11-23 14:00", "顺延") == (
        "2026-11-30 10:00"
    )
    assert planned("{生日}当天 10:00", saturday, "每年", "2026-11-23 14:00", "跳过") == (
        "2028-11-28 10:00"  # in 2027 it is a Sunday
    )


def test_a_day_does_not_come_back_before_it_was() -> None:
    found = anniversaries(date(2026, 5, 1), date(2020, 1, 1), date(2027, 12, 31), lunar=False)

    assert list(found) == [date(2026, 5, 1), date(2027, 5, 1)]
