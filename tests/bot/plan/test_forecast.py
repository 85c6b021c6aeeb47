"""A rehearsal is told in figures: per day, per member of staff, and what got into whose way."""

from datetime import datetime, timedelta

from bot.model import Task
from bot.plan.forecast import Frame, Run, days, dropped, loads, postponed, tasks_put_off
from bot.plan.population import Coming, newcomers, scaled
from bot.playbook.hours import Hours
from bot.rehearse import Later, Push
from tests.bot.plan.shop import book
from tests.world import moment

NOW = moment("2026-11-23 14:00")
HOURS = Hours.of(book())
FRAME = Frame(NOW, HOURS)


def push(at: str, subject: str = "wm1", **more: object) -> Push:
    given = {"step": "测评", "staff": "zhangli", "cls": "服务", "state": "delivered", **more}
    return Push(at=moment(at), sop="新客", subject=subject, **given)  # type: ignore[arg-type]


def task(given: str, subject: str = "wm1", staff: str = "zhangli") -> Task:
    at = moment(given)
    return Task(
        id=f"{subject}{given}",
        journey="j",
        sop="新客",
        step="问需求",
        subject=subject,
        staff=staff,
        title="",
        created_at=at,
        given_at=at,
    )


def later(
    at: str, why: str, subject: str = "wm1", step: str = "到店礼", *, task: bool = False
) -> Later:
    until = moment(at) + timedelta(days=1)
    return Later(moment(at), "新客", step, subject, "zhangli", until, why, task)


def run(*pushes: Push, tasks: tuple[Task, ...] = (), put_off: tuple[Later, ...] = ()) -> Run:
    made = [(p.at, p.staff, p.sending) for p in pushes if p.sending]
    return Run(pushes=pushes, tasks=tasks, put_off=put_off, confirmations=made)


def test_every_day_is_counted_by_kind() -> None:
    found = days(
        run(
            push("2026-11-23 15:00"),
            push("2026-11-23 16:00", cls="营销"),
            push("2026-11-24 09:30", "wr1", to="客户群"),
            push("2026-11-24 09:30", cls="欢迎语"),
            push("2026-11-24 09:30", cls="员工", to="员工"),
            push("2026-11-24 10:00", state="suppressed"),
            push("2026-11-30 10:00"),  # the eighth day
            tasks=(task("2026-11-24 09:00"), task("2026-11-22 09:00")),
        ),
        FRAME,
    )

    assert len(found) == 7
    first, second = found[:2]
    assert (first.service, first.marketing, first.tasks) == (1, 1, 0)
    assert (second.groups, second.welcomes, second.told, second.tasks) == (1, 1, 1, 1)
    assert sum(day.service for day in found) == 1


def test_a_sample_is_multiplied() -> None:
    found = days(run(push("2026-11-23 15:00")), Frame(NOW, HOURS, 32.0))

    assert found[0].service == 32


def test_whoever_has_most_on_one_day_comes_first() -> None:
    tasks = tuple(task("2026-11-24 09:00", f"wm{n}") for n in range(9))
    one = push("2026-11-23 15:00", staff="limin", sending="s1")

    first, second = loads(run(one, tasks=tasks), FRAME, lambda id: {"zhangli": "张丽"}.get(id, id))

    assert (first.staff, first.tasks, first.busiest, f"{first.busiest_day}") == (
        "张丽",
        9,
        9,
        "2026-11-24",
    )
    assert first.tasks_by_day == (0, 9, 0, 0, 0, 0, 0)
    assert (second.staff, second.confirmations, second.most_confirmations) == ("limin", 1, 1)


def test_who_took_the_place_of_what_was_put_off_is_named() -> None:
    taken = [push("2026-11-26 10:00", f"wm{n}", step="会员日通知") for n in range(3)]
    late = tuple(
        later("2026-11-26 10:30", "频控:每天1条，顺延到 11-27", f"wm{n}") for n in range(3)
    )
    quiet = (later("2026-11-26 22:00", "“到店礼”免打扰，顺延到 11-27 08:30", "wm9"),)

    capped, silent = postponed(run(*taken, put_off=late + quiet), FRAME)

    assert (capped.why, capped.count, capped.step) == ("频控:每天1条", 3, "到店礼")
    assert (capped.against, f"{capped.day}") == ("会员日通知", "2026-11-26")
    assert (silent.why, silent.count, silent.against) == ("免打扰", 1, "")


def test_what_is_put_off_twice_counts_once() -> None:
    twice = (later("2026-11-24 10:30", "频控:每天1条"), later("2026-11-25 10:30", "频控:每天1条"))

    assert [clash.count for clash in postponed(run(put_off=twice), FRAME)] == [1]


def test_what_is_never_sent_is_told_by_its_reason() -> None:
    lost = push("2026-11-24 10:00", state="suppressed", reason="频控:每7天3条")
    over = push("2026-11-24 10:00", "wm2", state="expired", reason="过期")

    found = dropped(run(lost, over), FRAME)

    assert [(clash.why, clash.count) for clash in found] == [("过期", 1), ("频控:每7天3条", 1)]


def test_tasks_put_off_because_somebody_has_enough_are_counted() -> None:
    full = later("2026-11-24 09:00", "每天8个", task=True)
    night = later("2026-11-24 21:00", "员工免打扰", "wm2", task=True)

    assert tasks_put_off(run(put_off=(full, night)), FRAME) == 1


# --- who is expected ------------------------------------------------------------------------------


def test_newcomers_come_in_open_hours_and_as_many_as_the_average() -> None:
    expected = Coming(by_staff={"zhangli": 2.0, "limin": 0.5})

    found = list(newcomers(expected, 1.0, NOW, HOURS, 7))

    by = [sum(who == staff for _, who in found) for staff in ("zhangli", "limin")]
    assert by == [14, 4] or by == [14, 3]
    assert all(9 <= at.astimezone(HOURS.tz).hour < 21 or _is_nine(at) for at, _ in found)
    assert all(NOW <= at < NOW + timedelta(days=7) for at, _ in found)


def _is_nine(at: datetime) -> bool:
    return f"{at.astimezone(HOURS.tz):%H:%M}" == "21:00"


def test_of_a_part_of_the_customers_a_part_of_the_newcomers_is_expected() -> None:
    expected = Coming(by_staff={"zhangli": 64.0})

    assert len(list(newcomers(expected, 32.0, NOW, HOURS, 7))) == 14


def test_a_part_of_everybody_enters_at_a_part_of_the_rate() -> None:
    shop = scaled(book(), 32.0)

    assert shop.sops["新客"].entry.daily_limit == 25
    assert shop.rules.caps.staff == ()
    assert scaled(book(), 1.0) == book()
