"""A month in which an SOP is edited again and again: the engine's own decisions on one side, a
brute-force model on the other.

The model shares nothing with the engine but :func:`bot.playbook.moves.spread`, the arbitrary moment
at which each person has their turn after an edit. Steps have keys here, which is what makes two
names one step: the engine is only told names, and 曾用名.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.model import Journey
from bot.playbook import moves
from bot.playbook.audience import Facts
from bot.playbook.hours import Hours
from bot.playbook.journey import Situation, as_it_reads_now, decide, leave
from bot.playbook.moves import Edit, look_at
from config.book import Book
from config.loader import load_texts
from config.sop import TellStaff

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEAM = "团队: 默认\n人员: {王芳: wangfang}\n"
START = datetime(2026, 11, 2, 1, 20, tzinfo=UTC)
END = START + timedelta(days=34)
DEAD_FOR = timedelta(minutes=1)  # until somebody takes over from a process that died
DAY = timedelta(days=1)

Push = tuple[str, datetime]  # the words, and when they were pushed


@dataclass(frozen=True)
class Step:
    """``inside`` is what members who carry the tag do at a fork."""

    key: int
    name: str
    kind: Literal["say", "rest", "fork"]
    formerly: tuple[str, ...] = ()
    when: tuple[str, int, str] = ("立即", 0, "")  # 立即 | 天后 | 第天, how many, the clock
    text: str = ""
    members_only: bool = False
    days: int = 1
    inside: "tuple[Step, ...]" = ()


Tree = tuple[Step, ...]


@dataclass(frozen=True)
class Version:
    """What one publication says; ``died``: whoever began a step just before it died in there."""

    at: datetime
    tree: Tree
    paused: bool = False
    died: bool = False


@dataclass(frozen=True)
class Person:
    id: str
    entered_at: datetime
    member: bool


def everybody() -> list[Person]:
    return [
        Person(f"新客:wm{n}:1", START + n * timedelta(hours=19, minutes=11), n % 2 == 0)
        for n in range(5)
    ]


# ---- as YAML ------------------------------------------------------------------------------------


def written(version: Version, *, team: str = TEAM, to: str = "") -> str:
    """``to`` follows every text, so that one sees who it is about."""
    state = "暂停" if version.paused else "启用"
    head = f"SOP: 新客\n负责人: 王芳\n状态: {state}\n对象: 客户\n进入: {{当: 添加好友}}\n步骤:\n"
    tags = "---\n标签: {会员: [贵宾]}\n---\n"
    return team + tags + head + "".join(_lines(version.tree, "  ", to))


def _lines(tree: Tree, margin: str, to: str) -> Iterator[str]:
    for step in tree:
        yield f"{margin}- 步骤: {step.name}\n"
        if step.formerly:
            yield f"{margin}  曾用名: [{', '.join(step.formerly)}]\n"
        if step.kind == "rest":
            yield f"{margin}  等待: {step.days}天\n"
            continue
        kind, number, clock = step.when
        spoken = {"立即": "立即", "天后": f"{number}天后 {clock}", "第天": f"第{number}天 {clock}"}
        yield f"{margin}  何时: {spoken[kind]}\n"
        if step.members_only:
            yield f"{margin}  如果: [{{有标签: 贵宾}}]\n"
        if step.kind == "say":
            yield f"{margin}  发给员工: {{文案: '{step.text}{to}', 给: 跟进人, 时效: 90天}}\n"
        else:
            yield f"{margin}  分支:\n{margin}    - 如果: [{{有标签: 贵宾}}]\n{margin}      则:\n"
            yield from _lines(step.inside, margin + "        ", to)


# ---- the engine ---------------------------------------------------------------------------------


@dataclass
class Engine:
    """Everybody's journeys in memory, moved by what decides in production."""

    books: list[Book] = field(default_factory=list)
    redirects: dict[str, dict[str, str]] = field(default_factory=dict)
    journeys: dict[str, Journey] = field(default_factory=dict)
    said: dict[str, dict[int, Push]] = field(default_factory=dict)  # by the visit that said it
    dying: tuple[datetime, datetime] | None = None

    def publish(self, version: Version) -> None:
        book = load_texts({"sop.yaml": written(version)})
        old = self.books[-1] if self.books else Book()
        self.redirects = moves.redirects(old, book, self.redirects)
        self.books.append(book)
        edit = Edit(old.sop("新客"), book.sop("新客"), Hours.of(book), version.at)
        for journey in list(self.journeys.values()):
            if journey.state == "active" and edit.matters:
                self._look(journey, look_at(edit, journey))

    def _look(self, journey: Journey, at: datetime | None) -> None:
        if at is not None:
            due_at = min(at, journey.due_at or at)
            self.journeys[journey.id] = replace(journey, due_at=due_at)

    def begin(self, person: Person) -> None:
        flow = self.books[-1].sops["新客"].flow()
        self.said[person.id] = {}
        self.journeys[person.id] = Journey(
            id=person.id,
            sop="新客",
            subject=person.id,
            staff="wangfang",
            step=flow.entry or "",
            entered_at=person.entered_at,
            step_at=person.entered_at,
            due_at=person.entered_at,
        )

    def run_until(self, moment: datetime, members: set[str]) -> None:
        while True:
            due = [j for j in self.journeys.values() if j.due_at and j.due_at <= moment]
            if not due:
                return
            journey = min(due, key=lambda j: (j.due_at, j.id))
            assert journey.due_at
            state = Facts(tags=frozenset({"会员/贵宾"} if journey.id in members else ()))
            self.journeys[journey.id] = self._moved(journey, journey.due_at, state)

    def _moved(self, journey: Journey, now: datetime, state: Facts) -> Journey:
        head = len(self.books)
        sop = self.books[-1].sops["新客"]
        at = self._see(head, now, state)
        move = decide(sop, journey, at)
        began = bool(move.enters and move.change)
        journey = _written(journey, move.change | ({"release_step": head} if began else {}))
        if not move.enters:
            return journey
        if began and self.dying and self.dying[0] < now <= self.dying[1]:
            return replace(journey, due_at=self.dying[1] + DEAD_FOR)
        text = self.books[journey.release_step - 1].sops["新客"]
        for action in text.flow()[journey.step].step.actions:
            if isinstance(action, TellStaff):
                self.said[journey.id].setdefault(journey.visit, (action.text or "", now))
        left = leave(text, journey, self._see(journey.release_step, now, state))
        if journey.release_step != head:
            left = as_it_reads_now(left, journey, text, sop, at)
        return _written(journey, left.change)

    def _see(self, n: int, now: datetime, state: Facts) -> Situation:
        book = self.books[n - 1]
        gone = self.redirects.get("新客", {})
        return Situation(now, book, Hours.of(book), state, redirects=gone)


