"""循环: which of its steps comes next, and when it is over.  Pure.

A loop is a step like any other: it is entered each time, waits for the next occurrence of what
is in it, and is come back to from there. How far it has come is kept with the journey.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.model import Journey
from bot.playbook.calendar import day_start, occurrences
from bot.playbook.hours import Hours
from config.nesting import Loop
from config.phrases import RECURRING, On, OnDay
from config.sop import Flow, Sop
from config.steps import Step

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_NONE = -1


@dataclass(frozen=True, slots=True)
class Place:
    """How far a journey has come in one loop."""

    since: datetime  # when the loop was reached
    last: datetime  # the occurrence done last; before the first, when the loop was reached
    index: int = _NONE  # which of its steps that was


@dataclass(frozen=True, slots=True)
class Turn:
    """The next step of a loop: its occurrence, and how many of its earlier ones are passed over."""

    step: Step
    at: datetime
    place: Place
    missed: int = 0


def place_of(journey: Journey, loop: str, now: datetime) -> Place:
    """Where the journey stands in the loop of this step; at its beginning when it just came."""
    kept = _read(journey.loop).get(loop)
    return kept or Place(since=now, last=now)


def keep(journey: Journey, loop: str, place: Place | None) -> str:
    """What the journey is to remember; None: the loop is over."""
    places = {**_read(journey.loop)}
    places.pop(loop, None)
    return _written({**places, loop: place} if place else places)


def next_turn(
    loop: Loop, flow: Flow, place: Place, *, entered_at: datetime, hours: Hours, now: datetime
) -> Turn | None:
    """Whichever of its steps comes first, in the written order where two come together.

    None: none comes before the end of the day of 到. Of the occurrences of one step that were
    missed only the last is caught up, so that no pause or hold is followed by a burst.
    """
    until = _end(loop, place, entered_at, hours)
    turns = []
    for index, step in enumerate(loop.steps):
        if turn := _turn(step, index, flow, place, until, hours, now):
            turns.append(turn)
    return min(turns, key=lambda turn: (turn.at, turn.place.index), default=None)


def step_ahead(sop: Sop, journey: Journey, hours: Hours, now: datetime) -> Step | None:
    """The step a journey stands before, or waits for in a loop; None while it waits for more."""
    node = sop.flow().nodes.get(journey.step)
    if node is None or journey.phase == "before":
        return node.step if node else None
    loop = node.step.actions[-1]
    if not isinstance(loop, Loop):
        return None
    place = place_of(journey, node.step.name, now)
    turn = next_turn(loop, sop.flow(), place, entered_at=journey.day_one, hours=hours, now=now)
    return turn.step if turn else None


def _turn(
    step: Step,
    index: int,
    flow: Flow,
    place: Place,
    until: datetime,
    hours: Hours,
    now: datetime,
) -> Turn | None:
    if not isinstance(step.when, RECURRING):
        return None
    same_moment = place.index != _NONE and index > place.index
    since = place.last - _INSTANT if same_moment else place.last
    found: datetime | None = None
    missed = _NONE
    off_day = flow[step.name].off_day
    for at in occurrences(
        step.when, since, until, tz=hours.tz, calendar=hours.calendar, off_day=off_day
    ):
        if at > now:
            found = found or at
            break
        found, missed = at, missed + 1
    if found is None:
        return None
    return Turn(step, found, replace(place, last=found, index=index), max(missed, 0))


def _end(loop: Loop, place: Place, entered_at: datetime, hours: Hours) -> datetime:
    """The end of the local day that 到 means."""
    day: date
    match loop.until:
        case OnDay(day=number):
            day = entered_at.astimezone(hours.tz).date() + (number - 1) * _DAY
        case On(day=day):
            pass
        case length:
            day = hours.add(length, place.since).astimezone(hours.tz).date()
    noon = datetime.combine(day, datetime.min.time(), hours.tz) + timedelta(hours=36)
    return day_start(noon, hours.tz) - _INSTANT


def _read(kept: str) -> dict[str, Place]:
    places = {}
    for line in kept.splitlines():
        name, since, last, index = line.rsplit("|", 3)
        moments = (datetime.fromisoformat(since), datetime.fromisoformat(last))
        places[name] = Place(*moments, int(index))
    return places


def _written(places: Mapping[str, Place]) -> str:
    return "\n".join(
        f"{name}|{p.since.isoformat()}|{p.last.isoformat()}|{p.index}" for name, p in places.items()
    )
