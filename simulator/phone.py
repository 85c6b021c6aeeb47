"""Staff's phones: tap cards, write to the app, confirm mass messages."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from simulator import mass as masses
from simulator import notices
from simulator.cards import Card, questions
from simulator.mass import Mass
from simulator.refusal import Refusal
from simulator.simulation import Simulation


def tap(
    sim: Simulation,
    staff_id: str,
    task_id: str,
    key: str,
    options: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Press a button; ``options`` default to everything a question offers. The fresh code."""
    card = sim.desk.cards.get(task_id)
    if card is None:
        raise Refusal(42016, f"no card with task_id {task_id}")
    shown = card.copies[staff_id].card if staff_id in card.copies else card.card
    selected = questions(shown) if options is None else options
    code = new_response_code(sim, card)
    fields = notices.card_tapped(task_id, key, card.type, code, sim.setup.agent_id, selected)
    sim.outlet.notify("app", fields, sender=staff_id)
    sim.ledger.taps.append(
        {"task_id": task_id, "userid": staff_id, "key": key, "at": sim.at, "title": card.title}
    )
    return code


def menu(sim: Simulation, staff_id: str, task_id: str, key: str) -> str:
    """Choose an entry of a card's action_menu. The fresh code."""
    card = sim.desk.cards.get(task_id)
    copy = card.copies.get(staff_id) if card else None
    if card is None or copy is None:
        raise Refusal(42016, f"no card with task_id {task_id} on this phone")
    entries = (copy.card.get("action_menu") or {}).get("action_list", [])
    if key not in {entry["key"] for entry in entries}:
        raise Refusal(42016, f"no entry {key} in the menu of {task_id}")
    code = new_response_code(sim, card)
    fields = notices.card_menu_tapped(task_id, key, card.type, code, sim.setup.agent_id)
    sim.outlet.notify("app", fields, sender=staff_id)
    sim.ledger.taps.append(
        {"task_id": task_id, "userid": staff_id, "key": key, "at": sim.at, "title": card.title}
    )
    return code


def new_response_code(sim: Simulation, card: Card) -> str:
    """Usable once, within 72 hours."""
    code = sim.mint.letters("", "response", card.task_id, length=43)
    until = sim.now + timedelta(hours=sim.limits.response_code_hours)
    sim.desk.response_codes[code] = (card.task_id, until)
    return code


def write(sim: Simulation, staff_id: str, content: str) -> int:
    """A member writes to the app; the MsgId."""
    msg_id = sim.mint.whole("text", staff_id, content)
    sim.outlet.notify("app", notices.text(content, msg_id, sim.setup.agent_id), sender=staff_id)
    sim.ledger.written.append({"userid": staff_id, "content": content, "at": sim.at})
    return msg_id


def confirm(sim: Simulation, staff_id: str, msgid: str) -> bool:
    """Send one's part of a mass message; False when cancelled or already sent."""
    mass = sim.desk.mass.get(msgid)
    if mass is None or staff_id not in mass.assignments:
        raise Refusal(41047, f"no mass message {msgid} for {staff_id}")
    part = mass.assignments[staff_id]
    if mass.cancelled or part.sent_at:
        return False
    part.sent_at = sim.now
    for target in part.targets:
        part.results[target] = _deliver(sim, mass, staff_id, target)
    return True


def _deliver(sim: Simulation, mass: Mass, staff_id: str, target: str) -> int:
    name = "external_userid" if mass.chat_type == "single" else "chat_id"
    row = {"msgid": mass.msgid, name: target, "userid": staff_id, "at": sim.at}
    status = _status(sim, mass, staff_id, target)
    if status != masses.SENT:
        sim.ledger.undelivered.append({**row, "status": status})
        return status
    sim.desk.received.setdefault(target, []).append(sim.now)
    sim.ledger.delivered.append({**row, "content_hash": mass.content_hash})
    for customer_id in _readers(sim, mass, target):
        if customer := sim.company.customers.get(customer_id):
            sim.onlookers.customer_received(customer, mass.content_text)
    return status


def _status(sim: Simulation, mass: Mass, staff_id: str, target: str) -> int:
    if mass.chat_type == "single" and not sim.company.relation(staff_id, target):
        return masses.NOT_A_FRIEND
    if mass.chat_type == "group" and not sim.company.group(target):
        return masses.NOT_A_FRIEND
    return masses.HAD_ENOUGH if _has_had_enough(sim, target) else masses.SENT


def _readers(sim: Simulation, mass: Mass, target: str) -> list[str]:
    if mass.chat_type == "single":
        return [target]
    group = sim.company.group(target)
    return [m.userid for m in group.members.values() if not m.is_staff] if group else []


def _has_had_enough(sim: Simulation, target: str) -> bool:
    received = sim.desk.received.get(target, [])
    now = sim.now.astimezone(sim.setup.tz)

    def since(moment: datetime) -> int:
        return sum(1 for at in received if at >= moment)

    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    match sim.limits.receive_cap:
        case "none":
            return False
        case "day1":
            return since(midnight) >= 1
        case "week7":
            return since(midnight - timedelta(days=now.weekday())) >= 7
        case "month":
            cap = sim.limits.monthly_cap
            days = monthrange(now.year, now.month)[1]
            return since(midnight.replace(day=1)) >= (days if cap is None else cap)
