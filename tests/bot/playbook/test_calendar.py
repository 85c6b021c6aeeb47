from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playbook.calendar import (
    Quiet,
    WorkCalendar,
    add,
    day_start,
    moment,
    occurrences,
    working_after,
)
from config.phrase_table import duration, when
from config.phrases import Recurring, Span, Workdays
from config.rules import QuietHours
from config.sop import OffDay

TZ = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar()
NIGHT = Quiet(QuietHours(time(20), time(9)), TZ)


def at(text: str) -> datetime:
    """A moment on the wall of the shop."""
    return datetime.fromisoformat(text).replace(tzinfo=TZ)


def wall(found: datetime | None) -> str | None:
    return found.astimezone(TZ).isoformat(" ", "minutes")[:16] if found else None


def planned(text: str, *, entered: str, released: str = "", off_day: OffDay = "照常") -> str | None:
    return wall(
        moment(
            when(text),
            entered_at=at(entered),
            released_at=at(released or entered),
            tz=TZ,
            calendar=CHINA,
            off_day=off_day,
        )
    )


def recurring(text: str) -> Recurring:
    found = when(text)
    assert isinstance(found, Recurring)
    return found


def walls(text: str, since: str, until: str, off_day: OffDay = "照常") -> list[str | None]:
    found = occurrences(
        recurring(text), at(since), at(until), tz=TZ, calendar=CHINA, off_day=off_day
    )
    return [wall(one) for one in found]


# ---- the workday calendar -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-04", True),  # a Sunday made up for New Year
        ("2026-02-14", True),  # a Saturday made up for Spring Festival
        ("2026-02-16", False),
        ("2026-09-20", True),  # a Sunday made up for the National Day
        ("2026-10-07", False),
        ("2026-10-10", True),
        ("2026-11-21", False),
    ],
)
def test_2026_is_as_the_state_council_announced(day: str, works: bool) -> None:
    assert CHINA.is_workday(date.fromisoformat(day)) is works


def test_a_year_not_announced_is_estimated_and_says_so() -> None:
    monday, national_day = date(2031, 9, 29), date(2031, 10, 1)

    assert CHINA.is_workday(monday)
    assert CHINA.is_workday(national_day)
    assert CHINA.estimated(national_day)
    assert not CHINA.estimated(date(2026, 10, 1))


def test_the_companys_own_days_stand_above_the_calendar() -> None:
    own = WorkCalendar(frozenset({date(2026, 10, 7)}), frozenset({date(2026, 10, 9)}))

    assert own.is_workday(date(2026, 10, 7))
    assert not own.is_workday(date(2026, 10, 9))


@pytest.mark.parametrize(
    ("day", "long_holiday"),
    [
        ("2026-02-15", True),
        ("2026-02-23", True),
        ("2026-02-24", False),
        ("2026-05-03", True),
        ("2026-06-19", False),  # three days only
        ("2026-10-05", True),
        ("2026-11-21", False),
        ("2026-01-01", False),
    ],
)
def test_only_long_holidays_are_holidays(day: str, long_holiday: bool) -> None:
    assert CHINA.is_holiday(date.fromisoformat(day)) is long_holiday


# ---- moments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("立即", "2026-11-21 14:05"),
        ("2小时后", "2026-11-21 16:05"),
        ("3天后", "2026-11-24 14:05"),
        ("3天后 10:00", "2026-11-24 10:00"),
        ("2个工作日后 10:00", "2026-11-24 10:00"),
        ("当天 19:30", "2026-11-21 19:30"),
        ("第3天 10:00", "2026-11-23 10:00"),
        ("第5天 10:30", "2026-11-25 10:30"),
        ("下个工作日 09:30", "2026-11-23 09:30"),
        ("每周三 20:30", "2026-11-25 20:30"),
        ("2026-12-12 10:00", "2026-12-12 10:00"),
    ],
)
def test_a_phrase_becomes_a_moment(text: str, expected: str) -> None:
    assert planned(text, entered="2026-11-21 14:05") == expected


def test_days_count_from_entry_and_delays_from_the_step_before() -> None:
    entered, released = "2026-11-21 14:05", "2026-11-22 09:00"

    assert planned("第2天 10:00", entered=entered, released=released) == "2026-11-22 10:00"
    assert planned("1天后 10:00", entered=entered, released=released) == "2026-11-23 10:00"


def test_the_planned_moment_may_have_passed() -> None:
    assert planned("当天 19:30", entered="2026-11-21 21:50") == "2026-11-21 19:30"


def test_a_day_is_a_day_of_the_shop_not_of_utc() -> None:
    assert planned("第2天 10:00", entered="2026-11-21 00:30") == "2026-11-22 10:00"
    assert planned("当天 23:00", entered="2026-12-31 23:59") == "2026-12-31 23:00"
    assert planned("第2天 08:00", entered="2026-12-31 23:59") == "2027-01-01 08:00"