def _written(journey: Journey, change: Any) -> Journey:
    """As the store would: None removes, every write counts."""
    fields = {
        name: () if name in ("keys", "past") and value is None else value
        for name, value in change.items()
    }
    return replace(journey, **fields, rev_no=journey.rev_no + bool(change))


# ---- the model ----------------------------------------------------------------------------------


@dataclass
class Place:
    """Where one person stands, by the table of what an edit means."""

    person: Person
    step: int | None  # its key; None: out
    since: datetime  # when the step before let go
    look: datetime  # when something happens next
    resting: datetime | None = None  # since when, inside a rest
    held: Step | None = None  # begun by a process that died
    past: set[int] = field(default_factory=set)
    said: list[Push] = field(default_factory=list)


class Model:
    """The steps as a tree, people as places in it, and nothing else."""

    def __init__(self) -> None:
        self.tree: Tree = ()
        self.paused = False
        self.gone: dict[int, int | None] = {}
        self.places: list[Place] = []
        self.dying: tuple[datetime, datetime] | None = None

    # what the table says

    def publish(self, version: Version) -> None:
        old, was_paused = self.tree, self.paused
        self.tree, self.paused = version.tree, version.paused
        there = {step.key for step in _all(version.tree)}

        def onward(key: int | None) -> int | None:
            while key is not None and key not in there:
                key = _next(old, key)
            return key

        self.gone = {key: onward(to) for key, to in self.gone.items()}
        self.gone |= {step.key: onward(step.key) for step in _all(old) if step.key not in there}
        if self.paused:
            return
        for place in self.places:
            if place.step is None:
                continue
            turn = version.at + moves.spread(place.person.id)
            if place.held:
                if was_paused:
                    place.look = min(place.look, turn)
                continue
            step = self._find(place.step)
            at = self._moment(place, step) if step else version.at
            place.look = min(place.look, at if at > version.at else turn)

    def begin(self, person: Person) -> None:
        at = person.entered_at
        self.places.append(Place(person, self.tree[0].key, at, at))

    def run_until(self, moment: datetime) -> None:
        for place in self.places:
            while place.step is not None and place.look <= moment:
                self._something_happens(place, place.look)

    def _something_happens(self, place: Place, now: datetime) -> None:
        if self.paused:
            place.look = now + DAY
            return
        if place.held:
            self._finish(place, place.held, now)
            return
        assert place.step is not None
        step = self._find(place.step)
        if step is None:
            place.step = self.gone[place.step]
            if place.resting:
                place.since, place.resting = now, None
            return
        if place.resting:
            if self._moment(place, step) > now:
                place.look = self._moment(place, step)
            else:
                place.step, place.since, place.resting = _next(self.tree, step.key), now, None
            return
        if step.key not in place.past and self._moment(place, step) > now:
            place.look = self._moment(place, step)
            return
        passes_over = step.key in place.past or (step.members_only and not place.person.member)
        place.past.add(step.key)
        if passes_over:
            place.step, place.since = _next(self.tree, step.key), now
        elif self.dying and self.dying[0] < now <= self.dying[1]:
            place.held, place.look = step, self.dying[1] + DEAD_FOR
        else:
            self._finish(place, step, now)

    def _finish(self, place: Place, step: Step, now: datetime) -> None:
        """A step is done as it was begun; what comes next is what comes after it now."""
        place.held, place.since = None, now
        if step.kind == "say":
            place.said.append((step.text, now))
        if step.kind == "rest":
            place.resting, place.look = now, now
        elif step.kind == "fork" and place.person.member:
            place.step = step.inside[0].key
        else:
            there = self._find(step.key)
            place.step = _next(self.tree, step.key) if there else self.gone[step.key]

    def _moment(self, place: Place, step: Step) -> datetime:
        if place.resting:
            return place.resting + step.days * DAY
        kind, number, clock = step.when
        if kind == "立即" or step.kind == "rest":
            return place.since
        counted = place.since if kind == "天后" else place.person.entered_at
        days = number if kind == "天后" else number - 1
        return _clock(counted.astimezone(SHANGHAI).date() + days * DAY, clock)

    def _find(self, key: int) -> Step | None:
        return next((step for step in _all(self.tree) if step.key == key), None)


