"""撤回未发: take back what was made from older words and has not reached anybody yet."""

from collections.abc import Collection, Sequence

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
        await take_back(ctx, sop, steps, RECALLED)


async def take_back(ctx: Context, sop: str, steps: Collection[str] | None, reason: str) -> None:
    """Withdraw what was made for these steps (None: for all) and has not reached anybody."""
    await _take_back_posts(ctx, sop, steps, reason)
    await withdraw(ctx, await ctx.store.deliveries.unsent(sop, steps), reason)


async def withdraw(ctx: Context, kept: Sequence[Delivery], reason: str) -> None:
    """Withdraw these, unless they have reached somebody; others they would go with go later."""
    if not kept:
        return
    ended = await ctx.store.deliveries.recall([d.id for d in kept], reason)
    gone = [d for d in kept if d.id in ended]
    await ctx.store.caps.release_all(
        (patience.ledger_of(d.subject, d.subject_type), d.id) for d in gone
    )
    await _log(ctx, gone, reason)
    out = {d.sending for d in kept if d.id not in ended and d.sending}
    await ctx.store.sendings.recall(out, ctx.now())
    ctx.hints.ring("sendings")


async def _take_back_posts(
    ctx: Context, sop: str, steps: Collection[str] | None, reason: str
) -> None:
    """The same for moments: what is published stays."""
    kept = await ctx.store.posts.unsent(sop, steps)
    if not kept:
        return
    ended = await ctx.store.posts.recall([post.id for post in kept], reason)
    lines = [
        line(
            f"{post.id}:recalled",
            [post.subject, post.journey, post.id],
            ctx.now(),
            f"“{post.step}”（{post.staff}）还没发表，不再发：{reason}",
            step=post.step,
        )
        for post in kept
        if post.id in ended
    ]
    await ctx.store.log.write(lines)
    out = {post.posting for post in kept if post.id not in ended and post.posting}
    await ctx.store.postings.recall(out, ctx.now())
    ctx.hints.ring("postings")


async def _log(ctx: Context, gone: Sequence[Delivery], reason: str) -> None:
    await ctx.store.log.write(
        [
            line(
                f"{d.id}:recalled",
                [d.subject, d.journey, d.id],
                ctx.now(),
                f"“{d.step}”还没发出，不再发：{reason}",
                step=d.step,
            )
            for d in gone
        ]
    )
