"""What came of it all: our own books, and those books laid beside what really reached people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.context import Context

Ledger = Mapping[str, Sequence[Mapping[str, Any]]]

WELCOME_SECONDS = 20


async def tally(ctx: Context) -> dict[str, Any]:
    """How much of everything there was, by our own books."""
    tallies = ctx.store.tallies
    outbox = await ctx.store.outbox.counts()
    return {
        **await tallies.customers(),
        "welcomed": outbox.get(("welcome", "sent"), 0),
        **await ctx.store.seats.tally(),
        **await ctx.store.tasks.tally(),
        **await tallies.pushes(),
    }


def welcomed_in_time(ledger: Ledger) -> int:
    """Welcomes WeCom took within 20 s of machine time since it told of the customer."""
    return sum(row["age_seconds"] <= WELCOME_SECONDS for row in ledger["welcomes"])


async def audit(ctx: Context, ledger: Ledger, now: datetime) -> dict[str, int]:
    """Doubled and lost, by the simulator's ledger against our journeys.

    Doubled: a step reached the same customer or group twice, a card or a welcome came twice, or
    something came that no journey wanted. Lost: WeCom delivered what we do not count, we count
    what it did not deliver, a push is open past its validity, a customer is unknown to us.
    """
    wanted = await ctx.store.tallies.by_message()
    reached = Counter(
        (row["msgid"], row.get("external_userid") or row.get("chat_id", ""))
        for row in ledger["delivered"]
    )
    steps = Counter[str]()
    for where, count in reached.items():
        steps[wanted[where]["_id"] if where in wanted else f"nobody's:{where}"] += count
    doubled = sum(count - 1 for count in steps.values())
    doubled += sum(1 for step in steps if step.startswith("nobody's:"))
    doubled += _repeats(ledger["cards"], "task_id") + _repeats(ledger["welcomes"], "code")
    counted = {
        where for where, row in wanted.items() if row["state"] == "delivered" and row["current"]
    }
    lost = len(counted ^ (set(reached) & set(wanted)))
    lost += await ctx.store.tallies.overdue_pushes(now)
    lost += len(await ctx.store.tallies.cards_said_delivered() - _ids(ledger["cards"], "task_id"))
    customers = _ids(ledger["customers"], "external_userid")
    lost += len(customers - set(await ctx.store.contacts.many(customers)))
    return {"duplicates": doubled, "lost": lost}


def _repeats(rows: Sequence[Mapping[str, Any]], key: str) -> int:
    return sum(count - 1 for count in Counter(row[key] for row in rows).values())


def _ids(rows: Sequence[Mapping[str, Any]], key: str) -> set[str]:
    return {row[key] for row in rows}
