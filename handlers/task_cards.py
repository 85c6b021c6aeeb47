"""A member of staff tapped a card."""

from bot.actions import experiments, tasks
from bot.context import Context
from bot.router import NotForUs, Router
from bot.wecom.events import CardTapped

router = Router()


@router.on(CardTapped)
async def tapped(event: CardTapped, ctx: Context) -> None:
    """The first tap of the right person counts; every tap is answered on the card."""
    task = await ctx.store.tasks.of_card(event.task_id)
    if task is None and (about := await ctx.store.experiments.of_card(event.task_id)):
        await experiments.tap(ctx, about, event)
        return
    if task is None:
        await tasks.answer(ctx, event, "这张卡片已失效")
        raise NotForUs(f"no task has the card {event.task_id}")
    await tasks.tap(ctx, task, event)
