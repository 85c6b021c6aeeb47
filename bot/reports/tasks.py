"""What became of every task: what people say and what the system saw, never in one number."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from bot.context import Context
from bot.playbook.chasing import shop_of
from bot.reports.names import people
from bot.reports.report import Asked, CannotReport, Column, Report
from bot.store.task_figures import TaskPile
from config.book import Book
from config.guess import closest, did_you_mean
from config.sop import all_steps

NO_SHOP, NO_STAFF = "（没有门店）", "（没有员工）"
_BY: Mapping[str, tuple[Column, ...]] = {
    "步骤": (Column("sop", "SOP"), Column("step", "步骤")),
    "SOP": (Column("sop", "SOP"),),
    "员工": (Column("staff", "员工"),),
    "门店": (Column("shop", "门店"),),
}
_FIGURES = (
    Column("due", "应做"),
    Column("given", "已派到人", of="due"),
    Column("acknowledged", "员工点了完成", of="given"),
    Column("self_reported", "员工自己填写", of="given"),
    Column("verifiable", "系统能核实的", of="due"),
    Column("verified", "系统已核实", of="verifiable"),
    Column("manager_override", "店长代为确认", of="given"),
    Column("cannot", "做不了", of="given"),
    Column("cancelled", "不用做了", of="due"),
    Column("given_up", "没人做，已过期", of="given"),
    Column("waiting", "还没做", of="due"),
    Column("overdue", "逾期过", of="given"),
    Column("escalated", "升级或转派过", of="given"),
)
_NOTES = (
    "应做：这段时间里产生的任务，一位客户（一个群）一步算一个，一张卡上有几位就算几个。",
    "应做 = 员工点了完成 + 员工自己填写 + 系统已核实 + 店长代为确认"
    " + 做不了 + 不用做了 + 没人做 + 还没做，"
    "一个任务只算在一格里：系统已核实的不再算进员工点了完成。",
    "员工点了完成、自己填写和店长代为确认都是人说的，只有系统已核实是企业微信或业务系统看到的；"
    "它的分母只算系统能核实的任务。",
    "任务算在现在的负责人名下，转过手的不算在原来的人名下。",
)


async def make(ctx: Context, asked: Asked) -> Report:
    """Raises CannotReport for an SOP, or a way to split by, that does not exist."""
    book = (await ctx.releases.head()).book
    by = asked.by or "步骤"
    if by not in _BY:
        cure = did_you_mean(closest(by, _BY))
        raise CannotReport(f"任务不能按“{by}”拆开：{cure}只能写 {'、'.join(_BY)}")
    if asked.about and book.sop(asked.about) is None:
        cure = did_you_mean(closest(asked.about, book.sops))
        raise CannotReport(f"没有 SOP“{asked.about}”：{cure}用 qunce list SOP 看有哪些")
    piles = await ctx.store.task_figures.piles(asked.since, asked.until, asked.about)
    shops = await _shops(ctx, book, piles)
    known = await people(ctx)
    rows: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for pile in piles:
        _count(rows[_key(by, pile, shops)], pile)
    order = {key: place for place, key in enumerate(_order(book))}
    ranked = sorted(rows.items(), key=lambda row: (order.get(row[0], len(order)), row[0]))
    return Report(
        title="任务",
        columns=[*_BY[by], *_FIGURES],
        rows=[_row(by, key, counts, known) for key, counts in ranked],
        notes=_NOTES,
        empty="这段时间没有任务：看看 SOP 里有没有“派任务”，是否启用（qunce list SOP）。",
    )


def _count(counts: Counter[str], pile: TaskPile) -> None:
    counts["due"] += pile.count
    counts[pile.fate] += pile.count
    for name in ("given", "verifiable", "overdue", "escalated"):
        counts[name] += pile.count if getattr(pile, name) else 0


def _key(by: str, pile: TaskPile, shops: Mapping[str, str]) -> tuple[str, ...]:
    match by:
        case "SOP":
            return (pile.sop,)
        case "员工":
            return (pile.staff,)
        case "门店":
            return (shops.get(pile.staff, ""),)
        case _:
            return (pile.sop, pile.step)


def _row(
    by: str, key: tuple[str, ...], counts: Counter[str], names: Mapping[str, str]
) -> dict[str, Any]:
    about = {column.name: value for column, value in zip(_BY[by], key, strict=True)}
    if "staff" in about:
        about["staff"] = names.get(about["staff"], about["staff"]) or NO_STAFF
    if "shop" in about:
        about["shop"] = about["shop"] or NO_SHOP
    return about | {column.name: counts[column.name] for column in _FIGURES}


async def _shops(ctx: Context, book: Book, piles: list[TaskPile]) -> dict[str, str]:
    """Staff → the shop they work in now."""
    known = await ctx.store.staff.many(pile.staff for pile in piles)
    found = {id: shop_of(book, one) for id, one in known.items()}
    return {id: shop.name for id, shop in found.items() if shop}


def _order(book: Book) -> list[tuple[str, ...]]:
    """As the folder is written: SOPs, and their steps."""
    steps = [(sop.name, step.name) for sop in book.sops.values() for step in all_steps(sop.steps)]
    return [*((name,) for name in book.sops), *steps]
