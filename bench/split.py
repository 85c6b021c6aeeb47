"""How often an experiment finds a winner: among equals, and where there is one.

    python -m bench.split [--json] [--tests 2000]

Rates of 5 % against 5 % (every winner is false) and against 8 %, with one look, as the product
does it, with two, and with seven on the way, as dashboards invite to. Always the same dice.
"""

import argparse
import json
import random
from typing import Any

from bot.playbook.odds import Seen, beats, smallest_lift

SIZES = (200, 500, 1000)
LOOKS = (1, 2, 7)
THRESHOLDS = (0.95, 0.975)
BASE, BETTER = 0.05, 0.08
SEED = 4


def main() -> None:
    parser = argparse.ArgumentParser(description="false and true winners of experiments")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tests", type=int, default=2000)
    wish = parser.parse_args()
    figures = measure(wish.tests)
    print(json.dumps(figures) if wish.json else _table(figures))


def measure(tests: int) -> list[dict[str, Any]]:
    """One row per threshold, size and number of looks."""
    return [
        {
            "wins_at": wins_at,
            "n": n,
            "looks": looks,
            "false": _winners(tests, BASE, BASE, n, looks, wins_at, either=True),
            "found": _winners(tests, BASE, BETTER, n, looks, wins_at, either=False),
            "smallest_lift": smallest_lift(BASE, n, wins_at=wins_at),
        }
        for wins_at in THRESHOLDS
        for n in SIZES
        for looks in LOOKS
    ]


def _winners(
    tests: int, low: float, high: float, n: int, looks: int, wins_at: float, *, either: bool
) -> float:
    """The share of experiments that end with a winner at one of the looks on the way to ``n``."""
    dice = random.Random(SEED)
    return sum(_wins(dice, low, high, n, looks, wins_at, either) for _ in range(tests)) / tests


def _wins(
    dice: random.Random, low: float, high: float, n: int, looks: int, wins_at: float, either: bool
) -> bool:
    one = other = seen = 0
    for look in range(1, looks + 1):
        more = n * look // looks - seen
        seen += more
        one += sum(dice.random() < low for _ in range(more))
        other += sum(dice.random() < high for _ in range(more))
        chance = beats(Seen(other, seen), Seen(one, seen))
        if chance >= wins_at or (either and 1 - chance >= wins_at):
            return True
    return False


def _table(figures: list[dict[str, Any]]) -> str:
    lines = ["wins at     n  looks   5%=5%  5%→8%  smallest lift found 4 times in 5"]
    for row in figures:
        lift = f"{row['smallest_lift']:.1%}" if row["looks"] == 1 else ""
        lines.append(
            f"{row['wins_at']:7.1%} {row['n']:5} {row['looks']:6} "
            f"{row['false']:7.1%} {row['found']:6.1%}  {lift}".rstrip()
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
