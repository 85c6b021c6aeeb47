"""What an experiment has shown, from counts alone.  Pure.

There is one look. Looking every day and stopping at the first good one finds a winner among equals
three times in ten (bench/split.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, assert_never

from bot.model import Assignment, Experiment, Fact
from bot.playbook import keys
from bot.playbook.audience import HAPPENINGS
from bot.playbook.hours import Hours
from bot.playbook.odds import Seen, beats, best, mismatch
from bot.playbook.split import CONTROL, WAITING, shares, window
from config.experiments import Measured, Metric, Split

COUNT_EVERY = timedelta(days=1)
UNLIKELY = 0.001  # a draw this far from its shares was no fair draw
LOWER_IS_BETTER = frozenset({"删除好友"})
Happened: TypeAlias = Mapping[str, Sequence[datetime]]  # 下单 → when, of one customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What is known about one arm; ``n`` are those whose window is over."""

    arm: str
    enrolled: int = 0
    n: int = 0
    hits: int = 0
    harmed: int = 0

    @property
    def seen(self) -> Seen:
        return Seen(self.hits, self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``kind`` 胜出: ``arm`` won. 判不出: nobody did. 不作数: the draw itself went wrong."""

    kind: Literal["胜出", "判不出", "不作数"]
    arm: str = ""
    why: str
    chances: Mapping[str, float]


def counted(
    tally: Tally, split: Split, who: Assignment, happened: Happened, now: datetime
) -> Tally:
    """``tally`` with one more customer; what they did counts once their window is over."""
    tally = replace(tally, enrolled=tally.enrolled + 1)
    if who.at + window(split) > now:
        return tally
    return replace(
        tally,
        n=tally.n + 1,
        hits=tally.hits + _did(split.metric, who.at, happened),
        harmed=tally.harmed
        + (_did(split.guardrail, who.at, happened) if split.guardrail else False),
    )


def judge(split: Split, tallies: Mapping[str, Tally]) -> Finding:
    """The one look."""
    arms = _arms(split, tallies)
    chances = dict(zip((t.arm for t in arms), _best(split.metric, arms), strict=True))
    if (chance := fair(split, tallies)) < UNLIKELY:
        why = f"各组人数和设定的比例对不上（这样的偏差纯属巧合的可能只有 {chance:.1g}），结果不作数"
        return Finding(kind="不作数", why=why, chances=chances)
    worse = {t.arm: found for t in arms if (found := _harm(split, t, tallies))}
    fit = [t for t in arms if t.arm not in worse]
    first = max(fit, key=lambda t: chances[t.arm], default=None)
    if first and chances[first.arm] >= split.wins_at:
        why = f"胜率 {chances[first.arm]:.1%}，不低于 {split.wins_at:.1%}"
        return Finding(kind="胜出", arm=first.arm, why=why, chances=chances)
    top = max(arms, key=lambda t: chances[t.arm])
    why = f"最好的“{top.arm}”胜率 {chances[top.arm]:.1%}，没到 {split.wins_at:.1%}"
    if top.arm in worse:
        why = f"“{top.arm}”胜率 {chances[top.arm]:.1%}，但{worse[top.arm]}，不能推广"
    return Finding(kind="判不出", why=why, chances=chances)


def not_enough(split: Split, tallies: Mapping[str, Tally]) -> Finding:
    """Time is over and some arm is too small to look at."""
    small = [tally for tally in _arms(split, tallies) if tally.n < split.at_least]
    found = "，".join(f"“{t.arm}”只有 {t.n} 人看满" for t in small)
    return Finding(kind="判不出", why=f"{found}，每组至少要 {split.at_least} 人", chances={})


def fair(split: Split, tallies: Mapping[str, Tally]) -> float:
    """The chance of a draw at least so far from the shares (sample ratio)."""
    parts = {name: part for name, part in shares(split).items() if part}
    counts = [tallies[name].enrolled if name in tallies else 0 for name in parts]
    return mismatch(counts, [len(part) for part in parts.values()])


def finding_of(
    split: Split, experiment: Experiment, tallies: Mapping[str, Tally], hours: Hours, now: datetime
) -> Finding | None:
    """What there is to conclude now; None: it is not the time to look."""
    if now >= opens(split, experiment, hours) and is_ripe(split, tallies):
        return judge(split, tallies)
    if now >= closes(split, experiment, hours):
        return not_enough(split, tallies)
    return None


def next_look(
    split: Split,
    experiment: Experiment,
    enough: Sequence[datetime | None],
    hours: Hours,
    now: datetime,
) -> datetime:
    """The moment of the one look if it is known; until then it is counted every day.

    ``enough`` is, for each arm, when the last of its 每组至少 was drawn; None: not yet.
    """
    last = closes(split, experiment, hours)
    there = [at for at in enough if at]
    if len(there) == len(enough):
        ripe_at = max(there) + window(split)
        last = min(last, max(ripe_at, opens(split, experiment, hours)))
    soon = now + COUNT_EVERY
    return soon if last <= now else min(last, soon)


def measured_by(what: Measured, who: Assignment) -> str:
    """The key of the facts that count for somebody."""
    match what:
        case "下单" | "到店" | "互动" | "客户回复":
            return keys.happened(who.subject, HAPPENINGS[what])
        case "删除好友":
            return keys.lost(who.subject, who.staff)
        case "入群":
            return keys.joined(who.subject, "")
        case _:
            assert_never(what)


def is_counted(fact: Fact, what: Measured) -> bool:
    """Staff who part with a customer, or hand them on, are not left by them."""
    return what != "删除好友" or fact.data.get("how") == "by_customer"


def is_ripe(split: Split, tallies: Mapping[str, Tally]) -> bool:
    """Every arm has its 每组至少."""
    return all(tally.n >= split.at_least for tally in _arms(split, tallies))


def opens(split: Split, experiment: Experiment, hours: Hours) -> datetime:
    """Not before this moment is it looked at; 再观察 puts it off by one period each time."""
    return hours.add(split.period, experiment.since)


def closes(split: Split, experiment: Experiment, hours: Hours) -> datetime:
    """By this moment it ends: one more period for those missing, and the last one's window."""
    return hours.add(split.period, opens(split, experiment, hours)) + window(split)


def kept(
    split: Split, tallies: Mapping[str, Tally], finding: Finding | None
) -> list[dict[str, Any]]:
    """The counts as they are stored: the arms in their order, then 对照组 and 等结果."""
    names = [arm.name for arm in split.arms]
    chances = finding.chances if finding else {}
    tallied = [tallies.get(name, Tally(arm=name)) for name in (*names, CONTROL, WAITING)]
    return [
        asdict(tally) | ({"chance": chances[tally.arm]} if tally.arm in chances else {})
        for tally in tallied
        if tally.arm in names or tally.enrolled
    ]


def told(count: Mapping[str, Any], measures: str) -> str:
    """One row of :func:`kept` in words: 210 人，下单 10 人（4.8%），胜率 15.5%."""
    if count["arm"] == WAITING:
        return f"{count['enrolled']} 人在等"
    seen = Seen(count["hits"], count["n"])
    chance = f"，胜率 {count['chance']:.1%}" if "chance" in count else ""
    return f"{seen.n} 人，{measures} {seen.hits} 人（{seen.rate:.1%}）{chance}"


def _arms(split: Split, tallies: Mapping[str, Tally]) -> list[Tally]:
    return [tallies.get(arm.name, Tally(arm=arm.name)) for arm in split.arms]


def _did(metric: Metric, since: datetime, happened: Happened) -> bool:
    until = since + timedelta(days=metric.days)
    return any(since <= at < until for at in happened.get(metric.what, ()))


def _best(metric: Metric, arms: Sequence[Tally]) -> list[float]:
    if metric.what in LOWER_IS_BETTER:
        return best([Seen(t.n - t.hits, t.n) for t in arms])
    return best([t.seen for t in arms])


def _harm(split: Split, arm: Tally, tallies: Mapping[str, Tally]) -> str:
    """Against whom 不能变差 is credibly worse; "" when it is not."""
    if split.guardrail is None:
        return ""
    for name in dict.fromkeys((split.undecided, CONTROL)):
        other = tallies.get(name)
        if other is None or name == arm.arm or not other.n:
            continue
        more = beats(_harmed(arm), _harmed(other))
        worse = more if split.guardrail.what in LOWER_IS_BETTER else 1.0 - more
        if worse >= split.wins_at:
            rates = f"{_harmed(arm).rate:.1%} 对 {_harmed(other).rate:.1%}"
            return f"{split.guardrail}比“{name}”差（{rates}，把握 {worse:.1%}）"
    return ""


def _harmed(tally: Tally) -> Seen:
    return Seen(tally.harmed, tally.n)