def _clock(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), SHANGHAI).astimezone(UTC)


def _all(tree: Tree) -> Iterator[Step]:
    for step in tree:
        yield step
        yield from _all(step.inside)


def _next(tree: Tree, key: int) -> int | None:
    """What comes after a step: at its own level, then outside."""
    for index, step in enumerate(tree):
        after = tree[index + 1].key if index + 1 < len(tree) else None
        if step.key == key:
            return after
        if any(one.key == key for one in _all(step.inside)):
            return inside if (inside := _next(step.inside, key)) is not None else after
    return None


# ---- both, side by side -------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """Person → what was pushed to them and when, by the engine and by the model."""

    engine: dict[str, list[Push]]
    model: dict[str, list[Push]]


def live_through(versions: list[Version], make: Callable[[], Engine] = Engine) -> Outcome:
    """The month of ``versions``, the first of which is there from the beginning."""
    engine, model, people = make(), Model(), everybody()
    members = {person.id for person in people if person.member}
    happenings: list[tuple[datetime, Version | Person]] = [
        *((version.at, version) for version in versions),
        *((person.entered_at, person) for person in people),
    ]
    happenings.sort(key=lambda one: (one[0], isinstance(one[1], Person)))
    deaths = [(v.at - timedelta(hours=3), v.at) for v in versions if v.died]
    for at, what in happenings:
        engine.dying = model.dying = next((d for d in deaths if d[1] >= at), None)
        engine.run_until(at, members)
        model.run_until(at)
        if isinstance(what, Version):
            engine.publish(what)
            model.publish(what)
        elif versions and not model.paused:
            engine.begin(what)
            model.begin(what)
    engine.dying = model.dying = None
    engine.run_until(END, members)
    model.run_until(END)
    return Outcome(
        engine={id: [visits[n] for n in sorted(visits)] for id, visits in engine.said.items()},
        model={place.person.id: place.said for place in model.places},
    )
