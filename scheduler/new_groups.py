"""What a theme's groups call for by themselves: news of a new one, an end of what none needs."""

from bot.actions import new_groups, opening
from bot.context import Context
from bot.model import Group, Outgoing
from config.themes import Theme


async def look(ctx: Context) -> bool:
    """True when there was anything to do.

    A group may come to a theme by its name, by a sync or by a release; this finds them all.
    """
    themes = (await ctx.releases.head()).book.themes
    busy = False
    for name, theme in themes.items():
        for group in await ctx.store.groups.unannounced(name):
            await new_groups.announce(ctx, group)
            busy = True
        busy |= await opening.call_off(ctx, theme)
    for group in await ctx.store.groups.with_next_way():
        if not group.next_held and not _opens(themes.get(group.theme), group):
            await ctx.store.outbox.put([_closed(ctx, group)])
            ctx.hints.ring("outbox")
    return busy


def _opens(theme: Theme | None, group: Group) -> bool:
    """Whether new groups are still to be opened behind this one."""
    return bool(theme and theme.opens_groups and group.open)


def _closed(ctx: Context, group: Group) -> Outgoing:
    """Whoever has the code of 自动建群 could go on opening groups for ever."""
    config_id = group.next_way["config_id"]
    return Outgoing(
        id=f"next_way:{group.id}:{config_id}:gone",
        kind="join_way",
        serial=f"next_way:{group.id}",
        body={"config_id": config_id},
        about=group.id,
        due_at=ctx.now(),
    )
