"""What happens when a customer scans a 联系我 code: WeCom picks who is added."""

from __future__ import annotations

from simulator import contacts
from simulator.company import Relation, Way
from simulator.refusal import Refusal
from simulator.simulation import Simulation


def of_state(sim: Simulation, state: str) -> Way | None:
    """The code that all share of those with this ``state``, the oldest first."""
    ways = (w for w in sim.company.ways.values() if w.kind == "contact" and w.body["type"] == 2)
    return next((way for way in ways if way.body.get("state", "") == state), None)


def scan(
    sim: Simulation,
    way: Way,
    customer_id: str | None = None,
    *,
    name: str = "",
    age: str = "",
    half: bool = False,
) -> tuple[Relation | None, str]:
    """The new friendship and its welcome code; None and the member of staff otherwise.

    That is so when they are friends already, and when the code wants staff to accept: the request
    waits for :func:`accept`.
    """
    staff_id = _picked(sim, way, customer_id or name)
    customer = contacts.meet(sim, customer_id, name, age)
    known = [user for user in _users(sim, way) if sim.company.relation(user, customer.id)]
    if known:
        return None, known[0]
    state = str(way.body.get("state", ""))
    if not way.body.get("skip_verify", True):
        sim.company.requests[staff_id, customer.id] = state
        return None, staff_id
    return contacts.add(sim, staff_id, customer.id, state=state, half=half)


def accept(sim: Simulation, staff_id: str, customer_id: str) -> tuple[Relation, str]:
    """The member of staff lets in who has asked."""
    state = sim.company.requests.pop((staff_id, customer_id), None)
    if state is None:
        raise Refusal(84061, f"{customer_id} has not asked {staff_id}")
    return contacts.add(sim, staff_id, customer_id, state=state)


def _picked(sim: Simulation, way: Way, who: str) -> str:
    """One of those who work here; nobody can be added when all have left."""
    users = _users(sim, way)
    if not users:
        raise Refusal(41044, "nobody of this code works here")
    return sim.dice.pick(users, way.config_id, who or sim.at, "whom the code gives")


def _users(sim: Simulation, way: Way) -> list[str]:
    return [str(user) for user in way.body.get("user", ()) if sim.company.working(str(user))]
