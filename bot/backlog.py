"""What is waiting in every queue, for how long, why, and what somebody can do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.context import Context
from bot.store.backlog import Waiting
from bot.store.rows import Row
from bot.story import by_name, people

LATE = timedelta(minutes=5)  # what is due for longer is not being done
DEAD_SHOWN = 5
MOST_COUNTED = 10_000

_CALLS = {
    "card": "任务卡片",
    "text": "应用消息",
    "tick": "卡片更新",
    "welcome": "欢迎语",
    "tag": "打标签",
    "remark": "客户备注",
    "contact_way": "渠道活码",
    "group_welcome": "入群欢迎语",
    "join_way": "进群码",
    "acquisition_link": "获客链接",
    "mass": "企业群发",
    "remind": "提醒群发",
    "cancel": "撤回群发",
    "moment": "发朋友圈",
    "moment_cancel": "收回朋友圈",
}


@dataclass(frozen=True, slots=True)
class Pile:
    """One queue. ``bad``: somebody has to do something, namely ``cure``."""

    name: str
    count: int
    since: datetime | None = None
    what: tuple[str, ...] = ()
    cure: str = ""

    @property
    def bad(self) -> bool:
        return bool(self.cure)


async def piles(ctx: Context) -> list[Pile]:
    """Every queue, empty ones too, from the callbacks that come in to the messages that go out."""
    names = await people(ctx)
    return [
        await _inbox(ctx),
        await _dead(ctx),
        await _journeys(ctx),
        await _stuck(ctx),
        await _tasks(ctx, names),
        await _deliveries(ctx),
        await _unconfirmed(ctx, names),
        await _moments(ctx),
        await _unpublished(ctx, names),
        await _files(ctx),
        await _links(ctx),
        await _outbox(ctx),
        await _lost_calls(ctx),
    ]


def age(since: datetime, now: datetime) -> str:
    """How long ago, or how soon."""
    minutes = int(abs(now - since) / timedelta(minutes=1))
    ahead = "后" if since > now else "前"
    if minutes < 1:
        return "刚刚" if since <= now else "马上"
    if minutes < 60:
        return f"{minutes}分钟{ahead}"
    if minutes < 48 * 60:
        return f"{minutes // 60}小时{ahead}"
    return f"{minutes // (24 * 60)}天{ahead}"


async def _inbox(ctx: Context) -> Pile:
    lanes = {"lane": {"$in": ["urgent", "normal"]}}
    due = await ctx.store.backlog.due("inbox", ctx.now(), lanes)
    later = await ctx.store.backlog.later("inbox", ctx.now(), lanes)
    tried = await ctx.store.backlog.retried()
    what = [f"{row['n']} 条失败过、还会再试：{row['why'][:80]}" for row in tried]
    if later.count:
        what.insert(0, f"另有 {later.count} 条要过一会儿再处理")
    return Pile("回调待处理", due.count, due.first, tuple(what), _nobody_works(ctx, due))


async def _dead(ctx: Context) -> Pile:
    dead = await ctx.store.inbox.dead(1000)
    what = tuple(
        f"{one.id[:16]} {one.subject or '（没有对象）'}：{one.why[:80]}"
        for one in dead[:DEAD_SHOWN]
    )
    since = min((one.received_at for one in dead), default=None)
    cure = "修好原因后运行 qunce replay --dead 放回去重新处理" if dead else ""
    return Pile("回调处理失败", len(dead), since, what, cure)


async def _journeys(ctx: Context) -> Pile:
    due = await ctx.store.backlog.due("journeys", ctx.now(), {})
    under_way = await ctx.store.journeys.count_active(MOST_COUNTED)
    many = f"至少 {under_way}" if under_way == MOST_COUNTED else str(under_way)
    what = (f"进行中的旅程共 {many} 个",)
    return Pile("旅程到点待走", due.count, due.first, what, _nobody_works(ctx, due))


async def _stuck(ctx: Context) -> Pile:
    stuck = await ctx.store.backlog.stuck()
    what = tuple(f"“{row['sop']}”停在“{row['step']}”：{row['subject']}" for row in stuck)
    count = await ctx.store.journeys.count_stuck()
    cure = "运行 qunce why 加上面的编号看原因；多半是配置或程序错误，改好后会自己接着走"
    return Pile("旅程卡住", count, None, what, cure if count else "")


async def _tasks(ctx: Context, names: dict[str, str]) -> Pile:
    fresh = {"state": "待派"}
    due = await ctx.store.backlog.due("tasks", ctx.now(), fresh)
    later = await ctx.store.backlog.later("tasks", ctx.now(), fresh)
    overdue = await ctx.store.backlog.overdue_tasks(ctx.now())
    what = [f"过了期限还没完成：{_by_staff(overdue, names)}"] if overdue else []
    if later.count:
        first = f"（最早 {age(later.first, ctx.now())}）" if later.first else ""
        what.insert(0, f"另有 {later.count} 个在等上班时间或每日上限{first}")
    return Pile("任务待派", due.count, due.first, tuple(what), _nobody_works(ctx, due))


async def _deliveries(ctx: Context) -> Pile:
    rows = await ctx.store.backlog.deliveries()
    due = await ctx.store.backlog.due("deliveries", ctx.now(), {"state": "ready"})
    what = [
        f"{row['n']} 条等到 {age(row['first'], ctx.now())}：{row.get('reason') or '还没到时间'}"
        for row in rows
        if row["first"] and row["first"] > ctx.now()
    ]
    count = sum(row["n"] for row in rows)
    return Pile("推送待发", count, due.first, tuple(what), _nobody_works(ctx, due))


async def _unconfirmed(ctx: Context, names: dict[str, str]) -> Pile:
    rows = await ctx.store.backlog.unconfirmed()
    since = min((row["first"] for row in rows), default=None)
    what = (f"{_by_staff(rows, names)}；员工在企业微信里点“发送”后才会送达",) if rows else ()
    return Pile("群发等员工确认", sum(row["n"] for row in rows), since, what)


async def _files(ctx: Context) -> Pile:
    """Files of materials that WeCom does not have, or did not take."""
    missing = await ctx.store.backlog.files()
    refused = [row for row in missing if row.get("error")]
    what = tuple(f"“{row['name']}”：{row['error'][:80]}" for row in refused)
    since = min((row["due_at"] for row in missing), default=None)
    cure = "换一个企业微信收的文件再发布；偶尔一次的错误过几个小时会自己再试"
    return Pile("素材文件待上传", len(missing), since, what, cure if refused else "")


async def _links(ctx: Context) -> Pile:
    """获客链接 that WeCom does not have as the folder wants them."""
    behind = [link for link in await ctx.store.links.all() if link.made_rev < link.rev]
    refused = [link for link in behind if link.trouble]
    what = tuple(f"渠道“{link.channel}”：{link.trouble[:80]}" for link in refused)
    cure = "照说明处理；每天会自己再试一次，改了渠道再发布会马上试"
    return Pile("获客链接待更新", len(behind), None, what, cure if refused else "")


async def _moments(ctx: Context) -> Pile:
    rows = await ctx.store.backlog.posts()
    due = await ctx.store.backlog.due("posts", ctx.now(), {"state": "ready"})
    what = [
        f"{row['n']} 条等到 {age(row['first'], ctx.now())}：{row.get('reason') or '还没到时间'}"
        for row in rows
        if row["first"] and row["first"] > ctx.now()
    ]
    count = sum(row["n"] for row in rows)
    return Pile("朋友圈待发", count, due.first, tuple(what), _nobody_works(ctx, due))


async def _unpublished(ctx: Context, names: dict[str, str]) -> Pile:
    rows = await ctx.store.backlog.unpublished()
    since = min((row["first"] for row in rows), default=None)
    what = (f"{_by_staff(rows, names)}；员工在企业微信里点“发表”后客户才看得到",) if rows else ()
    return Pile("朋友圈等员工发表", sum(row["n"] for row in rows), since, what)


async def _outbox(ctx: Context) -> Pile:
    lanes = {"lane": {"$in": ["urgent", "normal"]}}
    due = await ctx.store.backlog.due("outbox", ctx.now(), lanes)
    rows = await ctx.store.backlog.outbox("ready", "sending")
    what = tuple(f"{_CALLS[row['kind']]} {row['n']} 个{_error(row)}" for row in rows)
    count = sum(row["n"] for row in rows)
    return Pile("调用企业微信待办", count, due.first, what, _nobody_works(ctx, due))


async def _lost_calls(ctx: Context) -> Pile:
    """``unknown``: the answer was lost, and repeating it might double it."""
    rows = await ctx.store.backlog.outbox("failed", "unknown")
    said = {"failed": "失败", "unknown": "结果不明"}
    what = tuple(
        f"{_CALLS[row['kind']]} {said[row['state']]} {row['n']} 个{_error(row)}" for row in rows
    )
    return Pile("调用企业微信没成", sum(row["n"] for row in rows), None, what)


def _nobody_works(ctx: Context, due: Waiting) -> str:
    if due.first is None or ctx.now() - due.first < LATE:
        return ""
    return "到点很久没人处理：确认 qunce run 或 qunce worker 在运行，并看它的日志"


def _by_staff(rows: Sequence[Row], names: dict[str, str]) -> str:
    return "、".join(f"{by_name(row['staff'], names)} {row['n']} 个" for row in rows)


def _error(row: Row) -> str:
    return f"：{row['error'][:80]}" if row.get("error") else ""


def in_words(found: Iterable[Pile], now: datetime) -> Iterable[tuple[str, bool]]:
    """The lines to show, and whether each is about something that has to be done."""
    for pile in found:
        since = f"，最早 {age(pile.since, now)}" if pile.since else ""
        yield f"{pile.name}：{pile.count}{since}", pile.bad
        for what in pile.what:
            yield f"  {what}", False
        if pile.cure:
            yield f"  → {pile.cure}", False
