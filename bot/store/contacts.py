"""Customers: our copy of what WeCom knows, changed only from the revision it was read at.

A change and the facts it makes (``news``) are one write, so a crash in between tells them later.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Literal

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from bot.model import Contact, Fact, Relation
from bot.playbook.happenings import counted_as
from bot.store import segments, selections
from bot.store.due import Rows
from bot.store.rows import Row, from_row, to_row
from bot.store.tags import Tags
from bot.store.together import change, swap
from config.book import Book
from config.conditions import Condition

_LIVING_TAGS: Row = {  # ids of the tags anybody who is their friend has given them
    "$reduce": {
        "input": {"$filter": {"input": "$relations", "as": "r", "cond": {"$eq": ["$$r.lost", ""]}}},
        "initialValue": [],
        "in": {"$setUnion": ["$$value", {"$ifNull": ["$$this.tags", []]}]},
    }
}
Lost = Literal["by_staff", "by_customer", "transfer"]
Change = Callable[[Contact], tuple[Contact, Sequence[Fact]] | None]

TIMES_KEPT = 20


class Contacts:
    def __init__(self, rows: Rows, tags: Tags) -> None:
        self._rows = rows
        self._tags = tags

    async def prepare(self) -> None:
        await self._rows.create_indexes(
            [
                IndexModel([("relations.staff", ASCENDING)], name="staff"),
                IndexModel([("news._id", ASCENDING)], name="news", sparse=True),
                *segments.indexes(),
            ]
        )

    async def get(self, contact_id: str) -> Contact | None:
        row = await self._rows.find_one({"_id": contact_id})
        return _contact(row) if row else None

    async def many(self, ids: Iterable[str]) -> dict[str, Contact]:
        """Those of ``ids`` that we know."""
        found = self._rows.find({"_id": {"$in": sorted(set(ids))}})
        return {row["_id"]: _contact(row) async for row in found}

    async def read(self, contact_id: str) -> tuple[Contact | None, int]:
        """Our copy and its revision, to be named when it is changed; 0 while there is none."""
        row = await self._rows.find_one({"_id": contact_id})
        return (_contact(row), row.get("rev", 0)) if row else (None, 0)

    async def of_staff(self, staff: str) -> list[str]:
        """Ids of the customers this member of staff is friends with."""
        friends = {"relations": {"$elemMatch": {"staff": staff, "lost": ""}}}
        return [row["_id"] async for row in self._rows.find(friends, {"_id": 1})]

    async def matching(
        self, conditions: Iterable[Condition], book: Book, now: datetime, after: str = ""
    ) -> AsyncGenerator[str, None]:
        """Ids of the customers who fulfil all ``conditions``, in order, behind ``after``.

        Raises ValueError for conditions that cannot be asked of a customer alone.
        """
        asked = await self._asked(conditions, book, now)
        async with aclosing(selections.stream(self._rows, asked, after)) as ids:
            async for contact_id in ids:
                yield contact_id

    async def count_matching(
        self, conditions: Iterable[Condition], book: Book, now: datetime
    ) -> int:
        """How many :meth:`matching` would stream."""
        return await self._rows.count_documents(await self._asked(conditions, book, now))

    async def complete(self) -> bool:
        """Bring some rows of older versions up to what selections ask; False: all of them are."""
        return await selections.complete(self._rows, _contact)

    async def met(self, contact_id: str, staff: str, at: datetime, state: str) -> bool:
        """They are friends since ``at``; False when we know of something newer."""

        def befriend(contact: Contact) -> tuple[Contact, Sequence[Fact]] | None:
            known = contact.relation(staff)
            if known and known.version and at < known.version:
                return None
            tags = known.tags if known and not known.lost else ()
            phones = known.phones if known else ()
            friend = Relation(
                staff=staff, since=at, state=state, tags=tags, version=at, phones=phones
            )
            return _with(contact, friend), ()

        return await self._change(contact_id, befriend)

    async def lost(
        self, contact_id: str, staff: str, how: Lost, at: datetime, news: Sequence[Fact] = ()
    ) -> bool:
        """They are no longer friends; False when we know of something newer."""

        def part(contact: Contact) -> tuple[Contact, Sequence[Fact]] | None:
            known = contact.relation(staff) or Relation(staff=staff, since=at)
            if known.version and at < known.version:
                return None
            return _with(contact, replace(known, lost=how, version=at)), news

        return await self._change(contact_id, part)

    async def store(self, contact: Contact, seen: int, news: Sequence[Fact] = ()) -> bool:
        """Keep what was read from WeCom; False when our copy changed while we were reading."""
        return await self._put(contact, seen, news)

    async def retagged(
        self,
        contact_id: str,
        staff: str,
        *,
        add: dict[str, str] | None = None,
        remove: dict[str, str] | None = None,
        news: Sequence[Fact] = (),
    ) -> None:
        """Tags (组/名 → id) we put on or took off a customer ourselves: WeCom does not echo it.

        Of ``news``, each about one tag, is kept what is new: a tag this member of staff had not
        given, or the last one of its kind taken off.
        """
        plus, minus = add or {}, remove or {}

        def retag(contact: Contact) -> tuple[Contact, Sequence[Fact]] | None:
            known = contact.relation(staff)
            if known is None:
                return None
            ids = [t for t in (*known.tags, *plus.values()) if t not in minus.values()]
            friend = replace(known, tags=tuple(dict.fromkeys(ids)))
            others = (r for r in contact.relations if r.staff != staff and not r.lost)
            elsewhere = {tag for relation in others for tag in relation.tags}
            gone = {name for name, tag in minus.items() if tag not in elsewhere}
            names = [t for t in (*contact.tags, *plus) if t not in gone]
            changed = replace(_with(contact, friend), tags=tuple(dict.fromkeys(names)))
            put_on = {name for name, tag in plus.items() if tag not in known.tags}
            fresh = put_on | (gone & set(contact.tags))
            told = [fact for fact in news if fact.data["tag"] in fresh]
            return (changed, told) if changed != contact else None

        await self._change(contact_id, retag)

    async def tags_renamed(self, names: Mapping[str, str], gone: Iterable[str] = ()) -> None:
        """Tag id → what the catalogue calls it now; ``gone`` are names it had before.

        Derived from the ids each customer wears: two tags may swap names, and twice is once.
        """
        if not names:
            return
        ids, old = sorted(names), sorted({*gone, *names.values()})
        called = [
            {"case": {"$eq": ["$$id", {"$literal": tag}]}, "then": {"$literal": names[tag]}}
            for tag in ids
        ]
        worn = {"$setIntersection": [_LIVING_TAGS, {"$literal": ids}]}
        fresh = {"$map": {"input": worn, "as": "id", "in": {"$switch": {"branches": called}}}}
        other = {"$not": {"$in": ["$$tag", {"$literal": old}]}}
        others = {"$filter": {"input": "$tags", "as": "tag", "cond": other}}
        renamed = {"tags": {"$concatArrays": [others, fresh]}, "rev": {"$add": ["$rev", 1]}}
        concerned = {"$or": [{"tags": {"$in": old}}, {"relations.tags": {"$in": ids}}]}
        await self._rows.update_many(concerned, [{"$set": renamed}])

    async def tag_gone(self, tag_id: str, name: str, news: Fact | None = None) -> None:
        """The tag was deleted in WeCom, and so taken off everybody.

        ``news`` tells of it for each who carried it: its subject, as it stands in id and keys,
        gives way to theirs.
        """
        theirs = [_about_each(to_row(news), news.subject)] if news else []
        told = {"$concatArrays": [{"$ifNull": ["$news", []]}, theirs]}
        noticed = {"$cond": [_holds("$tags", name), told, "$news"]} if news else "$news"
        kept = {"$mergeObjects": ["$$r", {"tags": _without("$$r.tags", tag_id)}]}
        await self._rows.update_many(
            {"$or": [{"tags": name}, {"relations.tags": tag_id}]},
            [
                {"$set": {"news": noticed}},
                {
                    "$set": {
                        "tags": _without("$tags", name),
                        "relations": {"$map": {"input": "$relations", "as": "r", "in": kept}},
                        "own": _without("$own", tag_id),
                        "rev": {"$add": [{"$ifNull": ["$rev", 0]}, 1]},
                    }
                },
            ],
        )

    async def happened(self, contact_id: str, kind: str, event: str, at: datetime) -> bool:
        """Count what they did once; False when the customer is unknown."""
        last = {"$each": [at], "$sort": -1, "$slice": TIMES_KEPT}
        ids = {"$each": [event], "$slice": -5 * TIMES_KEPT}
        counted = {f"happened.{name}": last for name in counted_as(kind)}
        await self._rows.update_one(
            {"_id": contact_id, "counted": {"$ne": event}},
            {"$push": {**counted, "counted": ids}},
        )
        return await self._rows.find_one({"_id": contact_id}, {"_id": 1}) is not None

    async def staged(
        self,
        contact_id: str,
        system: str,
        stage: str,
        *,
        score: float | None,
        reason: str,
        at: datetime,
        news: Fact,
    ) -> bool:
        """They are at a stage of a KOC体系; False when we know of something newer.

        ``news`` is kept when the stage is another one than before.
        """

        def rise(contact: Contact) -> tuple[Contact, Sequence[Fact]] | None:
            said = f"体系:{system}"
            if at < contact.told_at.get(said, at):
                return None
            changed = replace(
                contact,
                stages={**contact.stages, system: stage},
                score_reasons={**contact.score_reasons, system: reason},
                told_at={**contact.told_at, said: at},
            )
            if score is not None:
                changed = replace(changed, scores={**contact.scores, system: score})
            return changed, [news] if contact.stages.get(system) != stage else []

        return await self._change(contact_id, rise)

    async def profiled(
        self, contact_id: str, attributes: Mapping[str, str | None], at: datetime, news: Fact
    ) -> bool:
        """客户属性 as they are now (None: taken back); False when all we know is newer."""

        def learn(contact: Contact) -> tuple[Contact, Sequence[Fact]] | None:
            newest = {n for n in attributes if at >= contact.told_at.get(f"属性:{n}", at)}
            if not newest:
                return None
            said = {f"属性:{name}": at for name in newest}
            kept = {**contact.attributes, **{name: attributes[name] for name in newest}}
            changed = replace(
                contact,
                attributes={name: day for name, day in kept.items() if day is not None},
                told_at={**contact.told_at, **said},
            )
            return changed, [news] if changed.attributes != contact.attributes else []

        return await self._change(contact_id, learn)

    async def news(self, contact_id: str) -> list[Fact]:
        """Facts about this customer that were noticed and not yet told to anybody."""
        row = await self._rows.find_one({"_id": contact_id}, {"news": 1})
        return [from_row(Fact, fact) for fact in (row or {}).get("news", ())]

    async def told(self, contact_id: str, facts: Iterable[Fact]) -> None:
        gone = {"_id": {"$in": [fact.id for fact in facts]}}
        await change(self._rows, {"_id": contact_id}, {"$pull": {"news": gone}})

    async def with_news(self, limit: int = 100) -> list[str]:
        """Customers somebody began to tell about and did not finish."""
        found = self._rows.find({"news._id": {"$exists": True}}, {"_id": 1}).limit(limit)
        return [row["_id"] async for row in found]

    async def _change(self, contact_id: str, change: Change) -> bool:
        """Compare-and-swap until it fits; False when ``change`` wants nothing."""
        while True:
            row = await self._rows.find_one({"_id": contact_id})
            changed = change(_contact(row) if row else Contact(id=contact_id))
            if changed is None:
                return False
            if await self._put(changed[0], row.get("rev", 0) if row else 0, changed[1]):
                return True

    async def _asked(self, conditions: Iterable[Condition], book: Book, now: datetime) -> Row:
        """Rows of older versions would be passed over, so they are brought up first."""
        names = await self._tags.names()
        asked = segments.query(conditions, book=book, now=now, names=names)
        while await self.complete():
            pass
        return asked

    async def _put(self, contact: Contact, seen: int, news: Sequence[Fact]) -> bool:
        known = to_row(contact)
        known["relations"] = [_without_none(asdict(r)) for r in contact.relations]
        del known["_id"], known["happened"]
        update: Row = {"$set": {**known, **segments.derived(contact), "rev": seen + 1}}
        if news:
            update["$push"] = {"news": {"$each": [to_row(fact) for fact in news]}}
        if seen:
            return await swap(self._rows, {"_id": contact.id, "rev": seen}, update)
        try:
            await self._rows.update_one({"_id": contact.id, "rev": 0}, update, upsert=True)
        except DuplicateKeyError:
            return False
        return True


def _contact(row: Row) -> Contact:
    """Times are kept newest first, so that the k-th last can be asked for; here oldest first."""
    return replace(
        from_row(Contact, row),
        relations=tuple(_relation(r) for r in row.get("relations", ())),
        happened={kind: sorted(times) for kind, times in row.get("happened", {}).items()},
    )


def _relation(row: dict[str, Any]) -> Relation:
    lists = {name: tuple(row.get(name, ())) for name in ("tags", "phones")}
    return Relation(**{**row, **lists})


def _with(contact: Contact, friend: Relation) -> Contact:
    others = tuple(r for r in contact.relations if r.staff != friend.staff)
    return replace(contact, relations=(*others, friend))


def _holds(path: str, value: str) -> Row:
    return {"$in": [{"$literal": value}, {"$ifNull": [path, []]}]}


def _without(path: str, value: str) -> Row:
    kept = {"$ne": ["$$one", {"$literal": value}]}
    return {"$filter": {"input": {"$ifNull": [path, []]}, "as": "one", "cond": kept}}


def _about_each(row: Row, whose: str) -> Row:
    """The expression of a row whose id, keys and subject name each document instead."""

    def named(text: str) -> Row:
        swap = {"input": {"$literal": text}, "find": {"$literal": whose}, "replacement": "$_id"}
        return {"$replaceAll": swap}

    fixed = {name: {"$literal": value} for name, value in row.items()}
    theirs = {"_id": named(row["_id"]), "keys": [named(key) for key in row["keys"]]}
    return {**fixed, **theirs, "subject": "$_id"}


def _without_none(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}
