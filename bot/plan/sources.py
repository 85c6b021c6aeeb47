"""Conditions that depend on somebody telling us: when were we last told?"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from bot.plan.remarks import Remark, beware
from bot.plan.words import words
from bot.playbook.audience import HAPPENINGS
from bot.store.census import Census
from config.book import Book
from config.conditions import AnyOf, Condition, Happened, InJourney, NoneOf
from config.sop import Sop
from config.steps import Branch

SILENT = timedelta(days=1)  # shops that post events post some every day
_POSTED = {"下单": "商城系统", "到店": "门店系统"}


async def remarks(census: Census, book: Book, now: datetime) -> list[Remark]:
    """One sentence per kind of event nobody has posted for more than a day."""
    asked: dict[str, list[str]] = {}
    for sop in book.sops.values():
        if sop.state != "启用":
            continue
        for what, where in _asks(sop):
            asked.setdefault(what, []).append(where)
    found = []
    for what, places in asked.items():
        last = await census.last_posted(HAPPENINGS[what])
        if last is None or now - last > SILENT:
            found.append(beware(_sentence(what, places, last, now)))
    return found


def _sentence(what: str, places: list[str], last: datetime | None, now: datetime) -> str:
    when = "从来没有收到过" if last is None else f"最近一次回传是 {(now - last).days} 天前"
    more = f"等 {len(places)} 处" if len(places) > 1 else ""
    return f"{places[0]}{more}：依赖{_POSTED[what]}回传，{when}"


def _asks(sop: Sop) -> Iterator[tuple[str, str]]:
    """(什么, “步骤”条件 近7天到店) of everything in an SOP that waits to be told."""
    for trigger in (sop.entry, *sop.exits):
        if trigger.kind in _POSTED:
            yield trigger.kind, f"“{sop.name}”的{trigger.block}“{trigger.kind}”"
    for condition in _flat(sop.entry.conditions):
        if what := _posted(condition):
            yield what, f"“{sop.name}”进入条件 {words(condition)}"
    for name, node in sop.flow().nodes.items():
        last = node.step.actions[-1]
        if getattr(last, "kind", None) in _POSTED:
            yield str(getattr(last, "kind", "")), f"“{name}”等的“{getattr(last, 'kind', '')}”"
        arms = last.arms if isinstance(last, Branch) else ()
        for condition in _flat((*node.step.conditions, *(c for a in arms for c in a.conditions))):
            if what := _posted(condition):
                yield what, f"“{name}”条件 {words(condition)}"


def _posted(condition: Condition) -> str:
    if isinstance(condition, Happened | InJourney) and condition.what in _POSTED:
        return condition.what
    return ""


def _flat(conditions: Iterable[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        if isinstance(condition, AnyOf | NoneOf):
            yield from _flat(condition.conditions)
        else:
            yield condition
