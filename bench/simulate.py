"""How long ninety days with ten thousand customers take on one core.

    python -m bench.simulate [--json] [--days 90] [--customers 10000]

The shipped shop, a hundred newcomers every day, staff who mostly do what they are asked.
"""

import argparse
import json
import os
import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.rehearse.simulate import Wish, play, synthetic
from config.loader import load_folder

SHOP = Path(__file__).parent.parent / "config" / "shop"
START = datetime(2026, 9, 1, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
SECONDS, MEGABYTES = 60, 500  # what it may take


def main() -> None:
    parser = argparse.ArgumentParser(description="a rehearsal of weeks, timed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--customers", type=int, default=10_000)
    wish = parser.parse_args()
    figures = measure(wish.days, wish.customers)
    print(json.dumps(figures, ensure_ascii=False) if wish.json else _table(figures))


def measure(days: int, customers: int) -> dict[str, Any]:
    """Seconds, the largest resident set of the process, steps and the hash."""
    book = load_folder(SHOP)
    wish = Wish(start=START, days=days, customers=customers)
    began, worked = time.perf_counter(), time.process_time()
    played = play(synthetic(book, wish), book, wish)
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    figures = played.figures
    if figures.stuck:
        raise SystemExit(f"stuck: {figures.stuck}")
    return {
        "days": days,
        "customers": figures.customers,
        "newcomers": figures.newcomers,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "steps": figures.steps,
        "steps_per_second": round(figures.steps / cpu),
        "pushes": sum(day.service + day.marketing + day.groups for day in figures.days),
        "tasks": sum(day.tasks for day in figures.days),
        "hash": figures.hash,
    }


def _table(f: dict[str, Any]) -> str:
    return "\n".join(
        (
            f"{os.cpu_count()} cores, one used; {f['days']} days, {f['customers']:,} customers "
            f"({f['newcomers']:,} of them new)",
            f"   {f['seconds']:>8} s  ({f['cpu_seconds']} s of processor; target < {SECONDS})",
            f"   {f['peak_mb']:>8} MB at most (target < {MEGABYTES})",
            f"   {f['steps_per_second']:>8,} steps/s, {f['steps']:,} steps, {f['pushes']:,} pushes "
            f"delivered, {f['tasks']:,} tasks given",
            f"   {f['hash']} hash",
        )
    )


if __name__ == "__main__":
    main()