@pytest.mark.parametrize(
    ("off_day", "expected"),
    [
        ("照常", "2026-10-05 15:00"),
        ("顺延", "2026-10-08 15:00"),
        ("提前", "2026-09-30 15:00"),
        ("跳过", None),
    ],
)
def test_an_off_day_is_treated_as_written(off_day: OffDay, expected: str | None) -> None:
    assert planned("第7天 15:00", entered="2026-09-29 11:00", off_day=off_day) == expected


# ---- occurrences --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("每周三 20:30", ["2026-10-28 20:30", "2026-11-04 20:30"]),
        ("每周一 09:30", ["2026-10-26 09:30", "2026-11-02 09:30"]),
        ("每周日 09:30", ["2026-10-25 09:30", "2026-11-01 09:30"]),
        ("每月31日 10:00", ["2026-10-31 10:00"]),
        ("每月最后一天 10:00", ["2026-10-31 10:00"]),
        ("每月最后一个工作日 16:00", ["2026-10-30 16:00"]),
        ("每月第一个工作日 10:00", ["2026-11-02 10:00"]),
        ("每月5日 10:00", ["2026-11-05 10:00"]),
    ],
)
def test_a_recurring_phrase_comes_on_its_days(text: str, expected: list[str]) -> None:
    assert walls(text, "2026-10-25 00:00", "2026-11-06 00:00") == expected


def test_a_month_without_that_day_is_left_out() -> None:
    found = walls("每月31日 10:00", "2026-02-01 00:00", "2026-06-01 00:00")

    assert found == ["2026-03-31 10:00", "2026-05-31 10:00"]


def test_a_leap_february_ends_on_the_29th() -> None:
    assert walls("每月最后一天 10:00", "2028-02-01 00:00", "2028-03-01 00:00") == [
        "2028-02-29 10:00"
    ]


def test_make_up_days_are_workdays_of_their_week() -> None:
    found = walls("每个工作日 10:00", "2026-10-01 00:00", "2026-10-12 00:00")

    assert found == ["2026-10-08 10:00", "2026-10-09 10:00", "2026-10-10 10:00"]


def test_days_moved_onto_one_another_come_once() -> None:
    found = walls("每天 09:00", "2026-09-30 12:00", "2026-10-09 12:00", "顺延")

    assert found == ["2026-10-08 09:00", "2026-10-09 09:00"]


def test_an_occurrence_moved_into_the_window_is_not_forgotten() -> None:
    assert walls("每周四 09:00", "2026-10-07 00:00", "2026-10-08 12:00", "顺延") == [
        "2026-10-08 09:00"
    ]
    assert walls("每周四 09:00", "2026-09-30 00:00", "2026-09-30 12:00", "提前") == [
        "2026-09-30 09:00"
    ]


RECURRING = st.sampled_from(
    [
        "每天 09:00",
        "每个工作日 10:00",
        "每周三 20:30",
        "每周日 23:30",
        "每月1日 00:00",
        "每月31日 10:00",
        "每月最后一天 23:59",
        "每月第一个工作日 10:00",
        "每月最后一个工作日 16:00",
    ]
).map(recurring)
OFF_DAYS = st.sampled_from(["照常", "顺延", "提前", "跳过"])
MOMENTS = st.datetimes(
    datetime.fromisoformat("2025-12-01"),
    datetime.fromisoformat("2027-02-01"),
    timezones=st.just(UTC),
)
SPANS = st.timedeltas(timedelta(0), timedelta(days=40))


@settings(max_examples=60, deadline=None)
@given(phrase=RECURRING, off_day=OFF_DAYS, since=MOMENTS, first=SPANS, second=SPANS)
def test_looking_in_two_parts_finds_what_one_look_finds(
    phrase: Recurring, off_day: OffDay, since: datetime, first: timedelta, second: timedelta
) -> None:
    def look(start: datetime, end: datetime) -> list[datetime]:
        return list(occurrences(phrase, start, end, tz=TZ, calendar=CHINA, off_day=off_day))

    middle, end = since + first, since + first + second
    found = look(since, end)

    assert look(since, middle) + look(middle, end) == found
    assert found == sorted(set(found))
    assert all(since < one <= end for one in found)
    assert all(one.astimezone(TZ).time() == phrase.at for one in found)


@settings(max_examples=60, deadline=None)
@given(since=MOMENTS, weekday=st.integers(0, 6))
def test_a_weekly_phrase_comes_on_its_own_weekday(since: datetime, weekday: int) -> None:
    phrase = recurring(f"每周{'一二三四五六日'[weekday]} 08:00")
    found = list(occurrences(phrase, since, since + timedelta(days=28), tz=TZ, calendar=CHINA))

    assert len(found) == 4
    assert {one.astimezone(TZ).weekday() for one in found} == {weekday}


def test_a_zone_with_summer_time_keeps_the_clock_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    since = datetime(2026, 3, 27, tzinfo=UTC)
    found = list(
        occurrences(
            recurring("每天 09:00"), since, since + timedelta(days=4), tz=berlin, calendar=CHINA
        )
    )

    assert [one.hour for one in found] == [8, 8, 7, 7]


