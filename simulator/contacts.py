"""What happens between staff and customers, by people's own hands; each tells the bot."""

from __future__ import annotations

from collections.abc import Iterable

from simulator import notices
from simulator.company import Customer, Relation, WelcomeCode
from simulator.refusal import Refusal
from simulator.simulation import Simulation


def add(
    sim: Simulation,
    staff_id: str,
    customer_id: str | None = None,
    *,
    name: str = "",
    age: str = "",
    state: str = "",
    half: bool = False,
    rival: bool = False,
) -> tuple[Relation, str]:
    """Staff and customer become friends; also answers the welcome code."""
    if sim.company.working(staff_id) is None:
        raise Refusal(60111, f"userid not found: {staff_id}")
    customer = meet(sim, customer_id, name, age)
    relation = Relation(
        staff_id=staff_id,
        customer_id=customer.id,
        added_at=sim.now,
        state=state,
        half=half,
    )
    customer.relations[staff_id] = relation
    code = _welcome_code(sim, relation, rival)
    change = "add_half_external_contact" if half else "add_external_contact"
    sim.outlet.notify(
        "contact",
        notices.contact(change, staff_id, customer.id, state=state, welcome_code=code.code),
        first_sent=lambda: _start_counting(sim, code),
    )
    sim.ledger.customers.append(
        {
            "external_userid": customer.id,
            "name": customer.name,
            "staff": staff_id,
            "state": state,
            "half": half,
            "age": customer.age,
            "added_at": sim.at,
        }
    )
    if not half:
        sim.onlookers.customer_added(relation)
    return relation, code.code


def confirm_half(sim: Simulation, staff_id: str, customer_id: str) -> None:
    """The member of staff accepts; no second code when the first one was used."""
    customer = sim.company.customers.get(customer_id)
    relation = customer.relations.get(staff_id) if customer else None
    if relation is None or not relation.half or not relation.alive:
        return
    relation.half = False
    used = any(
        code.used
        for code in sim.company.welcome_codes.values()
        if (code.staff_id, code.customer_id) == (staff_id, customer_id)
    )
    code = None if used else _welcome_code(sim, relation, rival=False)
    fields = notices.contact(
        "add_external_contact",
        staff_id,
        customer_id,
        state=relation.state,
        welcome_code=code.code if code else None,
    )
    sim.outlet.notify(
        "contact", fields, first_sent=(lambda: _start_counting(sim, code)) if code else None
    )
    sim.onlookers.customer_added(relation)


