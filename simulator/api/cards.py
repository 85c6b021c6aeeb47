"""Change a template card where it lies."""

from typing import Any

from simulator.api.args import Answer, Args, maybe, part, text, texts, whole
from simulator.api.cardcheck import check_card
from simulator.api.endpoint import post
from simulator.api.message import check_agent
from simulator.cards import Card, Copy, buttons
from simulator.refusal import Refusal
from simulator.simulation import Simulation


def update(sim: Simulation, args: Args) -> Answer:
    """Uses the response code up; only copies of people named change."""
    check_agent(sim, args)
    button, fresh = part(args, "button"), part(args, "template_card")
    if not button and not fresh:
        raise Refusal(40063, "button and template_card are both empty")
    if button and not maybe(button, "replace_name"):
        raise Refusal(40063, "missing button.replace_name")
    if fresh:
        check_card(fresh, is_update=True)
    receivers = _receivers(sim, args)
    card = _spend(sim, text(args, "response_code"))
    invalid = []
    for userid in receivers:
        copy = _copy(sim, card, userid)
        if copy is None:
            invalid.append(userid.lower())
            continue
        if fresh:
            copy.card = fresh
            copy.closed = _is_final(fresh)
        else:
            copy.closed = True
        _write_down(sim, card, userid, button, fresh)
    return {"invaliduser": invalid}


def _spend(sim: Simulation, code: str) -> Card:
    """Valid once, for 72 hours."""
    known = sim.desk.response_codes.get(code)
    if known is None or sim.now > known[1]:
        raise Refusal(60140, "invalid response_code")
    del sim.desk.response_codes[code]
    return sim.desk.cards[known[0]]


def _receivers(sim: Simulation, args: Args) -> list[str]:
    userids = texts(args, "userids", most=1000)
    departments = {int(d) for d in args.get("partyids") or []}
    if whole(args, "atall", 0):
        return [staff.userid for staff in sim.company.staff.values()]
    userids = userids + [
        staff.userid for staff in sim.company.crew() if departments & set(staff.departments)
    ]
    if not userids:
        raise Refusal(40063, "missing userids")
    return list(dict.fromkeys(userids))


def _copy(sim: Simulation, card: Card, userid: str) -> Copy | None:
    staff = sim.company.working(userid)
    return card.copies.get(staff.userid) if staff else None


def _is_final(card: dict[str, Any]) -> bool:
    """Nothing is left to press."""
    disabled = bool(part(card, "checkbox").get("disable"))
    return bool(card.get("replace_text")) or disabled or not buttons(card)


def _write_down(sim: Simulation, card: Card, userid: str, button: Args, fresh: Args) -> None:
    title = part(fresh, "main_title").get("title") if fresh else None
    sim.ledger.card_updates.append(
        {
            "task_id": card.task_id,
            "userid": userid,
            "at": sim.at,
            "replace_name": maybe(button, "replace_name") or maybe(fresh, "replace_text"),
            "title": title or card.title,
        }
    )


ENDPOINTS = (post("message/update_template_card", update, "agent token"),)
