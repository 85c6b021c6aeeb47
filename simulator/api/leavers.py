"""Customers of staff who have left, until somebody is given them."""

from simulator.api.args import Answer, Args, page, whole
from simulator.api.endpoint import post
from simulator.refusal import Refusal
from simulator.simulation import Simulation

MOST = 1000


def unassigned(sim: Simulation, args: Args) -> Answer:
    size = whole(args, "page_size", MOST)
    if not 1 <= size <= MOST:
        raise Refusal(40058, f"page_size must be 1 to {MOST}")
    rows = [
        {
            "handover_userid": relation.staff_id,
            "external_userid": customer.id,
            "dimission_time": _left_at(sim, relation.staff_id),
        }
        for customer in sim.company.customers.values()
        for relation in customer.friends()
        if sim.company.working(relation.staff_id) is None
    ]
    shown, cursor = page(rows, {**args, "limit": size}, default=MOST, most=MOST)
    return {"info": shown, "is_last": not cursor, "next_cursor": cursor}


def _left_at(sim: Simulation, staff_id: str) -> int:
    left_at = sim.company.staff[staff_id].left_at
    return int(left_at.timestamp()) if left_at else 0


ENDPOINTS = (post("externalcontact/get_unassigned_list", unassigned),)
