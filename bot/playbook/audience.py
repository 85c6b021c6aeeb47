"""Does a customer or a group fulfil conditions, and why (not)?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import assert_never

from config.book import Book
from config.conditions import (
    AnyOf,
    Condition,
    FriendDays,
    FromChannel,
    GroupMarketing,
    GroupSize,
    Happened,
    HasShop,
    InJourney,
    InShop,
    InStage,
    KocScore,
    NoneOf,
    Tagged,
    TaskResult,
)

#: The kinds under which happenings are kept, by their name in conditions.
HAPPENINGS = {
    "下单": "order",
    "到店": "visit",
    "互动": "interaction",
    "客户回复": "reply",
}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about a subject at the moment of deciding."""

    tags: frozenset[str] = frozenset()
    """"组/名", whoever gave them."""
    own_tags: frozenset[str] = frozenset()
    """Those given by the journey's own member of staff."""
    shop: str | None = None
    happened: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    """order, visit, interaction, reply → their last times."""
    group_size: int = 0
    group_marketing: Sequence[datetime] = ()
    task_results: Mapping[str, str] = field(default_factory=dict)
    """Step → how its task ended: the button tapped, or 完成, 逾期, 取消."""
    entered_at: datetime | None = None
    """When the journey began; None outside of one."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """KOC体系 → score; who was never scored has 0."""
    stages: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, date] = field(default_factory=dict)
    friends_since: datetime | None = None
    """Since when their newest friend knows them; None when nobody is their friend."""
    channel: str = ""
    """The 渠道 that friend came through."""


def holds(condition: Condition, facts: Facts, now: datetime) -> bool:
    match condition:
        case Tagged():
            carried = facts.own_tags if condition.by == "跟进人" else facts.tags
            found = [_carries(carried, tag) for tag in condition.tags]
            return all(found) if condition.wanted else not any(found)
        case InShop(shops=shops):
            return not shops or facts.shop in shops
        case HasShop(wanted=wanted):
            return (facts.shop is not None) == (wanted == "是")
        case Happened() | InJourney() | GroupMarketing() | GroupSize():
            return condition.count.allows(_count(condition, facts, now))
        case FriendDays(count=count):
            known = _friend_days(facts, now)
            return known is not None and count.allows(known)
        case FromChannel(channels=channels):
            return facts.channel in channels
        case KocScore():
            score = facts.scores.get(condition.system, 0)
            bound = condition.count
            return score >= bound.number if bound.least else score < bound.number
        case InStage(system=system, stages=stages):
            return facts.stages.get(system) in stages
        case TaskResult(step=step, results=results):
            return facts.task_results.get(step) in results
        case AnyOf(conditions=conditions):
            return any(holds(one, facts, now) for one in conditions)
        case NoneOf(conditions=conditions):
            return not any(holds(one, facts, now) for one in conditions)
        case _:
            assert_never(condition)


def all_hold(conditions: Iterable[Condition], facts: Facts, now: datetime) -> bool:
    for condition in conditions:  # noqa: SIM110 -- asked of everybody at every look
        if not holds(condition, facts, now):
            return False
    return True


def explain(condition: Condition, facts: Facts, now: datetime) -> str:
    """One short Chinese clause for traces: what was asked, what was found, and the verdict."""
    mark = "✓" if holds(condition, facts, now) else "✗"
    return f"{_clause(condition, facts, now)} {mark}"


def _clause(condition: Condition, facts: Facts, now: datetime) -> str:
    match condition:
        case Tagged():
            carried = facts.own_tags if condition.by == "跟进人" else facts.tags
            found = [tag for tag in condition.tags if _carries(carried, tag)]
            whose = "跟进人打的" if condition.by == "跟进人" else ""
            asked = (
                f"{'有' if condition.wanted else '没有'}{whose}标签：{'、'.join(condition.tags)}"
            )
            return f"{asked}（带有：{'、'.join(found) or '无'}）"
        case InShop(shops=shops):
            return f"门店：{'、'.join(shops) or '全部'}（{facts.shop or '无门店'}）"
        case HasShop(wanted=wanted):
            return f"有门店：{wanted}（{facts.shop or '无门店'}）"
        case Happened(days=days, what=what, count=count):
            return f"近{days}天{what}{count}次（{_count(condition, facts, now)}次）"
        case InJourney(what=what, count=count):
            return f"本旅程内{what}{count}次（{_count(condition, facts, now)}次）"
        case FriendDays(count=count):
            known = _friend_days(facts, now)
            return f"添加好友{count}天（{'不是好友' if known is None else f'{known}天'}）"
        case FromChannel(channels=channels):
            return f"渠道：{'、'.join(channels)}（{facts.channel or '无渠道'}）"
        case KocScore(system=system):
            bound = f"{'不低于' if condition.count.least else '低于'}{condition.count.number}"
            return f"KOC分：{system} {bound}分（{facts.scores.get(system, 0):g}分）"
        case InStage(system=system, stages=stages):
            stage = facts.stages.get(system, "还没有阶段")
            return f"阶段：{system} 是 {'或'.join(stages)}（{stage}）"
        case GroupMarketing(days=days, count=count):
            return f"本群近{days}天营销消息{count}条（{_count(condition, facts, now)}条）"
        case GroupSize(count=count):
            return f"群人数{count}人（{facts.group_size}人）"
        case TaskResult(step=step, results=results):
            result = facts.task_results.get(step, "还没有结果")
            return f"任务结果：{step} 是 {'或'.join(results)}（{result}）"
        case AnyOf(conditions=conditions):
            return f"任一[{'；'.join(explain(one, facts, now) for one in conditions)}]"
        case NoneOf(conditions=conditions):
            return f"都不[{'；'.join(explain(one, facts, now) for one in conditions)}]"
        case _:
            assert_never(condition)


def awaited_tasks(conditions: Iterable[Condition]) -> frozenset[str]:
    """The steps whose tasks must be over before these conditions can be judged."""
    found: set[str] = set()
    for condition in conditions:
        if isinstance(condition, TaskResult):
            found.add(condition.step)
        elif isinstance(condition, AnyOf | NoneOf):
            found |= awaited_tasks(condition.conditions)
    return frozenset(found)


def pick_theme(book: Book, name: str, facts: Facts, now: datetime) -> str | None:
    """The theme a picker chooses for somebody; a theme's own name is its answer."""
    picker = book.pickers.get(name)
    if picker is None:
        return name if name in book.themes else None
    for choice in picker.choices:
        if all_hold(choice.conditions, facts, now):
            return choice.theme
    return None


def _carries(carried: frozenset[str], tag: str) -> bool:
    """Conditions may leave out the group of a tag, because bare names are unique."""
    return tag in carried or any(full.partition("/")[2] == tag for full in carried)


def _count(
    condition: Happened | InJourney | GroupMarketing | GroupSize, facts: Facts, now: datetime
) -> int:
    match condition:
        case GroupSize():
            return facts.group_size
        case GroupMarketing(days=days):
            times, since = facts.group_marketing, now - timedelta(days=days)
        case Happened(days=days, what=what):
            times = facts.happened.get(HAPPENINGS[what], ())
            since = now - timedelta(days=days)
        case InJourney(what=what):
            times, since = facts.happened.get(HAPPENINGS[what], ()), facts.entered_at or now
    return sum(since < at <= now for at in times) if times else 0


def _friend_days(facts: Facts, now: datetime) -> int | None:
    """Whole days of 24 hours; None when nobody is their friend."""
    return None if facts.friends_since is None else (now - facts.friends_since) // _DAY
