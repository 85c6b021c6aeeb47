"""Conditions as a question to MongoDB: which customers fulfil them now?

The other back end is bot/playbook/audience.py, which decides about one customer in hand; both
give the same answer. A customer's 跟进人 is here whoever has been their friend for the shortest
time. What only a journey or a group can answer is refused.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from pymongo import ASCENDING, IndexModel

from bot.model import Contact
from bot.playbook.audience import HAPPENINGS
from bot.playbook.masking import ending
from bot.playbook.naming import parts_of
from bot.store.rows import Row
from config.book import Book
from config.conditions import (
    AnyOf,
    Bound,
    Condition,
    FriendDays,
    FromChannel,
    GroupMarketing,
    GroupSize,
    Happened,
    HasShop,
    InJourney,
    InShop,
    InStage,
    KocScore,
    NoneOf,
    Tagged,
    TaskResult,
)

KEPT = 2
"""Raised whenever :func:`derived` says something new: rows that name a lower one are completed."""


#: The indexes that answer by themselves who carries a tag, by the field asked.
OF_TAGS = {"tags": "tags, id", "own": "own, id"}
BY_SHOP = "shop, tags, id"


def indexes() -> list[IndexModel]:
    """By what is asked first, then by id, so that a selection streams in order without a sort."""
    counted = (f"happened.{kind}.0" for kind in HAPPENINGS.values())
    return [
        *(
            IndexModel([(field, ASCENDING), ("_id", ASCENDING)], name=name)
            for field, name in OF_TAGS.items()
        ),
        IndexModel([("shop", ASCENDING), ("tags", ASCENDING), ("_id", ASCENDING)], name=BY_SHOP),
        IndexModel([("channel", ASCENDING), ("_id", ASCENDING)], name="channel"),
        IndexModel([("friends_since", ASCENDING)], name="friends since", sparse=True),
        *(IndexModel([(path, ASCENDING)], name=path, sparse=True) for path in counted),
        IndexModel([("stages.$**", ASCENDING)], name="stages"),
        IndexModel([("scores.$**", ASCENDING)], name="scores"),
        IndexModel([("kept", ASCENDING)], name="kept"),
    ]


def derived(contact: Contact) -> Row:
    """What selections look at beside the customer's own fields, kept on the row by every write."""
    friend = contact.newest_friend
    return {
        "own": list(friend.tags) if friend else [],  # ids, so that a renamed tag changes nothing
        "channel": friend.state if friend else "",
        "friends_since": friend.since if friend else None,
        "finds": parts_of(contact.name),
        "with": sorted({r.staff for r in contact.relations if not r.lost}),
        "ends": sorted({ending(phone) for r in contact.relations for phone in r.phones} - {""}),
        "kept": KEPT,
    }


def query(
    conditions: Iterable[Condition], *, book: Book, now: datetime, names: Mapping[str, str]
) -> Row:
    """The filter for customers who fulfil all conditions; ``names``: tag id → "组/名".

    Raises ValueError for what cannot be asked of a customer alone.
    """
    return _all(_Question(book, now, names).ask(condition) for condition in conditions)


class _Question:
    def __init__(self, book: Book, now: datetime, names: Mapping[str, str]) -> None:
        self._now = now
        self._names = names
        declared = (f"{group}/{tag}" for group, tags in book.tags.items() for tag in tags)
        self._full = frozenset([*declared, *names.values()])

    def ask(self, condition: Condition) -> Row:
        match condition:
            case Tagged(by="跟进人"):
                return _carried(condition, "own", self._ids)
            case Tagged():
                return _carried(condition, "tags", self._called)
            case InShop(shops=shops):
                return {"shop": {"$in": list(shops)}} if shops else {}
            case HasShop(wanted=wanted):
                return {"shop": {"$nin" if wanted == "是" else "$in": ["", None]}}
            case Happened():
                return self._happened(condition)
            case AnyOf(conditions=conditions):
                return _any([self.ask(one) for one in conditions])
            case NoneOf(conditions=conditions):
                return _none([self.ask(one) for one in conditions])
            case FriendDays(count=count):
                return self._friends(count)
            case FromChannel(channels=channels):
                return {"channel": {"$in": list(channels)}}
            case KocScore(system=system, count=count):
                return _score(system, count)
            case InStage(system=system, stages=stages):
                return _entry("stages", system, {"$in": list(stages)})
            case GroupSize() | GroupMarketing() | TaskResult() | InJourney():
                raise ValueError(f"“{condition.kind}”不能用来挑选客户")
            case _:
                assert_never(condition)

    def _called(self, tag: str) -> list[str]:
        """Conditions may leave out the group of a tag, because bare names are unique."""
        return sorted(full for full in self._full if _means(tag, full)) or [tag]

    def _ids(self, tag: str) -> list[str]:
        return sorted(id for id, full in self._names.items() if _means(tag, full))

    def _friends(self, count: Bound) -> Row:
        since = self._now - timedelta(days=count.number)
        return {"friends_since": {"$lte" if count.least else "$gt": since}}

    def _happened(self, condition: Happened) -> Row:
        """The k-th last time says it, as times are kept newest first.

        A time that is still to come would be taken for one that was; then they are counted.
        """
        wanted, least = condition.count.number, condition.count.least
        if wanted <= 0:
            return {} if least else _NOBODY
        path = f"happened.{HAPPENINGS[condition.what]}"
        since = self._now - timedelta(days=condition.days)
        inside = {"$and": [{"$gt": ["$$at", since]}, {"$lte": ["$$at", self._now]}]}
        times = {"$ifNull": [f"${path}", []]}
        counted = {"$size": {"$filter": {"input": times, "as": "at", "cond": inside}}}
        often_enough = _all(
            [
                {f"{path}.{wanted - 1}": {"$gt": since}},
                _any([{f"{path}.0": {"$lte": self._now}}, {"$expr": {"$gte": [counted, wanted]}}]),
            ]
        )
        return often_enough if least else _none([often_enough])


_NOBODY: Row = {"$nor": [{}]}


def _score(system: str, count: Bound) -> Row:
    """Who was never scored has 0."""
    enough = _entry("scores", system, {"$gte": count.number})
    if count.least and count.number > 0:
        return enough
    return {} if count.least else _none([enough]) if count.number > 0 else _NOBODY


def _entry(field: str, system: str, wanted: Row) -> Row:
    """One entry of a field with names that people gave; a dot in one is no path."""
    if "." not in system and not system.startswith("$"):
        return {f"{field}.{system}": wanted}
    ((operator, value),) = wanted.items()
    entry = {"$getField": {"field": {"$literal": system}, "input": f"${field}"}}
    return {"$expr": {operator: [entry, {"$literal": value}]}}


def _means(tag: str, full: str) -> bool:
    return tag == full or tag == full.partition("/")[2]


def _carried(condition: Tagged, path: str, called: Any) -> Row:
    """All of them, or none of them."""
    if not condition.wanted:
        return {path: {"$nin": [name for tag in condition.tags for name in called(tag)]}}
    return _all({path: {"$in": called(tag)}} for tag in condition.tags)


def _all(parts: Iterable[Row]) -> Row:
    saying = [one for part in parts if part for one in part.get("$and", (part,))]
    if len(saying) < 2:
        return saying[0] if saying else {}
    return {"$and": saying}


def _any(parts: list[Row]) -> Row:
    return {"$or": parts} if all(parts) else {}


def _none(parts: list[Row]) -> Row:
    return {"$nor": parts}
