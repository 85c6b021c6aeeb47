"""What was sent, given and done on each day, and what waits for days to come: counted.

A day on which much happens is counted once and kept for a while, one document for each member of
staff and one for all, so that a month is a few documents. The others are counted whenever asked.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pymongo import ASCENDING, IndexModel, ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from bot.store.day_counting import Span, questions, questions_about
from bot.store.due import Rows
from bot.store.rows import Row

Kind = Literal["customers", "groups", "moments", "tasks", "done", "steps", "new"]
MANY = 200
"""Rows of one day that are worth keeping the count of."""
KEPT = timedelta(days=400)
_EVERYBODY = ""
_DAY = timedelta(days=1)
_SETTLED = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """So many of one kind, step and fate on one day.

    ``fate``: delivered, failed, expired, suppressed, cancelled, waiting of pushes and moments;
    said, verified, waiting, expired, cancelled of tasks; coming and waiting (a wait ends) of steps.
    """

    kind: Kind
    sop: str
    step: str
    fate: str
    reason: str = ""
    acted: bool = False  # staff pressed the button
    count: int
    first: datetime


Days = Mapping[date, Sequence[Pile]]


class DayFigures:
    def __init__(self, db: AsyncDatabase[Row], rows: Rows) -> None:
        self._db = db
        self._rows = rows

    async def prepare(self) -> None:
        old = IndexModel([("day_at", ASCENDING)], name="old", expireAfterSeconds=KEPT.days * 86400)
        await self._rows.create_indexes([old])

    async def days(
        self,
        first: date,
        last: date,
        *,
        zone: ZoneInfo,
        now: datetime,
        staff: Sequence[str] | None = None,
    ) -> Days:
        """Every day from ``first`` to ``last``, of these people or of all."""
        wanted = [first + n * _DAY for n in range((last - first).days + 1)]
        kept = await self._kept(wanted, zone, now, staff)
        counted: dict[date, dict[str, list[Pile]]] = {}
        for run in _runs(day for day in wanted if day not in kept):
            counted |= await self._counted(run, zone, now)
        return {day: kept[day] if day in kept else _of(counted[day], staff) for day in wanted}

    async def of_group(
        self, group: str, first: date, last: date, *, zone: ZoneInfo, now: datetime
    ) -> Days:
        """What one customer group got, and what waits for it."""
        span = Span(_begin(first, zone), _begin(last + _DAY, zone), now, zone.key)
        found = await self._asked(questions_about(group, span))
        days = [first + n * _DAY for n in range((last - first).days + 1)]
        return {day: _of(found.get(day, {}), None) for day in days}

    async def _kept(
        self, days: Sequence[date], zone: ZoneInfo, now: datetime, staff: Sequence[str] | None
    ) -> dict[date, list[Pile]]:
        """Of the days whose count is still good."""
        whole = {_id(day, zone, _EVERYBODY): day for day in days}
        found = await self._rows.find({"_id": {"$in": list(whole)}}).to_list(None)
        fresh = {whole[row["_id"]]: row for row in found if _is_fresh(row, now)}
        if staff is None:
            return {day: _piles(row) for day, row in fresh.items()}
        theirs = {_id(day, zone, one): day for day in fresh for one in staff}
        kept: dict[date, list[Pile]] = {day: [] for day in fresh}
        async for row in self._rows.find({"_id": {"$in": list(theirs)}}):
            kept[theirs[row["_id"]]] += _piles(row)
        return {day: _merged(piles) for day, piles in kept.items()}

    async def _counted(
        self, days: Sequence[date], zone: ZoneInfo, now: datetime
    ) -> dict[date, dict[str, list[Pile]]]:
        """Days in a row, by staff; where there is much it is kept."""
        span = Span(_begin(days[0], zone), _begin(days[-1] + _DAY, zone), now, zone.key)
        found = await self._asked(questions(span))
        for day in days:
            by_staff = found.setdefault(day, {})
            if sum(pile.count for piles in by_staff.values() for pile in piles) >= MANY:
                await self._keep(day, zone, by_staff, now)
        return found

    async def _asked(
        self, asked: Iterable[tuple[str, Sequence[Row]]]
    ) -> dict[date, dict[str, list[Pile]]]:
        answers = await asyncio.gather(*(self._answer(*question) for question in asked))
        found: dict[date, dict[str, list[Pile]]] = {}
        for row in (row for answer in answers for row in answer):
            about = row["_id"]
            day, staff = date.fromisoformat(about.pop("day")), about.pop("staff", None) or ""
            pile = Pile(**about, count=row["n"], first=row["first"])
            found.setdefault(day, {}).setdefault(staff, []).append(pile)
        return found

    async def _answer(self, collection: str, pipeline: Sequence[Row]) -> list[Row]:
        found = await self._db[collection].aggregate(list(pipeline))
        return await found.to_list(None)

    async def _keep(
        self, day: date, zone: ZoneInfo, by_staff: Mapping[str, Sequence[Pile]], now: datetime
    ) -> None:
        """What another count found of people who have nothing there now is gone with it."""
        everybody = _merged(pile for piles in by_staff.values() for pile in piles)
        parts = {staff: piles for staff, piles in by_staff.items() if staff}
        parts[_EVERYBODY] = everybody
        at: Row = {"day_at": _begin(day, zone), "day": _id(day, zone, ""), "at": now}
        at["open"] = any(pile.fate in ("waiting", "coming") for pile in everybody)
        rows = [
            {"_id": _id(day, zone, staff), **at, "piles": [asdict(pile) for pile in piles]}
            for staff, piles in parts.items()
        ]
        writes = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]
        await self._rows.bulk_write(writes, ordered=False)
        others = [_id(day, zone, staff) for staff in parts]
        await self._rows.delete_many(
            {"_id": {"$gte": at["day"], "$lt": f"{at['day']}\uffff", "$nin": others}}
        )


def _is_fresh(row: Mapping[str, Any], now: datetime) -> bool:
    """Whether a count still tells the truth, or nearly: how long depends on what may happen yet."""
    counted, begin = row["at"], row["day_at"]
    age: timedelta = now - counted
    over: datetime = begin + _DAY
    if not row["open"] and counted > over + _SETTLED:
        return True
    if begin <= now < over:
        return age < timedelta(minutes=1)
    return age < (_DAY if now > over + 2 * _SETTLED else timedelta(minutes=10))


def _id(day: date, zone: ZoneInfo, staff: str) -> str:
    return f"{zone.key}|{day.isoformat()}|{staff}"


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _runs(days: Iterable[date]) -> Iterable[list[date]]:
    """Days that follow each other, together."""
    run: list[date] = []
    for day in days:
        if run and day - run[-1] != _DAY:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _of(by_staff: Mapping[str, Sequence[Pile]], staff: Sequence[str] | None) -> list[Pile]:
    whose = by_staff if staff is None else [one for one in staff if one in by_staff]
    return _merged(pile for one in whose for pile in by_staff[one])


def _merged(piles: Iterable[Pile]) -> list[Pile]:
    """One for each kind, step and fate, whoever's they are."""
    found: dict[tuple[object, ...], Pile] = {}
    for pile in piles:
        key = (pile.kind, pile.sop, pile.step, pile.fate, pile.reason, pile.acted)
        if known := found.get(key):
            count, first = known.count + pile.count, min(known.first, pile.first)
            pile = replace(known, count=count, first=first)
        found[key] = pile
    return sorted(found.values(), key=lambda pile: (pile.first, pile.sop, pile.step, pile.fate))


def _piles(row: Mapping[str, Any]) -> list[Pile]:
    return [Pile(**pile) for pile in row["piles"]]
