"""Read what became of published moments (朋友圈): who can see them, likes and comments."""

import asyncio
import logging
from datetime import timedelta

from bot.context import Context
from bot.model import Post
from bot.playbook.posting import next_echo
from bot.wecom.errors import Paced, Refused, WeComError
from bot.wecom.paging import pages

log = logging.getLogger(__name__)

BATCH = 20
_SOON = timedelta(minutes=10)


async def look(ctx: Context) -> bool:
    """Read the echo of every published post that is due; False when none was."""
    owner, due = await ctx.store.posts.claim_published(ctx.now(), BATCH)
    if not due:
        return False
    await asyncio.gather(*(_listen(ctx, owner, post) for post in due))
    return True


async def _listen(ctx: Context, owner: str, post: Post) -> None:
    """Each look counts anew, so that reading twice counts nobody twice."""
    looks = post.looks + 1
    due_at = next_echo(post.published_at or ctx.now(), looks)
    try:
        await ctx.store.posts.heard(owner, post.id, due_at, looks=looks, **await _echo(ctx, post))
    except Refused as error:  # deleted by its author, or older than WeCom remembers
        log.warning("the echo of %s: %s", post.id, error)
        await ctx.store.posts.heard(owner, post.id, None)
    except Paced as error:
        await ctx.store.posts.heard(owner, post.id, error.until)
    except WeComError as error:
        log.warning("the echo of %s: %s", post.id, error)
        await ctx.store.posts.heard(owner, post.id, ctx.now() + _SOON)


async def _echo(ctx: Context, post: Post) -> dict[str, int]:
    """get_moment_send_result and get_moment_comments (P:93333)."""
    posting = await ctx.store.postings.get(post.posting)
    asked = {"moment_id": posting.moment_id if posting else "", "userid": post.staff}
    path = "externalcontact/get_moment_send_result"
    seen = {
        row["external_userid"]
        async for row in pages(ctx.wecom, path, {**asked, "limit": 5000}, "customer_list")
    }
    said = await ctx.wecom.call("externalcontact/get_moment_comments", asked)
    return {
        "audience": len(seen),
        "likes": len(said.get("like_list") or ()),
        "comments": len(said.get("comment_list") or ()),
    }
