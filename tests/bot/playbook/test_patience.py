"""Now, later or never, and the sentence that says why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.model import Delivery, Full
from bot.playbook import patience
from bot.playbook.hours import Hours
from bot.playbook.patience import Drop, Go, Postpone
from config.book import Book
from config.rules import Rules
from config.sop import SopCalendar, State

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = Rules.model_validate(
    {
        "免打扰": {"客户": "21:30-08:30", "客户群": "22:00-08:00", "员工": "20:00-09:00"},
        "频控": {
            "每位客户": {"每天": "1条", "每7天": "3条", "其中营销每7天": "1条"},
            "每个群": {"每天": "2条"},
        },
    }
)
HOURS = Hours.of(Book(rules=RULES))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


NOON = at("2026-11-23 12:00")


def delivery(**more: Any) -> Delivery:
    kept = Delivery(
        id="j:1:0",
        journey="j",
        sop="新客",
        step="育儿测评",
        subject="wmA",
        staff="zhangli",
        message={"text": "您好"},
        content_hash="h",
        planned_at=NOON,
        expires_at=NOON + timedelta(hours=24),
        due_at=NOON,
    )
    return replace(kept, **more)


def decide(
    one: Delivery, now: datetime, *, exited: bool = False, state: State | None = "启用"
) -> patience.Decision:
    return patience.decide(one, now=now, hours=HOURS, exited=exited, state=state)


def test_at_noon_it_goes() -> None:
    assert isinstance(decide(delivery(), NOON), Go)


def test_in_quiet_hours_it_waits_for_their_end() -> None:
    decision = decide(delivery(), at("2026-11-23 23:00"))

    assert isinstance(decision, Postpone)
    assert decision.until == at("2026-11-24 08:30")
    assert decision.why == "“育儿测评”免打扰，顺延到 11-24 08:30"


def test_a_group_has_quiet_hours_of_its_own() -> None:
    assert isinstance(decide(delivery(subject_type="group"), at("2026-11-23 21:45")), Go)


def test_after_its_validity_it_is_never_sent() -> None:
    decision = decide(delivery(), NOON + timedelta(hours=24))

    assert isinstance(decision, Drop)
    assert decision.state == "expired"


def test_validity_is_asked_before_quiet_hours() -> None:
    one = delivery(expires_at=at("2026-11-23 22:00"))

    assert isinstance(decide(one, at("2026-11-23 22:30")), Drop)


def test_a_free_slot_after_its_validity_is_none() -> None:
    decision = decide(delivery(expires_at=at("2026-11-24 08:00")), at("2026-11-23 23:00"))

    assert isinstance(decision, Drop)
    assert (decision.state, decision.reason) == ("suppressed", "免打扰")


@pytest.mark.parametrize(
    ("how", "reason"),
    [({"exited": True}, "已退出"), ({"state": "暂停"}, "已暂停"), ({"state": None}, "已暂停")],
)
def test_what_nobody_wants_any_more_is_suppressed(how: dict[str, Any], reason: str) -> None:
    decision = decide(delivery(), NOON, **how)

    assert isinstance(decision, Drop)
    assert (decision.state, decision.reason) == ("suppressed", reason)


def test_full_caps_move_it_to_the_first_free_slot_outside_quiet_hours() -> None:
    full = Full(rule="每天1条", free_at=at("2026-11-24 00:00"))

    decision = patience.when_full(delivery(), full, HOURS)

    assert isinstance(decision, Postpone)
    assert decision.until == at("2026-11-24 08:30")
    assert "频控:每天1条" in decision.why


def test_full_caps_beyond_its_validity_name_the_rule() -> None:
    full = Full(rule="每7天3条", free_at=at("2026-11-27 12:00"))

    decision = patience.when_full(delivery(), full, HOURS)

    assert isinstance(decision, Drop)
    assert decision.reason == "频控:每7天3条"


def test_an_invitation_is_service_whatever_its_sop_says() -> None:
    assert patience.class_of(delivery(cls="营销", seat="wmA:0-6月龄")) == "服务"


def test_a_day_is_the_local_day_and_seven_days_are_rolling() -> None:
    day, week, marketing, month = patience.windows(RULES, "contact", NOON)

    assert (day.since, day.until) == (at("2026-11-23 00:00"), at("2026-11-24 00:00"))
    assert (week.since, week.until) == (NOON - timedelta(days=7), None)
    assert (marketing.cls, marketing.limit) == ("营销", 1)
    assert (month.limit, month.since) == (30, at("2026-11-01 00:00"))


def test_what_staff_have_not_confirmed_is_withdrawn_when_quiet_hours_begin() -> None:
    made = at("2026-11-23 19:00")

    looks = [made]
    for polls in range(1, 8):
        looks.append(
            patience.next_look(made, polls, made + timedelta(days=1), looks[-1], HOURS, "contact")
        )

    assert at("2026-11-23 21:30") in looks
    assert patience.must_withdraw(looks[-1], at("2026-11-23 21:30"), HOURS, "contact") == "免打扰"


def test_wecom_is_asked_after_5_and_15_minutes_1_and_3_hours_then_hourly() -> None:
    asked = [patience.next_poll(NOON, polls) - NOON for polls in range(7)]

    assert asked == [
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(hours=3),
        timedelta(hours=4),
        timedelta(hours=5),
        timedelta(hours=6),
    ]


def test_staff_are_reminded_twice_and_never_in_their_quiet_hours() -> None:
    made = at("2026-11-23 18:00")

    assert not patience.reminder_due(made, 0, at("2026-11-23 18:30"), HOURS)
    assert patience.reminder_due(made, 0, at("2026-11-23 19:00"), HOURS)
    assert not patience.reminder_due(made, 1, at("2026-11-23 21:00"), HOURS)
    assert not patience.reminder_due(made, 2, at("2026-11-24 12:00"), HOURS)


def test_service_comes_before_marketing() -> None:
    news = delivery(id="a", cls="营销", planned_at=NOON - timedelta(hours=3))
    care = delivery(id="b")

    assert [d.id for d in patience.first_served([news, care])] == ["b", "a"]


# --- 可发时段 ------------------------------------------------------------------------------------


def in_windows(
    now: datetime, *windows: str, expires: str = "2026-11-26 12:00"
) -> patience.Decision:
    calendar = SopCalendar.model_validate({"可发时段": list(windows)})
    one = delivery(expires_at=at(expires))
    return patience.decide(one, now=now, hours=HOURS, exited=False, state="启用", calendar=calendar)


LUNCH, EVENING = "11:30-13:00", "18:00-20:00"


def test_inside_a_window_it_goes() -> None:
    assert in_windows(at("2026-11-23 11:30"), LUNCH, EVENING) == Go()


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-23 09:00", "2026-11-23 11:30"),
        ("2026-11-23 13:00", "2026-11-23 18:00"),
        ("2026-11-23 20:00", "2026-11-24 11:30"),
        ("2026-11-23 23:00", "2026-11-24 11:30"),  # 免打扰, too
    ],
)
def test_outside_of_every_window_it_waits_for_the_next(now: str, opens: str) -> None:
    decision = in_windows(at(now), LUNCH, EVENING)

    assert isinstance(decision, Postpone)
    assert decision.until == at(opens)
    shown = f"{decision.until.astimezone(SHANGHAI):%m-%d %H:%M}"
    assert decision.why == f"“育儿测评”不在可发时段（11:30–13:00、18:00–20:00），顺延到 {shown}"


def test_a_window_that_opens_in_the_quiet_hours_opens_behind_them() -> None:
    decision = in_windows(at("2026-11-23 12:00"), "08:00-09:00")

    assert isinstance(decision, Postpone)
    assert decision.until == at("2026-11-24 08:30")


def test_windows_that_are_all_quiet_are_said_so_when_time_is_up() -> None:
    decision = in_windows(at("2026-11-23 12:00"), "22:00-23:00")

    assert isinstance(decision, Drop)
    assert decision.reason == "不在可发时段（22:00–23:00）"


def test_a_window_behind_its_validity_is_of_no_use() -> None:
    decision = in_windows(at("2026-11-23 14:00"), LUNCH, expires="2026-11-24 11:00")

    assert isinstance(decision, Drop)


def test_an_invitation_answers_the_customer_at_any_hour() -> None:
    calendar = SopCalendar.model_validate({"可发时段": [LUNCH]})
    invitation = delivery(seat="j:1:0")

    decision = patience.decide(
        invitation,
        now=at("2026-11-23 14:00"),
        hours=HOURS,
        exited=False,
        state="启用",
        calendar=calendar,
    )

    assert decision == Go()


def test_nothing_goes_to_a_customer_who_wants_none() -> None:
    """Not even what answers them, and whatever else would be the reason."""
    for one in (delivery(), delivery(seat="s1", journey="s1")):
        decision = patience.decide(
            one, now=NOON, hours=HOURS, exited=True, state="停用", stopped=True
        )
        assert isinstance(decision, Drop)
        assert (decision.state, decision.reason) == ("suppressed", patience.STOPPED)
