"""What became of the moments (朋友圈) WeCom was asked to make: it makes them in its own time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.context import Context
from bot.model import Post, Posting
from bot.playbook.posting import next_question
from bot.sender import moments
from bot.sender.words import refusal
from bot.store.log import line
from bot.wecom.errors import Refused

_JOB_LIVES = timedelta(hours=24)
_NO_SERVICE = "不在企业微信“客户联系”的使用范围里"
_DONE = 3


async def ask(ctx: Context, owner: str, posting: Posting) -> None:
    """get_moment_task_result (P:95094) knows a job for 24 hours; then the list may know it."""
    asked_at = posting.asked_at or ctx.now()
    try:
        answer = await ctx.wecom.call(
            "externalcontact/get_moment_task_result", params={"jobid": posting.jobid}
        )
    except Refused as error:
        if found := await moments.find(ctx, posting, asked_at):
            await _is_there(ctx, posting, found, asked_at)
        else:
            await _not_made(ctx, posting, f"创建结果查不到了：{refusal(error)}")
        return
    if int(answer.get("status", 0)) == _DONE:
        await _made(ctx, posting, answer.get("result") or {}, asked_at)
    elif ctx.now() > asked_at + _JOB_LIVES:
        await _not_made(ctx, posting, "企业微信一直没有创建好")
    else:
        due_at = max(next_question(asked_at, posting.polls + 1), ctx.now() + timedelta(seconds=1))
        await ctx.store.postings.park(owner, posting.id, due_at, polls=posting.polls + 1)


async def _made(ctx: Context, posting: Posting, result: dict[str, Any], at: datetime) -> None:
    gone = [str(t) for t in (result.get("invalid_external_contact_list") or {}).get("tag_list", ())]
    if gone:
        await ctx.store.tags.forget(gone)
        what = f"{len(gone)} 个“可见”标签在企业微信里已经没有了，带这些标签的客户看不到"
        await ctx.store.log.write([line(f"{posting.id}:tags", [posting.id], ctx.now(), what)])
    if code := int(result.get("errcode") or 0):
        error = Refused(code, str(result.get("errmsg") or ""), "externalcontact/add_moment_task")
        await _not_made(ctx, posting, refusal(error))
        return
    refused = (result.get("invalid_sender_list") or {}).get("user_list") or ()
    await _cannot(ctx, posting, {str(userid).lower() for userid in refused})
    await _is_there(ctx, posting, str(result["moment_id"]), at)


async def _is_there(ctx: Context, posting: Posting, moment_id: str, at: datetime) -> None:
    if not await moments.made(ctx, posting, moment_id, at):
        await _not_made(ctx, posting, "这条朋友圈已经算在另一次里")


async def _cannot(ctx: Context, posting: Posting, userids: set[str]) -> None:
    """WeCom lets these publish nothing to customers."""
    if not userids:
        return
    members = await ctx.store.posts.open_of(posting.id)
    barred = [post for post in members if post.staff.lower() in userids]
    await tell(ctx, posting, barred, f"没有发出：员工{_NO_SERVICE}")
    await ctx.store.posts.end(posting.id, [p.id for p in barred], "failed", f"员工{_NO_SERVICE}")


async def _not_made(ctx: Context, posting: Posting, why: str) -> None:
    await ctx.store.postings.failed(posting.id, why, ctx.now())
    ctx.hints.ring("postings")


async def tell(
    ctx: Context, posting: Posting, members: Sequence[Post], what: str, key: str = ""
) -> None:
    """A line of the log for each of these posts."""
    lines = [
        line(
            f"{post.id}:{posting.id}:{key or posting.state}",
            [post.subject, post.journey, post.id, posting.id],
            ctx.now(),
            f"“{post.step}”（{post.staff}）{what}",
            step=post.step,
        )
        for post in members
    ]
    await ctx.store.log.write(lines)
