"""Somebody made to measure walks an SOP in a rehearsal, so that its dates can be told."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.model import Contact, Group, Journey, Relation, Staff, Task
from bot.playbook.audience import HAPPENINGS
from bot.rehearse import Act, Later, Prompt, Push, Rehearsal
from config.book import Book
from config.conditions import (
    Condition,
    FriendDays,
    FromChannel,
    GroupSize,
    Happened,
    InShop,
    InStage,
    KocScore,
    Tagged,
)
from config.sop import Sop
from config.steps import WaitEvent
from config.triggers import AUDIENCE, Trigger

ID, NAME = "wm-example", "例子客户"
_LONGEST = timedelta(days=60)
_WEEK = timedelta(days=7)
_MINUTE = timedelta(minutes=1)
_FRIENDS = timedelta(days=40)
_BEGUN = re.compile(r"开始“(.+?)”(?:；|$)")
_ONWARD = re.compile("开始“|等到了|没等到|等够了|这一支|继续往下")  # the step before has let go
_PASSED = re.compile(r"跳过“(.+?)”：([^；]+)")


@dataclass(frozen=True, slots=True)
class Guest:
    """``known``: a customer there really is; otherwise one is made."""

    known: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    book: Book
    now: datetime
    staff: Sequence[Staff]
    host: str  # whom the guest adds
    groups: Sequence[Group]
    tag_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a rehearsal says about one subject in one SOP."""

    sop: Sop
    book: Book
    entered: datetime | None
    begun: tuple[tuple[str, datetime, datetime], ...] = ()  # step, when, when it was reached
    passed: tuple[tuple[str, str], ...] = ()  # step, why
    late: tuple[tuple[str, datetime, datetime], ...] = ()  # step, when put off, until
    given: tuple[tuple[str, datetime], ...] = ()  # step, when its card came
    dropped: tuple[tuple[str, datetime, str], ...] = ()  # step, when, why it was not sent


class Diligent(Prompt):
    """Whatever is asked of staff is done half an hour later."""

    def does(self, task: Task, now: datetime) -> Sequence[Act]:
        return (Act(now + timedelta(minutes=30), "点按钮"),) if task.buttons else ()


def visit(sop: Sop, scene: Scene, guest: Guest, at: datetime, *, lucky: bool) -> Visit:
    """``lucky``: whatever is waited for comes a minute later; otherwise nothing ever happens."""
    subject = _group(sop, scene) if sop.subject == "客户群" else None
    contact = None if subject else (guest.known or _fitting(sop, scene, at))
    rehearsal = Rehearsal(
        scene.book,
        now=at,
        contacts=[] if contact is None or _adds(sop, guest) else [contact],
        groups=[*scene.groups, subject] if subject else scene.groups,
        staff=scene.staff,
        tag_names=scene.tag_names,
        behaviour=Diligent() if lucky else Prompt(),
        explains=lambda who: who == (subject or contact or _NOBODY).id,
    )
    who = subject.id if subject else contact.id if contact else ""
    if contact:
        _enter(rehearsal, sop, contact, scene, at, guest)
    _live(rehearsal, sop, who, at + (_WEEK if subject else _LONGEST), scene.book, lucky=lucky)
    return _seen(rehearsal, sop, who, scene.book)


_NOBODY = Contact(id="")


def _live(
    rehearsal: Rehearsal, sop: Sop, who: str, end: datetime, book: Book, *, lucky: bool
) -> None:
    """Moment by moment, until it is over."""
    agenda = rehearsal.stage.agenda
    answered: set[str] = set()
    while (moment := agenda.next()) is not None and moment <= end:
        rehearsal.run_until(moment)
        journeys = [
            j for j in rehearsal.journeys.values() if j.sop == sop.name and j.subject == who
        ]
        if journeys and sop.subject == "客户" and all(j.state == "done" for j in journeys):
            rehearsal.run_until(min(end, moment + timedelta(days=1)))
            return
        for journey in journeys if lucky else ():
            waits = _waited_for(sop, journey)
            if waits and journey.step not in answered:
                answered.add(journey.step)
                kind, fields = _as_event(waits, book)
                rehearsal.happen(rehearsal.now + _MINUTE, who, kind, **fields)


def _waited_for(sop: Sop, journey: Journey) -> WaitEvent | None:
    node = sop.flow().nodes.get(journey.step)
    last = node.step.actions[-1] if node and journey.phase == "waiting" else None
    return last if isinstance(last, WaitEvent) else None


