"""Play a folder on a virtual clock, in memory, by the very decisions production takes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from bot.actions import opening
from bot.model import Contact, Delivery, Group, Journey, Seat, Staff, Task
from bot.playbook.regrouping import OWN, theme_subject
from bot.rehearse import (
    calendars,
    chores,
    edits,
    happenings,
    messages,
    posts,
    rooms,
    seating,
    trials,
    walking,
)
from bot.rehearse.ledger import Ledger
from bot.rehearse.people import Act, Behaviour, Prompt
from bot.rehearse.record import Later, Line, Push
from bot.rehearse.stage import Stage
from config.book import Book


class Rehearsal:
    """See the package for how it is used."""

    def __init__(
        self,
        book: Book,
        *,
        now: datetime,
        contacts: Iterable[Contact] = (),
        groups: Iterable[Group] = (),
        staff: Iterable[Staff] = (),
        journeys: Iterable[Journey] = (),
        tasks: Iterable[Task] = (),
        deliveries: Iterable[Delivery] = (),
        seats: Iterable[Seat] = (),
        hits: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        tag_names: Mapping[str, str] | None = None,
        release: int = 1,
        behaviour: Behaviour | None = None,
        seed: int = 0,
        explains: Callable[[str], bool] = lambda subject: True,
    ) -> None:
        self.stage = stage = Stage(
            book=book,
            now=now,
            release=release,
            behaviour=behaviour or Prompt(),
            seed=seed,
            explains=explains,
        )
        stage.tag_names.update(tag_names or {})
        stage.staff.update({one.id: one for one in staff} or _team(book))
        stage.contacts.update({one.id: one for one in contacts})
        for group in groups:
            self.add_group(group)
        for journey in journeys:
            stage.begin(journey)
        for task in tasks:
            stage.keep_task(task)
            if task.step == opening.STEP and task.sop == OWN:
                stage.openings[task.subject.partition(":")[2]].append(task.id)
            kind = "new tasks" if task.state == "待派" else "given tasks"
            stage.agenda.put(kind, task.id, task.due_at)
        for delivery in deliveries:
            stage.deliveries[delivery.id] = delivery
            if delivery.column:
                stage.used[delivery.subject, delivery.column][delivery.piece] += 1
            stage.agenda.put("deliveries", delivery.id, delivery.due_at)
        messages.in_hands_of_staff(stage)
        for seat in seats:
            stage.seats[seat.id] = seat
            stage.seats_of.setdefault((seat.theme, seat.subject), []).append(seat.id)
            stage.agenda.put("seats", seat.id, seat.due_at)
            if seat.state == "候补":
                stage.waiting_list[seat.theme].setdefault(seat.id)
            stage.asked.update(dict.fromkeys(seat.keys, seat.id))
        for subject, known in (hits or {}).items():
            stage.ledgers[subject] = Ledger(known)
        calendars.rewind(stage)

    # ---- what happens ---------------------------------------------------------------------------

    def add(self, contact: Contact) -> None:
        """One more customer, known from now on; nothing begins with that."""
        self.stage.contacts[contact.id] = contact

    def add_group(self, group: Group) -> None:
        """One more customer group, placed by the live release."""
        stage = self.stage
        stage.groups[group.id] = calendars.place(stage, group)
        for member in group.roster:  # so that who sits there is not invited
            stage.sitting.setdefault((stage.groups[group.id].theme, member), group.id)
        if stage.tasks_about.get(theme_subject(stage.groups[group.id].theme)):
            rooms.came(stage, stage.groups[group.id])

    def happen(self, at: datetime, contact_id: str, kind: str, **fields: Any) -> None:
        """Something will happen to a customer, or does now; KeyError for an unknown kind."""
        if kind not in happenings.DO:
            raise KeyError(f"{kind}: {'、'.join(happenings.DO)}")
        self.stage.happens(contact_id, Act(at, kind, fields))

    def publish(self, book: Book, redirects: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Another folder is live from now on; journeys under way follow it."""
        stage, was = self.stage, self.stage.book
        stage.live(book, stage.release + 1, redirects)
        for group in list(stage.groups.values()):
            stage.groups[group.id] = calendars.place(stage, group)
        calendars.rewind(stage)
        edits.look_again(stage, was)

    def run_until(self, moment: datetime) -> None:
        """Everything due until then happens in its order; the clock stands at ``moment`` after."""
        stage = self.stage
        while (at := stage.agenda.next()) is not None and at <= moment:
            stage.now = max(at, stage.now)
            _live_through(stage)
        stage.now = max(stage.now, moment)

    # ---- what came of it ------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.stage.now

    @property
    def pushes(self) -> list[Push]:
        """Every push decided so far and, in state ``waiting``, those that are not; by moment."""
        found = [*self.stage.pushes, *messages.waiting(self.stage), *posts.waiting(self.stage)]
        return sorted(found, key=lambda p: (p.at, p.subject, p.id, p.step))

    @property
    def tasks(self) -> list[Task]:
        """Every task, those that wait for their card too; by the moment they were made."""
        return sorted(self.stage.tasks.values(), key=lambda t: (t.created_at, t.id))

    @property
    def journeys(self) -> dict[str, Journey]:
        return self.stage.journeys

    @property
    def later(self) -> list[Later]:
        """Everything that was put off, with the reason, in the order it was."""
        return self.stage.put_off

    @property
    def why(self) -> list[Line]:
        """The timeline of those ``explains`` is true for, in order."""
        return sorted(self.stage.lines, key=lambda line: (line.at, line.n))

    @property
    def stuck(self) -> dict[str, str]:
        """Journeys that could not be decided, each with the error: a mistake of ours."""
        return self.stage.stuck

    def hash(self) -> str:
        """The same for the same folder, people, happenings and seed; over every push and task."""
        digest = sha256()
        for push in self.pushes:
            digest.update(repr(_plain(push)).encode())
        for task in self.tasks:
            about = (task.id, task.staff, task.state, task.result, task.given_at, task.deadline)
            digest.update(repr(about).encode())
        return digest.hexdigest()[:16]


