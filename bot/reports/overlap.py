"""Who sits in several groups at once: every one of them is another red dot on the same phone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from bot.context import Context
from bot.reports.report import Asked, CannotReport, Column, Report
from bot.store.memberships import Place
from config.guess import closest, did_you_mean

BY_COUNT, BY_CUSTOMER = "群数", "客户"
NO_THEME = "（不属于任何主题）"
MOST_SHOWN = 50
_PAIR = (
    Column("theme", "主题"),
    Column("other", "另一个主题"),
    Column("both", "同时在两边", of="people"),
    Column("people", "主题里的客户"),
    Column("others", "另一个主题里的客户"),
)
_COUNT = (
    Column("groups", "同时在几个群"),
    Column("people", "客户", of="all"),
    Column("all", "在群里的客户"),
)
_CUSTOMER = (
    Column("customer", "客户"),
    Column("groups", "同时在几个群"),
    Column("where", "哪些群"),
)
NOTES = [
    "只算企业微信客户群里看得到的客户，员工不算；客户在别家的群看不到。",
    "“同时在两边”的百分比以前一个主题里的客户为分母；两列写同一个主题，是同一主题进了两个群。",
]

Sits = Mapping[str, Sequence[Place]]


async def make(ctx: Context, asked: Asked) -> Report:
    """As things stand now. Raises CannotReport for a theme or a way to split that is not there."""
    themes = (await ctx.releases.head()).book.themes
    if asked.about and asked.about not in themes:
        near = did_you_mean(closest(asked.about, themes))
        raise CannotReport(f"没有主题群“{asked.about}”：{near}现有 {'、'.join(themes)}")
    sits = await ctx.store.memberships.all()
    if asked.about:
        sits = {who: at for who, at in sits.items() if any(p.theme == asked.about for p in at)}
    match asked.by:
        case "":
            return _report(_PAIR, _pairs(sits, asked.about))
        case "群数":
            return _report(_COUNT, _counts(sits))
        case "客户":
            return _report(_CUSTOMER, await _customers(ctx, sits))
    raise CannotReport(f"不能按“{asked.by}”拆开：只能写 {BY_COUNT} 或 {BY_CUSTOMER}")


async def every_way(ctx: Context) -> tuple[Report, Report, Report]:
    """All themes by pairs, by how many groups, and by customer; every roster is read once."""
    sits = await ctx.store.memberships.all()
    return (
        _report(_PAIR, _pairs(sits, "")),
        _report(_COUNT, _counts(sits)),
        _report(_CUSTOMER, await _customers(ctx, sits)),
    )


def _report(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> Report:
    return Report(
        title="重叠：同时在几个群的客户",
        columns=columns,
        rows=rows,
        notes=NOTES,
        now=True,
        empty="没有客户同时在两个群里",
    )


def _pairs(sits: Sits, about: str) -> list[dict[str, Any]]:
    """Every two themes with somebody in both, the most first."""
    both: Counter[tuple[str, str]] = Counter()
    people: Counter[str] = Counter()
    for places in sits.values():
        times = Counter(place.theme for place in places)
        people.update(times.keys())
        both.update(combinations(sorted(times), 2))
        both.update((theme, theme) for theme, n in times.items() if n > 1)
    rows = []
    for pair, n in sorted(both.items(), key=lambda found: (-found[1], found[0])):
        if about and about not in pair:
            continue
        first, second = pair if pair[0] == about or not about else reversed(pair)
        rows.append(
            {
                "theme": first or NO_THEME,
                "other": second or NO_THEME,
                "both": n,
                "people": people[first],
                "others": people[second],
            }
        )
    return rows


def _counts(sits: Sits) -> list[dict[str, Any]]:
    times = Counter(len(places) for places in sits.values())
    return [{"groups": n, "people": times[n], "all": len(sits)} for n in sorted(times)]


async def _customers(ctx: Context, sits: Sits) -> list[dict[str, Any]]:
    """Who sits in the most groups."""
    several = [(who, places) for who, places in sits.items() if len(places) > 1]
    several.sort(key=lambda one: (-len(one[1]), one[0]))
    shown = several[:MOST_SHOWN]
    names = await ctx.store.contacts.many(who for who, _ in shown)
    groups = await ctx.store.groups.many(place.chat for _, places in shown for place in places)
    return [
        {
            "customer": names[who].name or who if who in names else who,
            "groups": len(places),
            "where": "、".join(groups[p.chat].name or p.chat for p in places if p.chat in groups),
        }
        for who, places in shown
    ]
