"""What counts show: who won, who must not, and when the draw itself went wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Assignment
from bot.playbook.split import CONTROL, WAITING
from bot.playbook.verdict import (
    Tally,
    counted,
    fair,
    is_ripe,
    judge,
    kept,
    not_enough,
    told,
)
from config.experiments import Metric
from config.sop import Split
from tests.bot.playbook.test_split import an_sop, the_split

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ORDERS = Metric(days=7, what="下单")
DELETIONS = Metric(days=7, what="删除好友")


def a_split(**changes: object) -> Split:
    return the_split(an_sop()).model_copy(
        update={"guardrail": DELETIONS, "control": 0.0, "sample": 1.0} | changes
    )


def tally(arm: str, hits: int, n: int = 200, harmed: int = 0) -> Tally:
    return Tally(arm=arm, enrolled=n, n=n, hits=hits, harmed=harmed)


def tallies(*arms: Tally) -> dict[str, Tally]:
    return {one.arm: one for one in arms}


# ---- counting -----------------------------------------------------------------------------------


def drawn(at: datetime = NOON) -> Assignment:
    return Assignment(id="文案:wm1", experiment="文案", subject="wm1", arm="A", bucket=1, at=at)


def test_nobody_counts_before_their_days_are_over() -> None:
    early = counted(Tally(arm="A"), a_split(), drawn(), {"下单": [NOON + DAY]}, NOON + 6.9 * DAY)
    late = counted(Tally(arm="A"), a_split(), drawn(), {"下单": [NOON + DAY]}, NOON + 7 * DAY)

    assert (early.enrolled, early.n, early.hits) == (1, 0, 0)
    assert (late.enrolled, late.n, late.hits) == (1, 1, 1)


@pytest.mark.parametrize(("after", "hits"), [(-0.1, 0), (0, 1), (6.9, 1), (7, 0)])
def test_only_what_happened_within_the_days_counts(after: float, hits: int) -> None:
    happened = {"下单": [NOON + after * DAY]}

    found = counted(Tally(arm="A"), a_split(), drawn(), happened, NOON + 30 * DAY)

    assert found.hits == hits


def test_two_orders_are_one_customer() -> None:
    happened = {"下单": [NOON, NOON + DAY], "删除好友": [NOON + 2 * DAY]}

    found = counted(Tally(arm="A"), a_split(), drawn(), happened, NOON + 30 * DAY)

    assert (found.hits, found.harmed) == (1, 1)


def test_the_longer_of_two_windows_is_waited_for() -> None:
    split = a_split(guardrail=Metric(days=14, what="删除好友"))

    assert counted(Tally(arm="A"), split, drawn(), {}, NOON + 8 * DAY).n == 0
    assert counted(Tally(arm="A"), split, drawn(), {}, NOON + 14 * DAY).n == 1


def test_every_arm_needs_its_people() -> None:
    few = tallies(tally("A", 1), tally("B", 1, n=199))

    assert not is_ripe(a_split(), few)
    assert is_ripe(a_split(), tallies(tally("A", 1), tally("B", 1)))
    assert not_enough(a_split(), few).why == "“B”只有 199 人看满，每组至少要 200 人"
    assert not_enough(a_split(), tallies(tally("A", 1))).kind == "判不出"


# ---- the verdict --------------------------------------------------------------------------------


def test_a_clear_difference_wins() -> None:
    found = judge(a_split(), tallies(tally("A", 10), tally("B", 30)))

    assert (found.kind, found.arm) == ("胜出", "B")
    assert found.chances["B"] > 0.99
    assert "不低于 97.5%" in found.why


def test_a_small_difference_shows_nothing() -> None:
    found = judge(a_split(), tallies(tally("A", 10), tally("B", 17)))

    assert (found.kind, found.arm) == ("判不出", "")
    assert "最好的“B”" in found.why


def test_of_deletions_fewer_are_better() -> None:
    found = judge(a_split(metric=DELETIONS), tallies(tally("A", 10), tally("B", 30)))

    assert (found.kind, found.arm) == ("胜出", "A")


def test_an_arm_that_drives_customers_away_cannot_win() -> None:
    found = judge(a_split(), tallies(tally("A", 10, harmed=2), tally("B", 40, harmed=14)))

    assert found.kind == "判不出"
    assert "“B”胜率 100.0%，但7天内删除好友率比“A”差" in found.why


def test_a_little_worse_is_not_credibly_worse() -> None:
    found = judge(a_split(), tallies(tally("A", 10, harmed=2), tally("B", 40, harmed=5)))

    assert (found.kind, found.arm) == ("胜出", "B")


def test_worse_than_the_control_group_is_worse() -> None:
    split = a_split(control=0.5, sample=0.5)
    arms = [tally("A", 10, harmed=14), tally("B", 40, harmed=14)]
    quiet = tally(CONTROL, 5, n=400, harmed=1)

    found = judge(split, tallies(*arms, quiet))

    assert found.kind == "判不出"
    assert "比“对照组”差" in found.why


def test_a_guardrail_of_orders_means_fewer_orders() -> None:
    split = a_split(metric=Metric(days=7, what="互动"), guardrail=ORDERS)

    found = judge(split, tallies(tally("A", 10, harmed=30), tally("B", 40, harmed=10)))

    assert found.kind == "判不出"
    assert "7天内下单率比“A”差" in found.why


def test_an_unfair_draw_withholds_the_verdict() -> None:
    crowd = tallies(tally("A", 10, n=300), tally("B", 60, n=200))

    found = judge(a_split(), crowd)

    assert fair(a_split(), crowd) < 0.001
    assert (found.kind, found.arm) == ("不作数", "")
    assert "各组人数和设定的比例对不上" in found.why


def test_those_who_wait_are_part_of_the_draw() -> None:
    split = a_split(sample=0.2)
    arms = [tally("A", 10), tally("B", 30)]

    assert fair(split, tallies(*arms, Tally(arm=WAITING, enrolled=1600))) == 1
    assert fair(split, tallies(*arms, Tally(arm=WAITING, enrolled=1200))) < 0.001


def test_counts_are_told_with_their_people() -> None:
    crowd = tallies(tally("A", 10), tally("B", 30), Tally(arm=WAITING, enrolled=1600))

    rows = kept(a_split(sample=0.2), crowd, judge(a_split(sample=0.2), crowd))

    assert [f"{row['arm']}：{told(row, '下单')}" for row in rows] == [
        "A：200 人，下单 10 人（5.0%），胜率 0.0%",
        "B：200 人，下单 30 人（15.0%），胜率 100.0%",
        "等结果：1600 人在等",
    ]
