"""When tasks are due and who hears of it; 2026-11-23 is a Monday."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.model import Task
from bot.playbook.ladder import StaffTime, climb, first_look, staff_windows
from config.rules import Rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = Rules.model_validate(
    {
        "规则": "全局",
        "免打扰": {"员工": "20:00-09:00"},
        "频控": {"每位员工": {"每天新任务": "8个"}},
        "催办": {
            "标准三级": [
                {"过了": "2小时", "提醒": "本人"},
                {"到期": None, "提醒": ["本人", "店长"]},
                {"逾期": "1个工作日", "转派": "店长"},
            ],
        },
    }
)
LADDER = RULES.ladders["标准三级"]
STAFF = StaffTime.of(RULES)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def a_task(given: str = "2026-11-23 10:00", limit: str = "1个工作日", **more: Any) -> Task:
    moment = at(given)
    task = Task(
        id="t",
        journey="j",
        sop="s",
        step="问",
        subject="wmA",
        staff="zhangli",
        title="问",
        state="已送达",
        created_at=moment,
        given_at=moment,
        limit=limit,
        deadline=STAFF.deadline(moment, limit),
    )
    return replace(task, **more)


def test_a_workday_is_the_same_hour_of_the_next_workday() -> None:
    assert STAFF.deadline(at("2026-11-27 17:00"), "1个工作日") == at("2026-11-30 17:00")


def test_the_first_look_is_the_first_rung_in_working_hours() -> None:
    assert first_look(a_task(), LADDER, STAFF) == at("2026-11-23 12:00")
    assert first_look(a_task("2026-11-23 19:00"), LADDER, STAFF) == at("2026-11-24 10:00")


def test_without_a_ladder_the_first_look_is_the_deadline() -> None:
    assert first_look(a_task(), (), STAFF) == at("2026-11-24 10:00")


def test_the_first_rung_reminds_the_person() -> None:
    to = climb(a_task(), LADDER, STAFF, at("2026-11-23 12:00"))

    assert (to.rung, to.remind, to.overdue) == (1, {"本人"}, False)
    assert to.next_at == at("2026-11-24 10:00")


def test_the_deadline_makes_it_overdue_and_tells_the_manager() -> None:
    to = climb(a_task(rung=1), LADDER, STAFF, at("2026-11-24 10:00"))

    assert to.overdue
    assert to.remind == {"本人", "店长"}
    assert to.next_at == at("2026-11-25 10:00")


def test_a_workday_later_it_is_passed_on() -> None:
    to = climb(a_task(rung=2, state="已升级"), LADDER, STAFF, at("2026-11-25 10:00"))

    assert to.reassign
    assert not to.overdue


def test_rungs_missed_together_are_climbed_as_one() -> None:
    to = climb(a_task(), LADDER, STAFF, at("2026-11-24 11:00"))

    assert (to.rung, to.remind, to.overdue) == (2, {"本人", "店长"}, True)


def test_a_day_after_the_last_rung_nobody_is_asked_any_more() -> None:
    late = a_task(rung=3, state="已升级")

    assert not climb(late, LADDER, STAFF, at("2026-11-26 09:59")).over
    assert climb(late, LADDER, STAFF, at("2026-11-26 10:00")).over


def test_nothing_has_come_yet() -> None:
    to = climb(a_task(), LADDER, STAFF, at("2026-11-23 10:30"))

    assert (to.rung, to.remind, to.overdue, to.over) == (0, frozenset(), False, False)


def test_the_next_day_of_work_is_after_the_weekend() -> None:
    assert STAFF.next_day(at("2026-11-27 15:00")) == at("2026-11-30 09:00")


def test_a_person_takes_so_many_new_tasks_a_calendar_day() -> None:
    (window,) = staff_windows(RULES, at("2026-11-23 15:00"), SHANGHAI)

    assert (window.limit, window.since) == (8, at("2026-11-23 00:00"))
    assert window.until == at("2026-11-24 00:00")
