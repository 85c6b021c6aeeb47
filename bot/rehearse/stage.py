"""Everything a rehearsal remembers: what production keeps in MongoDB, in plain dictionaries."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from bot.actions.walk import state_of
from bot.context import Release
from bot.model import (
    Assignment,
    CapWindow,
    Class,
    Contact,
    Delivery,
    Experiment,
    Fact,
    Full,
    Group,
    Journey,
    Occurrence,
    Outgoing,
    Post,
    Posting,
    Seat,
    Sending,
    Staff,
    Task,
)
from bot.playbook import situation
from bot.playbook.audience import Facts
from bot.playbook.hours import Hours
from bot.playbook.ladder import StaffTime
from bot.playbook.recurring import Planned
from bot.playbook.results import interest
from bot.playbook.split import Ruling
from bot.rehearse.agenda import Agenda
from bot.rehearse.ledger import Ledger
from bot.rehearse.people import Act, Behaviour
from bot.rehearse.record import Deed, Later, Line, Push
from config.book import Book

KINDS = (
    "acts",
    "occurrences",
    "sweeps",
    "journeys",
    "outbox",
    "new tasks",
    "deliveries",
    "sendings",
    "posts",
    "experiments",
    "seats",
    "given tasks",
)
#: WeCom tells of an edited customer before it shows the edit: they are read so much later.
SETTLES = timedelta(seconds=2)
EDITS = frozenset({"打上标签", "去掉标签"})


@dataclass(slots=True)
class Stage:
    book: Book
    now: datetime
    release: int
    behaviour: Behaviour
    seed: int
    explains: Callable[[str], bool]
    hours: Hours = field(init=False)
    staff_time: StaffTime = field(init=False)
    clocks: dict[int, Hours] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)
    agenda: Agenda = field(default_factory=lambda: Agenda(KINDS))

    contacts: dict[str, Contact] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    tag_names: dict[str, str] = field(default_factory=dict)

    journeys: dict[str, Journey] = field(default_factory=dict)
    entries: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    under_way: dict[str, list[str]] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    tasks_about: dict[str, list[str]] = field(default_factory=dict)  # subject → open tasks
    deliveries: dict[str, Delivery] = field(default_factory=dict)  # open ones
    sendings: dict[str, Sending] = field(default_factory=dict)  # open ones
    posts: dict[str, Post] = field(default_factory=dict)  # published ones too
    postings: dict[str, Posting] = field(default_factory=dict)  # post → how it is watched
    opened: dict[str, str] = field(default_factory=dict)  # what may share a message → which one
    confirmed_at: dict[str, datetime | None] = field(default_factory=dict)
    confirmations: list[tuple[datetime, str, str]] = field(default_factory=list)
    """(made at, staff, sending): each is one 发送 a member of staff has to press."""
    reminders: int = 0  # of mass messages nobody confirmed
    step_of: dict[str, str] = field(default_factory=dict)  # words to staff → their step
    seats: dict[str, Seat] = field(default_factory=dict)
    seats_of: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    outbox: dict[str, Outgoing] = field(default_factory=dict)
    acts: dict[str, tuple[str, Act]] = field(default_factory=dict)
    ledgers: defaultdict[str, Ledger] = field(default_factory=lambda: defaultdict(Ledger))
    facts: defaultdict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    used: defaultdict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    """(group, 栏目) → 素材 → how often it was sent there."""
    full_themes: Counter[str] = field(default_factory=Counter)  # looked for a seat in vain
    turned_away: Counter[str] = field(default_factory=Counter)  # by 每天最多 of an SOP
    sitting: dict[tuple[str, str], str] = field(default_factory=dict)  # theme, subject → group
    waiting_list: defaultdict[str, dict[str, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )  # theme → seats in 候补, who has waited longest first
    left_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    gapped: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Customer → seats another invitation of theirs is in the way of."""
    uninvited_at: dict[str, datetime] = field(default_factory=dict)  # seat → its invitation ended
    asked: dict[str, str] = field(default_factory=dict)  # end of a task → the seat it decides
    openings: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Theme → the tasks to open a group, oldest first."""
    planned: dict[str, Planned] = field(default_factory=dict)
    resting: dict[str, tuple[Occurrence, str]] = field(default_factory=dict)
    experiments: dict[str, Experiment] = field(default_factory=dict)
    drawn: dict[tuple[str, str], Assignment] = field(default_factory=dict)
    trials: dict[tuple[int, str], tuple[str, ...]] = field(default_factory=dict)
    """(release, SOP) → the experiments in it."""
    enrolled: set[str] = field(default_factory=set)  # customers a running trial counts
    rulings: dict[str, Ruling] = field(default_factory=dict)

    pushes: list[Push] = field(default_factory=list)
    put_off: list[Later] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    stuck: dict[str, str] = field(default_factory=dict)  # journey → the error
    steps: int = 0
    number: int = 0
    noted: int = 0
    states: dict[str, tuple[Contact, str, Facts]] = field(default_factory=dict)
    _tag_ids: dict[str, str] = field(default_factory=dict)
    _walked: dict[str, tuple[Contact | None, str, datetime, Facts]] = field(default_factory=dict)
    _at_work: dict[str, Staff] = field(default_factory=dict)
    _ids: list[str] = field(default_factory=list)
    _friends: dict[str, tuple[Contact, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.live(self.book, self.release)

    def live(
        self, book: Book, release: int, redirects: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """From now on this folder is head."""
        self.book, self.release = book, release
        self.releases[release] = Release(release, book, redirects or {})
        self.hours, self.staff_time = Hours.of(book), StaffTime.of(book.rules)
        self.clocks[release] = self.hours

    @property
    def head(self) -> Release:
        return self.releases[self.release]

    def hours_of(self, release: Release) -> Hours:
        if release.n not in self.clocks:
            self.clocks[release.n] = Hours.of(release.book)
        return self.clocks[release.n]

    # ---- what happened --------------------------------------------------------------------------

    def happens(self, subject: str, act: Act) -> None:
        """Somebody will do something at a moment to come, or does it now."""
        id = self.fresh()
        self.acts[id] = (subject, act)
        noticed = act.at + (SETTLES if act.kind in EDITS else timedelta())
        self.agenda.put("acts", id, max(noticed, self.now))

    def note(self, journey: str, subject: str, what: str, at: datetime | None = None) -> None:
        """A line of the timeline, where somebody wants to read it."""
        if what and self.explains(subject):
            self.noted += 1
            self.lines.append(Line(at or self.now, subject, journey, what, self.noted))

    def did(self, sop: str, step: str, subject: str, action: str) -> None:
        """A deed, where somebody wants to know."""
        if self.explains(subject):
            self.noted += 1
            self.deeds.append(Deed(self.now, sop, step, subject, action, self.noted))

    def fresh(self) -> str:
        """A name nothing else has."""
        self.number += 1
        return str(self.number)

    def record(self, facts: Iterable[Fact]) -> list[Fact]:
        """Keep what happened and wake who waits for it; those not known before."""
        new = []
        for fact in facts:
            known = self.facts[fact.subject]
            if any(one.id == fact.id for one in known):
                continue
            known.append(fact)
            new.append(fact)
            keys = set(fact.keys)
            for id in self.under_way.get(fact.subject, ()):
                if not keys.isdisjoint(self.journeys[id].keys):
                    self.agenda.hasten("journeys", id, self.now)
            for id in self.tasks_about.get(fact.subject, ()):
                if not keys.isdisjoint(self.tasks[id].keys):
                    self.wake_task(id)
            for key in keys & self.asked.keys():
                self.agenda.hasten("seats", self.asked[key], self.now)
        return new

    def facts_about(self, journey: Journey, exits: Iterable[str]) -> tuple[Fact, ...]:
        """What a decision about this journey may look at; ``exits`` are its rules as of now."""
        known = self.facts.get(journey.subject)
        if not known:
            return ()
        keys, since = {*interest(journey), *exits}, journey.entered_at
        return tuple(f for f in known if f.at >= since and not keys.isdisjoint(f.keys))

    def forget(self, subject: str, before: datetime) -> None:
        """Nobody walks, is counted in a trial, or has a task about this subject any more."""
        asked = self.under_way.get(subject) or self.tasks_about.get(subject)
        if not asked and subject not in self.enrolled:
            kept = [fact for fact in self.facts.get(subject, ()) if fact.at >= before]
            if kept:
                self.facts[subject] = kept
            else:
                self.facts.pop(subject, None)

    # ---- people and groups ----------------------------------------------------------------------

    def state_of(self, journey: Journey) -> Facts:
        """The subject as conditions see it."""
        subject = journey.subject
        if journey.subject_type == "group":
            return state_of(journey, None, self.groups.get(subject), self.tag_names)
        contact, since = self.contacts.get(subject), journey.entered_at
        known = self._walked.get(subject)
        if known and known[0] is contact and known[1:3] == (journey.staff, since):
            return known[3]
        facts = state_of(journey, contact, None, self.tag_names)
        self._walked[subject] = (contact, journey.staff, since, facts)
        return facts

    def state(self, subject: str, staff: str) -> Facts:
        contact = self.contacts.get(subject) or Contact(id=subject)
        known = self.states.get(subject)
        if known and known[0] is contact and known[1] == staff:
            return known[2]
        facts = situation.of_contact(contact, self.tag_names, staff)
        self.states[subject] = (contact, staff, facts)
        return facts

    def friend_of(self, subject: str) -> str:
        """Who has known the customer for the shortest time; "" when nobody does."""
        contact = self.contacts.get(subject)
        if contact is None:
            return ""
        known = self._friends.get(subject)
        if known is None or known[0] is not contact:
            friend = contact.newest_friend
            known = self._friends[subject] = (contact, friend.staff if friend else "")
        return known[1]

    def anybody(self) -> str:
        """A member of staff, for a happening that does not say which."""
        return min((id for id, one in self.staff.items() if one.active), default="")

    def at_work(self) -> Mapping[str, Staff]:
        """Everybody who has not left."""
        if len(self._at_work) != len(self.staff):
            self._at_work = {id: one for id, one in self.staff.items() if one.active}
        return self._at_work

    def tag_id(self, name: str) -> str:
        """WeCom's id of "组/名"; the name itself for one that only the folder knows."""
        if name not in self._tag_ids:
            self._tag_ids = {full: id for id, full in self.tag_names.items()}
            self._tag_ids.setdefault(name, name)
            self.tag_names.setdefault(self._tag_ids[name], name)
        return self._tag_ids[name]

    def ids(self) -> list[str]:
        """Of every customer, in order."""
        if len(self._ids) != len(self.contacts):
            self._ids = sorted(self.contacts)
        return self._ids

    def groups_of(self, theme: str) -> list[Group]:
        found = (g for g in self.groups.values() if g.theme == theme and g.open)
        return sorted(found, key=lambda group: group.id)

    # ---- journeys -------------------------------------------------------------------------------

    def begin(self, journey: Journey) -> None:
        self.journeys[journey.id] = journey
        self.entries.setdefault((journey.sop, journey.subject), []).append(journey.id)
        if journey.state == "active":
            self.under_way.setdefault(journey.subject, []).append(journey.id)
            self.agenda.put("journeys", journey.id, journey.due_at)

    def move(self, journey: Journey, change: Mapping[str, Any]) -> Journey:
        """As the one write of production: fields given, None removed, one revision on."""
        given = {n: _DEFAULTS[n] if v is None else _kept(v) for n, v in change.items()}
        moved = replace(journey, rev_no=journey.rev_no + 1, **given)
        self.journeys[journey.id] = moved
        if moved.state == "done":
            self._ended(moved)
        self.agenda.put("journeys", moved.id, moved.due_at)
        return moved

    def _ended(self, journey: Journey) -> None:
        others = [id for id in self.under_way.get(journey.subject, ()) if id != journey.id]
        if others:
            self.under_way[journey.subject] = others
        else:
            self.under_way.pop(journey.subject, None)

    def exited(self, journey: str) -> bool:
        """It ended by a 退出 rule or with its SOP, not by reaching the end."""
        known = self.journeys.get(journey)
        reason = known.exit_reason if known and known.state == "done" else ""
        return reason.startswith(("退出", "SOP已停用"))

    # ---- tasks ----------------------------------------------------------------------------------

    def keep_task(self, task: Task) -> None:
        """As it stands now; an open one is found by its subject."""
        known = self.tasks.get(task.id)
        self.tasks[task.id] = task
        if task.open and known is None:
            self.tasks_about.setdefault(task.subject, []).append(task.id)
        elif not task.open and known is not None and known.open:
            rest = [id for id in self.tasks_about.get(task.subject, ()) if id != task.id]
            if rest:
                self.tasks_about[task.subject] = rest
            else:
                self.tasks_about.pop(task.subject, None)
            self.agenda.put("given tasks", task.id, None)
            self.agenda.put("new tasks", task.id, None)

    def wake_task(self, id: str) -> None:
        kind = "new tasks" if self.tasks[id].state == "待派" else "given tasks"
        self.agenda.hasten(kind, id, self.now)

    def wake_tasks_of(self, journey: Journey) -> None:
        """The journey was left: look at what it still asks of people."""
        for id in self.tasks_about.get(journey.subject, ()):
            if self.tasks[id].journey == journey.id:
                self.wake_task(id)

    # ---- caps -----------------------------------------------------------------------------------

    def reserve(
        self, subject: str, key: str, cls: Class, at: datetime, windows: Sequence[CapWindow]
    ) -> Full | None:
        """Take one place in every window that concerns ``cls``; None when it was free."""
        return self.ledgers[subject].reserve(key, cls, at, windows)

    def release_place(self, subject: str, key: str) -> None:
        self.ledgers[subject].release(key)

    def received(self, subject: str, key: str, at: datetime) -> None:
        self.ledgers[subject].move(key, at)


def _kept(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _default(one: Field[Any]) -> Any:
    if one.default is not MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not MISSING else None


_DEFAULTS = {one.name: _default(one) for one in fields(Journey)}
