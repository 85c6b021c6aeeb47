"""Materials from which the owner of a customer group picks its welcome."""

from typing import Any

from simulator.api.args import Answer, Args, maybe, part, text, whole
from simulator.api.content import check
from simulator.api.endpoint import post
from simulator.company import GroupWelcome
from simulator.dice import canonical
from simulator.refusal import Refusal
from simulator.simulation import Simulation

TEXT_BYTES = 3000
KINDS = ("image", "link", "miniprogram", "file", "video")  # the first given is the one shown


def add(sim: Simulation, args: Args) -> Answer:
    """The same body again makes another: WeCom does not look for an old one."""
    body = _body(sim, args)
    if len(sim.company.group_welcomes) >= sim.limits.group_welcomes_total:
        raise Refusal(40058, "group welcome templates exceed limit")
    made = GroupWelcome(
        id=sim.mint.letters("msg", "group welcome", canonical(body)), body=body, created_at=sim.now
    )
    sim.company.group_welcomes[made.id] = made
    _note(sim, "add", made, notified=bool(whole(args, "notify", 1)))
    return {"template_id": made.id}


def edit(sim: Simulation, args: Args) -> Answer:
    """Groups that use it show the new words at once."""
    found = _found(sim, args)
    found.body = _body(sim, args)
    _note(sim, "edit", found)
    return {}


def get(sim: Simulation, args: Args) -> Answer:
    return dict(_found(sim, args).body)


def delete(sim: Simulation, args: Args) -> Answer:
    """Groups that used it greet nobody any more."""
    found = _found(sim, args)
    del sim.company.group_welcomes[found.id]
    for group in sim.company.groups.values():
        if group.welcome == found.id:
            group.welcome = ""
    _note(sim, "del", found)
    return {}


def _body(sim: Simulation, args: Args) -> dict[str, Any]:
    content = maybe(part(args, "text"), "content")
    if len(content.encode()) > TEXT_BYTES:
        raise Refusal(45002, f"content exceeds {TEXT_BYTES} bytes")
    kind = next((kind for kind in KINDS if part(args, kind)), None)
    if not content and kind is None:
        raise Refusal(40063, "text and attachment are both empty")
    body: dict[str, Any] = {"text": {"content": content}} if content else {}
    if kind:
        check(sim, {"msgtype": kind, kind: part(args, kind)})
        body[kind] = part(args, kind)
    return body


def _found(sim: Simulation, args: Args) -> GroupWelcome:
    found = sim.company.group_welcomes.get(text(args, "template_id"))
    if found is None:
        raise Refusal(40058, "invalid template_id")
    return found


def _note(sim: Simulation, op: str, welcome: GroupWelcome, *, notified: bool = False) -> None:
    content = welcome.body.get("text", {}).get("content", "")
    row = {"op": op, "template_id": welcome.id, "text": content, "at": sim.at}
    sim.ledger.group_welcomes.append({**row, "notified": notified})


ENDPOINTS = (
    post("externalcontact/group_welcome_template/add", add),
    post("externalcontact/group_welcome_template/edit", edit),
    post("externalcontact/group_welcome_template/get", get),
    post("externalcontact/group_welcome_template/del", delete),
)