def _seen(rehearsal: Rehearsal, sop: Sop, who: str, book: Book) -> Visit:
    mine = [j for j in rehearsal.journeys.values() if j.sop == sop.name and j.subject == who]
    if not mine:
        return Visit(sop, book, None)
    entered = min(journey.entered_at for journey in mine)
    ids = {journey.id for journey in mine}
    begun: list[tuple[str, datetime, datetime]] = []
    passed: list[tuple[str, str]] = []
    last = entered
    for line in rehearsal.why:
        if line.journey not in ids:
            continue
        passed += _PASSED.findall(line.what)
        begun += [(step, line.at, last) for step in _BEGUN.findall(line.what)]
        if _ONWARD.search(line.what):
            last = line.at
    return Visit(
        sop,
        book,
        entered,
        tuple(begun),
        tuple(passed),
        tuple((o.step, o.at, o.until) for o in rehearsal.later if _is(o, sop, who)),
        tuple((t.step, t.given_at) for t in rehearsal.tasks if t.journey in ids and t.given_at),
        tuple((p.step, p.at, p.reason) for p in rehearsal.pushes if _is(p, sop, who) and _lost(p)),
    )


def _is(one: Push | Later, sop: Sop, who: str) -> bool:
    return one.sop == sop.name and one.subject == who


def _lost(push: Push) -> bool:
    return push.state in ("suppressed", "expired")


# ---- getting in ---------------------------------------------------------------------------------


def _adds(sop: Sop, guest: Guest) -> bool:
    return sop.entry.kind == "添加好友" and guest.known is None


def _enter(
    rehearsal: Rehearsal, sop: Sop, contact: Contact, scene: Scene, at: datetime, guest: Guest
) -> None:
    if _adds(sop, guest):
        friend = contact.newest_friend
        rehearsal.happen(
            at,
            contact.id,
            "添加好友",
            staff=scene.host,
            name=NAME,
            channel=friend.state if friend else "",
            tags=list(contact.tags),
            **({"shop": contact.shop} if contact.shop else {}),
        )
    elif sop.entry.kind != AUDIENCE:  # a sweep finds them by itself
        kind, fields = _as_event(sop.entry, scene.book)
        rehearsal.happen(at, contact.id, kind, **fields)


def _as_event(trigger: Trigger, book: Book) -> tuple[str, dict[str, Any]]:
    """What has to happen for a trigger, as :meth:`Rehearsal.happen` takes it."""
    tag = trigger.tag
    if tag is None and trigger.tag_group:
        tag = book.tags_of(trigger.tag_group)[0]
    given = {
        "tag": tag,
        "theme": trigger.theme,
        "system": trigger.system,
        "stage": trigger.stage,
        "form": trigger.form,
        "event": trigger.event,
    }
    return trigger.kind, {name: value for name, value in given.items() if value is not None}


def _fitting(sop: Sop, scene: Scene, at: datetime) -> Contact:
    """A customer who has what the entry conditions ask for, and nothing else."""
    friend = Relation(staff=scene.host, since=at - _FRIENDS)
    contact = Contact(id=ID, name=NAME, relations=(friend,), shop=_shop(scene))
    for condition in sop.entry.conditions:
        contact = _with(contact, condition, scene.book, at)
    return contact


def _with(contact: Contact, condition: Condition, book: Book, at: datetime) -> Contact:
    friend = contact.relations[0]
    match condition:
        case Tagged(wanted=True, tags=tags):
            names = (*contact.tags, *book.full_tags(tags))
            friend = replace(friend, tags=names)
            return replace(contact, tags=names, relations=(friend,))
        case InShop(shops=shops) if shops:
            return replace(contact, shop=shops[0])
        case FromChannel(channels=channels):
            return replace(contact, relations=(replace(friend, state=channels[0]),))
        case FriendDays(count=count) if count.least:
            since = at - timedelta(days=count.number + 1)
            return replace(contact, relations=(replace(friend, since=since),))
        case Happened(what=what, days=days, count=count) if count.least:
            times = [at - timedelta(days=days) / 2] * count.number
            return replace(contact, happened={**contact.happened, HAPPENINGS[what]: times})
        case KocScore(system=system, at_least=least) if least is not None:
            return replace(contact, scores={**contact.scores, system: float(least)})
        case InStage(system=system, stages=stages):
            return replace(contact, stages={**contact.stages, system: stages[0]})
    return contact


def _shop(scene: Scene) -> str:
    host = next((one for one in scene.staff if one.id == scene.host), None)
    return (scene.book.team.shop_of(host.departments) if host else None) or ""


def _group(sop: Sop, scene: Scene) -> Group:
    """A group of the theme as its conditions want it."""
    theme = scene.book.themes[sop.entry.theme or ""]
    name = theme.groups.name_contains or theme.name
    id = theme.groups.chat_ids[0] if theme.groups.chat_ids else "wr-example"
    size = max((c.count.number for c in _sizes(sop.entry.conditions)), default=0) + 10
    return Group(id=id, name=f"{name} 例子群", owner=scene.host, members=size, shop=_shop(scene))


def _sizes(conditions: Iterable[Condition]) -> Iterable[GroupSize]:
    return (one for one in conditions if isinstance(one, GroupSize) and one.count.least)
