"""The names of staff for tables: WeCom's, else the folder's."""

from bot.context import Context


async def people(ctx: Context) -> dict[str, str]:
    """Name by account; who is in neither is shown by account."""
    team = (await ctx.releases.head()).book.team
    known = {staff.id: staff.name for staff in await ctx.store.staff.active() if staff.name}
    return {userid: name for name, userid in team.people.items()} | known
