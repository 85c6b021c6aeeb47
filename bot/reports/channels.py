"""The funnel of each channel: followed, added, welcomed, in a group, answered, bought, lost."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.context import Context
from bot.reports.report import Asked, CannotReport, Column, Report
from bot.store.funnel import Arrival
from config.book import Book
from config.guess import closest, did_you_mean
from config.tasks import CUSTOMER_REPLIED

NO_CHANNEL = "（没有渠道）"
NO_TAG = "（没有这组标签）"
NO_SHOP = "（没有门店）"
_DID = ("welcomed", "joined", "replied", "ordered", "deleted")
_STEPS = (
    Column("clicks", "点击"),
    Column("opened", "打开名片"),
    Column("requested", "发起申请"),
    Column("added", "加好友", of="clicks"),
    Column("welcomed", "已发欢迎语", of="added"),
    Column("joined", "已入群", of="added"),
    Column("replied", "已回复", of="added"),
    Column("ordered", "已下单", of="added"),
    Column("deleted", "已删除好友", of="added"),
)

Parts = Callable[[Arrival], Iterable[str]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What can be known at all."""

    book: Book
    clicks: Mapping[str, int]
    steps: Mapping[tuple[str, str], int]
    tells_opening: bool  # WeCom does not for every company
    orders: bool

    def replies(self, channel: str) -> bool:
        sources = set(self.book.rules.reply_sources)
        others = self.by_hand or bool(sources - {"获客助手"})
        return others or (bool(sources) and self.is_link(channel))

    @property
    def by_hand(self) -> bool:
        """Whether staff can say so themselves, by a button of some task."""
        rules = self.book.rules.model_copy(update={"reply_sources": ()})
        return replace(self.book, rules=rules).hears_replies()

    def is_link(self, channel: str) -> bool:
        found = self.book.channels.get(channel)
        return bool(found and found.kind == "获客链接")


async def make(ctx: Context, asked: Asked) -> Report:
    """Raises CannotReport for a channel or a way to split by that does not exist."""
    book = (await ctx.releases.head()).book
    arrivals = await ctx.store.funnel.arrivals(asked.since, asked.until)
    known = _Known(
        book,
        await ctx.store.clicks.totals(asked.since, asked.until),
        await ctx.store.clicks.steps(asked.since, asked.until),
        await ctx.store.clicks.ever("opened"),
        ctx.settings.events_secret is not None,
    )
    split = await _split(ctx, book, asked.by)
    channels = _channels(book, arrivals, asked.about)
    first = [Column("channel", "渠道"), *([Column("part", asked.by)] if split else [])]
    return Report(
        title="渠道漏斗",
        columns=[*first, *_STEPS],
        rows=list(_rows(channels, arrivals, known, split)),
        notes=[*_notes(channels, known, asked), *await _quota(ctx)],
        empty="这段时间没有人加好友，文件夹里也没有渠道：先写一个 渠道",
    )


def _rows(
    channels: Sequence[str], arrivals: Sequence[Arrival], known: _Known, split: Parts | None
) -> Iterator[dict[str, Any]]:
    through = defaultdict(list)
    for one in arrivals:
        through[one.channel].append(one)
    for channel in channels:
        row = {"channel": channel or NO_CHANNEL}
        if split is None:
            yield {**row, **_followed(channel, known), **_reached(channel, through[channel], known)}
            continue
        parts = defaultdict(list)
        for one in through[channel]:
            for part in split(one):
                parts[part].append(one)
        nobody = dict.fromkeys(("clicks", "opened", "requested"))
        for part, those in sorted(parts.items(), key=lambda item: (item[0][0] == "（", item[0])):
            yield {**row, "part": part, **nobody, **_reached(channel, those, known)}


