"""How long a chain of shops takes for a quarter of a year: the whole bot, every promise checked.

    python -m bench.quarter [--days 90] [--customers 20000] [--minutes 25] [--json]

12 shops, 60 staff, 20,000 customers of whom 12,000 come during the days, 90 groups. After so many
minutes it stops at the next midnight and says how far it came; what the rest would have taken is
then an estimate, and called one. A line for every midnight goes to stderr.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import uvloop

from bot.figures import audit as against_the_ledger
from bot.figures import tally, welcomed_in_time
from tests.long.audit import audit
from tests.long.company import Size
from tests.long.life import SHANGHAI, START, Life, open_life

CHAIN = Size(shops=12, staff=60, customers=20_000, known=8_000, groups=90, days=90)
SHOWN = ("contacts_added", "joined", "tasks_given", "tasks_verified", "pushes_delivered")


class Enough(Exception):
    """The time for this run is over."""


@dataclass(slots=True)
class Watch:
    """Looks at every midnight, and stops the run when its time is over."""

    life: Life
    seconds: float
    days: int = 0
    breaches: int = 0
    late: int = 0

    async def midnight(self, now: datetime) -> None:
        self.days += 1
        found = await audit(self.life.ctx.store, START)
        ledger = await self.life.sim.ledger("breaches")
        self.breaches = len(found.breaches) + len(ledger["breaches"])
        self.late = len(found.late)
        day = f"{now.astimezone(SHANGHAI):%m-%d}"
        print(f"{day} {self.life.seconds:7.1f} s, {self.breaches} breaches", file=sys.stderr)
        for line in (*found.breaches, *ledger["breaches"])[:5]:
            print(f"      {line}", file=sys.stderr)
        if self.life.seconds > self.seconds:
            raise Enough


async def measure(size: Size, minutes: float, folder: Path) -> dict[str, Any]:
    """The figures of the run; ``estimated_seconds`` for all its days when it was not finished."""
    async with open_life(size, folder) as life:
        watch = Watch(life, minutes * 60)
        with suppress(Enough):
            await life.live(size.days, watch.midnight)
        seconds = life.seconds
        ledger = await life.sim.ledger()
        figures = await tally(life.ctx)
        figures |= await against_the_ledger(life.ctx, ledger, life.clock.now)
    finished = watch.days == size.days
    return {
        "days": watch.days,
        "of_days": size.days,
        "seconds": round(seconds, 1),
        "estimated_seconds": None if finished else round(seconds / watch.days * size.days),
        "welcomed_within_20s": welcomed_in_time(ledger),
        "breaches": watch.breaches,
        "confirmed_late": watch.late,
        **figures,
        "calls": sum(ledger["calls"].values()),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def table(figures: Mapping[str, Any]) -> str:
    f = figures
    lines = [
        f"{f['days']} of {f['of_days']} days in {f['seconds'] / 60:.1f} min",
        f"  {f['breaches']} breaches, {f['duplicates']} duplicates, {f['lost']} lost,"
        f" {f['confirmed_late']} over a cap because they were confirmed late",
        *(f"  {name} {f[name]}" for name in SHOWN),
        f"  {f['calls']} calls of WeCom, {f['megabytes']} MB, load {f['load']}",
    ]
    if estimated := f["estimated_seconds"]:
        lines.append(
            f"  not finished: at the same pace all {f['of_days']} days would take about"
            f" {estimated / 60:.0f} min; later days are fuller, so rather more"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="a quarter of a year of twelve shops, timed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--days", type=int, default=CHAIN.days)
    parser.add_argument("--customers", type=int, default=CHAIN.customers)
    parser.add_argument("--minutes", type=float, default=120)
    wish = parser.parse_args()
    known = CHAIN.known * wish.customers // CHAIN.customers
    size = replace(CHAIN, days=wish.days, customers=wish.customers, known=known)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="qunce-quarter-") as folder:
        figures = uvloop.run(measure(size, wish.minutes, Path(folder)))
    figures["with_start_and_end"] = round(time.monotonic() - began, 1)
    print(json.dumps(figures, ensure_ascii=False) if wish.json else table(figures))
    sys.exit(1 if figures["breaches"] or figures["duplicates"] or figures["lost"] else 0)


if __name__ == "__main__":
    main()
