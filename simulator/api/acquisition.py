"""获客助手: links, who came by them, how often they were followed, and the quota they use up."""

from datetime import date, datetime, timedelta
from typing import Any

from simulator import acquisition
from simulator.api.args import Answer, Args, page, part, text, texts, whole
from simulator.api.endpoint import get, post
from simulator.company import Link
from simulator.refusal import Refusal
from simulator.simulation import Simulation

RANGE = 500
STATISTIC_DAYS = 30
STATISTIC_BACK = 180


def create_link(sim: Simulation, args: Args) -> Answer:
    """The same body again makes another link."""
    name = text(args, "link_name", most=30)
    users, departments = _range(sim, args)
    if not users and not departments:
        raise Refusal(40063, "missing range")
    link = Link(
        link_id=sim.mint.letters("cawcde", "link", name, length=10),
        name=name,
        users=users,
        departments=departments,
        skip_verify=bool(args.get("skip_verify", True)),
        created_at=sim.now,
    )
    _prefer(link, args)
    sim.company.links[link.link_id] = link
    return {"link": {"link_id": link.link_id, **_shown(link)}}


def get_link(sim: Simulation, args: Args) -> Answer:
    link = _link(sim, args)
    return {
        "link": {**_shown(link), "skip_verify": link.skip_verify, "mark_source": True},
        "range": {"user_list": link.users, "department_list": link.departments},
        "priority_option": link.priority,
    }


def list_links(sim: Simulation, args: Args) -> Answer:
    """Those that still exist, and only this app's."""
    ids = [link.link_id for link in sim.company.links.values() if not link.deleted]
    shown, cursor = page(ids, args, default=100, most=100)
    return {"link_id_list": shown, "next_cursor": cursor}


def update_link(sim: Simulation, args: Args) -> Answer:
    """A range replaces the one before."""
    link = _link(sim, args)
    if "link_name" in args:
        link.name = text(args, "link_name", most=30)
    if "range" in args:
        link.users, link.departments = _range(sim, args)
    if "skip_verify" in args:
        link.skip_verify = bool(args["skip_verify"])
    _prefer(link, args)
    return {}


def delete_link(sim: Simulation, args: Args) -> Answer:
    _link(sim, args).deleted = True
    return {}


def customers(sim: Simulation, args: Args) -> Answer:
    """chat_status: 0 never wrote, 1 has written."""
    link = _link(sim, args)
    rows = [
        {
            "external_userid": customer,
            "userid": staff,
            "chat_status": 1 if friend.messages else 0,
            "state": friend.state,
        }
        for (customer, staff), friend in link.friends.items()
    ]
    shown, cursor = page(rows, args, default=1000, most=1000)
    return {"customer_list": shown, "next_cursor": cursor}


def quota(sim: Simulation, args: Args) -> Answer:
    held = sim.company.quota
    expires = int((sim.setup.start + timedelta(days=365)).timestamp())
    batches = [{"expire_date": expires, "balance": held.balance}] if held.balance else []
    return {"total": held.used, "balance": held.balance, "quota_list": batches}


def statistic(sim: Simulation, args: Args) -> Answer:
    """Whole days, both ends included; each person counts once in the time asked about."""
    link = _link(sim, args)
    first, last = (_day(sim, args, key) for key in ("start_time", "end_time"))
    today = sim.now.astimezone(sim.setup.tz).date()
    if last < first or (last - first).days > STATISTIC_DAYS:
        raise Refusal(40058, "at most 30 days from start_time to end_time")
    if (today - first).days > STATISTIC_BACK:
        raise Refusal(40058, "only the last 180 days are kept")

    def inside(at: datetime) -> bool:
        return first <= at.astimezone(sim.setup.tz).date() <= last

    return {
        "click_link_customer_cnt": len({who for at, who in link.clicks if inside(at)}),
        "new_customer_cnt": len(
            {customer for (customer, _), friend in link.friends.items() if inside(friend.at)}
        ),
    }


def chat_info(sim: Simulation, args: Args) -> Answer:
    """For 30 minutes after the event."""
    until, link_id, staff, customer, count = sim.desk.chat_keys.get(
        text(args, "chat_key"), (sim.now, "", "", "", 0)
    )
    if until <= sim.now:
        raise Refusal(40058, "invalid chat_key")
    state = sim.company.links[link_id].friends[(customer, staff)].state
    told = {"recv_msg_cnt": count, "link_id": link_id, "state": state}
    return {"userid": staff, "external_userid": customer, "chat_info": told}


def _link(sim: Simulation, args: Args) -> Link:
    return acquisition.link_of(sim, text(args, "link_id"))


def _shown(link: Link) -> dict[str, Any]:
    stamp = int(link.created_at.timestamp())
    return {"link_name": link.name, "url": link.url, "create_time": stamp}


def _range(sim: Simulation, args: Args) -> tuple[list[str], list[int]]:
    asked = part(args, "range")
    users = texts(asked, "user_list", most=RANGE)
    departments = [int(number) for number in asked.get("department_list") or ()]
    if len(users) + len(departments) > RANGE:
        raise Refusal(40058, f"range exceeds {RANGE}")
    for userid in users:
        if sim.company.working(userid) is None:
            raise Refusal(40003, "invalid userid")
    return users, departments


def _prefer(link: Link, args: Args) -> None:
    option = part(args, "priority_option")
    if option:
        if whole(option, "priority_type", 0) not in (1, 2):
            raise Refusal(40058, "priority_type must be 1 or 2")
        texts(option, "priority_userid_list", most=1000)
        link.priority = option


def _day(sim: Simulation, args: Args, key: str) -> date:
    stamp = whole(args, key, 0)
    if not stamp:
        raise Refusal(40063, f"missing {key}")
    return datetime.fromtimestamp(stamp, sim.setup.tz).date()


ENDPOINTS = (
    post("externalcontact/customer_acquisition/create_link", create_link, "agent token"),
    post("externalcontact/customer_acquisition/get", get_link, "agent token"),
    post("externalcontact/customer_acquisition/list_link", list_links, "agent token"),
    post("externalcontact/customer_acquisition/update_link", update_link, "agent token"),
    post("externalcontact/customer_acquisition/delete_link", delete_link, "agent token"),
    post("externalcontact/customer_acquisition/customer", customers, "agent token"),
    get("externalcontact/customer_acquisition_quota", quota, "agent token"),
    post("externalcontact/customer_acquisition/statistic", statistic, "agent token"),
    post("externalcontact/customer_acquisition/get_chat_info", chat_info, "agent token"),
)
