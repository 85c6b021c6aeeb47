"""企业群发: creating tasks for staff, and reading what became of them."""

from datetime import timedelta
from typing import Any, cast

from simulator.api.args import Answer, Args, maybe, page, part, parts, text, texts, whole
from simulator.api.content import read_content
from simulator.api.endpoint import post
from simulator.company import Relation
from simulator.dice import canonical
from simulator.mass import SENT, UNSENT, Assignment, ChatType, Mass
from simulator.refusal import Refusal
from simulator.simulation import Simulation

CUSTOMERS, GROUPS = 10_000, 2_000
MONTH_SECONDS = 31 * 86400


def add(sim: Simulation, args: Args) -> Answer:
    chat_type = _chat_type(args)
    words, attachments = read_content(sim, args)
    sender = maybe(args, "sender")
    if sender and sim.company.working(sender) is None:
        raise Refusal(40003, "invalid sender")
    if chat_type == "group":
        assignments, failed = _to_groups(sim, args, sender)
    else:
        assignments, failed = _to_customers(sim, args, sender)
    if not assignments:
        raise Refusal(41048, "no customer to send")
    mass = Mass(
        msgid=sim.mint.letters("msg", canonical(args)),
        chat_type=chat_type,
        text=words,
        attachments=attachments,
        created_at=sim.now,
        made_at=sim.machine(),
        assignments={userid: Assignment(targets) for userid, targets in assignments.items()},
    )
    sim.desk.mass[mass.msgid] = mass
    sim.ledger.mass.append(
        {
            "msgid": mass.msgid,
            "chat_type": chat_type,
            "sender": sender or "|".join(assignments),
            "created_at": sim.at,
            "targets": [target for targets in assignments.values() for target in targets],
            "content_hash": mass.content_hash,
            "text": words,
        }
    )
    for userid in assignments:
        sim.onlookers.mass_arrived(mass, userid)
    return {"fail_list": failed, "msgid": mass.msgid}


def list_all(sim: Simulation, args: Args) -> Answer:
    """No ``creator``: WeCom leaves it out for messages made through the API."""
    chat_type = _chat_type(args)
    since, until = whole(args, "start_time", 0), whole(args, "end_time", 0)
    if not 0 <= until - since <= MONTH_SECONDS:
        raise Refusal(40058, "start_time and end_time at most one month apart")
    creator, by_people = maybe(args, "creator"), whole(args, "filter_type", 2) == 1
    newest = sim.machine() - sim.limits.list_lag_seconds
    rows = [
        {
            "msgid": mass.msgid,
            "create_time": int(mass.created_at.timestamp()),
            "create_type": 0,
            "text": {"content": mass.text},
            "attachments": mass.attachments,
        }
        for mass in sim.desk.mass.values()
        if mass.chat_type == chat_type
        and since <= int(mass.created_at.timestamp()) <= until
        and mass.made_at <= newest
        and not (creator or by_people)
    ]
    shown, cursor = page(rows, args, default=50, most=100)
    return {"group_msg_list": shown, "next_cursor": cursor}


def tasks(sim: Simulation, args: Args) -> Answer:
    rows: list[dict[str, Any]] = []
    for userid, assignment in _mass(sim, args).assignments.items():
        row: dict[str, Any] = {"userid": userid, "status": 2 if assignment.sent_at else 0}
        if assignment.sent_at:
            row["send_time"] = int(assignment.sent_at.timestamp())
        rows.append(row)
    shown, cursor = page(rows, args, default=500, most=1000)
    return {"task_list": shown, "next_cursor": cursor}


def results(sim: Simulation, args: Args) -> Answer:
    """For groups only what was sent."""
    mass, userid = _mass(sim, args), text(args, "userid")
    assignment = mass.assignments.get(userid)
    if assignment is None:
        raise Refusal(40003, "invalid userid: not a sender of this message")
    name = "external_userid" if mass.chat_type == "single" else "chat_id"
    rows = []
    for target in assignment.targets:
        status = assignment.results.get(target, UNSENT)
        if mass.chat_type == "group" and status != SENT:
            continue
        row: dict[str, Any] = {name: target, "userid": userid, "status": status}
        if status == SENT and assignment.sent_at:
            row["send_time"] = int(assignment.sent_at.timestamp())
        rows.append(row)
    shown, cursor = page(rows, args, default=500, most=1000)
    return {"send_list": shown, "next_cursor": cursor}


