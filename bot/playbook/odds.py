"""How sure counts make us: the chance that one rate is the highest, computed, never drawn.  Pure.

A rate of which ``hits`` of ``n`` were seen is Beta(1 + hits, 1 + n − hits): before anything is
seen every rate is as likely as any other.
"""

from collections.abc import Sequence
from functools import partial
from math import erfc, exp, lgamma, log, prod, sqrt
from statistics import NormalDist
from typing import NamedTuple

_REACH = 12.0  # standard deviations around the mean outside of which nothing counts
_PANELS = 400  # Simpson's; with 800 no digit that anybody reads changes


class Seen(NamedTuple):
    """So many of so many did it."""

    hits: int
    n: int

    @property
    def rate(self) -> float:
        return self.hits / self.n if self.n else 0.0


def beats(one: Seen, other: Seen) -> float:
    """The chance that ``one``'s rate is higher than ``other``'s; exact.

    P(X > Y) of two Betas is a sum with as many terms as one of their four parameters says
    (https://www.evanmiller.org/bayesian-ab-testing.html); the shortest of the four is taken.
    """
    a, b, c, d = *_beta(one), *_beta(other)
    match min(a, b, c, d):
        case shortest if shortest == a:
            return _above(a, b, c, d)
        case shortest if shortest == c:
            return 1.0 - _above(c, d, a, b)
        case shortest if shortest == d:  # seen from the other side: who fails less often
            return _above(d, c, b, a)
        case _:
            return 1.0 - _above(b, a, d, c)


def best(arms: Sequence[Seen]) -> list[float]:
    """For each arm the chance that its rate is the highest of all."""
    if len(arms) == 2:
        first = beats(arms[0], arms[1])
        return [first, 1.0 - first]
    chances = [_highest(arms, i) for i in range(len(arms))]
    total = sum(chances)
    return [chance / total for chance in chances]


def interval(seen: Seen, inside: float = 0.95) -> tuple[float, float]:
    """Between which rates the true one is with this chance, as many left below as above."""
    a, b = _beta(seen)
    tail = (1 - inside) / 2
    return _quantile(a, b, tail), _quantile(a, b, 1 - tail)


def mismatch(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The chance of counts at least so far from their shares, were the shares kept (χ²)."""
    total, whole = sum(counts), sum(shares)
    wanted = [total * share / whole for share in shares]
    far = sum((n - w) ** 2 / w for n, w in zip(counts, wanted, strict=True) if w)
    freedom = sum(1 for w in wanted if w) - 1
    return _chi2_above(far, freedom) if freedom > 0 else 1.0


def smallest_lift(
    baseline: float, per_arm: int, *, wins_at: float = 0.975, power: float = 0.8
) -> float | None:
    """The smallest rise over ``baseline`` that is found with ``power``; None: not even to 100 %.

    In points: 0.036 is 3.6 percentage points. A flat posterior needs ``wins_at`` where a one-sided
    test needs 1 − ``wins_at``, so the size of the sample follows from the same formula.
    """
    if per_arm < 1 or not _found(baseline, 1.0 - baseline, per_arm, wins_at, power):
        return None
    low, high = 0.0, 1.0 - baseline
    for _ in range(60):
        middle = (low + high) / 2
        if _found(baseline, middle, per_arm, wins_at, power):
            high = middle
        else:
            low = middle
    return high


def _found(baseline: float, lift: float, n: int, wins_at: float, power: float) -> bool:
    raised = baseline + lift
    pooled = (baseline + raised) / 2
    by_chance = sqrt(2 * pooled * (1 - pooled) / n)
    apart = sqrt((baseline * (1 - baseline) + raised * (1 - raised)) / n)
    normal = NormalDist()
    return lift >= normal.inv_cdf(wins_at) * by_chance + normal.inv_cdf(power) * apart


# ---- Beta ---------------------------------------------------------------------------------------


def _beta(seen: Seen) -> tuple[int, int]:
    return 1 + seen.hits, 1 + seen.n - seen.hits


def _ln_b(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _above(a: int, b: int, c: int, d: int) -> float:
    """P(X > Y) for X ~ Beta(a, b), Y ~ Beta(c, d), in ``a`` terms."""
    term = _ln_b(c, b + d) - _ln_b(c, d) - log(b) - _ln_b(1, b)
    total = 0.0
    for i in range(a):
        total += exp(term)
        # the next term by the ratio of the Beta functions in it
        term += log((c + i) / (c + i + b + d)) + log((b + i) / (1 + i))
    return min(total, 1.0)


def _highest(arms: Sequence[Seen], i: int) -> float:
    """∫ f_i(x) ∏ F_j(x) dx over where arm ``i`` can be, by Simpson's rule."""
    a, b = _beta(arms[i])
    others = [partial(_below, *_beta(arm)) for j, arm in enumerate(arms) if j != i]
    mean = a / (a + b)
    reach = _REACH * sqrt(mean * (1 - mean) / (a + b + 1))
    low, high = max(0.0, mean - reach), min(1.0, mean + reach)
    step = (high - low) / _PANELS
    total = 0.0
    for k in range(_PANELS + 1):
        x = low + k * step
        weight = 1 if k in (0, _PANELS) else 4 if k % 2 else 2
        total += weight * _density(a, b, x) * prod(below(x) for below in others)
    return total * step / 3


def _density(a: int, b: int, x: float) -> float:
    if x <= 0.0:
        return float(b) if a == 1 else 0.0
    if x >= 1.0:
        return float(a) if b == 1 else 0.0
    return exp((a - 1) * log(x) + (b - 1) * log(1 - x) - _ln_b(a, b))


def _below(a: int, b: int, x: float) -> float:
    """P(X < x), the regularised incomplete beta function."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    front = exp(a * log(x) + b * log(1 - x) - _ln_b(a, b))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1 - x) / b


def _quantile(a: int, b: int, chance: float) -> float:
    """The x below which Beta(a, b) is with this chance, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if _below(a, b, middle) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _fraction(a: int, b: int, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method (DLMF 8.17.22)."""
    tiny = 1e-300
    c, d = 1.0, 1.0 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _not_zero(1 + term * d)
            c = 1 + term / (c or tiny)
            value *= c * d
        if abs(c * d - 1) < 1e-13:
            return value
    raise ArithmeticError(f"incomplete beta of {a}, {b} at {x} does not converge")


def _not_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300


# ---- χ² -----------------------------------------------------------------------------------------


def _chi2_above(x: float, freedom: int) -> float:
    """P(χ² > x): from the closed form of one or two degrees upwards, two at a time."""
    half = x / 2
    if half == 0.0:
        return 1.0
    if freedom % 2:
        tail, a = erfc(sqrt(half)), 0.5
    else:
        tail, a = exp(-half), 1.0
    while a < freedom / 2:
        tail += exp(a * log(half) - half - lgamma(a + 1))
        a += 1
    return min(tail, 1.0)