# ---- durations and working time -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "start", "end"),
    [
        ("24小时", "2026-11-20 15:00", "2026-11-21 15:00"),
        ("1个工作日", "2026-11-20 15:00", "2026-11-23 15:00"),
        ("1个工作日", "2026-11-21 15:00", "2026-11-23 15:00"),
        ("1个工作日", "2026-09-30 15:00", "2026-10-08 15:00"),
        ("2个工作日", "2026-12-31 15:00", "2027-01-04 15:00"),
    ],
)
def test_a_duration_is_over(length: str, start: str, end: str) -> None:
    if end.startswith("2027"):  # not announced yet: counted as Monday to Friday
        assert CHINA.estimated(date(2027, 1, 4))
    found = add(duration(length), at(start), tz=TZ, calendar=CHINA)

    assert wall(found) == end


@pytest.mark.parametrize(
    ("length", "start", "end"),
    [
        ("2小时", "2026-11-23 10:00", "2026-11-23 12:00"),
        ("2小时", "2026-11-23 19:30", "2026-11-24 10:30"),
        ("2小时", "2026-11-20 19:30", "2026-11-23 10:30"),  # over a weekend
        ("2小时", "2026-11-21 13:00", "2026-11-23 11:00"),  # begun on one
        ("30分钟", "2026-11-23 03:00", "2026-11-23 09:30"),
        ("12小时", "2026-11-23 10:00", "2026-11-24 11:00"),
        ("1个工作日", "2026-11-20 15:00", "2026-11-23 15:00"),
        ("1天", "2026-11-20 15:00", "2026-11-23 15:00"),
        ("1个工作日", "2026-11-20 21:00", "2026-11-24 09:00"),
    ],
)
def test_staff_are_given_working_time(length: str, start: str, end: str) -> None:
    found = working_after(at(start), duration(length), calendar=CHINA, quiet=NIGHT)

    assert wall(found) == end


@settings(max_examples=60, deadline=None)
@given(start=MOMENTS, minutes=st.integers(1, 720), more=st.integers(0, 719))
def test_working_time_ends_when_staff_work_and_never_before_the_start(
    start: datetime, minutes: int, more: int
) -> None:
    def after(n: int) -> datetime:
        return working_after(start, Span(timedelta(minutes=n)), calendar=CHINA, quiet=NIGHT)

    end = after(minutes)

    assert end >= start
    assert after(minutes + more) >= end
    assert CHINA.is_workday(end.astimezone(TZ).date())
    assert not NIGHT.contains(end - timedelta(microseconds=1))


# ---- quiet hours --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "quiet", "until"),
    [
        ("2026-11-21 21:29", False, "2026-11-21 21:29"),
        ("2026-11-21 21:30", True, "2026-11-22 08:30"),
        ("2026-11-22 00:00", True, "2026-11-22 08:30"),
        ("2026-11-22 08:29", True, "2026-11-22 08:30"),
        ("2026-11-22 08:30", False, "2026-11-22 08:30"),
        ("2026-12-31 23:59", True, "2027-01-01 08:30"),
    ],
)
def test_quiet_hours_cross_midnight(now: str, quiet: bool, until: str) -> None:
    hours = Quiet(QuietHours(time(21, 30), time(8, 30)), TZ)

    assert hours.contains(at(now)) is quiet
    assert wall(hours.end_after(at(now))) == until


def test_quiet_hours_may_lie_within_a_day_or_not_exist() -> None:
    noon = Quiet(QuietHours(time(12), time(14)), TZ)
    none = Quiet(None, TZ)

    assert wall(noon.end_after(at("2026-11-21 13:00"))) == "2026-11-21 14:00"
    assert not noon.contains(at("2026-11-21 14:00"))
    assert not none.contains(at("2026-11-21 03:00"))
    assert none.start_after(at("2026-11-21 03:00")) is None


@given(
    start=st.times().map(lambda t: t.replace(microsecond=0)),
    end=st.times().map(lambda t: t.replace(microsecond=0)),
    now=MOMENTS,
)
def test_after_quiet_hours_it_is_not_quiet(start: time, end: time, now: datetime) -> None:
    if start == end:
        return
    quiet = Quiet(QuietHours(start, end), TZ)
    until = quiet.end_after(now)

    assert not quiet.contains(until)
    assert timedelta() <= until - now < timedelta(days=1)
    assert (until == now) is not quiet.contains(now)


def test_a_day_starts_at_midnight_of_the_shop() -> None:
    assert wall(day_start(at("2026-11-21 00:30"), TZ)) == "2026-11-21 00:00"
    assert day_start(at("2026-11-21 07:30"), TZ) == datetime(2026, 11, 20, 16, tzinfo=UTC)


def test_workdays_of_zero_keep_the_moment() -> None:
    assert add(Workdays(0), at("2026-11-21 15:00"), tz=TZ, calendar=CHINA) == at("2026-11-21 15:00")
