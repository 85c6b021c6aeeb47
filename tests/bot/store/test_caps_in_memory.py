"""The ledger of a rehearsal gives out the same places as MongoDB does."""

import random
from datetime import UTC, datetime, timedelta

from bot.model import CapWindow, Class
from bot.rehearse.ledger import Ledger
from bot.store.caps import Caps
from tests.conftest import Client

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def windows(at: datetime) -> list[CapWindow]:
    """A calendar day, seven days, seven days of marketing."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)
    return [
        CapWindow(rule="每天2条", limit=2, since=day, until=day + timedelta(days=1)),
        CapWindow(rule="每7天5条", limit=5, since=at - week, span=week),
        CapWindow(rule="其中营销每7天1条", limit=1, cls="营销", since=at - week, span=week),
    ]


async def test_places_are_given_out_moved_and_freed_alike(mongo: Client, database: str) -> None:
    caps = Caps(mongo[database]["caps"])
    dice = random.Random(7)
    for subject in (f"cust:{n}" for n in range(6)):
        ledger, at, keys = Ledger(), START, list[str]()
        for number in range(60):
            at += dice.choice((1, 3, 9, 30)) * HOUR
            key = dice.choice([*keys, f"k{number}"])
            match dice.choice(("reserve", "reserve", "reserve", "release", "move")):
                case "reserve":
                    cls: Class = dice.choice(("服务", "营销"))
                    mine = ledger.reserve(key, cls, at, windows(at))
                    theirs = await caps.reserve(subject, key, cls, at, windows(at))
                    assert mine == theirs, (subject, number)
                    keys.append(key)
                case "release":
                    ledger.release(key)
                    await caps.release(subject, key)
                case "move":
                    ledger.move(key, at - HOUR)
                    await caps.move(subject, key, at - HOUR)
        kept = await caps.hits(subject)
        assert sorted(h["k"] for h in ledger.hits) == sorted(h["k"] for h in kept)