def edit_tags(
    sim: Simulation,
    staff_id: str,
    customer_id: str,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> None:
    """Tags are ids or 组/名."""
    relation = _friendship(sim, staff_id, customer_id)
    changes = change_tags(
        sim, relation, [tag_id(sim, t) for t in add], [tag_id(sim, t) for t in remove], "staff"
    )
    if changes:
        sim.outlet.notify(
            "contact", notices.contact("edit_external_contact", staff_id, customer_id)
        )


def change_tags(
    sim: Simulation, relation: Relation, add: list[str], remove: list[str], by: str
) -> int:
    """Write it down and say how much really changed; tells nobody."""
    before = set(relation.tags)
    relation.tags = (before | set(add)) - set(remove)
    for op, ids in (("add", relation.tags - before), ("remove", before - relation.tags)):
        for one in sorted(ids):
            found = sim.company.tag(one)
            sim.ledger.tags.append(
                {
                    "external_userid": relation.customer_id,
                    "userid": relation.staff_id,
                    "tag": f"{found[0].name}/{found[1].name}" if found else one,
                    "tag_id": one,
                    "op": op,
                    "by": by,
                    "at": sim.at,
                }
            )
    return len(relation.tags ^ before)


def tag_id(sim: Simulation, tag: str) -> str:
    if sim.company.tag(tag):
        return tag
    found = sim.company.tag_named(tag)
    if found is None:
        raise Refusal(40068, f"invalid tag id: {tag}")
    return found[1].id


def edit_remark(
    sim: Simulation,
    staff_id: str,
    customer_id: str,
    remark: str,
    mobiles: list[str] | None = None,
) -> None:
    """``mobiles``: the phone numbers they note too; None: those stay as they are."""
    relation = _friendship(sim, staff_id, customer_id)
    relation.remark = remark
    if mobiles is not None:
        relation.remark_mobiles = list(mobiles)
    sim.outlet.notify("contact", notices.contact("edit_external_contact", staff_id, customer_id))


def delete_by_staff(
    sim: Simulation, staff_id: str, customer_id: str, source: str | None = None
) -> None:
    _part(sim, staff_id, customer_id, "staff")
    fields = notices.contact("del_external_contact", staff_id, customer_id, source=source)
    sim.outlet.notify("contact", fields)


def delete_by_customer(sim: Simulation, staff_id: str, customer_id: str) -> None:
    _part(sim, staff_id, customer_id, "customer")
    sim.outlet.notify("contact", notices.contact("del_follow_user", staff_id, customer_id))
    for link in sim.company.links.values():
        if friend := link.friends.get((customer_id, staff_id)):
            about = {"UserID": staff_id, "ExternalUserID": customer_id, "LinkId": link.link_id}
            told = notices.acquisition("del_follow_user", {**about, "State": friend.state or None})
            sim.outlet.notify("contact", told)


def transfer_fails(sim: Simulation, staff_id: str, customer_id: str, reason: str) -> None:
    fields = notices.contact("transfer_fail", staff_id, customer_id, fail_reason=reason)
    sim.outlet.notify("contact", fields)


def buys(sim: Simulation, customer_id: str, amount: float) -> str:
    return _business(sim, customer_id, "order", amount=amount)


def visits(sim: Simulation, customer_id: str) -> str:
    return _business(sim, customer_id, "visit")


def _business(sim: Simulation, customer_id: str, kind: str, **more: float) -> str:
    body = {
        "id": sim.mint.letters(f"{kind}-", customer_id, length=16),
        "subject": customer_id,
        "kind": kind,
        "at": sim.at,
        **more,
    }
    sim.ledger.business.append(body)
    sim.outlet.tell_shop(body)
    return str(body["id"])


def meet(sim: Simulation, customer_id: str | None, name: str, age: str) -> Customer:
    made = customer_id or sim.mint.letters("wm", "customer", name or sim.at)
    known = sim.company.customers.get(made)
    if known is None:
        known = Customer(id=made, name=name or f"客户{made[-4:]}", age=age)
        sim.company.customers[made] = known
    elif name:
        known.name = name
    return known


def _welcome_code(sim: Simulation, relation: Relation, rival: bool) -> WelcomeCode:
    code = WelcomeCode(
        code=sim.mint.letters("", "welcome", relation.staff_id, relation.customer_id, length=43),
        staff_id=relation.staff_id,
        customer_id=relation.customer_id,
        rival=rival,
    )
    sim.company.welcome_codes[code.code] = code
    return code


def _start_counting(sim: Simulation, code: WelcomeCode) -> None:
    if code.sent_at is None:
        code.sent_at = sim.machine()


def _friendship(sim: Simulation, staff_id: str, customer_id: str) -> Relation:
    relation = sim.company.relation(staff_id, customer_id)
    if relation is None:
        raise Refusal(84061, f"not external contact: {customer_id} of {staff_id}")
    return relation


def _part(sim: Simulation, staff_id: str, customer_id: str, by: str) -> None:
    customer = sim.company.customers.get(customer_id)
    relation = customer.relations.get(staff_id) if customer else None
    if relation is None or not relation.alive:
        raise Refusal(84061, f"not external contact: {customer_id} of {staff_id}")
    relation.alive = False
    relation.tags.clear()
    sim.ledger.deleted.append(
        {"external_userid": customer_id, "userid": staff_id, "by": by, "at": sim.at}
    )
