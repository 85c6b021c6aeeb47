"""What becomes of everybody under way when an SOP changes: counted where they stand, never read.

The same pure timing decides here and in the engine, so that a plan promises what will happen.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.model import Journey
from bot.plan.changes import SopChange, StepChange, renamed
from bot.plan.steps import moment_of
from bot.playbook.hours import Hours
from bot.playbook.moves import SPREAD
from bot.playbook.timing import audience, plan
from bot.store.census import Bin, Census, Place, Standing
from config.phrases import After, AfterDays, AfterWorkdays, AttributeDate, NextWorkday, On, OnDay
from config.sop import Node, Sop, nested_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many people in the same position, and what will happen to them."""

    where: str
    count: int
    then: tuple[str, ...]
    overlaps: bool = False  # counted in another line, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    sop: str
    of: Literal["客户", "客户群", "群日历", "素材"]
    total: int
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One SOP before and after, with where to go from the steps that are gone.

    ``sop`` is the one before where there is none after; then ``found`` says that it is removed.
    """

    before: Sop
    sop: Sop
    found: SopChange
    redirects: Mapping[str, str]  # old step → new step, "" when nothing follows
    reworded: frozenset[str] = frozenset()  # steps whose pushes would read differently
    withdraw: bool = False  # 撤回未发

    @property
    def stops(self) -> bool:
        return self.found.mark == "-" or self.sop.state == "停用"

    @property
    def names(self) -> tuple[str, ...]:
        """Under which names its journeys are kept."""
        return (self.before.name, *self.before.formerly)


async def count(census: Census, change: Change, hours: Hours, now: datetime) -> Affected:
    """Everybody under way in a changed SOP."""
    standing = await census.standing(change.names)
    total = sum(standing.values())
    if total == 0:
        return Affected(sop=change.found.name, of=change.before.subject, total=0)
    if change.stops:
        lines = [await _stopped(census, change, total)]
    else:
        lines = [line async for line in _lines(census, change, standing, hours, now)]
    if not change.stops:
        steps = change.reworded
        lines.append(await unsent(census, change.names, steps, withdraw=change.withdraw))
    return Affected(
        sop=change.found.name,
        of=change.before.subject,
        total=total,
        lines=tuple(line for line in lines if line.count),
    )


async def _stopped(census: Census, change: Change, total: int) -> Line:
    tasks = await census.open_tasks(change.names)
    what = "SOP已删除" if change.found.mark == "-" else "SOP已停用"
    then = [f"以“{what}”退出，还没发出的都不再发"]
    if tasks:
        then.append(f"还没完成的 {tasks:,} 个员工任务取消，并告知员工")
    return Line(where="还在半路上", count=total, then=tuple(then))


async def unsent(
    census: Census, sops: Sequence[str], steps: Collection[str], *, withdraw: bool
) -> Line:
    """What was rendered before keeps its words, unless it is taken back."""
    count = await census.unsent(sops, sorted(steps)) if steps else 0
    then = "都撤回，不再发" if withdraw else "仍按旧内容（要撤回请加 --撤回未发）"
    return Line(where="已生成、等员工点发送", count=count, then=(then,), overlaps=True)


# ---- where they stand ---------------------------------------------------------------------------


async def _lines(
    census: Census,
    change: Change,
    standing: Mapping[Place, int],
    hours: Hours,
    now: datetime,
) -> AsyncIterator[Line]:
    if change.sop.state != "启用":
        what = f"SOP {change.sop.state}，先停在原处；重新启用后，过了时效的不再补发"
        yield Line(where="还在半路上", count=sum(standing.values()), then=(what,))
        return
    at_step: Counter[tuple[str, str]] = Counter()
    kept = 0
    for place, count in standing.items():
        if place.pinned:
            kept += count
        else:
            at_step[place.step, place.phase] += count
    if kept:
        yield Line(where="按进入时的版本走完", count=kept, then=("不受这次改动影响",))
    touched = {step.was or step.name: step for step in change.found.steps if step.mark != "+"}
    ahead, part, behind = 0, 0, 0
    for (name, phase), count in at_step.items():
        step = touched.get(name)
        if step and step.matters and (step.mark == "-" or phase != "inside"):
            continue  # a line of its own
        comes, gone = _ahead_and_behind(change, name)
        if comes and gone:
            part += count
        elif comes:
            ahead += count
        else:
            behind += count
    if ahead:
        yield Line(where="还没走到改动处", count=ahead, then=("照新版走",))
    for name, step in touched.items():
        async for line in _at(census, change, step, name, at_step, hours, now):
            yield line
    if part:
        what = "后面的照新版走，前面的改动不补"
        yield Line(where="改动只走过一部分", count=part, then=(what,))
    if behind:
        yield Line(where="已经走过", count=behind, then=(_past(change),))


def _past(change: Change) -> str:
    added = [f"“{step.name}”" for step in change.found.steps if step.mark == "+"]
    return f"不受影响，不会补发{'、'.join(added)}" if added else "不受影响"


async def _at(
    census: Census,
    change: Change,
    step: StepChange,
    name: str,
    at_step: Mapping[tuple[str, str], int],
    hours: Hours,
    now: datetime,
) -> AsyncIterator[Line]:
    """Those who stand exactly where something changes."""
    before = at_step.get((name, "before"), 0)
    inside = at_step.get((name, "inside"), 0) + at_step.get((name, "waiting"), 0)
    if step.mark == "-":
        where = f"正等在被删的“{name}”"
        yield Line(where=where, count=before + inside, then=(_goes_to(change, name),))
        return
    if not step.matters:
        return
    waiting = at_step.get((name, "waiting"), 0)
    if before:
        then = await _before(census, change, step, name, before, hours, now)
        yield Line(where=f"正等在“{name}”前", count=before, then=then)
    if waiting:
        what = "按新的等法重新算" if "等待" in step.about else "照旧等完，之后照新版走"
        yield Line(where=f"正在“{name}”里等", count=waiting, then=(what,))


def _goes_to(change: Change, name: str) -> str:
    there = change.redirects.get(name, "")
    return f"跳到下一步“{there}”" if there else "后面没有步骤了，以“SOP已调整”结束"


async def _before(
    census: Census,
    change: Change,
    step: StepChange,
    name: str,
    count: int,
    hours: Hours,
    now: datetime,
) -> tuple[str, ...]:
    said: list[str] = []
    if "时间" in step.about:
        said += await _moved(census, change, name, change.sop.flow()[step.name], hours, now)
    if "条件" in step.about:
        said.append("到时按新条件判断")
    if "内容" in step.about:
        said.append("发新内容" if not said else "都发新内容")
    if "等待" in step.about or "做法" in step.about:
        said.append("照新版做")
    if "位置" in step.about:
        said.append("从新的位置往下走")
    return tuple(said)


async def _moved(
    census: Census, change: Change, name: str, node: Node, hours: Hours, now: datetime
) -> list[str]:
    """When those before a step with another time are let go now."""
    if isinstance(node.step.when, AttributeDate):
        return [f"改到各自的 {moment_of(node.step)}，已经过了的发布后放行，没有这个日期的跳过"]
    by, bin = _binning(node)
    bins = await census.arrivals(change.names, name, by=by, bin=bin, zone=hours.tz.key)
    return [*_released(bins, node, hours, now)]


def _binning(node: Node) -> tuple[Literal["entered_at", "step_at"], Bin]:
    """What the moment depends on, and how finely it must be looked at."""
    match node.step.when:
        case OnDay():
            return "entered_at", "day"
        case After() | None:
            return "step_at", "minute"
        case AfterDays() | AfterWorkdays() | NextWorkday() | On():
            return "step_at", "day" if node.step.when.at else "hour"
        case _:
            return "step_at", "hour"


def _released(bins: Iterable[Standing], node: Node, hours: Hours, now: datetime) -> Iterator[str]:
    """Who is due by the new time, and when the others are."""
    due = never = 0
    later: Counter[datetime] = Counter()
    for one in bins:
        planned = plan(node, _stand_in(one, node), hours)
        if planned is None:
            never += one.count
        elif planned > now:
            later[planned] += one.count
        else:
            due += one.count
    if due:
        minutes = SPREAD // timedelta(minutes=1)
        quiet = hours.free_after(audience(node), now)
        until = f"，{hours.local(quiet)} 免打扰结束后才送出" if quiet > now else ""
        what = f"发布后 {minutes} 分钟内分批放行（不会一次全发）{until}"
        yield f"其中 {due:,} 位按新时间已到点 → {what}"
    if later:
        span = hours.local(min(later))
        span += f" 到 {hours.local(max(later))}" if len(later) > 1 else ""
        yield f"{sum(later.values()):,} 位改到各自的 {moment_of(node.step)}（{span}）"
    if never:
        yield f"{never:,} 位那一天不是工作日，按设置跳过"


def _stand_in(one: Standing, node: Node) -> Journey:
    """A journey as good as any of the bin."""
    return Journey(
        id="",
        sop="",
        subject="",
        step=node.step.name,
        entered_at=one.entered_at,
        step_at=one.step_at,
    )


# ---- what lies ahead ----------------------------------------------------------------------------


def _ahead_and_behind(change: Change, name: str) -> tuple[bool, bool]:
    """Whether something that changed is still to come from here, and whether some has been."""
    new_name = renamed(change.before, change.sop).get(name, name)
    old_touched = {s.was or s.name for s in change.found.steps if s.mark != "+" and s.matters}
    added = {step.name for step in change.found.steps if step.mark == "+"}
    old, new = _onward(change.before), _onward(change.sop)
    comes = bool(old.get(name, set()) & old_touched or new.get(new_name, set()) & added)
    gone = any(name in old.get(step, set()) for step in old_touched)
    return comes, gone or any(new_name in new.get(step, set()) for step in added)


def _onward(sop: Sop) -> dict[str, set[str]]:
    """Step → every step that can still come after it."""
    flow = sop.flow()
    following: dict[str, set[str]] = {}
    for name, node in flow.nodes.items():
        firsts = {steps[0].name for steps in nested_steps(node.step) if steps}
        following[name] = firsts | ({node.next} if node.next else set())
    found: dict[str, set[str]] = {}
    for name in following:
        seen: set[str] = set()
        waiting = list(following[name])
        while waiting:
            step = waiting.pop()
            if step not in seen:
                seen.add(step)
                waiting += following[step]
        found[name] = seen - {name}
    return found
