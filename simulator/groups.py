"""What happens in customer groups, by people's own hands; each tells the bot."""

from __future__ import annotations

from collections.abc import Sequence

from simulator import notices
from simulator.company import Group, Member, Way
from simulator.refusal import Refusal
from simulator.simulation import Simulation

INVITED, BY_LINK, BY_QR = 1, 2, 3  # join_scene of groupchat/get


def create(sim: Simulation, name: str, owner: str, members: Sequence[str] = ()) -> Group:
    if sim.company.working(owner) is None:
        raise Refusal(60111, f"userid not found: {owner}")
    group = Group(
        chat_id=sim.mint.letters("wr", "chat", name),
        name=name,
        owner=owner,
        created_at=sim.now,
        version=sim.mint.hexes("version", name),
    )
    for userid in (owner, *members):
        group.members[userid] = Member(
            userid=userid,
            is_staff=userid in sim.company.staff,
            joined_at=sim.now,
            scene=INVITED,
            invitor="" if userid == owner else owner,
        )
    sim.company.groups[group.chat_id] = group
    sim.outlet.notify("contact", notices.group("create", group.chat_id))
    return group


def join(
    sim: Simulation,
    chat_id: str,
    userid: str,
    *,
    state: str = "",
    scene: int = BY_QR,
    invitor: str = "",
) -> bool:
    """False when already inside."""
    group = _living(sim, chat_id)
    if userid in group.members:
        return False
    member = Member(
        userid=userid,
        is_staff=userid in sim.company.staff,
        joined_at=sim.now,
        scene=scene,
        state=state,
        invitor=invitor,
    )
    group.members[userid] = member
    # The event says 0 for every kind of invitation and 3 for a QR code.
    _members_changed(sim, group, "add_member", userid, scene=BY_QR if scene == BY_QR else 0)
    row = {"chat_id": chat_id, "external_userid": userid, "state": state, "at": sim.at}
    sim.ledger.joins.append({**row, "scene": scene})
    _greet(sim, group, userid)
    if customer := sim.company.customers.get(userid):
        sim.onlookers.joined(group, customer)
    return True


def leave(sim: Simulation, chat_id: str, userid: str, *, removed: bool = False) -> bool:
    """False when not inside."""
    group = _living(sim, chat_id)
    member = group.members.pop(userid, None)
    if member is None:
        return False
    group.former.append((member, sim.now))
    _members_changed(sim, group, "del_member", userid, scene=int(removed))
    row = {"chat_id": chat_id, "external_userid": userid, "removed": removed, "at": sim.at}
    sim.ledger.leaves.append(row)
    return True


def scan(sim: Simulation, way: Way, userid: str) -> str | None:
    """Join the first group of a join way that has room; None if nobody was let in."""
    groups = [g for chat_id in _listed(way) if (g := sim.company.group(chat_id))]
    if any(userid in group.members for group in groups):
        return None
    with_room = [g for g in groups if len(g.members) < sim.limits.group_capacity]
    if not with_room and groups and way.body.get("auto_create_room", 1):
        with_room = [_open_another(sim, way, groups[-1].owner)]
    if not with_room:
        return None
    join(sim, with_room[0].chat_id, userid, state=str(way.body.get("state", "")))
    return with_room[0].chat_id


def select_welcome(sim: Simulation, chat_id: str, template_id: str) -> None:
    """The owner picks it by hand: no API can, and no event tells."""
    if template_id and template_id not in sim.company.group_welcomes:
        raise Refusal(40058, f"invalid template_id: {template_id}")
    _living(sim, chat_id).welcome = template_id


def rename(sim: Simulation, chat_id: str, name: str) -> None:
    _living(sim, chat_id).name = name
    sim.outlet.notify("contact", notices.group_update(chat_id, "change_name"))


def change_notice(sim: Simulation, chat_id: str, notice: str) -> None:
    _living(sim, chat_id).notice = notice
    sim.outlet.notify("contact", notices.group_update(chat_id, "change_notice"))


def change_owner(sim: Simulation, chat_id: str, owner: str) -> None:
    group = _living(sim, chat_id)
    if owner not in group.members:
        raise Refusal(60111, f"not a member of the group: {owner}")
    group.owner = owner
    sim.outlet.notify("contact", notices.group_update(chat_id, "change_owner"))


def dismiss(sim: Simulation, chat_id: str) -> None:
    _living(sim, chat_id).dismissed = True
    sim.outlet.notify("contact", notices.group("dismiss", chat_id))


def _greet(sim: Simulation, group: Group, userid: str) -> None:
    """WeCom shows newcomers the welcome of the group, if its owner selected one."""
    welcome = sim.company.group_welcomes.get(group.welcome)
    if welcome is None or userid in sim.company.staff:
        return
    sim.ledger.greeted.append(
        {
            "chat_id": group.chat_id,
            "external_userid": userid,
            "template_id": welcome.id,
            "text": welcome.body.get("text", {}).get("content", ""),
            "at": sim.at,
        }
    )


def _members_changed(
    sim: Simulation, group: Group, detail: str, userid: str, *, scene: int
) -> None:
    last = group.version
    group.version = sim.mint.hexes("version", group.chat_id, last, detail, userid)
    fields = notices.members_changed(
        group.chat_id,
        detail,
        [userid],
        scene=scene,
        last_version=last,
        current_version=group.version,
    )
    sim.outlet.notify("contact", fields)


def _open_another(sim: Simulation, way: Way, owner: str) -> Group:
    """auto_create_room: 销售客服群10 is followed by 销售客服群11."""
    number = int(way.body.get("room_base_id", 1)) + way.rooms_opened
    way.rooms_opened += 1
    group = create(sim, f"{way.body.get('room_base_name', '群')}{number}", owner)
    way.body["chat_id_list"] = [*_listed(way), group.chat_id]
    return group


def _listed(way: Way) -> list[str]:
    return [str(chat_id) for chat_id in way.body.get("chat_id_list", [])]


def _living(sim: Simulation, chat_id: str) -> Group:
    group = sim.company.group(chat_id)
    if group is None:
        raise Refusal(40050, f"chatid not exist: {chat_id}")
    return group
