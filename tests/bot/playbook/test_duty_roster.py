"""Who takes a channel's customers: shifts, daily shares, back-up."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playbook.duty_roster import Roster, on_duty, stands_in
from bot.playbook.hours import Hours
from config.book import Book
from config.loader import load_texts

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEAM = """
团队: 默认
门店:
  - {门店: 徐汇店, 部门: 12}
人员: {甲: a, 乙: b, 丙: c, 丁: d}
---
"""
EVERYBODY = frozenset("abcd")
TWO_SHIFTS = """
班次:
  - {时段: 09:00-14:00, 员工: [甲]}
  - {时段: 14:00-21:00, 员工: [乙]}
"""


def book(more: str = "") -> Book:
    return load_texts({"x.yaml": f"{TEAM}渠道: 门口\n员工: [甲, 乙, 丙]\n{more}"})


def at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI).astimezone(UTC)


def duty(
    more: str,
    local: str = "2026-11-25 10:00",
    added: dict[str, int] | None = None,
    working: frozenset[str] = EVERYBODY,
) -> Roster:
    """Wednesday, 25 November 2026, unless told otherwise."""
    folder = book(more)
    channel = folder.channels["门口"]
    return on_duty(channel, folder.team, added or {}, working, Hours.of(folder), at(local))


def test_without_shifts_everybody_takes_turns() -> None:
    roster = duty("")

    assert (roster.users, roster.standing) == (("a", "b", "c"), "不排班")
    assert roster.next_at == at("2026-11-26 00:00")


@pytest.mark.parametrize(
    ("local", "users", "until"),
    [
        ("2026-11-25 08:59", ("a", "b", "c"), "2026-11-25 09:00"),
        ("2026-11-25 09:00", ("a",), "2026-11-25 14:00"),
        ("2026-11-25 13:59", ("a",), "2026-11-25 14:00"),
        ("2026-11-25 14:00", ("b",), "2026-11-25 21:00"),
        ("2026-11-25 21:00", ("a", "b", "c"), "2026-11-26 00:00"),
    ],
)
def test_a_shift_begins_with_its_minute_and_ends_before_its_last(
    local: str, users: tuple[str, ...], until: str
) -> None:
    roster = duty(TWO_SHIFTS, local)

    assert (roster.users, roster.next_at) == (users, at(until))


@pytest.mark.parametrize(
    ("local", "on_shift"),
    [
        ("2026-11-27 21:59", False),  # a Friday
        ("2026-11-27 22:00", True),
        ("2026-11-28 05:59", True),
        ("2026-11-28 06:00", False),
        ("2026-11-28 22:30", False),
        ("2026-11-27 05:00", False),
    ],
)
def test_a_night_shift_belongs_to_the_day_it_begins_on(local: str, on_shift: bool) -> None:
    roster = duty("班次: {星期: 周五, 时段: 22:00-06:00, 员工: 丙}\n", local)

    assert (roster.users == ("c",)) is on_shift


def test_working_days_follow_the_calendar_and_not_the_week() -> None:
    shift = "班次: {星期: 工作日, 员工: 甲}\n"

    assert duty(shift, "2026-10-10 10:00").standing == "当班"  # a Saturday people work on
    assert duty(shift, "2026-10-01 10:00").standing == "不排班"  # the national holiday, a Thursday
    assert duty("班次: {星期: 休息日, 员工: 甲}\n", "2026-10-01 10:00").standing == "当班"


def test_two_shifts_at_once_are_both_on() -> None:
    both = "班次:\n  - {时段: 09:00-14:00, 员工: 甲}\n  - {时段: 12:00-18:00, 员工: [乙, 甲]}\n"

    assert duty(both, "2026-11-25 12:30").users == ("a", "b")


def test_who_is_full_stands_back_then_the_backup_comes() -> None:
    limited = "备用: 丁\n每人每天最多: 2人\n"

    assert duty(limited, added={"a": 2, "b": 1}).users == ("b", "c")
    assert duty(limited, added={"a": 2, "b": 2, "c": 3}) == Roster(
        ("d",), "备用", at("2026-11-26 00:00")
    )


def test_when_the_shift_is_full_its_backup_comes_not_the_other_shift() -> None:
    more = TWO_SHIFTS + "备用: 丁\n每人每天最多: 2人\n"

    assert duty(more, added={"a": 2}).users == ("d",)


def test_when_all_are_full_the_least_loaded_go_on() -> None:
    limited = "备用: 丁\n每人每天最多: 2人\n"

    roster = duty(limited, added={"a": 4, "b": 2, "c": 3, "d": 2})

    assert (roster.users, roster.standing) == (("b", "d"), "都满了")


def test_without_a_limit_nobody_is_ever_full() -> None:
    assert duty("备用: 丁\n", added={"a": 999}).users == ("a", "b", "c")


def test_when_the_whole_shift_has_left_the_others_take_over() -> None:
    roster = duty(TWO_SHIFTS, working=frozenset("bcd"))

    assert (roster.users, roster.standing) == (("b", "c"), "不排班")


def test_when_everybody_has_left_it_is_the_backup_then_nobody() -> None:
    assert duty("备用: 丁\n", working=frozenset("d")).users == ("d",)
    assert duty("备用: 丁\n", working=frozenset()) == Roster((), "没有人", at("2026-11-26 00:00"))


def test_somebodys_own_code_goes_to_a_colleague_once_they_have_left() -> None:
    roster = duty("")

    assert stands_in("a", roster, EVERYBODY) == "a"
    assert stands_in("a", duty("", working=frozenset("bc")), frozenset("bc")) == "b"
    assert stands_in("a", Roster((), "没有人", roster.next_at), frozenset()) == ""


@given(
    minutes=st.integers(0, 60 * 24 * 14),
    added=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 4)),
    working=st.frozensets(st.sampled_from("abcd")),
)
def test_somebody_takes_the_customers_whenever_somebody_works(
    minutes: int, added: dict[str, int], working: frozenset[str]
) -> None:
    folder = _FOLDER
    now = datetime.fromtimestamp(at("2026-11-20 00:00").timestamp() + 60 * minutes, UTC)
    channel = folder.channels["门口"]
    hours = Hours.of(folder)
    roster = on_duty(channel, folder.team, added, working, hours, now)

    assert set(roster.users) <= working
    assert bool(roster.users) is bool(working)
    assert (roster.standing == "没有人") is not bool(working)
    fresh = {user for user in working if added.get(user, 0) < 2}
    if roster.standing != "都满了":
        assert set(roster.users) <= fresh
    assert now < roster.next_at <= at("2026-12-05 00:00")
    shortly = roster.next_at - (roster.next_at - now) / 2
    assert on_duty(channel, folder.team, added, working, hours, shortly) == roster


_FOLDER = book(
    "备用: 丁\n每人每天最多: 2人\n班次:\n"
    "  - {星期: [周一, 周三], 时段: 09:00-14:00, 员工: 甲}\n"
    "  - {星期: 工作日, 时段: 20:00-02:00, 员工: [乙, 丙]}\n"
)
