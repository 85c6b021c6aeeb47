"""How many customers an SOP for an audience would take in, and what its experiment could show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from bot.plan.remarks import Remark, beware
from bot.playbook.audience import HAPPENINGS
from bot.playbook.odds import smallest_lift
from bot.playbook.split import BUCKETS, CONTROL, WAITING, shares, splits
from bot.store import Store
from config.book import Book
from config.conditions import Bound, Condition, Happened
from config.experiments import Metric, Split
from config.phrases import Span
from config.sop import Sop
from config.triggers import AUDIENCE

_GUESS = 0.05  # where nothing can be counted
MOST = 0.5  # of all customers: more is probably a condition forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who fulfils the conditions today, and how long it takes until all are in."""

    sop: str
    sought: bool  # False: people enter by themselves, only the experiment is of interest
    fitting: int
    customers: int
    daily_limit: int | None = None
    entered_before: int = 0
    trials: "tuple[Trial, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One experiment, with so many people as it would get."""

    name: str
    people: int  # in the trial, 对照组 included
    waiting: int  # 等结果
    arms: tuple[tuple[str, int], ...]
    metric: str
    baseline: float
    measured: bool  # False: the baseline is a guess
    lift: float | None  # None: not even to 100 %
    at_least: int

    @property
    def smallest(self) -> int:
        return min(count for name, count in self.arms if name != CONTROL)


async def look(
    store: Store, book: Book, sop: Sop, newcomers_per_day: float, now: datetime
) -> Audience | None:
    """None when the SOP neither looks for people nor tries anything."""
    tried = [split for _, split in splits(sop)]
    if sop.entry.kind == AUDIENCE:
        fitting = await store.contacts.count_matching(sop.entry.conditions, book, now)
    elif tried and sop.subject == "客户":
        fitting = 0
    else:
        return None
    customers = await store.census.customers()
    trials = []
    for split in tried:
        people = fitting if sop.entry.kind == AUDIENCE else _coming(split, newcomers_per_day)
        trials.append(await _trial(store, book, split, people, customers, now))
    return Audience(
        sop=sop.name,
        sought=sop.entry.kind == AUDIENCE,
        fitting=fitting,
        customers=customers,
        daily_limit=sop.entry.daily_limit,
        entered_before=await _held_back(store, sop, now) if sop.entry.kind == AUDIENCE else 0,
        trials=tuple(trials),
    )


def _coming(split: Split, per_day: float) -> int:
    """Those who enter while the experiment looks."""
    look = split.period.length if isinstance(split.period, Span) else timedelta(days=7)
    return round(per_day * look / timedelta(days=1))


async def _held_back(store: Store, sop: Sop, now: datetime) -> int:
    """Those 重复进入 keeps out, whether or not they fit."""
    again = sop.entry.again
    since = None if again is None else now - timedelta(days=again)
    return await store.census.entered(sop.names, since)


async def _trial(
    store: Store, book: Book, split: Split, people: int, customers: int, now: datetime
) -> Trial:
    parts = {name: len(part) / BUCKETS for name, part in shares(split).items() if part}
    arms = tuple((name, round(people * share)) for name, share in parts.items() if name != WAITING)
    baseline, measured = await _baseline(store, book, split.metric, customers, now)
    smallest = min(count for name, count in arms if name != CONTROL)
    lift = smallest_lift(baseline, smallest, wins_at=split.wins_at)
    return Trial(
        name=split.name,
        people=sum(count for _, count in arms),
        waiting=round(people * parts.get(WAITING, 0)),
        arms=_control_last(arms),
        metric=str(split.metric),
        baseline=baseline,
        measured=measured,
        lift=lift,
        at_least=split.at_least,
    )


def _control_last(arms: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(arms, key=lambda arm: arm[0] == CONTROL))


async def _baseline(
    store: Store, book: Book, metric: Metric, customers: int, now: datetime
) -> tuple[float, bool]:
    """The share of all customers to whom it happened within as many days."""
    if metric.what not in HAPPENINGS or not customers:
        return _GUESS, False
    asked: Condition = Happened.model_validate(
        {"what": metric.what, "days": metric.days, "count": Bound(number=1, least=True)}
    )
    found = await store.contacts.count_matching([asked], book, now)
    return (found / customers, True) if found else (_GUESS, False)


# ---- in words -----------------------------------------------------------------------------------


def sentence(audience: Audience) -> str:
    """今天符合条件 4,812 人 → 试验 962（A 457 / B 457 / 对照组 48），其余等结果；…"""
    parts = []
    if audience.sought:
        said = f"今天符合条件 {audience.fitting:,} 人"
        if audience.entered_before:
            said += f"（另外最多有 {audience.entered_before:,} 人因“重复进入”不再进）"
        parts.append(said)
    for trial in audience.trials:
        arms = " / ".join(f"{name} {count:,}" for name, count in trial.arms)
        rest = "，其余等结果" if trial.waiting else ""
        arrow = "→ " if parts else "观察期内预计 "
        parts.append(f"{arrow}试验 {trial.people:,}（{arms}）{rest}")
    text = " ".join(parts)
    if audience.daily_limit and audience.fitting > audience.daily_limit:
        days = ceil(audience.fitting / audience.daily_limit)
        text += f"；每天最多 {audience.daily_limit:,} 人，需 {days} 天进完"
    for trial in audience.trials:
        text += f"；{_power(trial)}"
    return text + "。"


def _power(trial: Trial) -> str:
    rate = trial.metric.partition("天内")[2]
    known = "基线" if trial.measured else "假设的基线"
    small = f"按{known} {trial.baseline:.1%} {rate}，每组约 {trial.smallest:,} 人"
    if trial.lift is None:
        return f"{small}看不出任何差别，请加大样本"
    return f"{small}只能看出 ≥ {trial.lift * 100:.1f} 个百分点的差别——如果预期更小，请加大样本"


def remarks(audiences: Iterable[Audience]) -> list[Remark]:
    found = []
    for one in audiences:
        if one.sought and not one.fitting:
            found.append(beware(f"“{one.sop}”今天没有一位客户符合进入条件：请检查条件"))
        elif one.customers and one.fitting / one.customers > MOST:
            share = f"{one.fitting / one.customers:.0%}"
            found.append(
                beware(
                    f"“{one.sop}”的进入条件符合 {share} 的客户（{one.fitting:,} 人）：请检查条件"
                )
            )
        found += [
            beware(
                f"试验“{trial.name}”每组约 {trial.smallest:,} 人，少于“每组至少 "
                f"{trial.at_least:,}人”：要等更多人进来才判"
            )
            for trial in one.trials
            if trial.smallest < trial.at_least
        ]
    return found
