"""What became of every push: due, created, confirmed, delivered, and why not."""

from collections.abc import Callable, Mapping

from bot.context import Context
from bot.reports import counting
from bot.reports.report import Asked, CannotReport, Column, Report
from config.book import Book
from config.guess import closest, did_you_mean
from config.sop import all_steps

NO_SHOP, NO_STAFF = "（没有门店）", "（没有员工）"
#: What one may split by → what the rows have in common, and the columns that say it.
_BY: Mapping[str, tuple[tuple[str, ...], tuple[Column, ...]]] = {
    "步骤": (("sop", "step"), (Column("sop", "SOP"), Column("step", "步骤"))),
    "SOP": (("sop",), (Column("sop", "SOP"),)),
    "员工": (("staff",), (Column("staff", "员工"),)),
    "门店": (("shop",), (Column("shop", "门店"),)),
}


async def make(ctx: Context, asked: Asked) -> Report:
    """Raises CannotReport for an SOP, or a way to split by, that does not exist."""
    book = (await ctx.releases.head()).book
    names, first = _split(asked.by or "步骤")
    sop = _sop(book, asked.about)
    by = [*names, "staff"] if "shop" in names else names
    piles = await ctx.store.pushes.piles(asked.since, asked.until, by, sop=sop)
    name = await _namer(ctx, book)
    parts = counting.split(piles, lambda pile: tuple(name(one, pile.about) for one in names))
    order = {key: place for place, key in enumerate(_order(book))}
    ranked = sorted(parts.items(), key=lambda part: (order.get(part[0], len(order)), part[0]))
    return Report(
        title="推送",
        columns=[*first, *counting.FATES],
        rows=[
            {**dict(zip(names, key, strict=True)), **counting.fates(members)}
            for key, members in ranked
        ],
        notes=[*counting.NOTES, *_more(asked.by)],
        empty="这段时间没有要发的推送：看看 SOP 是否启用（qunce list SOP）。",
    )


async def _namer(ctx: Context, book: Book) -> Callable[[str, Mapping[str, str]], str]:
    """What people call something; who left us has no shop any more but that of who sent it."""
    staff = {member.id: member for member in await ctx.store.staff.everybody()}
    names = {member.id: member.name for member in staff.values()}

    def name(what: str, about: Mapping[str, str]) -> str:
        sender = about.get("staff", "")
        match what:
            case "staff":
                return names.get(sender) or book.team.name_of(sender) or NO_STAFF
            case "shop":
                departments = staff[sender].departments if sender in staff else ()
                return about["shop"] or book.team.shop_of(departments) or NO_SHOP
        return about[what]

    return name


def _split(by: str) -> tuple[tuple[str, ...], tuple[Column, ...]]:
    if by not in _BY:
        cure = did_you_mean(closest(by, _BY))
        raise CannotReport(f"推送不能按“{by}”拆开：{cure}只能写 {'、'.join(_BY)}")
    return _BY[by]


def _sop(book: Book, about: str) -> str:
    if about and book.sop(about) is None:
        cure = did_you_mean(closest(about, book.sops))
        raise CannotReport(f"没有 SOP“{about}”：{cure}用 qunce list SOP 看有哪些")
    return about


def _order(book: Book) -> list[tuple[str, ...]]:
    """As the folder is written: SOPs, and their steps."""
    steps = [(sop.name, step.name) for sop in book.sops.values() for step in all_steps(sop.steps)]
    return [*((name,) for name in book.sops), *steps]


def _more(by: str) -> list[str]:
    if by == "门店":
        return ["门店按客户和群现在所在的门店算；已经不是客户的，按发送人的门店算。"]
    return ["邀请入群的推送，步骤写作“邀请入主题群：主题”。"] if by in ("", "步骤") else []
