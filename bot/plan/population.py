"""Who is rehearsed: everybody under way, or a stated part of them, and whoever is expected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.context import Release
from bot.model import Contact, Delivery, Group, Journey, Seat, Staff, Task
from bot.playbook.admission import invitations, proposals
from bot.playbook.calendar import day_start
from bot.playbook.hours import Hours
from bot.playbook.patience import ledger_of
from bot.rehearse import Rehearsal
from bot.store import Store
from bot.store.rows import SLOTS, slot_of
from config.book import Book
from config.sop import Sop
from config.triggers import AUDIENCE

SAMPLE = 5_000  # customers; of more, as many slots as hold about so many
LOOK_BACK_DAYS = 14
_OPENS, _CLOSES = timedelta(hours=9), timedelta(hours=21)  # when new customers come


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """How many customers a day are expected to add each member of staff."""

    by_staff: Mapping[str, float] = field(default_factory=dict)

    @property
    def per_day(self) -> float:
        return sum(self.by_staff.values())


async def coming(store: Store, now: datetime) -> Coming:
    """The average of the last fourteen days."""
    since = now - timedelta(days=LOOK_BACK_DAYS)
    found = await store.census.newcomers(since, now)
    return Coming(by_staff={staff: count / LOOK_BACK_DAYS for staff, count in found.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Everything a rehearsal starts from; ``scale`` is what one customer of it stands for."""

    release: int
    contacts: Sequence[Contact]
    groups: Sequence[Group]
    staff: Sequence[Staff]
    journeys: Sequence[Journey]
    tasks: Sequence[Task]
    deliveries: Sequence[Delivery]
    seats: Sequence[Seat]
    hits: Mapping[str, Sequence[Mapping[str, Any]]]
    tag_names: Mapping[str, str]
    scale: float = 1.0
    whole: int = 0  # customers under way, and those who would be taken in

    @property
    def older_releases(self) -> set[int]:
        """What somebody still follows, or was in the middle of."""
        return {
            n
            for journey in self.journeys
            if journey.state == "active"
            for n in (
                *([journey.release_entered] if journey.pinned else []),
                *([journey.release_step] if journey.phase == "inside" else []),
            )
            if n and n != self.release
        }

    def rehearsal(
        self, book: Book, now: datetime, older: Mapping[int, Release], **more: Any
    ) -> Rehearsal:
        """Where everybody stands, ready to go on by ``book``; ``more`` as Rehearsal takes it."""
        rehearsal = Rehearsal(
            book,
            now=now,
            contacts=self.contacts,
            groups=self.groups,
            staff=self.staff,
            journeys=self.journeys,
            tasks=self.tasks,
            deliveries=self.deliveries,
            seats=self.seats,
            hits=self.hits,
            tag_names=self.tag_names,
            release=max(1, self.release),
            **more,
        )
        for n, release in older.items():
            rehearsal.stage.releases.setdefault(n, release)
        return rehearsal


