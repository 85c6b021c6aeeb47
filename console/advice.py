"""有什么变化，该做什么: what somebody has to look at today, each with the page to do it on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from bot.context import Context
from bot.playbook.hours import Hours
from bot.reports.names import people
from bot.reports.quota import Quota
from bot.store.task_figures import InHand
from config.book import Book
from console.language import marked
from console.rights import Reader, Right

PATIENCE = timedelta(hours=3)
"""How long a mass message may lie in somebody's WeCom before it is worth a word."""
_NAMED = 3
_MOST = 1_000
_NOTICE_FROM: Final = (11, 15)  # month and day: by then the State Council has announced next year


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """``what`` is a text to be translated, with ``values``; ``see`` the page where it is done."""

    what: str
    values: Mapping[str, Any] = field(default_factory=dict)
    see: str
    needs: Right = "look"
    bad: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and about whom; ``staff`` None: about everybody."""

    reader: Reader
    staff: tuple[str, ...] | None
    hours: Hours
    today: date


async def advice(
    ctx: Context, asker: Asker, tasks: Sequence[InHand], quota: Quota | None
) -> list[Advice]:
    """The most pressing first; only what the reader may open."""
    book = (await ctx.releases.head()).book
    found = [
        *await _overdue(ctx, book, tasks),
        *await _unconfirmed(ctx, asker),
        *await _themes(ctx, book, asker),
        *await _content(ctx, book, asker),
    ]
    if asker.staff is None:
        found += [
            *await _machinery(ctx, quota),
            *await _channels(ctx),
            *await _experiments(ctx),
            *_holidays(asker),
        ]
    return [one for one in found if asker.reader.may(one.needs)]


async def _overdue(ctx: Context, book: Book, tasks: Sequence[InHand]) -> list[Advice]:
    """Shop by shop, the worst first."""
    departments = {one.id: one.departments for one in await ctx.store.staff.everybody()}
    late: Counter[str] = Counter()
    for one in tasks:
        late[book.team.shop_of(departments.get(one.staff, ())) or ""] += one.overdue
    found = []
    for shop, count in late.most_common():
        if not count:
            continue
        see = "/console/tasks?" + urlencode({"pile": "overdue"} | ({"shop": shop} if shop else {}))
        values = {"shop": shop, "n": count}
        what = marked("{shop}有 {n} 项任务逾期：催一句，或转给有空的人")
        if not shop:
            what = marked("不属于门店的员工有 {n} 项任务逾期")
        found.append(Advice(what=what, values=values, see=see))
    return found


async def _unconfirmed(ctx: Context, asker: Asker) -> list[Advice]:
    waiting = await ctx.store.sendings.unconfirmed(ctx.now() - PATIENCE)
    theirs = {
        userid: count
        for userid, count in waiting.items()
        if asker.staff is None or userid in asker.staff
    }
    if not theirs:
        return []
    names = await people(ctx)
    most = sorted(theirs, key=lambda userid: (-theirs[userid], userid))[:_NAMED]
    who = "、".join(names.get(userid, userid) for userid in most)
    values = {"who": who, "people": len(theirs), "n": sum(theirs.values())}
    what = marked("{who} 手上的 {n} 条群发三个多小时没点“发送”（共 {people} 人）：客户还没收到")
    return [Advice(what=what, values=values, see=f"/console/calendar?view=list&at={asker.today}")]


async def _themes(ctx: Context, book: Book, asker: Asker) -> list[Advice]:
    """Themes in whose groups there is no room left while somebody waits."""
    totals = await ctx.store.group_lists.totals(asker.staff)
    found = []
    for name, groups in totals.items():
        if name not in book.themes or groups.room:
            continue
        waiting = await ctx.store.seat_lists.how_many_wait(name, asker.staff)
        what = marked("主题“{theme}”的群都满了：准备新群")
        if waiting:
            what = marked("主题“{theme}”的群都满了，{n} 位客户在候补：尽快开新群")
        see = f"/console/groups/theme?{urlencode({'name': name})}"
        values = {"theme": name, "n": waiting}
        found.append(Advice(what=what, values=values, see=see, bad=waiting > 0))
    return found


async def _content(ctx: Context, book: Book, asker: Asker) -> list[Advice]:
    found = []
    draft = await ctx.store.drafts.get(asker.reader.user)
    if draft and draft.changes:
        what = marked("你改了 {n} 个文件还没发布")
        see, values = "/console/editing", {"n": len(draft.changes)}
        found.append(Advice(what=what, values=values, see=see, needs="edit", bad=False))
    if not any(sop.state == "启用" for sop in book.sops.values()):
        what = marked("还没有启用的 SOP：到“编辑”里写一个，发布后启用")
        found.append(Advice(what=what, see="/console/editing", needs="edit", bad=False))
    return found


async def _machinery(ctx: Context, quota: Quota | None) -> list[Advice]:
    """What only those who run the system can mend."""
    dead = len(await ctx.store.inbox.dead(_MOST))
    stuck = await ctx.store.journeys.count_stuck()
    refused = [row for row in await ctx.store.backlog.files() if row.get("error")]
    shut = [one for one in quota.apis if one.shut_until] if quota else []
    told: list[tuple[str, int]] = [
        (marked("{n} 条回调处理失败：修好原因后重新处理"), dead),
        (marked("{n} 个旅程卡住，不会往下走"), stuck),
        (marked("{n} 个素材文件企业微信没收下：换一个文件再发布"), len(refused)),
        (marked("{n} 个接口调用太多被企业微信暂停，到点自动恢复"), len(shut)),
    ]
    return [
        Advice(what=what, values={"n": count}, see="/console/running", needs="operate")
        for what, count in told
        if count
    ]


async def _channels(ctx: Context) -> list[Advice]:
    """Codes that nobody answers, and links WeCom would not have as they are wanted."""
    ways = await ctx.store.ways.of()
    nobody = sorted({way.channel for way in ways if way.standing == "没有人"})
    trouble = sorted(link.channel for link in await ctx.store.links.all() if link.trouble)
    told = [
        (marked("渠道“{channel}”没有人接：里面的员工都不在职了"), nobody),
        (marked("渠道“{channel}”的获客链接没更新成功"), trouble),
    ]
    return [
        Advice(what=what, values={"channel": name}, see="/console/running", needs="operate")
        for what, names in told
        for name in names
    ]


async def _experiments(ctx: Context) -> list[Advice]:
    """Those whose owner is asked for a decision."""
    asking = [one for one in await ctx.store.experiments.all() if one.state == "asking"]
    what = marked("试验“{name}”有结果了，等负责人在卡片上决定")
    return [
        Advice(what=what, values={"name": one.id}, see=f"/console/sops/{quote(one.sop)}", bad=False)
        for one in asking
    ]


def _holidays(asker: Asker) -> list[Advice]:
    """Next year's holidays are announced in November; this year's must be known."""
    calendar, today = asker.hours.calendar, asker.today
    years = [today.year]
    if (today.month, today.day) >= _NOTICE_FROM:
        years.append(today.year + 1)
    what = marked("{year} 年的放假安排还没载入，日期按周一到周五估算：公布后升级 chinesecalendar")
    return [
        Advice(
            what=what,
            values={"year": year},
            see=f"/console/calendar?at={year}-01-01",
            bad=year == today.year or today.month == 12,
        )
        for year in years
        if calendar.estimated(date(year, 12, 31))
    ]
