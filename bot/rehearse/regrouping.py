"""换群 in a rehearsal: what becomes of a proposal, asked of who knows the customer."""

from typing import assert_never

from bot.model import Contact, Seat
from bot.playbook import admission, caps, keys
from bot.playbook.regrouping import (
    LOOK_DAILY,
    STEP,
    Accept,
    Ask,
    Drop,
    Standing,
    Wait,
    decide,
    question,
)
from bot.rehearse import chores
from bot.rehearse.stage import Stage
from bot.store.seats import LIVING


def look(stage: Stage, seat: Seat) -> Accept | Drop | None:
    """As :func:`bot.actions.regrouping.look`."""
    task = stage.tasks.get(f"{seat.id}:ask")
    then = decide(seat, _standing(stage, seat), stage.book, stage.now)
    match then:
        case Ask():
            return _ask(stage, seat)
        case Wait(until):
            if task is None:
                stage.gapped[seat.subject].add(seat.id)
            stage.agenda.put("seats", seat.id, until)
            return None
        case Drop(why) if task and task.open:
            chores.end(stage, task, "已取消", task.evidence, f"已取消：{why}")
        case Accept() | Drop():
            pass
        case _:
            assert_never(then)
    return then


def has_living(stage: Stage, theme: str, subject: str) -> bool:
    """Whether the customer's one seat in the theme is given already."""
    ids = stage.seats_of.get((theme, subject), ())
    return any(stage.seats[id].state in LIVING for id in ids)


def _standing(stage: Stage, seat: Seat) -> Standing:
    theme, free_at = stage.book.themes.get(seat.theme), None
    if theme:
        hits = stage.ledgers[admission.invitations(seat.subject)].hits
        full = caps.full(hits, None, stage.now, [admission.gap(theme, stage.now)])
        free_at = full.free_at if full else None
    origin = stage.groups.get(seat.origin)
    sits = origin and stage.sitting.get((origin.theme, seat.subject)) == origin.id
    return Standing(
        facts=stage.state(seat.subject, stage.friend_of(seat.subject)),
        in_target=(seat.theme, seat.subject) in stage.sitting,
        in_origin=bool(sits and origin and origin.open),
        invited=has_living(stage, seat.theme, seat.subject),
        task=stage.tasks.get(f"{seat.id}:ask"),
        free_at=free_at,
    )


def _ask(stage: Stage, seat: Seat) -> Drop | None:
    ledger, window = admission.proposals(seat.subject), admission.proposal_gap(stage.now)
    if stage.reserve(ledger, seat.id, "服务", stage.now, [window]):
        return Drop("30天内已经建议过换群")
    contact = stage.contacts.get(seat.subject) or Contact(id=seat.subject)
    staff, origin = stage.friend_of(seat.subject), stage.groups.get(seat.origin)
    if not staff:
        return Drop("客户已没有跟进人")
    stage.asked[keys.task_closed(seat.id, STEP)] = seat.id
    stage.agenda.put("seats", seat.id, stage.now + LOOK_DAILY)
    where = origin.name or origin.id if origin else ""
    task = question(seat, staff, contact.name, where, stage.now)
    stage.keep_task(task)
    stage.agenda.put("new tasks", task.id, task.due_at)
    return None
