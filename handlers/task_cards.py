"""A member of staff tapped a card."""

from bot.actions import colleagues, experiments, menu, tapping, tasks, vouching
from bot.context import Context
from bot.router import NotForUs, Router
from bot.wecom import cards
from bot.wecom.events import CardMenuTapped, CardTapped

router = Router()


@router.on(CardTapped)
async def tapped(event: CardTapped, ctx: Context) -> None:
    """The first tap of the right person counts; every tap is answered on the card."""
    dealt = await ctx.store.tasks.all_of_card(event.task_id)
    if not dealt and (asked := await ctx.store.wishes.of_choice(event.task_id)):
        choose = vouching.confirm if event.button == cards.SUBMIT else colleagues.chosen
        await choose(ctx, asked, event)
        return
    if not dealt and (about := await ctx.store.experiments.of_card(event.task_id)):
        await experiments.tap(ctx, about, event)
        return
    if not dealt:
        await tasks.answer(ctx, event, "这张卡片已失效")
        raise NotForUs(f"no task has the card {event.task_id}")
    if menu.is_ours(event.button):
        await menu.wished(ctx, dealt, event)
        return
    await tapping.tap(ctx, dealt, event)


@router.on(CardMenuTapped)
async def wished(event: CardMenuTapped, ctx: Context) -> None:
    """稍后, 做不了, 转给同事: of their own tasks, as long as they have them."""
    dealt = await ctx.store.tasks.all_of_card(event.task_id)
    if not dealt:
        await tasks.answer(ctx, event, "这张卡片已失效")
        raise NotForUs(f"no task has the card {event.task_id}")
    await menu.wished(ctx, dealt, event)
