"""朋友圈: how many were due, put before staff, published, forgotten; who sees and likes them."""

from collections.abc import Mapping
from typing import Any

from bot.context import Context
from bot.reports.names import people
from bot.reports.report import Asked, CannotReport, Column, Report
from config.guess import closest, did_you_mean

#: What one may split by → the fields the rows have in common, and the columns that say them.
_BY: Mapping[str, tuple[Column, ...]] = {
    "步骤": (Column("sop", "SOP"), Column("step", "步骤")),
    "SOP": (Column("sop", "SOP"),),
    "员工": (Column("staff", "员工"),),
}
_FATES = (
    Column("due", "应发"),
    Column("created", "已交给员工", of="due"),
    Column("published", "已发表", of="created"),
    Column("forgotten", "到时没发", of="created"),
    Column("unknown", "结果不明", of="created"),
    Column("recalled", "收回"),
    Column("dropped", "没交给员工", of="due"),
    Column("open", "还在等"),
    Column("heard", "已读到结果", of="published"),
    Column("audience", "看得到的客户"),
    Column("likes", "点赞"),
    Column("comments", "评论"),
)
_NOTES = (
    "一条 = 一位员工在一个时间点要发的一条朋友圈，不管他管几个群。“已发表”只认企业微信的发表状态，"
    "不认员工口头说的；企业微信不给发表时间，只知道我们几点查到。",
    "“看得到的客户”“点赞”“评论”只加总“已读到结果”的那些条：发表后 1 小时、1 天、3 天、7 天"
    "各读一次；一位客户是几位员工的好友就算几次。有多少人真的刷到，企业微信不告诉任何人。",
)


async def make(ctx: Context, asked: Asked) -> Report:
    """Raises CannotReport for an SOP, or a way to split by, that does not exist."""
    first = _split(asked.by or "步骤")
    where = {"sop": await _sop(ctx, asked.about)} if asked.about else {}
    names = [column.name for column in first]
    found = await ctx.store.posts.tally(asked.since, asked.until, names, where)
    known = await people(ctx)
    return Report(
        title="朋友圈",
        columns=[*first, *_FATES],
        rows=[_row(row, known) for row in found],
        notes=[*_NOTES, *_why(await ctx.store.posts.reasons(asked.since, asked.until, where))],
        empty="这段时间没有要发的朋友圈。在对象是“客户群”的 SOP 里写“发朋友圈”就会有。",
    )


def _split(by: str) -> tuple[Column, ...]:
    if by not in _BY:
        cure = did_you_mean(closest(by, _BY))
        raise CannotReport(f"朋友圈不能按“{by}”拆开：{cure}只能写 {'、'.join(_BY)}")
    return _BY[by]


async def _sop(ctx: Context, about: str) -> str:
    book = (await ctx.releases.head()).book
    if book.sop(about) is None:
        cure = did_you_mean(closest(about, book.sops))
        raise CannotReport(f"没有 SOP“{about}”：{cure}用 qunce list SOP 看有哪些")
    return about


def _row(row: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    """What nobody has read yet is not known; 0 would say that nobody liked it."""
    echo = {} if row["heard"] else {"audience": None, "likes": None, "comments": None}
    staff = {"staff": names.get(row["staff"], row["staff"])} if "staff" in row else {}
    return {**row, **echo, **staff}


def _why(reasons: Mapping[str, int]) -> list[str]:
    if not reasons:
        return []
    told = "、".join(f"{reason or '没有原因'} {count} 条" for reason, count in reasons.items())
    return [f"没有发表的原因：{told}。"]
