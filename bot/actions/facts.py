"""Write down what happened: who waits for it is woken, and what may begin with it is looked at."""

from collections.abc import Sequence

from bot.context import Context
from bot.model import Fact
from bot.playbook.waiting import to_begin


async def record(ctx: Context, facts: Sequence[Fact]) -> None:
    """Recording a fact twice is recording it once."""
    if not facts:
        return
    book = (await ctx.releases.head()).book
    await ctx.store.facts.record(to_begin(facts, book, ctx.now()), ctx.now())
    ctx.hints.ring("journeys", "entries")
