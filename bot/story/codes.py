"""The story of a 渠道: when its codes were made, who took its customers and why."""

from collections.abc import Iterable

from bot.context import Context
from bot.model import Way
from bot.store.rows import Row
from bot.story.lines import Story, logged, people, story


async def of_channel(ctx: Context, name: str) -> Story | None:
    """None when no code was ever made for a channel of this name."""
    ways = await ctx.store.ways.ever_of(name)
    if not ways:
        return None
    rows: list[Row] = []
    for way in ways:
        rows += await ctx.store.log.of(way.id)
    return story(f"渠道“{name}”：{_standing(ways)}", logged(rows), await people(ctx))


def _standing(ways: Iterable[Way]) -> str:
    shared = next((way for way in ways if not way.person), None)
    if shared is None or shared.state == "已删":
        return "二维码已作废"
    if not shared.config_id:
        return "二维码还没有生成"
    return f"现在由 {'、'.join(shared.users)} 接（{shared.standing}）"
