"""How each version of each material does: sent, delivered, answered, bought, deleted."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.context import Context
from bot.playbook import keys
from bot.reports import counting
from bot.reports.report import Asked, CannotReport, Column, Report
from bot.store.pushes import Reached
from bot.store.rows import Row
from config.book import Book
from config.guess import closest, did_you_mean

WITHIN = timedelta(days=7)
"""How long after a push what a customer does counts for it."""
_REPLY, _ORDER = "reply", "order"
_COLUMNS = (
    Column("material", "素材"),
    Column("ver", "版本"),
    Column("since", "上线时间"),
    *counting.FATES,
    Column("customers", "送达客户"),
    Column("replied", "7天内回复", of="customers"),
    Column("ordered", "7天内下单", of="customers"),
    Column("deleted", "7天内删除好友", of="customers"),
    Column("welcomes", "欢迎语已发"),
    Column("moments", "朋友圈已发布"),
)


async def make(ctx: Context, asked: Asked) -> Report:
    """Raises CannotReport for a material that was never live."""
    book, pushes = (await ctx.releases.head()).book, ctx.store.pushes
    versions = {row["_id"]: row for row in await ctx.store.materials.all()}
    _known(asked.about, book, versions.values())
    piles = await pushes.of_materials(asked.since, asked.until, asked.about)
    sent = counting.split(piles, lambda pile: pile.about["material"])
    reached = await pushes.reached(asked.since, asked.until, asked.about)
    after = await _afterwards(ctx, reached, asked.since)
    welcomes = await pushes.welcomes(asked.since, asked.until)
    moments = await pushes.moments(asked.since, asked.until)
    hears, sees = book.hears_replies(), ctx.settings.events_secret is not None
    rows = []
    for name in sorted(
        {*sent, *_of(asked.about, welcomes), *_of(asked.about, moments)}, key=_place
    ):
        material, _, ver = name.partition("#")
        row = {
            "material": material,
            "ver": int(ver) if ver else None,
            "since": versions[name]["at"] if name in versions else None,
            **counting.fates(sent.get(name, ())),
            **after.get(name, _NOBODY),
            "welcomes": welcomes.get(name, 0),
            "moments": moments.get(name, 0),
        }
        rows.append(row | _unknown(row, hears=hears, sees=sees))
    return Report(
        title="素材",
        columns=_COLUMNS,
        rows=rows,
        notes=list(_notes(hears=hears, sees=sees)),
        empty="这段时间没有用过素材：直接写在 SOP 里的文案不算素材。",
    )


_NOBODY: Mapping[str, Any] = {"customers": 0, "replied": 0, "ordered": 0, "deleted": 0}


async def _afterwards(
    ctx: Context, reached: Sequence[Reached], since: datetime
) -> dict[str, dict[str, Any]]:
    """What customers did within :data:`WITHIN` after a version reached them, each counted once."""
    until = max((one.at for one in reached), default=since) + WITHIN
    did = await ctx.store.pushes.times((_REPLY, _ORDER), since, until)
    left = await ctx.store.pushes.left(since, until)
    times = {key: sorted(moments) for key, moments in did.items()}
    found: dict[str, Counter[str]] = {}
    seen: set[tuple[str, str]] = set()
    for one in sorted(reached, key=lambda r: r.at):
        if (one.material, one.subject) in seen:  # the first time it reached them
            continue
        seen.add((one.material, one.subject))
        counted = found.setdefault(one.material, Counter())
        counted["customers"] += 1
        for name, kind in (("replied", _REPLY), ("ordered", _ORDER)):
            counted[name] += _soon_after(times.get(keys.happened(one.subject, kind), ()), one.at)
        gone = left.get((one.subject, one.staff))
        counted["deleted"] += gone is not None and one.at < gone <= one.at + WITHIN
    return {name: {key: counted[key] for key in _NOBODY} for name, counted in found.items()}


def _soon_after(moments: Sequence[datetime], at: datetime) -> bool:
    """Whether one of these, in order, lies within :data:`WITHIN` after ``at``."""
    place = bisect_right(moments, at)
    return place < len(moments) and moments[place] <= at + WITHIN


def _unknown(row: Mapping[str, Any], *, hears: bool, sees: bool) -> dict[str, None]:
    """Of groups nobody can say who answered; without a source nobody can at all."""
    if not row["customers"]:
        return dict.fromkeys(("replied", "ordered", "deleted"))
    silent = [] if hears else ["replied"]
    return dict.fromkeys([*silent, *([] if sees else ["ordered"])])


def _of(about: str, used: Mapping[str, int]) -> Iterable[str]:
    return [name for name in used if not about or name.partition("#")[0] == about]


def _place(name: str) -> tuple[str, int]:
    material, _, ver = name.partition("#")
    return material, int(ver or 0)


def _known(about: str, book: Book, versions: Iterable[Row]) -> None:
    names = {*book.materials, *(row["name"] for row in versions)}
    if about and about not in names:
        cure = did_you_mean(closest(about, names))
        raise CannotReport(f"没有素材“{about}”：{cure}用 qunce list 素材 看有哪些")


def _notes(*, hears: bool, sees: bool) -> Iterable[str]:
    yield from counting.NOTES
    yield "一条推送用了几份素材（正文和附件），每一份都算一次。内容改了就是新的一版。"
    yield "送达客户：按人算，同一版第一次送达算起 7 天；发到群里的看不出是谁回应的，不算。"
    yield "7天内下单、删除好友是在它之后发生的，不等于因为它发生的。"
    if not hears:
        yield "回复：企业微信不把客户消息推给应用；全局规则写了 客户回复来源 才数得到。"
    if not sees:
        yield "下单：没有设置 QUNCE_EVENTS_SECRET，订单推送不进来。"
