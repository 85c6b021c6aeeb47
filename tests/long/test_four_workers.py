"""Four processes that race for everything do what one does."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop

from bot.figures import audit as against_the_ledger
from tests.long.audit import audit
from tests.long.company import QUARTER
from tests.long.life import START, Crew, open_life

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

TEN_DAYS = replace(QUARTER, customers=60, known=0, days=10)

#: Chance hangs on ids, and ids on what travels together, which is for the race to decide. So here
#: everybody does at once what they are asked to, and nothing happens in the very second in which
#: the bot is about to act; what is delivered is then up to the bot alone.
OBEDIENT = {
    "grain_seconds": 1,
    "confirm": 1.0,
    "confirm_minutes": [1.0, 5.0],
    "tap": 1.0,
    "tap_minutes": [1.0, 5.0],
    "refuse": 0.0,
    "honest": 1.0,
    "tag_age": 1.0,
    "tag_hours": [0.3, 2.0],
    "open_invitation": 0.0,
    "join_by_self": 0.0,
}


def test_four_workers_deliver_what_one_delivers(tmp_path: Path) -> None:
    wanted = uvloop.run(_delivered("one", tmp_path / "one"))
    assert uvloop.run(_delivered("four", tmp_path / "four")) == wanted
    assert len(wanted) > TEN_DAYS.customers


async def _delivered(crew: Crew, folder: Path) -> Mapping[tuple[str, str], int]:
    """(customer or group, step) → how often WeCom says it was delivered, invitations included."""
    folder.mkdir()
    async with open_life(TEN_DAYS, folder, crew, behaviour=OBEDIENT) as life:

        async def midnight(now: datetime) -> None:
            assert (await audit(life.ctx.store, START)).breaches == []

        await life.live(TEN_DAYS.days, midnight, grain=timedelta())
        ledger = await life.sim.ledger()
        assert ledger["breaches"] == []
        books = await against_the_ledger(life.ctx, ledger, life.clock.now)
        assert books == {"duplicates": 0, "lost": 0}
        messages = await life.ctx.store.tallies.by_message()
        steps = {row["_id"]: row async for row in life.ctx.store.db["deliveries"].find({})}
        names = await _names(life.ctx.store.db)
    return Counter(
        (names.get(whom, whom), steps[messages[row["msgid"], whom]["_id"]]["step"])
        for row in ledger["delivered"]
        for whom in [row.get("external_userid") or row["chat_id"]]
    )


async def _names(db: Any) -> dict[str, str]:
    """Ids are made from who was added, and so the same in both lives; names are easier to read."""
    return {row["_id"]: row["name"] async for row in db["contacts"].find({}, {"name": 1})}
