"""联系我 codes and the join ways of customer groups."""

from typing import Any, Literal

from simulator.api.args import Answer, Args, maybe, page, text, texts, whole
from simulator.api.endpoint import post
from simulator.company import Way
from simulator.dice import canonical
from simulator.refusal import Refusal
from simulator.simulation import Simulation

Kind = Literal["contact", "join"]
LISTED_FOR_JOINING = 5
LISTED_DAYS = 90


def add_contact_way(sim: Simulation, args: Args) -> Answer:
    kind, scene = whole(args, "type", 0), whole(args, "scene", 0)
    if kind not in (1, 2):
        raise Refusal(41039, "invalid contact way type")
    if scene not in (1, 2):
        raise Refusal(41040, "invalid contact way scene")
    _check_users(sim, args, kind)
    _short(args, "state", "remark")
    way = _add(sim, "contact", args)
    return {"config_id": way.config_id, **({"qr_code": way.qr_code} if scene == 2 else {})}


def get_contact_way(sim: Simulation, args: Args) -> Answer:
    way = _way(sim, args, "contact")
    return {"contact_way": {**way.body, "config_id": way.config_id, "qr_code": way.qr_code}}


def list_contact_ways(sim: Simulation, args: Args) -> Answer:
    """Of the last 90 days, unless asked otherwise; those for one conversation are left out."""
    now = int(sim.now.timestamp())
    since = whole(args, "start_time", now - LISTED_DAYS * 86400)
    until = min(whole(args, "end_time", now), now - sim.limits.list_lag_seconds)
    ways = [
        {"config_id": way.config_id}
        for way in sim.company.ways.values()
        if way.kind == "contact"
        and not way.body.get("is_temp")
        and since <= way.created_at.timestamp() <= until
    ]
    shown, cursor = page(ways, args, default=100, most=1000)
    return {"contact_way": shown, "next_cursor": cursor}


def update_contact_way(sim: Simulation, args: Args) -> Answer:
    """What is not given stays; its kind and its scene cannot be changed."""
    way = _way(sim, args, "contact")
    _short(args, "state", "remark")
    if "user" in args:
        _check_users(sim, args, way.body["type"])
    fixed = ("config_id", "type", "scene")
    way.body.update({key: value for key, value in args.items() if key not in fixed})
    return {}


def del_contact_way(sim: Simulation, args: Args) -> Answer:
    del sim.company.ways[_way(sim, args, "contact").config_id]
    return {}


def add_join_way(sim: Simulation, args: Args) -> Answer:
    """The same body again makes another code: WeCom does not look for an old one."""
    return {"config_id": _add(sim, "join", _join_body(sim, args)).config_id}


def get_join_way(sim: Simulation, args: Args) -> Answer:
    way = _way(sim, args, "join")
    return {"join_way": {"config_id": way.config_id, **way.body, "qr_code": way.qr_code}}


def update_join_way(sim: Simulation, args: Args) -> Answer:
    """Overwrites everything."""
    _way(sim, args, "join").body = _join_body(sim, args)
    return {}


def del_join_way(sim: Simulation, args: Args) -> Answer:
    del sim.company.ways[_way(sim, args, "join").config_id]
    return {}


def _check_users(sim: Simulation, args: Args, kind: int) -> None:
    users = texts(args, "user")
    if not users and not args.get("party"):
        raise Refusal(40063, "missing user and party")
    if len(users) > 100 or (kind == 1 and len(users) != 1):
        raise Refusal(41041, "contact way users exceed limit")
    for userid in users:
        if sim.company.working(userid) is None:
            raise Refusal(40003, "invalid userid")


def _join_body(sim: Simulation, args: Args) -> dict[str, Any]:
    scene = whole(args, "scene", 0)
    if scene not in (1, 2):
        raise Refusal(40058, "scene must be 1 or 2")
    chats = texts(args, "chat_id_list")
    if not chats:
        raise Refusal(40063, "missing chat_id_list")
    if len(chats) > LISTED_FOR_JOINING:
        raise Refusal(41091, "join way exceeds 5 groups")
    for chat_id in chats:
        if sim.company.group(chat_id) is None:
            raise Refusal(40050, "chatid not exist")
    _short(args, "state")
    if len(maybe(args, "room_base_name")) > 40:
        raise Refusal(40058, "room_base_name exceeds 40 characters")
    return {
        "scene": scene,
        "remark": maybe(args, "remark")[:30],  # cut, not refused
        "auto_create_room": whole(args, "auto_create_room", 1),
        "room_base_name": maybe(args, "room_base_name"),
        "room_base_id": whole(args, "room_base_id", 1),
        "chat_id_list": list(chats),
        "state": maybe(args, "state"),
        "mark_source": args.get("mark_source", True),
    }


def _add(sim: Simulation, kind: Kind, body: dict[str, Any]) -> Way:
    if len(sim.company.ways) >= sim.limits.ways_total:
        raise Refusal(41045, "contact way limit exceeded")
    way = Way(
        config_id=sim.mint.hexes(kind, canonical(body)),
        kind=kind,
        body=dict(body),
        created_at=sim.now,
    )
    sim.company.ways[way.config_id] = way
    return way


def _way(sim: Simulation, args: Args, kind: Kind) -> Way:
    way = sim.company.ways.get(text(args, "config_id"))
    if way is None or way.kind != kind:
        raise Refusal(41044, "invalid config_id")
    return way


def _short(args: Args, *keys: str) -> None:
    for key in keys:
        if len(maybe(args, key)) > 30:
            raise Refusal(40058, f"{key} exceeds 30 characters")


ENDPOINTS = (
    post("externalcontact/add_contact_way", add_contact_way),
    post("externalcontact/get_contact_way", get_contact_way),
    post("externalcontact/list_contact_way", list_contact_ways),
    post("externalcontact/update_contact_way", update_contact_way),
    post("externalcontact/del_contact_way", del_contact_way),
    post("externalcontact/groupchat/add_join_way", add_join_way),
    post("externalcontact/groupchat/get_join_way", get_join_way),
    post("externalcontact/groupchat/update_join_way", update_join_way),
    post("externalcontact/groupchat/del_join_way", del_join_way),
)
