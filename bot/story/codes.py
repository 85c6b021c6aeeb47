"""The story of a 渠道: when its codes and links were made, who took its customers and why."""

from collections.abc import Iterable

from bot.context import Context
from bot.model import AcquisitionLink, Way
from bot.store.rows import Row
from bot.story.lines import Story, logged, people, story


async def of_channel(ctx: Context, name: str) -> Story | None:
    """None when no code or link was ever made for a channel of this name."""
    ways, link = await ctx.store.ways.ever_of(name), await ctx.store.links.get(name)
    if not ways and not link:
        return None
    rows: list[Row] = []
    for about in {f"way:{name}": 1} | {way.id: 1 for way in ways} | ({name: 1} if link else {}):
        rows += await ctx.store.log.of(about)
    standing = _at_link(link) if link and (link.users or not ways) else _standing(ways)
    return story(f"渠道“{name}”：{standing}", logged(rows), await people(ctx))


def _at_link(link: AcquisitionLink) -> str:
    if not link.users:
        return "获客链接已删除" if link.made_rev == link.rev else "获客链接就要删除"
    if not link.url:
        return "获客链接还没有生成"
    return f"获客链接现在由 {'、'.join(link.users)} 接"


def _standing(ways: Iterable[Way]) -> str:
    shared = next((way for way in ways if not way.person), None)
    if shared is None or shared.state == "已删":
        return "二维码已作废"
    if not shared.config_id:
        return "二维码还没有生成"
    if shared.standing == "没有人":
        return "员工和备用都不在职，扫码加不到人"
    return f"现在由 {'、'.join(shared.users)} 接（{shared.standing}）"
