"""Customers and who follows them."""

from typing import Any

from simulator.api.args import Answer, Args, maybe, page, text, texts
from simulator.api.endpoint import get, post
from simulator.company import Customer, Relation
from simulator.refusal import Refusal
from simulator.simulation import Simulation

FOLLOWERS_PER_PAGE = 500


def follow_user_list(sim: Simulation, args: Args) -> Answer:
    return {"follow_user": [staff.userid for staff in sim.company.crew()]}


def contact_list(sim: Simulation, args: Args) -> Answer:
    relations = sim.company.customers_of(_staff(sim, text(args, "userid")))
    if not relations:
        raise Refusal(84061, "not external contact")
    return {"external_userid": [relation.customer_id for relation in relations]}


def contact_get(sim: Simulation, args: Args) -> Answer:
    customer = sim.company.customers.get(text(args, "external_userid"))
    if customer is None:
        raise Refusal(40096, "invalid external userid")
    friends = customer.friends()
    if not friends:
        raise Refusal(84061, "not external contact")
    size = FOLLOWERS_PER_PAGE
    shown, cursor = page(friends, {"cursor": maybe(args, "cursor")}, default=size, most=size)
    answer: Answer = {
        "external_contact": _person(customer),
        "follow_user": [_follower(sim, relation) for relation in shown],
    }
    return answer | ({"next_cursor": cursor} if cursor else {})


def batch_get_by_user(sim: Simulation, args: Args) -> Answer:
    userids = texts(args, "userid_list", most=100)
    if not userids:
        raise Refusal(40063, "missing userid_list")
    relations = [r for userid in userids for r in sim.company.customers_of(_staff(sim, userid))]
    shown, cursor = page(relations, args, default=50, most=100)
    rows = [
        {
            "external_contact": _person(sim.company.customers[relation.customer_id]),
            "follow_info": {**_follow(relation), "tag_id": sorted(relation.tags)},
        }
        for relation in shown
    ]
    return {"external_contact_list": rows, "next_cursor": cursor}


def remark(sim: Simulation, args: Args) -> Answer:
    """No callback: WeCom does not echo what came through the API."""
    relation = sim.company.relation(
        _staff(sim, text(args, "userid")), text(args, "external_userid")
    )
    keys = ("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid")
    if not any(key in args for key in keys):
        raise Refusal(40058, "nothing to change")
    if relation is None:
        raise Refusal(84061, "not external contact")
    for key, most in (("remark", 20), ("description", 150), ("remark_company", 20)):
        if key in args:
            value = maybe(args, key)
            if len(value) > most:
                raise Refusal(40058, f"{key} exceeds {most} characters")
            setattr(relation, key, value)
    if "remark_mobiles" in args:
        relation.remark_mobiles = [m for m in texts(args, "remark_mobiles") if m]
    return {}


def _staff(sim: Simulation, userid: str) -> str:
    staff = sim.company.working(userid)
    if staff is None:
        raise Refusal(60111, "userid not found")
    return staff.userid


def _person(customer: Customer) -> dict[str, Any]:
    return {
        "external_userid": customer.id,
        "name": customer.name,
        "avatar": "https://wx.qlogo.cn/mmhead/0",
        "type": 1,
        "gender": 0,
    }


def _follow(relation: Relation) -> dict[str, Any]:
    return {
        "userid": relation.staff_id,
        "remark": relation.remark,
        "description": relation.description,
        "createtime": int(relation.added_at.timestamp()),
        "remark_corp_name": relation.remark_company,
        "remark_mobiles": relation.remark_mobiles,
        "oper_userid": relation.customer_id,
        "add_way": 1 if relation.state else 2,
        **({"state": relation.state} if relation.state else {}),
    }


def _follower(sim: Simulation, relation: Relation) -> dict[str, Any]:
    tags = [
        {"group_name": group.name, "tag_name": tag.name, "tag_id": tag.id, "type": 1}
        for group, tag in sim.company.living_tags()
        if tag.id in relation.tags
    ]
    return {**_follow(relation), "tags": tags}


ENDPOINTS = (
    get("externalcontact/get_follow_user_list", follow_user_list),
    get("externalcontact/list", contact_list),
    get("externalcontact/get", contact_get),
    post("externalcontact/batch/get_by_user", batch_get_by_user),
    post("externalcontact/remark", remark),
)
