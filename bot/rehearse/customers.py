"""Our copy of a customer changes; facts are made of it, which wake journeys and begin others."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Contact, Fact, Relation
from bot.playbook.evidence import OWN_CALL
from bot.playbook.happenings import counted_as, tagged, untagged
from bot.rehearse import entrance
from bot.rehearse.stage import Stage
from bot.store.contacts import TIMES_KEPT

_OLD = timedelta(days=2)  # what is told days later begins nothing as of then


def told(stage: Stage, facts: Iterable[Fact], words: str = "") -> None:
    """Facts are kept and wake who waits; what begins with one of them begins."""
    for fact in stage.record(facts):
        stage.note("", fact.subject, words)
        entrance.by_fact(stage, fact)
        stage.forget(fact.subject, stage.now - _OLD)


def with_relation(stage: Stage, contact: Contact, friend: Relation) -> Contact:
    """One relation in place of the one there was; the tags anybody gave follow."""
    others = tuple(r for r in contact.relations if r.staff != friend.staff)
    relations = (*others, friend)
    ids = (tag for r in relations if not r.lost for tag in r.tags)
    names = (stage.tag_names[tag] for tag in ids if tag in stage.tag_names)
    return replace(contact, relations=relations, tags=tuple(dict.fromkeys(names)))


def retag(
    stage: Stage,
    subject: str,
    staff: str,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    source: str = "wecom",
    at: datetime | None = None,
) -> None:
    """Tags ("组/名") put on or taken off by a member of staff in WeCom, or by us (``mark_tag``)."""
    contact = stage.contacts.get(subject)
    known = contact.relation(staff) if contact else None
    if contact is None or known is None:
        return
    plus = {name: stage.tag_id(name) for name in add}
    minus = {stage.tag_id(name) for name in remove}
    ids = [tag for tag in (*known.tags, *plus.values()) if tag not in minus]
    changed = with_relation(stage, contact, replace(known, tags=tuple(dict.fromkeys(ids))))
    stage.contacts[subject] = changed
    at = at or stage.now
    by = "系统" if source == OWN_CALL else staff
    for name, id in plus.items():
        if id not in known.tags:
            fact = tagged(subject, name, staff, at, source)
            told(stage, [fact], f"{by} 打上标签“{name}”")
    for name in remove:
        if name in contact.tags and name not in changed.tags:
            fact = untagged(subject, name, staff, at, source)
            told(stage, [fact], f"{by} 去掉标签“{name}”")


def counted(stage: Stage, subject: str, kind: str, at: datetime) -> None:
    """One more order, visit …: the last 20 times are kept, under every name it counts for."""
    contact = stage.contacts.get(subject)
    if contact is None:
        return
    happened = dict(contact.happened)
    for name in counted_as(kind):
        happened[name] = sorted([*happened.get(name, ()), at])[-TIMES_KEPT:]
    stage.contacts[subject] = replace(contact, happened=happened)
