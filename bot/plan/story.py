"""A visit told as moments: what comes when, what it depends on, and what is not as first said."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.plan.guest import Visit
from bot.playbook.hours import Hours
from bot.playbook.timing import audience
from config.content import SendCustomer, SendGroup, TellStaff, Welcome
from config.moments import PostMoment
from config.phrases import Immediately
from config.sop import AddTags, End, GiveTask, Invite, Node, WaitEvent

_JITTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happens."""

    step: str
    at: datetime
    what: str
    condition: str = ""  # 若等到“等月龄”；否则 11-23 19:30 补发
    at_latest: bool = False  # 最晚
    instead_of: datetime | None = None  # when the words of the SOP alone would have it
    why: str = ""  # why it is another time, or why it is not sent


def told(visit: Visit) -> tuple[Moment, ...]:
    """One visit, with nothing left open."""
    return tuple(sorted(_moments(visit), key=lambda moment: moment.at))


def merged(plain: Visit, lucky: Visit) -> tuple[Moment, ...]:
    """Both visits as one story: where they differ, it depends on what is waited for."""
    ours, theirs = _numbered(plain), _numbered(lucky)
    waited = [moment.step for moment in ours.values() if moment.at_latest]
    if len(waited) == 1:
        well, badly = f"若等到“{waited[0]}”", f"若没等到“{waited[0]}”"
    else:
        well, badly = "若都有回应", "若一直没有回应"
    hours = Hours.of(plain.book)
    found = []
    for key, moment in theirs.items():
        other = ours.get(key)
        if other is None:
            found.append(replace(moment, condition=well))
        elif moment.at_latest or abs(other.at - moment.at) <= _JITTER:
            found.append(other)
        else:
            late = " 补发" if other.instead_of and other.instead_of < other.at else ""
            otherwise = f"{well}；否则 {hours.local(other.at)}{late}"
            found.append(replace(moment, condition=otherwise))
    rest = (moment for key, moment in ours.items() if key not in theirs)
    found += [replace(moment, condition=badly) for moment in rest]
    return tuple(sorted(found, key=lambda moment: moment.at))


def _numbered(visit: Visit) -> dict[tuple[str, int], Moment]:
    """By step, and which time it was."""
    found: dict[tuple[str, int], Moment] = {}
    for moment in told(visit):
        number = sum(step == moment.step for step, _ in found)
        found[moment.step, number] = moment
    return found


def _moments(visit: Visit) -> Iterator[Moment]:
    hours = Hours.of(visit.book)
    for step, at, reached in visit.begun:
        node = visit.sop.flow().nodes.get(step)
        if node is None or visit.entered is None:
            continue
        last = node.step.actions[-1]
        if isinstance(last, WaitEvent):
            yield Moment(step=step, at=hours.add(last.limit, at), what=step, at_latest=True)
        elif what := _what(node):
            really, why = _really(visit, step, at)
            nominal = _nominal(node, visit.entered, reached, hours)
            moved = nominal is not None and abs(really - nominal) > _JITTER
            yield Moment(
                step=step,
                at=really,
                what=what,
                instead_of=nominal if moved else None,
                why=why or (_why(node, nominal, reached, hours) if moved and nominal else ""),
            )


def _what(node: Node) -> str:
    """In the words of a timeline; "" for what nobody sees."""
    name = node.step.name
    for action in node.step.actions:
        match action:
            case GiveTask():
                return f"派任务“{name}”"
            case TellStaff():
                return f"发给员工“{name}”"
            case PostMoment():
                return f"发朋友圈“{name}”"
            case Welcome() | SendCustomer() | SendGroup() | Invite():
                return name
            case End():
                return f"结束（{action.reason}）"
            case AddTags():
                return f"打标签“{'、'.join(action.tags)}”"
    return ""


def _really(visit: Visit, step: str, begun: datetime) -> tuple[datetime, str]:
    """When it reaches somebody, or why it does not."""
    if why := next((why for s, at, why in visit.dropped if s == step and at >= begun), ""):
        return begun, f"不发：{why}"
    if card := next((at for s, at in visit.given if s == step and at >= begun), None):
        return card, ""
    until = begun
    for other, at, later in visit.late:
        if other == step and begun <= at <= until + _JITTER:
            until = max(until, later)
    return until, ""


def _nominal(node: Node, entered: datetime, reached: datetime, hours: Hours) -> datetime | None:
    """The time as written, whatever day that is; None where none is written."""
    when = node.step.when
    if when is None or isinstance(when, Immediately) or node.step.recurring:
        return None
    return hours.moment(when, entered, reached, "照常")


def _why(node: Node, nominal: datetime, reached: datetime, hours: Hours) -> str:
    if node.off_day != "照常" and not hours.is_workday(nominal):
        return "假期" if hours.is_holiday(nominal) else "周末"
    who = audience(node)
    quiet = hours.quiet[who]
    if quiet.contains(max(nominal, reached)):
        return f"{who}免打扰 {quiet.hours}"
    return ""
