"""Compare everything with WeCom: at the start, and every night for what no callback told us."""

import logging
from collections.abc import Sequence

from bot.context import Context
from bot.sync.all_customers import compare_customers
from bot.sync.all_groups import compare_groups
from bot.sync.counts import Counts
from bot.sync.group_days import read_group_days
from bot.sync.staff import read_staff
from bot.sync.tags import read_tags

log = logging.getLogger(__name__)


async def sync_everything(ctx: Context) -> Counts:
    """One bad item is counted and passed over. What is news is kept, and told by whoever asked.

    Raises a WeComError when not even the members and tags can be read.
    """
    counts, at = Counts(), ctx.now()
    followers = await _followers(ctx, counts)
    await compare_groups(ctx, followers, counts, at)
    await compare_customers(ctx, followers, counts, at)
    await read_group_days(ctx, counts)
    log.info("synced: %s", counts, extra={"action": "sync"})
    return counts


async def _followers(ctx: Context, counts: Counts) -> Sequence[str]:
    """Staff first: shops, owners and customers depend on them. Without them there is no sync."""
    before = {member.id for member in await ctx.store.staff.active()}
    counts.staff = len(await read_staff(ctx))
    counts.left = sorted(before - {member.id for member in await ctx.store.staff.active()})
    counts.tags = await read_tags(ctx)
    answer = await ctx.wecom.call("externalcontact/get_follow_user_list")
    return list(answer.get("follow_user", ()))
