"""What scenario tests let people do, one act at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from simulator import chatter, codes, contacts, directory, groups, link_acts, moment_acts, phone
from simulator.callbacks import RouteName
from simulator.company import Way
from simulator.refusal import Refusal
from simulator.simulation import Simulation

Wish = dict[str, Any]
Outcome = dict[str, Any]


def act(sim: Simulation, wish: Wish) -> Outcome:
    """Raises Refusal for what cannot happen and ValueError for what nobody understands.

    With ``at`` it happens when the clock gets there, and nothing is answered yet.
    """
    if wish.get("do") not in ACTS:
        raise ValueError(f"do: one of {', '.join(sorted(ACTS))}")
    if "at" in wish:
        moment = datetime.fromisoformat(wish["at"])
        sim.clock.plan(moment, f"act {sorted(wish.items())}", lambda: _perform(sim, wish))
        return {"planned": moment.isoformat()}
    return _perform(sim, wish)


def _perform(sim: Simulation, wish: Wish) -> Outcome:
    try:
        return ACTS[wish["do"]](sim, wish)
    except KeyError as missing:
        raise ValueError(f"{wish['do']} needs {missing}") from missing


def _add_contact(sim: Simulation, wish: Wish) -> Outcome:
    relation, code = contacts.add(
        sim,
        wish["staff"],
        wish.get("contact"),
        name=wish.get("name", ""),
        age=wish.get("age", ""),
        state=wish.get("state", ""),
        half=bool(wish.get("half")),
        rival=bool(wish.get("rival")),
    )
    return {"external_userid": relation.customer_id, "welcome_code": code}


def _confirm_half(sim: Simulation, wish: Wish) -> Outcome:
    contacts.confirm_half(sim, wish["staff"], wish["contact"])
    return {}


def _rename_contact(sim: Simulation, wish: Wish) -> Outcome:
    """They call themselves something else; WeCom tells nobody."""
    sim.company.customers[wish["contact"]].name = wish["name"]
    return {}


def _edit_tags(sim: Simulation, wish: Wish) -> Outcome:
    add, remove = wish.get("add", []), wish.get("remove", [])
    contacts.edit_tags(sim, wish["staff"], wish["contact"], add, remove)
    return {}


def _edit_remark(sim: Simulation, wish: Wish) -> Outcome:
    mobiles = wish.get("mobiles")
    contacts.edit_remark(sim, wish["staff"], wish["contact"], wish["remark"], mobiles)
    return {}


def _delete_by_staff(sim: Simulation, wish: Wish) -> Outcome:
    contacts.delete_by_staff(sim, wish["staff"], wish["contact"], wish.get("source"))
    return {}


def _delete_by_customer(sim: Simulation, wish: Wish) -> Outcome:
    contacts.delete_by_customer(sim, wish["staff"], wish["contact"])
    return {}


def _transfer_fails(sim: Simulation, wish: Wish) -> Outcome:
    reason = wish.get("reason", "customer_refused")
    contacts.transfer_fails(sim, wish["staff"], wish["contact"], reason)
    return {}


def _order(sim: Simulation, wish: Wish) -> Outcome:
    return {"id": contacts.buys(sim, wish["contact"], wish.get("amount", 99))}


def _visit(sim: Simulation, wish: Wish) -> Outcome:
    return {"id": contacts.visits(sim, wish["contact"])}


def _create_group(sim: Simulation, wish: Wish) -> Outcome:
    group = groups.create(sim, wish["name"], wish["owner"], wish.get("members", []))
    return {"chat_id": group.chat_id}


def _join_group(sim: Simulation, wish: Wish) -> Outcome:
    userid = wish.get("contact") or wish["staff"]
    if userid not in sim.company.staff:
        contacts.meet(sim, userid, "", "")
    joined = groups.join(
        sim,
        _chat(sim, wish["chat"]),
        userid,
        state=wish.get("state", ""),
        scene=wish.get("scene", groups.BY_QR),
        invitor=wish.get("invitor", ""),
    )
    return {"joined": joined}


def _scan(sim: Simulation, wish: Wish) -> Outcome:
    """Scan a group's or somebody's code, given by config_id or the address of its picture."""
    way = next(
        (w for w in sim.company.ways.values() if wish["way"] in (w.config_id, w.qr_code)), None
    )
    if way is None:
        raise Refusal(41044, "invalid config_id")
    if way.kind == "contact":
        return _scan_contact(sim, way, wish)
    contacts.meet(sim, wish["contact"], "", "")
    return {"chat_id": groups.scan(sim, way, wish["contact"])}


def _scan_contact(sim: Simulation, way: Way, wish: Wish) -> Outcome:
    relation, code = codes.scan(
        sim,
        way,
        wish.get("contact"),
        name=wish.get("name", ""),
        age=wish.get("age", ""),
        half=bool(wish.get("half")),
    )
    if relation is None:
        return {"staff": code}
    added = {"staff": relation.staff_id, "external_userid": relation.customer_id}
    return {**added, "welcome_code": code}


def _accept(sim: Simulation, wish: Wish) -> Outcome:
    relation, code = codes.accept(sim, wish["staff"], wish["contact"])
    return {"external_userid": relation.customer_id, "welcome_code": code}


def _leave_group(sim: Simulation, wish: Wish) -> Outcome:
    chat_id, removed = _chat(sim, wish["chat"]), bool(wish.get("removed"))
    return {"left": groups.leave(sim, chat_id, wish["contact"], removed=removed)}


def _dismiss_group(sim: Simulation, wish: Wish) -> Outcome:
    groups.dismiss(sim, _chat(sim, wish["chat"]))
    return {}


def _rename_group(sim: Simulation, wish: Wish) -> Outcome:
    groups.rename(sim, _chat(sim, wish["chat"]), wish["name"])
    return {}


def _select_welcome(sim: Simulation, wish: Wish) -> Outcome:
    groups.select_welcome(sim, _chat(sim, wish["chat"]), wish["template"])
    return {}


def _say(sim: Simulation, wish: Wish) -> Outcome:
    group = sim.company.groups[_chat(sim, wish["chat"])]
    userid = wish.get("contact") or wish["staff"]
    if userid not in group.members:
        raise Refusal(60111, f"not a member of the group: {userid}")
    chatter.say(sim, group, userid, int(wish.get("count", 1)))
    return {}


def _change_notice(sim: Simulation, wish: Wish) -> Outcome:
    groups.change_notice(sim, _chat(sim, wish["chat"]), wish["notice"])
    return {}


def _change_owner(sim: Simulation, wish: Wish) -> Outcome:
    groups.change_owner(sim, _chat(sim, wish["chat"]), wish["owner"])
    return {}


def _tap(sim: Simulation, wish: Wish) -> Outcome:
    code = phone.tap(sim, wish["staff"], wish["task_id"], wish["key"], wish.get("options"))
    return {"response_code": code}


def _menu(sim: Simulation, wish: Wish) -> Outcome:
    return {"response_code": phone.menu(sim, wish["staff"], wish["task_id"], wish["key"])}


def _confirm(sim: Simulation, wish: Wish) -> Outcome:
    return {"confirmed": phone.confirm(sim, wish["staff"], wish["msgid"])}


def _text(sim: Simulation, wish: Wish) -> Outcome:
    return {"msg_id": phone.write(sim, wish["staff"], wish["content"])}


def _staff_joins(sim: Simulation, wish: Wish) -> Outcome:
    directory.staff_joins(
        sim,
        wish["staff"],
        wish["name"],
        wish.get("department", [1]),
        leader=bool(wish.get("leader")),
    )
    return {}


def _staff_moves(sim: Simulation, wish: Wish) -> Outcome:
    directory.staff_moves(sim, wish["staff"], wish["department"])
    return {}


def _staff_leaves(sim: Simulation, wish: Wish) -> Outcome:
    directory.staff_leaves(sim, wish["staff"])
    return {}


def _create_tag(sim: Simulation, wish: Wish) -> Outcome:
    return {"tag_id": directory.create_tag(sim, wish["group"], wish["name"])}


def _rename_tag(sim: Simulation, wish: Wish) -> Outcome:
    directory.rename_tag(sim, wish["tag"], wish["name"])
    return {}


def _delete_tag(sim: Simulation, wish: Wish) -> Outcome:
    directory.delete_tag(sim, wish["tag"])
    return {}


def _shuffle_tags(sim: Simulation, wish: Wish) -> Outcome:
    directory.shuffle_tags(sim, wish.get("group", ""))
    return {}


def _raw_event(sim: Simulation, wish: Wish) -> Outcome:
    """Any text at all, sealed properly; ``envelope`` xml or json."""
    route = cast(RouteName, wish["route"])
    sim.outlet.send(route, wish["xml"], form=wish.get("envelope", "xml"))
    return {}


def _chat(sim: Simulation, chat: str) -> str:
    """By id or name."""
    if chat in sim.company.groups:
        return chat
    for group in sim.company.groups.values():
        if group.name == chat:
            return group.chat_id
    raise Refusal(40050, f"chatid not exist: {chat}")


ACTS: dict[str, Callable[[Simulation, Wish], Outcome]] = {
    "add_contact": _add_contact,
    "confirm_half": _confirm_half,
    "edit_tags": _edit_tags,
    "rename_contact": _rename_contact,
    "edit_remark": _edit_remark,
    "delete_by_staff": _delete_by_staff,
    "delete_by_customer": _delete_by_customer,
    "transfer_fails": _transfer_fails,
    "order": _order,
    "visit": _visit,
    "create_group": _create_group,
    "join_group": _join_group,
    "scan": _scan,
    "accept": _accept,
    "leave_group": _leave_group,
    "dismiss_group": _dismiss_group,
    "rename_group": _rename_group,
    "select_welcome": _select_welcome,
    "say": _say,
    "change_notice": _change_notice,
    "change_owner": _change_owner,
    "tap": _tap,
    "menu": _menu,
    "confirm": _confirm,
    "text": _text,
    "staff_joins": _staff_joins,
    "staff_moves": _staff_moves,
    "staff_leaves": _staff_leaves,
    "create_tag": _create_tag,
    "rename_tag": _rename_tag,
    "delete_tag": _delete_tag,
    "shuffle_tags": _shuffle_tags,
    "raw_event": _raw_event,
    **link_acts.ACTS,
    **moment_acts.ACTS,
}
