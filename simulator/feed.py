"""客户朋友圈 come about: staff are asked, publish for their own customers, who like and comment."""

from __future__ import annotations

from simulator.moments import Moment, Part
from simulator.refusal import Refusal
from simulator.simulation import Simulation


def arrives(sim: Simulation, moment: Moment) -> None:
    """It is made: its people are asked to publish it."""
    if moment.refusal:
        return
    sim.ledger.moments.append(
        {
            "moment_id": moment.moment_id,
            "jobid": moment.jobid,
            "senders": list(moment.parts),
            "tags": moment.tags,
            "text": moment.text,
            "attachments": [part["msgtype"] for part in moment.attachments],
            "content_hash": moment.content_hash,
            "at": sim.at,
        }
    )
    for userid in moment.parts:
        sim.onlookers.moment_arrived(moment, userid)


def publish(sim: Simulation, staff_id: str, moment_id: str) -> bool:
    """Publish one's part; False when it is cancelled or was published before."""
    part = _part(sim, staff_id, moment_id)
    moment = sim.desk.moments[moment_id]
    if moment.cancelled or part.published_at:
        return False
    part.published_at = sim.now
    part.customers = [
        relation.customer_id
        for relation in sim.company.customers_of(staff_id)
        if not moment.tags or relation.tags & set(moment.tags)
    ]
    row = {"moment_id": moment_id, "userid": staff_id, "customers": len(part.customers)}
    sim.ledger.published.append({**row, "content_hash": moment.content_hash, "at": sim.at})
    sim.onlookers.moment_published(moment, staff_id)
    return True


def like(sim: Simulation, customer_id: str, staff_id: str, moment_id: str) -> bool:
    """Again changes nothing; False for who cannot see it."""
    part = _part(sim, staff_id, moment_id)
    if customer_id not in part.customers:
        return False
    part.likes.setdefault(customer_id, sim.now)
    return True


def comment(sim: Simulation, customer_id: str, staff_id: str, moment_id: str) -> bool:
    """As often as one likes; False for who cannot see it."""
    part = _part(sim, staff_id, moment_id)
    if customer_id not in part.customers:
        return False
    part.comments.append((customer_id, sim.now))
    return True


def _part(sim: Simulation, staff_id: str, moment_id: str) -> Part:
    moment = sim.desk.moments.get(moment_id)
    if moment is None or moment.made_at > sim.now or staff_id not in moment.parts:
        raise Refusal(40058, f"no moment {moment_id} for {staff_id}")
    return moment.parts[staff_id]