async def read(store: Store, release: int, books: Sequence[Book], now: datetime) -> Population:
    """All who are under way and all whom an SOP of ``books`` looks for, up to the sample."""
    size = await store.cohort.size()
    slots = SLOTS if size <= SAMPLE else max(1, SLOTS * SAMPLE // size)
    journeys = await store.cohort.journeys(slots)
    subjects = {j.subject for j in journeys if j.subject_type == "contact"}
    fitting = await _sought(store, books, subjects, now, slots)
    before = [
        journey
        for sop, ids in fitting
        for journey in await store.cohort.entries(sop.names, ids)
        if journey.state == "done"
    ]
    ids = subjects | {id for _, found in fitting for id in found}
    groups = await store.groups.all()
    ledgers = [ledger_of(id, "contact") for id in ids]
    ledgers += [name for id in ids for name in (invitations(id), proposals(id))]
    ledgers += [ledger_of(group.id, "group") for group in groups]
    staff = await store.staff.active()
    ledgers += [f"staff:{one.id}" for one in staff] if slots == SLOTS else []
    return Population(
        release=release,
        contacts=[
            one for part in _batches(ids) for one in (await store.contacts.many(part)).values()
        ],
        groups=groups,
        staff=staff,
        journeys=list({j.id: j for j in [*journeys, *before]}.values()),
        tasks=await store.cohort.tasks(slots),
        deliveries=await store.cohort.deliveries(slots),
        seats=await store.cohort.seats(slots),
        hits=await store.cohort.hits(ledgers),
        tag_names=await store.tags.names(),
        scale=SLOTS / slots,
        whole=round(len(ids) * SLOTS / slots),
    )


async def _sought(
    store: Store, books: Sequence[Book], known: set[str], now: datetime, slots: int
) -> list[tuple[Sop, list[str]]]:
    """For each SOP for an audience whom it would take in, as many as may enter in a week."""
    found: dict[str, tuple[Sop, list[str]]] = {}
    for book in books:
        for sop in book.sops.values():
            if sop.state != "启用" or sop.entry.kind != AUDIENCE or sop.name in found:
                continue
            most = min(SAMPLE, (sop.entry.daily_limit or SAMPLE) * 8 * slots // SLOTS + 1)
            ids: list[str] = []
            async for id in store.contacts.matching(sop.entry.conditions, book, now):
                if slot_of(id) < slots and id not in known:
                    ids.append(id)
                if len(ids) >= most:
                    break
            found[sop.name] = sop, ids
            known = known | set(ids)
    return list(found.values())


def newcomers(
    expected: Coming, scale: float, now: datetime, hours: Hours, days: int
) -> Iterator[tuple[datetime, str]]:
    """(when, whom they add) of everybody expected, evenly over the hours of a shop."""
    moments = _open_hours(now, hours, days)
    wanted = {staff: rate * days / scale for staff, rate in expected.by_staff.items()}
    for staff, count in _whole_numbers(wanted).items():
        for number in range(count):
            yield moments((number + 0.5) / count), staff


def _whole_numbers(wanted: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers with the same sum, the largest rests rounded up."""
    counts = {name: int(value) for name, value in wanted.items()}
    missing = round(sum(wanted.values())) - sum(counts.values())
    rests = sorted(wanted, key=lambda name: (counts[name] - wanted[name], name))
    for name in rests[:missing]:
        counts[name] += 1
    return counts


def _open_hours(now: datetime, hours: Hours, days: int) -> "Moments":
    """From a part of the coming open time to the moment at which it is over."""
    start = day_start(now, hours.tz)
    spans = []
    for day in range(days):
        midnight = day_start(start + timedelta(days=day, hours=12), hours.tz)
        begin, end = max(now, midnight + _OPENS), midnight + _CLOSES
        if begin < end:
            spans.append((begin, end))
    return Moments(tuple(spans))


@dataclass(frozen=True, slots=True)
class Moments:
    spans: tuple[tuple[datetime, datetime], ...]

    def __call__(self, part: float) -> datetime:
        rest = sum((end - begin for begin, end in self.spans), timedelta()) * part
        for begin, end in self.spans:
            if rest <= end - begin:
                return begin + rest
            rest -= end - begin
        return self.spans[-1][1]


def scaled(book: Book, scale: float) -> Book:
    """A book for a part of everybody: as many fewer enter a day, and staff have no limit.

    What staff cannot do on one day is told from the numbers instead.
    """
    if scale <= 1.001:
        return book
    sops = {}
    for name, sop in book.sops.items():
        if limit := sop.entry.daily_limit:
            entry = sop.entry.model_copy(update={"daily_limit": max(1, round(limit / scale))})
            sop = sop.model_copy(update={"entry": entry})
        sops[name] = sop
    caps = book.rules.caps.model_copy(update={"staff": ()})
    return replace(book, sops=sops, rules=book.rules.model_copy(update={"caps": caps}))


def _batches(ids: set[str], size: int = 1_000) -> Iterator[list[str]]:
    listed = sorted(ids)
    return (listed[start : start + size] for start in range(0, len(listed), size))