def _followed(channel: str, known: _Known) -> dict[str, int | None]:
    """What comes before there is a name: only of 获客链接 WeCom tells anything."""
    if not known.is_link(channel):
        return {"clicks": None, "opened": None, "requested": None}
    opened = known.steps.get((channel, "opened"), 0)
    return {
        "clicks": known.clicks.get(channel),
        "opened": opened if known.tells_opening else None,
        "requested": known.steps.get((channel, "requested"), 0),
    }


def _reached(channel: str, those: Sequence[Arrival], known: _Known) -> dict[str, int | None]:
    counted: dict[str, int | None] = {"added": len(those)}
    counted |= {name: sum(getattr(one, name) for one in those) for name in _DID}
    if not known.replies(channel):
        counted["replied"] = None
    if not known.orders:
        counted["ordered"] = None
    return counted


def _channels(book: Book, arrivals: Iterable[Arrival], about: str) -> list[str]:
    """Those of the folder in its order, then those that are there no more, then none at all."""
    seen = {one.channel for one in arrivals}
    names = [*book.channels, *sorted(seen - set(book.channels), key=lambda name: (not name, name))]
    if not about:
        return names
    if about not in names:
        cure = did_you_mean(closest(about, [name for name in names if name]))
        raise CannotReport(f"没有渠道“{about}”：{cure or '用 qunce list 渠道 看有哪些'}")
    return [about]


async def _split(ctx: Context, book: Book, by: str) -> Parts | None:
    """Into which parts of a channel somebody belongs; None when it is not to be split."""
    match by:
        case "":
            return None
        case "门店":
            return lambda one: [one.shop or NO_SHOP]
        case "员工":
            names = {member.id: member.name for member in await ctx.store.staff.everybody()}
            return lambda one: [names.get(one.staff) or book.team.name_of(one.staff)]
    if by not in book.tags:
        options = ("门店", "员工", *book.tags)
        cure = did_you_mean(closest(by, options))
        raise CannotReport(f"不能按“{by}”拆开：{cure}只能写 {'、'.join(options)}")
    start = f"{by}/"
    return lambda one: [t.removeprefix(start) for t in one.tags if t.startswith(start)] or [NO_TAG]


def _notes(channels: Sequence[str], known: _Known, asked: Asked) -> Iterator[str]:
    yield "加好友：这段时间里加上的（同一位客户和员工重新加过，算最近一次）；后面几步是到现在为止。"
    yield "最近几天加的还没来得及走到后面，比例会偏低。"
    links = [name for name in channels if known.is_link(name)]
    if asked.by:
        yield "点击、打开、申请是谁做的企业微信不说，不能拆开。"
    elif len(links) < len(channels):
        yield "活码没有点击数：企业微信不告诉扫码次数。"
    if links and not asked.by:
        yield "点击：企业微信每天凌晨给的人数，同一个人两天都点算两次；今天的还不全。"
        if not known.tells_opening:
            yield "打开名片：企业微信没有推送过，只有部分行业的企业能收到。"
    if asked.by in known.book.tags:
        yield f"一位客户有几个“{asked.by}”的标签时，每一行都算。"
    if silent := [name for name in channels if not known.replies(name)]:
        yield _why_silent(silent, channels)
    elif known.by_hand and not known.book.rules.reply_sources:
        yield f"已回复：员工点了“{CUSTOMER_REPLIED}”的才算。"
    if not known.orders:
        yield "已下单：没有设置 QUNCE_EVENTS_SECRET，订单推送不进来。"


def _why_silent(silent: Sequence[str], channels: Sequence[str]) -> str:
    if len(silent) < len(channels):
        return "已回复：获客助手只告诉从获客链接来的客户，别的渠道不知道。"
    return "已回复：企业微信不把客户消息推给应用；全局规则写了 客户回复来源 才数得到。"


async def _quota(ctx: Context) -> list[str]:
    quota = await ctx.store.links.quota()
    if not quota:
        return []
    at = f"{quota['at'].astimezone(ctx.settings.tz):%m-%d %H:%M}"
    return [f"获客助手还能加 {quota['balance']} 人（{at} 的数）。"]
