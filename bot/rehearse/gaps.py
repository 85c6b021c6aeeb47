"""准入 and 邀请间隔 in a rehearsal: who may be invited now, and what waits for that."""

from bot.actions import inviting
from bot.model import Full, Seat
from bot.playbook import admission
from bot.rehearse.stage import Stage
from bot.store.seats import PROPOSED, WAITING
from config.themes import Theme


def barred(stage: Stage, seat: Seat, theme: Theme) -> str | None:
    """准入: the condition that keeps the customer out."""
    if not theme.gates or seat.subject not in stage.contacts:
        return None
    return admission.barred(theme, stage.state(seat.subject, seat.staff), stage.now)


def reserve(stage: Stage, seat: Seat, theme: Theme) -> Full | None:
    """邀请间隔: None when no other invitation is in the way."""
    ledger, window = admission.invitations(seat.subject), admission.gap(theme, stage.now)
    return stage.reserve(ledger, seat.id, "服务", stage.now, [window])


def release(stage: Stage, seat: Seat) -> None:
    """There will be no invitation: what it was in the way of is looked at."""
    stage.release_place(admission.invitations(seat.subject), seat.id)
    for id in stage.gapped.pop(seat.subject, ()):
        if stage.seats[id].state in (*WAITING, PROPOSED):
            stage.agenda.hasten("seats", id, stage.now)


def wait_for_gap(stage: Stage, seat: Seat, full: Full) -> None:
    until = min(full.free_at, seat.created_at + inviting.WAITS_AT_MOST)
    stage.gapped[seat.subject].add(seat.id)
    stage.agenda.put("seats", seat.id, until)
    what = f"{full.rule}：别的邀请在先，{stage.hours.local(until)} 再看主题“{seat.theme}”"
    stage.note(seat.journey, seat.subject, what)
