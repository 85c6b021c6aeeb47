"""撤回未发: take back what was made from older words and has not reached anybody yet."""

from collections.abc import Sequence

from bot.context import Context
from bot.model import Delivery
from bot.playbook import patience
from bot.playbook.said import reworded
from bot.store.log import line
from config.book import Book

RECALLED = "撤回未发"


async def recall(ctx: Context, was: Book, live: Book) -> None:
    """Withdraw the unsent pushes of every step that reads differently now; twice is once.

    What staff have confirmed by now has reached its customers and stays.
    """
    for sop, steps in reworded(was, live).items():
        kept = await ctx.store.deliveries.unsent(sop, steps)
        ended = await ctx.store.deliveries.recall([d.id for d in kept], RECALLED)
        gone = [d for d in kept if d.id in ended]
        await ctx.store.caps.release_all(
            (patience.ledger_of(d.subject, d.subject_type), d.id) for d in gone
        )
        await _log(ctx, gone)
        out = {d.sending for d in kept if d.id not in ended and d.sending}
        await ctx.store.sendings.recall(out, ctx.now())
    ctx.hints.ring("sendings")


async def _log(ctx: Context, gone: Sequence[Delivery]) -> None:
    await ctx.store.log.write(
        [
            line(
                f"{d.id}:recalled",
                [d.subject, d.journey, d.id],
                ctx.now(),
                f"“{d.step}”还没发出，随新版撤回",
                step=d.step,
            )
            for d in gone
        ]
    )
