"""Customer groups."""

from typing import Any

from simulator.api.args import Answer, Args, page, part, text, texts, whole
from simulator.api.endpoint import post
from simulator.company import Group, Member
from simulator.refusal import Refusal
from simulator.simulation import Simulation

VISIBLE_WITHOUT_FILTER = 1000
NORMAL, OWNER_LEFT = 0, 1


def list_groups(sim: Simulation, args: Args) -> Answer:
    if not 1 <= whole(args, "limit", 0) <= 1000:
        raise Refusal(40058, "limit must be 1 to 1000")
    owners = texts(part(args, "owner_filter"), "userid_list", most=100)
    if not owners and len(sim.company.crew()) > VISIBLE_WITHOUT_FILTER:
        raise Refusal(81017, "owner_filter needed")
    wanted = whole(args, "status_filter", 0)
    rows = [
        {"chat_id": group.chat_id, "status": status}
        for group in sim.company.groups.values()
        if not group.dismissed
        and (not owners or group.owner in owners)
        and ((status := _status(sim, group)) == wanted or wanted == 0)
    ]
    shown, cursor = page(rows, args, default=100, most=1000)
    return {"group_chat_list": shown, **({"next_cursor": cursor} if cursor else {})}


def get_group(sim: Simulation, args: Args) -> Answer:
    group = sim.company.group(text(args, "chat_id"))
    if group is None:
        raise Refusal(40050, "chatid not exist")
    named = bool(whole(args, "need_name", 0))
    return {
        "group_chat": {
            "chat_id": group.chat_id,
            "name": group.name,
            "owner": group.owner,
            "create_time": int(group.created_at.timestamp()),
            "notice": group.notice,
            "member_list": [_member(sim, member, named) for member in group.members.values()],
            "admin_list": [{"userid": group.owner}],
            "member_version": group.version,
        }
    }


def _status(sim: Simulation, group: Group) -> int:
    return NORMAL if sim.company.working(group.owner) else OWNER_LEFT


def _member(sim: Simulation, member: Member, named: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "userid": member.userid,
        "type": 1 if member.is_staff else 2,
        "join_time": int(member.joined_at.timestamp()),
        "join_scene": member.scene,
        "group_nickname": "",
    }
    if member.invitor:
        shown["invitor"] = {"userid": member.invitor}
    if member.state:
        shown["state"] = member.state
    if named:
        shown["name"] = _name(sim, member.userid)
    return shown


def _name(sim: Simulation, userid: str) -> str:
    if staff := sim.company.staff.get(userid):
        return staff.name
    customer = sim.company.customers.get(userid)
    return customer.name if customer else ""


ENDPOINTS = (
    post("externalcontact/groupchat/list", list_groups),
    post("externalcontact/groupchat/get", get_group),
)
