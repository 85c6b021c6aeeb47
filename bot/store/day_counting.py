"""The questions whose answers are the figures of days: what was meant for each, what waits for it.

Every pipeline begins with a range on an index and ends in groups of the same shape, see `_grouped`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.rows import Row

_OWN_WORD = ["acknowledged", "self_reported", "manager_override"]


@dataclass(frozen=True, slots=True)
class Span:
    """[since, until); days are those of ``zone``, what is to come is what is due after ``now``."""

    since: datetime
    until: datetime
    now: datetime
    zone: str


def questions(span: Span) -> Iterator[tuple[str, Sequence[Row]]]:
    """(collection, pipeline) of everything that is counted."""
    yield "deliveries", _grouped(span, "planned_at", {}, kind=_WHOM, **_MET)
    yield "posts", _grouped(span, "planned_at", {}, kind=_just("moments"), **_PUBLISHED)
    yield "tasks", _grouped(span, "created_at", {}, kind=_just("tasks"), fate=_TASK_FATE)
    yield "tasks", _grouped(span, "ended_at", {}, kind=_just("done"), fate=_TASK_FATE)
    yield "tasks", _grouped(span, "said_at", {"open": True}, kind=_just("done"), fate=_just("said"))
    yield "contacts", _new_friends(span)
    yield from _coming(span)


def questions_about(group: str, span: Span) -> Iterator[tuple[str, Sequence[Row]]]:
    """The same about one customer group; who came and what was done are not of it."""
    for collection, pipeline in questions(span):
        if collection == "contacts":
            continue
        first, *rest = pipeline
        yield collection, [{"$match": {"subject": group, **first["$match"]}}, *rest]


def _coming(span: Span) -> Iterator[tuple[str, Sequence[Row]]]:
    """What is due after now: steps, and what was put off."""
    ahead = Span(max(span.since, span.now), span.until, span.now, span.zone)
    if ahead.since >= ahead.until:
        return
    standing = {"state": "active", "phase": {"$in": ["before", "waiting"]}}
    yield (
        "journeys",
        _grouped(
            ahead,
            "due_at",
            standing,
            kind=_just("steps"),
            fate={"$cond": [{"$eq": ["$phase", "before"]}, "coming", "waiting"]},
        ),
    )
    put_off: Row = {"fate": _just("coming"), "reason": {"$ifNull": ["$reason", ""]}}
    ready = {"state": "ready"}
    yield "deliveries", _grouped(ahead, "due_at", ready, kind=_WHOM, **put_off)
    yield "posts", _grouped(ahead, "due_at", ready, kind=_just("moments"), **put_off)
    to_give = {"state": "待派"}
    yield "tasks", _grouped(ahead, "due_at", to_give, kind=_just("tasks"), fate=_just("coming"))


def _new_friends(span: Span) -> Sequence[Row]:
    """Each member of staff a customer has added counts them."""
    window = _within(span)
    return [
        {"$match": {"friends_since": window}},
        {"$unwind": "$relations"},
        {"$match": {"relations.since": window, "relations.lost": ""}},
        {"$set": {"staff": "$relations.staff", "at": "$relations.since", "sop": "", "step": ""}},
        _by(span, "at", {"kind": _just("new"), "fate": _just("new")}),
    ]


def _grouped(span: Span, moment: str, where: Mapping[str, Any], **what: Any) -> Sequence[Row]:
    return [{"$match": {moment: _within(span), **where}}, _by(span, moment, what)]


def _within(span: Span) -> Row:
    return {"$gte": span.since, "$lt": span.until}


def _by(span: Span, moment: str, what: Mapping[str, Any]) -> Row:
    day = {"date": f"${moment}", "timezone": span.zone, "format": "%Y-%m-%d"}
    about: Row = {"staff": "$staff", "sop": "$sop", "step": "$step"}
    about |= {"reason": _just(""), "acted": _just(False)}
    return {
        "$group": {
            "_id": {"day": {"$dateToString": day}, **about, **what},
            "n": {"$sum": 1},
            "first": {"$min": f"${moment}"},
        }
    }


def _just(value: str | bool) -> Row:
    return {"$literal": value}


_WHOM: Row = {"$cond": [{"$eq": ["$subject_type", "group"]}, "groups", "customers"]}
_WAITING: Row = {"$in": ["$state", ["ready", "gathered", "created"]]}
_REASON: Row = {"$cond": [_WAITING, "", {"$ifNull": ["$reason", ""]}]}
_MET: Row = {
    "fate": {"$cond": [_WAITING, "waiting", "$state"]},
    "reason": _REASON,
    "acted": {"$gt": ["$confirmed_at", None]},
}
_PUBLISHED: Row = {
    "fate": {
        "$switch": {
            "branches": [
                {"case": _WAITING, "then": "waiting"},
                {"case": {"$eq": ["$state", "published"]}, "then": "delivered"},
            ],
            "default": "$state",
        }
    },
    "reason": _REASON,
    "acted": {"$eq": ["$state", "published"]},
}
_TASK_FATE: Row = {
    "$switch": {
        "branches": [
            {"case": {"$eq": ["$evidence", "verified"]}, "then": "verified"},
            {"case": {"$in": ["$evidence", _OWN_WORD]}, "then": "said"},
            {"case": {"$eq": ["$open", True]}, "then": "waiting"},
            {"case": {"$eq": ["$state", "已过期"]}, "then": "expired"},
        ],
        "default": "cancelled",
    }
}
