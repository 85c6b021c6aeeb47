"""How healthy the groups of each theme are: growth, who stays, what we send, what WeCom counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.context import Context
from bot.model import Group
from bot.reports.report import Asked, CannotReport, Column, Report
from bot.store.group_days import OwnerDay
from bot.store.group_posts import Posts
from bot.sync.groups import CUSTOMER, HISTORY
from config.guess import closest, did_you_mean

BY_WEEK, BY_OWNER = "入群周", "群主"
NO_THEME = "（不属于任何主题）"
_GROUP = (
    Column("theme", "主题"),
    Column("group", "群"),
    Column("owner", "群主"),
    Column("members", "成员"),
    Column("customers", "其中客户", of="members"),
    Column("capacity", "容量"),
    Column("joined", "进群"),
    Column("stayed", "进群的还在", of="joined"),
    Column("left", "退群"),
    Column("net", "净增"),
    Column("content", "发内容"),
    Column("promotion", "发促销"),
    Column("per_promotion", "几条内容配一条促销"),
    Column("last_seen", "最近看得到的动静"),
)
_WEEK = (
    Column("theme", "主题"),
    Column("week", "哪一周进群"),
    Column("joined", "进群"),
    Column("stayed", "现在还在", of="joined"),
    Column("weeks", "过了几周"),
)
_OWNER = (
    Column("owner", "群主"),
    Column("day", "哪一天"),
    Column("groups", "群"),
    Column("groups_wrote", "说过话的群", of="groups"),
    Column("members", "成员"),
    Column("new_members", "当天进群"),
    Column("members_wrote", "说过话的成员", of="members"),
    Column("messages", "消息总数"),
    Column("messages_more", "比前一天多"),
)


async def make(ctx: Context, asked: Asked) -> Report:
    """Raises CannotReport for a theme or a way to split by that does not exist."""
    book = (await ctx.releases.head()).book
    if asked.about and asked.about not in book.themes:
        near = did_you_mean(closest(asked.about, book.themes))
        raise CannotReport(f"没有主题群“{asked.about}”：{near}现有 {'、'.join(book.themes)}")
    listed = [g for g in await ctx.store.groups.all() if asked.about in ("", g.theme)]
    groups = list((await ctx.store.groups.many(group.id for group in listed)).values())
    groups.sort(key=lambda group: (not group.theme, group.theme, group.name, group.id))
    tz = ZoneInfo(book.rules.timezone)
    match asked.by:
        case "":
            return await _by_group(ctx, asked, groups)
        case "入群周":
            return _by_week(asked, groups, tz)
        case "群主":
            return await _by_owner(ctx, asked, groups, tz)
    raise CannotReport(f"不能按“{asked.by}”拆开：只能写 {BY_WEEK} 或 {BY_OWNER}")


# ---- one row for each group ---------------------------------------------------------------------


async def health(ctx: Context, groups: Sequence[Group], asked: Asked) -> list[dict[str, Any]]:
    """How each of these groups does, in the order given; they come with their rosters."""
    posts = await ctx.store.group_posts.of([g.id for g in groups], asked.since, asked.until)
    names = await _names(ctx)
    return [_health(group, posts.get(group.id, Posts()), names, asked) for group in groups]


async def _by_group(ctx: Context, asked: Asked, groups: Sequence[Group]) -> Report:
    return Report(
        title="主题群健康",
        columns=_GROUP,
        rows=await health(ctx, groups, asked),
        notes=_notes(groups),
        empty="还没有客户群：在企业微信建群，群名写上主题群文件里“名称包含”的字",
    )


def _health(group: Group, posts: Posts, names: Mapping[str, str], asked: Asked) -> dict[str, Any]:
    joined, left = _within(group.joined, asked), _within(group.left, asked)
    seen = [*group.joined[-1:], *group.left[-1:], *([posts.last] if posts.last else [])]
    return {
        "theme": group.theme or NO_THEME,
        "group": group.name or group.id,
        "owner": names.get(group.owner, group.owner),
        "members": group.members,
        "customers": len(_customers(group)),
        "capacity": group.cap or None,
        "joined": joined,
        "stayed": min(joined, sum(_is_within(at, asked) for at in _customers(group).values())),
        "left": left,
        "net": joined - left,
        "content": posts.service,
        "promotion": posts.marketing,
        "per_promotion": posts.service / posts.marketing if posts.marketing else None,
        "last_seen": max(seen, default=None),
    }


def _notes(groups: Sequence[Group]) -> list[str]:
    notes = [
        "群里的聊天看不到：“最近看得到的动静”只有进群、退群和送达的群发。",
        "企业微信只按群主、按天给消息数和说过话的人数，没有单个群、单个人的："
        f"按“{BY_OWNER}”拆开看。",
        f"留存按哪一周进群来看：按“{BY_WEEK}”拆开。",
        "“发内容”“发促销”是送达的群发，按类型 服务、营销 分；员工自己在群里发的不在内。",
    ]
    if full := [
        group.name for group in groups if max(len(group.joined), len(group.left)) >= HISTORY
    ]:
        notes.append(f"每个群只记最近 {HISTORY} 次进群和退群：{'、'.join(full)} 更早的没算进来。")
    return notes


# ---- one row for each week in which customers joined --------------------------------------------


def _by_week(asked: Asked, groups: Sequence[Group], tz: ZoneInfo) -> Report:
    return Report(
        title="主题群留存",
        columns=_WEEK,
        rows=list(_cohorts(groups, asked, tz)),
        notes=[
            "“进群”按次数算：退了又进的算两次；“现在还在”看最近一次进群的时间。",
            "第一次看到一个群时已经在里面的客户，不知道是不是当时进的，不算。",
        ],
        empty="这段时间没有客户进群",
    )


def _cohorts(groups: Sequence[Group], asked: Asked, tz: ZoneInfo) -> Iterator[dict[str, Any]]:
    joined: dict[tuple[str, date], int] = {}
    stayed: dict[tuple[str, date], int] = {}
    for group in groups:
        theme = group.theme or NO_THEME
        for at in group.joined:
            if _is_within(at, asked):
                key = (theme, _week(at, tz))
                joined[key] = joined.get(key, 0) + 1
        for at in _customers(group).values():
            key = (theme, _week(at, tz))
            stayed[key] = stayed.get(key, 0) + 1
    this_week = _week(asked.until, tz)
    for theme, week in sorted(joined):
        came = joined[theme, week]
        yield {
            "theme": theme,
            "week": f"{week:%m-%d} 至 {week + timedelta(days=6):%m-%d}",
            "joined": came,
            "stayed": min(came, stayed.get((theme, week), 0)),
            "weeks": (this_week - week).days // 7,
        }


def _week(at: datetime, tz: ZoneInfo) -> date:
    """The Monday with which its week begins."""
    day = at.astimezone(tz).date()
    return day - timedelta(days=day.weekday())


# ---- one row for each owner and day -------------------------------------------------------------


async def _by_owner(ctx: Context, asked: Asked, groups: Sequence[Group], tz: ZoneInfo) -> Report:
    first, last = (at.astimezone(tz).date() for at in (asked.since, asked.until))
    owners = {group.owner for group in groups}
    days = await ctx.store.group_days.between(first - timedelta(days=1), last)
    names = await _names(ctx)
    rows = [row for row in _owner_days(days, names, first) if row.pop("userid") in owners]
    return Report(
        title="群主和每天的群聊",
        columns=_OWNER,
        rows=rows,
        notes=[
            "这是企业微信给的数：一位群主名下所有群合在一起，一天一个数；单个群、单个人的，企业微信不给。",
            "“说过话的”和“消息总数”企业微信都写明是“截至当天”的累计；“比前一天多”是我们减出来的。",
            "当天的数第二天凌晨才有；聊了什么看不到。",
            *(["只看一个主题时，群主在别的主题里的群也算在内。"] if asked.about else []),
        ],
        empty="还没有群聊统计：每天凌晨读前一天的；qunce doctor 会检查有没有权限",
    )


def _owner_days(
    days: Iterable[OwnerDay], names: Mapping[str, str], first: date
) -> Iterator[dict[str, Any]]:
    before: dict[str, OwnerDay] = {}
    for one in days:
        known = before.get(one.owner)
        follows = known is not None and known.day == one.day - timedelta(days=1)
        more = one.messages_ever - known.messages_ever if known and follows else None
        before[one.owner] = one
        if one.day < first or not (one.groups or one.messages_ever):
            continue  # before their first group there is nothing to say
        yield {
            "userid": one.owner,
            "owner": names.get(one.owner, one.owner),
            "day": one.day.isoformat(),
            "groups": one.groups,
            "groups_wrote": one.groups_that_ever_wrote,
            "members": one.members,
            "new_members": one.new_members,
            "members_wrote": one.members_that_ever_wrote,
            "messages": one.messages_ever,
            "messages_more": more,
        }


# ---- what they have in common -------------------------------------------------------------------


def _customers(group: Group) -> dict[str, datetime]:
    """Who of the members is a customer, and since when."""
    return {one: who["at"] for one, who in group.roster.items() if who["type"] == CUSTOMER}


def _within(times: Iterable[datetime], asked: Asked) -> int:
    return sum(_is_within(at, asked) for at in times)


def _is_within(at: datetime, asked: Asked) -> bool:
    return asked.since <= at < asked.until


async def _names(ctx: Context) -> dict[str, str]:
    return {one.id: one.name or one.id for one in await ctx.store.staff.everybody()}
