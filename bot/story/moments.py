"""The story of one person's moment (朋友圈), or of the one WeCom made for several people."""

from collections.abc import Sequence

from bot.actions.content import in_words
from bot.context import Context
from bot.model import Post, Posting
from bot.playbook.hours import Hours
from bot.story.lines import Line, Story, logged, people, story

_BECAME = {
    "ready": "等待发",
    "gathered": "等待创建",
    "created": "已创建，等员工发表",
    "published": "已发表",
    "failed": "没有发出",
    "expired": "过期，没有发",
    "suppressed": "没有发",
    "cancelled": "已收回",
}
_STANDS = {
    "open": "还在收集要一起发的人",
    "closed": "等待创建",
    "asked": "企业微信正在创建",
    "created": "已创建，等员工发表",
    "done": "已结束",
    "cancelled": "已收回",
    "failed": "没有创建成功",
}


async def of_moment(ctx: Context, about: str) -> Story | None:
    """By a post's own id, by the id of its posting, or by WeCom's moment_id of that."""
    post = await ctx.store.posts.get(about)
    if post:
        return await _of_post(ctx, post)
    owner = await ctx.store.postings.owner_of(about) or about
    posting = await ctx.store.postings.get(owner)
    return await _of_posting(ctx, posting) if posting else None


def line_of(post: Post, hours: Hours) -> Line:
    """One person's: when it was meant, what became of it, who could see it."""
    became = _BECAME[post.state]
    if post.published_at:
        became += f"（{hours.local(post.published_at)} 查到）"
    if post.reason:
        became += f"：{post.reason}"
    if post.audience is not None:
        became += f"，{post.audience} 位客户看得到，{post.likes} 个赞，{post.comments} 条评论"
    seen = f"，带标签 {'、'.join(post.tags)} 的客户看得到" if post.tags else ""
    words = f"朋友圈“{post.step}”由 {post.staff} 发【{_content(post.message)}】{seen}"
    return Line(post.planned_at, f"{words} → {became}")


async def _of_post(ctx: Context, post: Post) -> Story:
    hours = Hours.of((await ctx.releases.head()).book)
    lines = [*logged(await ctx.store.log.of(post.id)), line_of(post, hours)]
    title = f"{post.staff} 的朋友圈“{post.step}”：{_BECAME[post.state]}"
    return story(title, lines, await people(ctx))


async def _of_posting(ctx: Context, posting: Posting) -> Story:
    """Who was to publish it, and whether each did."""
    hours = Hours.of((await ctx.releases.head()).book)
    members: Sequence[Post] = await ctx.store.posts.many(posting.members)
    theirs = [member for member in members if member.posting == posting.id]
    lines = [line_of(member, hours) for member in theirs]
    lines += logged(await ctx.store.log.of(posting.id))
    title = f"朋友圈【{_content(posting.message)}】，{len(posting.members)} 位员工"
    return story(f"{title}：{_STANDS[posting.state]}", lines, await people(ctx))


def _content(message: dict[str, object]) -> str:
    return in_words(message).partition("\n")[0][:30]
