"""Welcome messages: 20 seconds of machine time, once."""

from simulator.api.args import Answer, Args, text
from simulator.api.content import read_content
from simulator.api.endpoint import post
from simulator.dice import canonical, fingerprint
from simulator.mass import content_of
from simulator.refusal import Refusal
from simulator.simulation import Simulation


def send_welcome(sim: Simulation, args: Args) -> Answer:
    wanted = text(args, "welcome_code")
    content = content_of(*read_content(sim, args))
    try:
        age = _use(sim, wanted)
    except Refusal as refusal:
        row = {"code": wanted, "errcode": refusal.code, "at": sim.at}
        sim.ledger.welcomes_refused.append(row)
        raise
    code = sim.company.welcome_codes[wanted]
    sim.ledger.welcomes.append(
        {
            "code": wanted,
            "external_userid": code.customer_id,
            "userid": code.staff_id,
            "at": sim.at,
            "age_seconds": round(age, 3),
            "content_hash": fingerprint(content),
            "text": content["text"],
            "attachments": content["attachments"],
        }
    )
    customer = sim.company.customers[code.customer_id]
    sim.onlookers.customer_received(customer, canonical(content))
    return {}


def _use(sim: Simulation, wanted: str) -> float:
    """How many seconds of machine time the code waited."""
    code = sim.company.welcome_codes.get(wanted)
    if code is None:
        raise Refusal(41050, "invalid welcome code")
    age = 0.0 if code.sent_at is None else sim.machine() - code.sent_at
    if age > sim.limits.welcome_seconds:
        raise Refusal(41050, "welcome code expired")
    if code.rival:
        raise Refusal(41096, "another app is sending the welcome message")
    if code.used:
        raise Refusal(41051, "welcome message sent already")
    code.used = True
    return age


ENDPOINTS = (post("externalcontact/send_welcome_msg", send_welcome),)
