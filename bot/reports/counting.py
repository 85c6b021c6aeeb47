"""How piles of pushes become one row: every figure with its denominator, every loss its reason."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from bot.reports.report import Column
from bot.store.pushes import Pile

_K = TypeVar("_K", bound=Hashable)
_REASONS = 5

FATES = (
    Column("due", "应发"),
    Column("created", "已建群发", of="due"),
    Column("confirmed", "员工已确认", of="created"),
    Column("delivered", "已送达", of="due"),
    Column("failed", "没送达", of="due"),
    Column("failed_why", "没送达的原因"),
    Column("suppressed", "规则拦下", of="due"),
    Column("suppressed_why", "拦下的规则"),
    Column("expired", "过期", of="due"),
    Column("cancelled", "撤回", of="due"),
    Column("waiting", "还在路上", of="due"),
)
NOTES = (
    "应发：计划时间在这段时间里的，每位客户（每个群）每一步算一条。"
    "应发 = 已送达 + 没送达 + 规则拦下 + 过期 + 撤回 + 还在路上。",
    "已送达只算企业微信回报“已发送”的；员工点了发送、客户却不是好友或达到接收上限的，算没送达。",
    "员工已确认的比例，分母是已建的群发；其余比例的分母都是应发。",
)


def split(piles: Iterable[Pile], key: Callable[[Pile], _K]) -> dict[_K, list[Pile]]:
    """The piles of each key."""
    found: defaultdict[_K, list[Pile]] = defaultdict(list)
    for pile in piles:
        found[key(pile)].append(pile)
    return dict(found)


def fates(piles: Iterable[Pile]) -> dict[str, Any]:
    """A value under the name of every column of :data:`FATES`."""
    met = Counter[str]()
    why: Mapping[str, Counter[str]] = {"failed": Counter(), "suppressed": Counter()}
    for pile in piles:
        met["due"] += pile.count
        met["created"] += pile.created * pile.count
        met["confirmed"] += pile.confirmed * pile.count
        met[pile.fate] += pile.count
        if pile.fate in why:
            why[pile.fate][pile.reason or "没有记下原因"] += pile.count
    row: dict[str, Any] = {column.name: met[column.name] for column in FATES}
    for fate, reasons in why.items():
        row[f"{fate}_why"] = [f"{reason} {n}" for reason, n in _most(reasons)]
    return row


def _most(reasons: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent ones by number, the rest as one."""
    ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    shown, rest = ranked[:_REASONS], sum(n for _, n in ranked[_REASONS:])
    return [*shown, ("其他", rest)] if rest else shown
