"""What a decision about a journey looks at, and what it says: the vocabulary of deciding.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.model import Fact, Journey
from bot.playbook.audience import Facts
from bot.playbook.hours import Hours
from bot.playbook.passed import behind
from bot.playbook.split import Ruling
from bot.playbook.waiting import date_keys, exit_keys
from config.book import Book
from config.sop import Sop

LOOK_AGAIN = timedelta(days=1)  # how often a journey held by something looks up by itself


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decision may look at."""

    now: datetime
    book: Book
    hours: Hours
    state: Facts  # the subject as conditions see it
    facts: tuple[Fact, ...] = ()  # what happened under the journey's keys
    redirects: Mapping[str, str] = field(default_factory=dict)  # steps that are gone → where on
    drawn: Mapping[str, str] = field(default_factory=dict)  # 分流试验 → the arm kept for them
    verdicts: Mapping[str, Ruling] = field(default_factory=dict)  # of experiments that have one


@dataclass(frozen=True, slots=True)
class Move:
    """Fields to write (None: remove), and why; ``enters``: the step's effects come next."""

    change: Mapping[str, Any]
    why: tuple[str, ...] = ()
    enters: bool = False


def arrive(sop: Sop, journey: Journey, step: str | None, at: Situation) -> Mapping[str, Any]:
    """The fields of a journey that has just come to ``step`` (None: to its end)."""
    if step is None:
        return finish("走完").change
    node = sop.flow()[step]
    when, dates = node.step.when, at.state.attributes
    planned = at.hours.moment(when, journey.day_one, at.now, node.off_day, dates)
    exits = exit_keys(sop, journey.subject, journey.staff, at.book)
    return {
        "step": step,
        "phase": "before",
        "step_at": at.now,
        "planned_at": planned,
        "due_at": at.now if behind(node, journey) else max(planned or at.now, at.now),
        "keys": [*exits, *date_keys(node, journey.subject)],
        "wait_since": None,
        "wait_began": None,
    }


def park(until: datetime, why: str = "") -> Move:
    return Move({"due_at": until}, (why,) if why else ())


def finish(reason: str, goal: str = "") -> Move:
    change = {
        "state": "done",
        "exit_reason": reason,
        "goal": goal,
        "due_at": None,
        "keys": None,
        "wait_since": None,
        "wait_began": None,
    }
    return Move(change, (reason,))
