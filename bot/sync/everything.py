"""Compare everything with WeCom: at the start, and every night for what no callback told us."""

import logging
from collections.abc import Sequence

from bot.context import Context
from bot.sync.all_customers import compare_customers
from bot.sync.all_groups import compare_groups
from bot.sync.counts import Counts, Watch, nobody
from bot.sync.group_days import read_group_days
from bot.sync.staff import read_staff
from bot.sync.tags import read_tags

log = logging.getLogger(__name__)


async def sync_everything(ctx: Context, watch: Watch = nobody) -> Counts:
    """One bad item is counted and passed over. What is news is kept, and told by whoever asked.

    Raises a WeComError when not even the members and tags can be read, and whatever ``watch``
    raises: it is told how many of how many are done.
    """
    counts, at = Counts(), ctx.now()
    followers = await _followers(ctx, counts)
    steps = len(followers) + 2  # those with customers, the groups, and what WeCom counted in them
    await watch(0, steps)
    await compare_groups(ctx, followers, counts, at)
    await watch(1, steps)

    async def seen(n: int) -> None:
        await watch(1 + n, steps)

    await compare_customers(ctx, followers, counts, at, seen)
    await read_group_days(ctx, counts)
    await watch(steps, steps)
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
