"""What an edited SOP means for those under way: where they go on, when they are looked at. Pure.

A journey stores the name of its step and nothing else of the SOP. Who stands at a step that is gone
goes on where the old order would have led; who waits for a moment that came nearer is looked at
then. Nobody is ever made late by an edit: see :func:`bot.playbook.timing.due_moment`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zlib import crc32

from bot.model import Journey
from bot.playbook.hours import Hours
from bot.playbook.timing import plan, wait_until
from config.book import Book
from config.sop import Loop, Node, Sop, Wait, WaitEvent

SPREAD = timedelta(minutes=10)  # over which those whom an edit made due are let go

Redirects = Mapping[str, Mapping[str, str]]


# ---- steps that are gone ------------------------------------------------------------------------


def redirects(old: Book, new: Book, before: Redirects) -> dict[str, dict[str, str]]:
    """SOP of ``new`` → each step that ever was and is gone → where one goes on ("": nowhere).

    ``before`` are those of the release of ``old``: one lookup answers for any number of edits.
    """
    found = {}
    for sop in new.sops.values():
        known: dict[str, str] = {}
        for name in (*sop.formerly, sop.name):
            known |= before.get(name, {})
        if gone := _gone(predecessor(sop, old, new), sop, known):
            found[sop.name] = gone
    return found


def predecessor(sop: Sop, old: Book, new: Book) -> Sop | None:
    """What an SOP of ``new`` was in ``old``: of the same name, else of a 曾用名 nobody has now."""
    if sop.name in old.sops:
        return old.sops[sop.name]
    names = (name for name in sop.formerly if name in old.sops and name not in new.sops)
    return next((old.sops[name] for name in names), None)


def _gone(was: Sop | None, sop: Sop, known: Mapping[str, str]) -> dict[str, str]:
    nodes = sop.flow().nodes
    renamed = {name: new for new, node in nodes.items() for name in node.step.formerly}
    old = was.flow().nodes if was else {}

    def onward(step: str) -> str:
        """Its new name, else the next in the old order that is still there, else "" ."""
        seen: set[str] = set()
        at: str | None = step
        while at and at not in seen:
            if at in nodes or at in renamed:
                return at if at in nodes else renamed[at]
            seen.add(at)
            at = old[at].next if at in old else None
        return ""

    gone = {step: onward(to) if to else "" for step, to in known.items()}
    gone |= {step: onward(step) for step in old}
    gone |= renamed
    return {step: to for step, to in gone.items() if step not in nodes}


# ---- those who stand before or wait at a step that is different now -----------------------------


@dataclass(frozen=True, slots=True)
class Edit:
    """One SOP before and after, as journeys under way follow it, states included."""

    was: Sop | None
    sop: Sop | None  # None: there is no such SOP any more
    hours: Hours
    now: datetime
    clock_changed: bool = False  # zone, workdays, what dates mean

    @property
    def matters(self) -> bool:
        """Whether anybody under way is to be looked at; another wording alone moves nobody."""
        if self.was is None or self.sop is None:
            return self.was is not self.sop
        return self.clock_changed or _shape(self.was) != _shape(self.sop)


def look_at(
    edit: Edit, journey: Journey, attributes: Mapping[str, date] = MappingProxyType({})
) -> datetime | None:
    """No later than when a journey is to be looked at because of an edit; None: as it stands.

    What is still to come is exact. Whoever is due by the edit alone is let go at a moment of their
    own within :data:`SPREAD`, so that not all of them are served at once.
    """
    was, sop, now = edit.was, edit.sop, edit.now
    if sop is None or sop.state == "停用":
        return now
    if sop.state != "启用":
        return None
    soon = now + spread(journey.id)
    resumed = was is not None and was.state != "启用"
    node = _standing_at(journey.step, sop)
    if _asks_at_once(was, sop):
        return soon
    if journey.phase == "inside":  # finished as it was begun, unless a pause came in between
        return soon if resumed else None
    if node is None or _waits_for_other(was, node, journey):
        return soon
    if journey.phase == "waiting":
        at = wait_until(node, journey, edit.hours)
    else:
        at = plan(node, journey, edit.hours, attributes)
    if at is not None and at > now:
        return at
    return soon if resumed or edit.clock_changed or _differs(was, sop, node, journey) else None


def spread(id: str) -> timedelta:
    """The same for a journey whoever asks; evenly over :data:`SPREAD` for many."""
    return SPREAD * (crc32(id.encode()) % 10_000) / 10_000


def _asks_at_once(was: Sop | None, sop: Sop) -> bool:
    """立即检查: an exit rule that was not there before."""
    known = was.exits if was else ()
    return any(rule.at_once and rule not in known for rule in sop.exits)


def _standing_at(step: str, sop: Sop) -> Node | None:
    """The step of this name, else the one that had it; None: it is gone."""
    nodes = sop.flow().nodes
    renamed = (node for node in nodes.values() if step in node.step.formerly)
    return nodes.get(step) or next(renamed, None)


def _differs(was: Sop | None, sop: Sop, node: Node, journey: Journey) -> bool:
    """Whether what holds people at this step reads differently, as far as it says when and if."""
    before = was.flow().nodes.get(journey.step) if was else None
    if was is None or before is None:
        return True
    return (_holding(before), was.calendar) != (_holding(node), sop.calendar)


def _shape(sop: Sop) -> tuple[object, ...]:
    """All of an SOP that says where one stands, how long, and when one is out."""
    nodes = sop.flow().nodes
    steps = tuple((name, node.next, _holding(node)) for name, node in nodes.items())
    return (sop.state, sop.exits, sop.calendar, steps)


def _holding(node: Node) -> tuple[object, ...]:
    step, last = node.step, node.step.actions[-1]
    waits = last if isinstance(last, Wait | WaitEvent | Loop) else None
    return (step.when, step.missed, node.off_day, step.conditions, waits)


def _waits_for_other(was: Sop | None, node: Node, journey: Journey) -> bool:
    """What one waits for is another event than before."""
    last = node.step.actions[-1]
    before = was.flow().nodes.get(journey.step) if was else None
    if journey.phase != "waiting" or before is None:
        return False
    first = before.step.actions[-1]
    nested = {"came", "timed_out", "limit"}
    if isinstance(last, WaitEvent) and isinstance(first, WaitEvent):
        return last.model_dump(exclude=nested) != first.model_dump(exclude=nested)
    return type(last) is not type(first)
