"""Chances computed from counts agree with drawing them, and with what the tables say."""

import random
from functools import partial
from itertools import product
from math import comb

import pytest

from bot.playbook.odds import Seen, beats, best, interval, mismatch, smallest_lift

PAIRS = [
    (Seen(10, 200), Seen(15, 200)),
    (Seen(0, 5), Seen(3, 4)),
    (Seen(190, 200), Seen(180, 200)),
    (Seen(1000, 20_000), Seen(40, 500)),
    (Seen(0, 0), Seen(7, 9)),
]
ARMS = [
    [Seen(10, 200), Seen(15, 200), Seen(12, 190)],
    [Seen(0, 3), Seen(3, 3), Seen(200, 1000)],
    [Seen(5, 50), Seen(5, 50), Seen(5, 50), Seen(9, 50)],
]
DRAWS = 60_000
SURE = 5 * 0.5 / DRAWS**0.5  # five standard errors


def drawn(arms: list[Seen], seed: int = 1) -> list[float]:
    """How often each rate is the highest, when all are drawn again and again."""
    dice = random.Random(seed)
    wins = [0] * len(arms)
    for _ in range(DRAWS):
        rates = [dice.betavariate(1 + arm.hits, 1 + arm.n - arm.hits) for arm in arms]
        wins[rates.index(max(rates))] += 1
    return [won / DRAWS for won in wins]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_chance_to_beat_is_how_often_it_does(one: Seen, other: Seen) -> None:
    assert beats(one, other) == pytest.approx(drawn([one, other])[0], abs=SURE)


@pytest.mark.parametrize("arms", ARMS)
def test_the_chance_to_be_best_is_how_often_it_is(arms: list[Seen]) -> None:
    chances = best(arms)

    assert sum(chances) == pytest.approx(1)
    assert chances == pytest.approx(drawn(arms), abs=SURE)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_ways_of_computing_agree(one: Seen, other: Seen) -> None:
    """The sum for two arms and the integral for many."""
    nobody = Seen(0, 3000)  # never the highest
    assert best([one, other, nobody])[0] == pytest.approx(beats(one, other), abs=2e-3)
    assert beats(one, other) == pytest.approx(1 - beats(other, one))


def test_small_counts_are_exact() -> None:
    """By hand: the order in which independent uniform ranks fall."""
    for hits, misses, other_hits, other_misses in product(range(4), repeat=4):
        one, other = Seen(hits, hits + misses), Seen(other_hits, other_hits + other_misses)
        assert beats(one, other) == pytest.approx(by_ranks(*one, *other), abs=1e-12)


def by_ranks(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """Beta(k, m) is the k-th smallest of k + m − 1 uniforms; count the interleavings."""
    a, all_a = hits + 1, n + 1
    c, all_c = other_hits + 1, other_n + 1
    below = 0
    for smaller in range(c, all_c + 1):  # of the other's, below our a-th
        below += comb(a - 1 + smaller, smaller) * comb(all_a - a + all_c - smaller, all_c - smaller)
    return below / comb(all_a + all_c, all_a)


def test_the_ratio_check_knows_the_table_of_chi_squared() -> None:
    fair = partial(mismatch, shares=[0.5, 0.5])

    assert fair([500, 500]) == 1
    assert fair([531, 469]) == pytest.approx(0.0499, abs=0.001)  # χ² = 3.844
    assert fair([552, 448]) == pytest.approx(0.00101, abs=0.0001)  # χ² = 10.816
    assert mismatch([400, 300, 300], [1, 1, 1]) == pytest.approx(4.54e-5, rel=0.01)  # χ² = 20
    assert mismatch([30, 0], [1.0, 0.0]) == 1


def test_the_smallest_lift_is_what_a_sample_finds_four_times_in_five() -> None:
    baseline, n = 0.05, 500
    lift = smallest_lift(baseline, n)
    assert lift
    dice = random.Random(7)

    found = [finds(dice, baseline, baseline + lift, n) for _ in range(1500)]

    assert sum(found) / len(found) == pytest.approx(0.8, abs=0.05)


def test_a_larger_sample_finds_a_smaller_lift() -> None:
    lifts = [smallest_lift(0.031, n) for n in (50, 200, 457, 2000)]

    assert lifts == sorted(lifts, key=lambda lift: -(lift or 1))
    assert lifts[2] == pytest.approx(0.041, abs=0.001)
    assert smallest_lift(0.9, 5) is None


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_among_equals_a_winner_is_found_one_time_in_twenty(rate: float) -> None:
    """One look at 97.5 %, either side."""
    dice = random.Random(3)
    tests = 3000

    found = sum(abs(look(dice, rate, rate, 500) - 0.5) >= 0.475 for _ in range(tests))

    assert 0.035 < found / tests < 0.065


def finds(dice: random.Random, low: float, high: float, n: int) -> bool:
    return look(dice, high, low, n) >= 0.975


def look(dice: random.Random, one: float, other: float, n: int) -> float:
    return beats(Seen(happen(dice, one, n), n), Seen(happen(dice, other, n), n))


def happen(dice: random.Random, rate: float, n: int) -> int:
    return sum(dice.random() < rate for _ in range(n))


@pytest.mark.parametrize("seen", [Seen(0, 0), Seen(0, 30), Seen(10, 200), Seen(190, 200)])
def test_nineteen_of_twenty_drawn_rates_lie_in_the_interval(seen: Seen) -> None:
    dice = random.Random(3)
    low, high = interval(seen)
    rates = [dice.betavariate(1 + seen.hits, 1 + seen.n - seen.hits) for _ in range(DRAWS)]

    below, above = (sum(r < low for r in rates) / DRAWS, sum(r > high for r in rates) / DRAWS)
    assert below == pytest.approx(0.025, abs=SURE)
    assert above == pytest.approx(0.025, abs=SURE)
    assert low <= max(seen.rate, low) <= high
