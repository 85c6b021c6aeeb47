"""A member of staff sent off a form of their page."""

from bot.actions import by_page
from bot.context import Context
from bot.router import PageForm, Router

router = Router()


@router.on(PageForm)
async def sent(form: PageForm, ctx: Context) -> None:
    """As if they had tapped their card, or written to the app."""
    await by_page.do(ctx, form)
