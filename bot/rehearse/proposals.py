"""换群 in a rehearsal: tags have changed, so another group would be better."""

from bot.actions.regrouping import proposal
from bot.model import Fact, Seat
from bot.playbook import admission
from bot.rehearse.stage import Stage
from bot.store.seats import PROPOSED, WAITING


def consider(stage: Stage, fact: Fact) -> None:
    """As :func:`bot.actions.regrouping.consider`."""
    pickers = admission.pickers_about(fact, stage.book)
    contact = stage.contacts.get(fact.subject) if pickers else None
    if contact is None:
        return
    for theme in stage.book.themes:
        for id in stage.seats_of.get((theme, contact.id), ()):
            if stage.seats[id].state in WAITING or f"{id}:ask" in stage.tasks:
                stage.agenda.hasten("seats", id, stage.now)
    facts = stage.state(contact.id, stage.friend_of(contact.id))
    for picker in pickers:
        found = (stage.sitting.get((theme, contact.id)) for theme in picker.themes)
        sits = [stage.groups[id] for id in found if id in stage.groups]
        sits.sort(key=lambda group: (group.name, group.id))
        target = admission.better(picker, facts, stage.now)
        seat = proposal(fact, picker, target, contact, sits, stage.now)
        if seat and not _proposed(stage, seat):
            stage.seats[seat.id] = seat
            stage.seats_of.setdefault((seat.theme, seat.subject), []).append(seat.id)
            stage.agenda.put("seats", seat.id, seat.due_at)


def _proposed(stage: Stage, like: Seat) -> bool:
    ids = stage.seats_of.get((like.theme, like.subject), ())
    return like.id in stage.seats or any(stage.seats[id].state == PROPOSED for id in ids)