def _plain(push: Push) -> tuple[object, ...]:
    return (
        push.at,
        push.sop,
        push.step,
        push.subject,
        push.staff,
        push.cls,
        push.state,
        push.reason,
    )


def _live_through(stage: Stage) -> None:
    """One moment: everybody's work in turn, until nobody has any left."""
    agenda, now = stage.agenda, stage.now
    while True:
        busy = False
        for kind, work in _WORK:
            ids = agenda.take(kind, now)
            for id in ids:
                busy = True
                work(stage, id)
        if ids := agenda.take("new tasks", now):
            busy = True
            chores.give(stage, ids)
        if ids := agenda.take("deliveries", now):
            busy = True
            messages.decide(stage, ids)
        for kind, work in _AFTER:
            for id in agenda.take(kind, now):
                busy = True
                work(stage, id)
        if not busy:
            return


def _act(stage: Stage, id: str) -> None:
    subject, act = stage.acts.pop(id)
    happenings.act(stage, subject, act)


_WORK: tuple[tuple[str, Callable[[Stage, str], None]], ...] = (
    ("acts", _act),
    ("occurrences", calendars.occur),
    ("sweeps", calendars.go_on),
    ("journeys", walking.walk),
    ("outbox", messages.send),
)
_AFTER: tuple[tuple[str, Callable[[Stage, str], None]], ...] = (
    ("sendings", messages.close),
    ("posts", posts.look),
    ("experiments", trials.look),
    ("seats", seating.look),
    ("given tasks", chores.see_to),
)


def _team(book: Book) -> dict[str, Staff]:
    """Everybody the folder names, each in the department of the shop they manage."""
    people = {}
    for name, userid in book.team.people.items():
        led = tuple(shop.department for shop in book.team.shops if shop.manager == name)
        people[userid] = Staff(id=userid, name=name, departments=led, leads=led)
    return people
