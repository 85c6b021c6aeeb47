"""Send a customer or a group down an SOP, if its entry rules let them in."""

from dataclasses import replace
from datetime import datetime

from bot.actions.entry import entered_at, known_by
from bot.actions.journeys import Outcome, at_step, born
from bot.model import Contact, Fact, Group, Occurrence
from bot.playbook import entering, situation
from bot.playbook.audience import all_hold
from bot.playbook.waiting import begun_by
from bot.rehearse import proposals
from bot.rehearse.stage import Stage
from config.sop import Sop


def befriended(stage: Stage, contact: Contact, staff: str, at: datetime) -> None:
    """Begin every SOP that begins with 添加好友, as of the moment they became friends."""
    id = f"add:{contact.id}:{staff}:{at.isoformat()}"
    for sop in stage.book.sops.values():
        if sop.entry.kind == "添加好友":
            let_in(stage, sop, contact, staff, since=at, by=id)


def by_fact(stage: Stage, fact: Fact) -> None:
    """Begin every SOP that begins with what has just happened to a customer."""
    proposals.consider(stage, fact)
    fitting = begun_by(fact, stage.book)
    contact = stage.contacts.get(fact.subject) if fitting else None
    staff = known_by(contact, fact) if contact else ""
    if contact is None or not staff:
        return
    since = entered_at(fact, stage.now)
    for sop in fitting:
        let_in(stage, sop, contact, staff, since=since, by=fact.id)


def let_in(
    stage: Stage, sop: Sop, contact: Contact, staff: str, *, since: datetime | None = None, by: str
) -> Outcome:
    """As :func:`bot.actions.journeys.let_in`; ``by`` names what it begins with."""
    now = stage.now
    if sop.state != "启用":
        return "not let in"
    if not all_hold(sop.entry.conditions, stage.state(contact.id, staff), now):
        return "not let in"
    ids = [i for n in (sop.name, *sop.formerly) for i in stage.entries.get((n, contact.id), ())]
    before = sorted((stage.journeys[id] for id in ids), key=lambda j: j.entered_at)
    if by and any(journey.begun_by == by for journey in before):
        return "not let in"
    number = entering.number(before, sop.entry.again, now)
    if number is None:
        return "not let in"
    id = f"{sop.name}:{contact.id}:{number}"
    journey = born(sop, contact.id, id, staff, stage.head, now)
    journey = replace(journey, entered_at=min(since or now, now), begun_by=by)
    window = entering.daily_window(sop, now, stage.hours.tz)
    if window and stage.reserve(f"sop:{sop.name}", id, "服务", now, [window]):
        stage.turned_away[sop.name] += 1
        stage.note(id, contact.id, f"没有进入“{sop.name}”：今天已满 {window.limit} 人")
        return "full"
    stage.begin(journey)
    stage.note(id, contact.id, f"进入 SOP“{sop.name}”")
    return "begun"


def begin_group(stage: Stage, sop: Sop, group: Group) -> bool:
    """Send a group down an SOP from its first step, once."""
    id = f"{sop.name}:{group.id}:1"
    if id in stage.journeys or not group.owner:
        return False
    if not all_hold(sop.entry.conditions, situation.of_group(group), stage.now):
        return False
    stage.begin(born(sop, group.id, id, group.owner, stage.head, stage.now, group=True))
    stage.note(id, group.id, f"群进入 SOP“{sop.name}”")
    return True


def begin_occurrence(stage: Stage, sop: Sop, group: Group, occurrence: Occurrence) -> bool:
    """Send a group through one moment of a calendar step, once."""
    id = f"{sop.name}:{group.id}:{occurrence.id}"
    if id in stage.journeys:
        return False
    journey = born(sop, group.id, id, group.owner, stage.head, stage.now, group=True)
    stage.begin(at_step(journey, occurrence.step, occurrence))
    return True
