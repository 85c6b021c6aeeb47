"""Two shops, ten people, two thousand customers: ninety days in which nothing may go wrong."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import uvloop

from bot.figures import audit as against_the_ledger
from bot.figures import tally, welcomed_in_time
from tests.long.audit import audit
from tests.long.company import QUARTER
from tests.long.life import START, open_life

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def test_ninety_days_break_no_promise(tmp_path: Path) -> None:
    """Staff forget and refuse, customers opt out and leave; every call and every midnight is
    looked at."""
    uvloop.run(_ninety_days(tmp_path))  # as in production


async def _ninety_days(folder: Path) -> None:
    midnights: list[datetime] = []
    late: set[str] = set()

    async with open_life(QUARTER, folder) as life:

        async def midnight(now: datetime) -> None:
            midnights.append(now)
            found = await audit(life.ctx.store, START)
            late.update(found.late)
            ledger = await life.sim.ledger("breaches")
            assert ledger["breaches"] == [], f"by {now}"
            assert found.breaches == [], f"at {now}"

        await life.live(QUARTER.days, midnight)
        ledger = await life.sim.ledger()
        figures = await tally(life.ctx)
        books = await against_the_ledger(life.ctx, ledger, life.clock.now)
        print(f"{life.seconds:.0f} s", figures, books, f"{len(late)} confirmed late")

    assert len(midnights) == QUARTER.days
    assert books == {"duplicates": 0, "lost": 0}
    assert ledger["unknown_calls"] == {}
    came = {row["external_userid"] for row in ledger["customers"]}
    assert figures["contacts_added"] == QUARTER.known + len(came)
    assert welcomed_in_time(ledger) == len(came) > 0.95 * (QUARTER.customers - QUARTER.known)
    # It was a life: people forgot, were reminded, refused, left and asked to be left alone.
    happened = Counter(row["tag"] for row in ledger["tags"] if row["op"] == "add")
    assert figures["pushes_delivered"] > len(came)
    assert figures["joined"] > len(came) / 4
    assert figures["tasks_verified"] > len(came) / 4
    assert figures["tasks_overdue"] > 0
    assert figures["reminders"] > 0
    assert figures["escalations"] > 0
    assert happened["管理/勿扰"] > 0
    assert ledger["deleted"]
