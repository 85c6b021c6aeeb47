"""How many calls all processes together made lately, and which APIs WeCom has shut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from bot.store.rows import Row

PROBE_SECONDS = 30
_PROBE_ANSWER = timedelta(seconds=2)  # how soon the others ask again while a probe is out

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window(Protocol):
    """At most ``limit`` permits in any ``span``, counted in buckets of ``grain``."""

    @property
    def name(self) -> str: ...
    @property
    def span(self) -> timedelta: ...
    @property
    def limit(self) -> int: ...
    @property
    def grain(self) -> timedelta: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """``count`` permits, or none before ``until``; ``probe`` when it is the one trial call."""

    count: int
    until: datetime | None = None
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """The permits one API or member was given, window by window, as (since, how many)."""

    used: Mapping[str, Sequence[tuple[datetime, int]]]
    shut_until: datetime | None = None

    def within(self, window: Window, now: datetime) -> int:
        since = now - window.span
        return sum(count for at, count in self.used.get(window.name, ()) if at > since)


class Paces:
    """One document per API or member: its sliding windows and its circuit breaker."""

    def __init__(self, rows: AsyncCollection[Row]) -> None:
        self._rows = rows

    async def take(
        self, key: str, windows: Sequence[Window], *, want: int, now: datetime, owner: str
    ) -> Grant:
        """Take up to ``want`` permits, all in one write; at least one unless ``until`` is set."""
        row = await self._updated(
            key,
            [
                {"$set": {f"used.{w.name}": _still_counting(w, now) for w in windows}},
                {"$set": {"last": {"shut": _is_shut(), "probe": _may_probe(now)}}},
                {"$set": {"last.count": _count(windows, want), "last.until": _until(windows, now)}},
                {"$set": {f"used.{w.name}": _with_taken(w, now) for w in windows}},
                {"$set": {"probe": {"$cond": [_PROBING, _lease(owner), "$probe"]}}},
            ],
        )
        last = row["last"]
        if last["count"]:
            return Grant(last["count"], probe=last["probe"])
        return Grant(0, until=last["until"])

    async def give_back(self, key: str, windows: Sequence[Window], at: datetime) -> None:
        """Return a permit taken at ``at`` whose call was not made."""
        await self._rows.update_one(
            {"_id": key},
            {"$inc": {f"used.{w.name}.$[{w.name}].n": -1 for w in windows}},
            array_filters=[
                {f"{w.name}.at": _bucket(w, at), f"{w.name}.n": {"$gt": 0}} for w in windows
            ],
        )

    async def open_breaker(self, key: str, ladder: Sequence[datetime], now: datetime) -> datetime:
        """Shut ``key`` until the next rung of ``ladder``; stragglers do not shut it for longer."""
        shut = {"$gt": ["$open_until", now]}
        strikes = {"$ifNull": ["$strikes", 0]}
        rung = {"$arrayElemAt": [list(ladder), {"$min": [strikes, len(ladder) - 1]}]}
        row = await self._updated(
            key,
            [
                {
                    "$set": {
                        "open_until": {"$cond": [shut, "$open_until", rung]},
                        "strikes": {"$cond": [shut, strikes, {"$add": [strikes, 1]}]},
                        "probe": None,
                    }
                }
            ],
        )
        until: datetime = row["open_until"]
        return until

    async def close_breaker(self, key: str, owner: str) -> None:
        """WeCom answers ``owner``'s probe: everybody may call again."""
        await self._rows.update_one(
            {"_id": key, "probe.owner": owner},
            {"$unset": {"open_until": "", "strikes": "", "probe": ""}},
        )

    async def release_probe(self, key: str, owner: str) -> None:
        """``owner``'s probe taught us nothing: the next caller is the probe."""
        await self._rows.update_one({"_id": key, "probe.owner": owner}, {"$unset": {"probe": ""}})

    async def spent(self, kind: Literal["api", "member"]) -> dict[str, Spent]:
        """What was taken lately of every API, or by every member: by path or userid."""
        of_kind = {"_id": {"$gte": f"{kind}:", "$lt": f"{kind};"}}
        found = self._rows.find(of_kind, {"used": 1, "open_until": 1})
        return {
            row["_id"].removeprefix(f"{kind}:"): Spent(
                {
                    name: [(bucket["at"], bucket["n"]) for bucket in buckets]
                    for name, buckets in row.get("used", {}).items()
                },
                row.get("open_until"),
            )
            async for row in found
        }

    async def _updated(self, key: str, pipeline: Sequence[Row]) -> Row:
        """The verdict after one atomic write, which makes the document where there was none."""
        row = await self._rows.find_one_and_update(
            {"_id": key},
            pipeline,
            projection={"last": 1, "open_until": 1},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return row or {}


def _bucket(window: Window, at: datetime) -> datetime:
    return at - (at - _EPOCH) % window.grain


def _used(window: Window) -> Row:
    return {"$ifNull": [f"$used.{window.name}", []]}


def _still_counting(window: Window, now: datetime) -> Row:
    """Buckets which may hold a permit younger than the window; a bucket goes as a whole."""
    gone = now - window.span - window.grain
    return {"$filter": {"input": _used(window), "as": "b", "cond": {"$gt": ["$$b.at", gone]}}}


_PROBING = {"$and": ["$last.probe", {"$gt": ["$last.count", 0]}]}


def _is_shut() -> Row:
    return {"$gt": ["$open_until", None]}


def _may_probe(now: datetime) -> Row:
    """The pause is over, WeCom has not answered since, and nobody else is trying."""
    over = {"$lte": ["$open_until", now]}
    free = {"$lte": [{"$ifNull": ["$probe.until", _EPOCH]}, "$$NOW"]}
    return {"$and": [_is_shut(), over, free]}


def _lease(owner: str) -> Row:
    end = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": PROBE_SECONDS}}
    return {"owner": owner, "until": end}


def _count(windows: Sequence[Window], want: int) -> Row:
    """How many of ``want`` there is room for; one for a probe, none while shut."""
    wanted = {"$cond": ["$last.shut", {"$cond": ["$last.probe", 1, 0]}, want]}
    return {"$max": [0, {"$min": [wanted, *(_room(w) for w in windows)]}]}


def _until(windows: Sequence[Window], now: datetime) -> Row:
    """When to ask again if nothing was given."""
    shut = {"$max": ["$open_until", now + _PROBE_ANSWER]}
    full = {"$max": [_room_at(w) for w in windows]}
    return {"$cond": [{"$and": ["$last.shut", {"$not": ["$last.probe"]}]}, shut, full]}


def _room(window: Window) -> Row:
    return {"$subtract": [window.limit, {"$sum": f"$used.{window.name}.n"}]}


def _room_at(window: Window) -> Row:
    """When the oldest bucket of a full window stops counting; nothing if there is room."""
    oldest = {"$arrayElemAt": [f"$used.{window.name}.at", 0]}
    lasts = int((window.span + window.grain) / timedelta(milliseconds=1))
    return {"$cond": [{"$lte": [_room(window), 0]}, {"$add": [oldest, lasts]}, None]}


def _with_taken(window: Window, now: datetime) -> Row:
    """The buckets with this take in the newest; a clock a little behind counts there too."""
    used = f"$used.{window.name}"
    newest = {"$max": [{"$last": f"{used}.at"}, _bucket(window, now)]}
    taken = "$last.count"
    fresh = {"$ne": [{"$last": f"{used}.at"}, newest]}
    more = {"$cond": [{"$eq": ["$$b.at", newest]}, taken, 0]}
    added = {"at": "$$b.at", "n": {"$add": ["$$b.n", more]}}
    counted = {"$map": {"input": used, "as": "b", "in": added}}
    opened = {"$concatArrays": [used, [{"at": newest, "n": taken}]]}
    return {"$cond": [{"$and": [fresh, {"$gt": [taken, 0]}]}, opened, counted]}