def remind(sim: Simulation, args: Args) -> Answer:
    mass = _mass(sim, args)
    if mass.cancelled:
        raise Refusal(41093, "mass message cancelled")
    recent = [at for at in mass.reminded_at if at > sim.now - timedelta(days=1)]
    if len(recent) >= sim.limits.reminders_per_day:
        raise Refusal(41094, "remind freq out of limit")
    mass.reminded_at.append(sim.now)
    sim.ledger.reminded.append({"msgid": mass.msgid, "at": sim.at})
    for userid, assignment in mass.assignments.items():
        if assignment.sent_at is None:
            sim.onlookers.mass_reminded(mass, userid)
    return {}


def cancel(sim: Simulation, args: Args) -> Answer:
    """What was sent stays sent."""
    mass = _mass(sim, args)
    if mass.cancelled:
        raise Refusal(41093, "mass message cancelled already")
    mass.cancelled = True
    sim.ledger.cancelled.append({"msgid": mass.msgid, "at": sim.at})
    return {}


def _to_groups(sim: Simulation, args: Args, sender: str) -> tuple[dict[str, list[str]], list[str]]:
    if not sender:
        raise Refusal(40063, "missing sender")
    wanted = texts(args, "chat_id_list", most=GROUPS)
    own = [g.chat_id for g in sim.company.groups.values() if g.owner == sender and not g.dismissed]
    if not wanted:
        return ({sender: own} if own else {}), []
    good = [chat_id for chat_id in dict.fromkeys(wanted) if chat_id in own]
    return ({sender: good} if good else {}), [c for c in wanted if c not in own]


def _to_customers(
    sim: Simulation, args: Args, sender: str
) -> tuple[dict[str, list[str]], list[str]]:
    """Without a sender whoever was added last gets the customer."""
    wanted = texts(args, "external_userid", most=CUSTOMERS)
    if not wanted:
        wanted = [c.id for c in sim.company.customers.values() if _matches(sim, args, c.friends())]
    if not sender and not texts(args, "external_userid") and not part(args, "tag_filter"):
        raise Refusal(40063, "missing external_userid, tag_filter or sender")
    found: dict[str, list[str]] = {}
    failed: list[str] = []
    for customer_id in dict.fromkeys(wanted):
        customer = sim.company.customers.get(customer_id)
        friends = customer.friends() if customer else []
        if sender:
            friends = [relation for relation in friends if relation.staff_id == sender]
        if friends:
            newest = max(friends, key=lambda relation: (relation.added_at, relation.staff_id))
            found.setdefault(newest.staff_id, []).append(customer_id)
        elif texts(args, "external_userid"):
            failed.append(customer_id)
    return found, failed


def _matches(sim: Simulation, args: Args, friends: list[Relation]) -> bool:
    """tag_filter: any tag inside a group, all groups together."""
    worn = {tag for relation in friends for tag in relation.tags}
    wanted = parts(part(args, "tag_filter"), "group_list")
    return all(worn & set(texts(group, "tag_list", most=100)) for group in wanted)


def _chat_type(args: Args) -> ChatType:
    chat_type = maybe(args, "chat_type") or "single"
    if chat_type not in ("single", "group"):
        raise Refusal(40058, "chat_type must be single or group")
    return cast(ChatType, chat_type)


def _mass(sim: Simulation, args: Args) -> Mass:
    mass = sim.desk.mass.get(text(args, "msgid"))
    if mass is None:
        raise Refusal(41047, "invalid msgid")
    if sim.machine() - mass.made_at < sim.limits.dispatch_seconds:
        raise Refusal(41063, "mass message is being dispatched")
    return mass


ENDPOINTS = (
    post("externalcontact/add_msg_template", add),
    post("externalcontact/get_groupmsg_list_v2", list_all),
    post("externalcontact/get_groupmsg_task", tasks),
    post("externalcontact/get_groupmsg_send_result", results),
    post("externalcontact/remind_groupmsg_send", remind),
    post("externalcontact/cancel_groupmsg_send", cancel),
)
