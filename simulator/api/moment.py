"""客户朋友圈: tasks for staff, made in WeCom's own time, and what became of them."""

from datetime import timedelta
from typing import Any

from simulator import feed
from simulator.api.args import Answer, Args, maybe, page, part, parts, text, texts, whole
from simulator.api.content import media
from simulator.api.endpoint import get, post
from simulator.company import Department
from simulator.dice import canonical
from simulator.moments import Moment, Part
from simulator.refusal import Refusal
from simulator.simulation import Simulation

TEXT_CHARACTERS, TEXT_BYTES = 2000, 4000
PICTURES = 9
SENDERS = 100_000
LINK_TITLE_BYTES, LINK_URL_BYTES = 64, 2048
LIST_SECONDS = 30 * 86400
JOB_HOURS = 24
MADE, RUNNING, DONE = 1, 2, 3
NO_SUCH_TAG, NOBODY = 40068, 41048


def add(sim: Simulation, args: Args) -> Answer:
    """Whom WeCom cannot ask, and tags it does not know, are told in the job's result only."""
    words, attachments = _content(sim, args)
    seen = part(args, "visible_range")
    tags = texts(part(seen, "external_contact_list"), "tag_list")
    senders, strangers, nowhere = _senders(sim, part(seen, "sender_list"))
    _count(sim)
    unknown = [tag for tag in tags if sim.company.tag(tag) is None]
    moment = Moment(
        jobid=sim.mint.letters("", "moment job", canonical(args), length=43),
        moment_id=sim.mint.letters("mom", canonical(args)),
        text=words,
        attachments=attachments,
        asked_at=sim.now,
        made_at=sim.now + timedelta(seconds=sim.limits.moment_job_seconds),
        tags=[tag for tag in tags if tag not in unknown],
        parts={userid: Part() for userid in senders},
        invalid_users=strangers,
        invalid_departments=nowhere,
        invalid_tags=unknown,
        refusal=NO_SUCH_TAG if tags and len(unknown) == len(tags) else 0 if senders else NOBODY,
    )
    sim.desk.moments[moment.moment_id] = moment
    if moment.made_at > sim.now:
        name = f"moment {moment.moment_id}"
        sim.clock.plan(moment.made_at, name, lambda: feed.arrives(sim, moment))
    else:
        feed.arrives(sim, moment)
    return {"jobid": moment.jobid}


def result(sim: Simulation, args: Args) -> Answer:
    """Of a job WeCom knows for 24 hours."""
    jobid = text(args, "jobid")
    moment = next((m for m in sim.desk.moments.values() if m.jobid == jobid), None)
    if moment is None or sim.now > moment.asked_at + timedelta(hours=JOB_HOURS):
        raise Refusal(40058, "invalid jobid")
    if sim.now < moment.made_at:
        return {"status": RUNNING, "type": "add_moment_task"}
    outcome: dict[str, Any] = {
        "errcode": moment.refusal,
        "errmsg": "ok" if not moment.refusal else "moment not made",
        "invalid_sender_list": {
            "user_list": moment.invalid_users,
            "department_list": moment.invalid_departments,
        },
        "invalid_external_contact_list": {"tag_list": moment.invalid_tags},
    }
    if not moment.refusal:
        outcome["moment_id"] = moment.moment_id
    return {"status": DONE, "type": "add_moment_task", "result": outcome}


def list_all(sim: Simulation, args: Args) -> Answer:
    """No ``creator``: WeCom leaves it out for moments made through the API."""
    since, until = whole(args, "start_time", 0), whole(args, "end_time", 0)
    if not 0 <= until - since <= LIST_SECONDS:
        raise Refusal(40058, "start_time and end_time at most 30 days apart")
    creator, by_people = maybe(args, "creator"), whole(args, "filter_type", 2) == 1
    lag = timedelta(seconds=sim.limits.moment_list_lag_seconds)
    rows = [
        _listed(moment)
        for moment in sim.desk.moments.values()
        if since <= int(moment.made_at.timestamp()) <= until
        and moment.made_at + lag <= sim.now
        and not (moment.refusal or creator or by_people)
    ]
    shown, cursor = page(rows, args, default=20, most=20)
    return {"moment_list": shown, "next_cursor": cursor}


def tasks(sim: Simulation, args: Args) -> Answer:
    rows = [
        {"userid": userid, "publish_status": 1 if one.published_at else 0}
        for userid, one in _moment(sim, args).parts.items()
    ]
    shown, cursor = page(rows, args, default=500, most=1000)
    return {"task_list": shown, "next_cursor": cursor}


def customers(sim: Simulation, args: Args) -> Answer:
    """Who was chosen when it was published, with whom they belong to."""
    userid = text(args, "userid")
    rows = [
        {"userid": userid, "external_userid": customer} for customer in _part(sim, args).customers
    ]
    shown, cursor = page(rows, args, default=1000, most=1000)
    return {"customer_list": shown, "next_cursor": cursor}


def seen_by(sim: Simulation, args: Args) -> Answer:
    rows = [{"external_userid": customer} for customer in _part(sim, args).customers]
    shown, cursor = page(rows, args, default=3000, most=5000)
    return {"customer_list": shown, "next_cursor": cursor}


def echo(sim: Simulation, args: Args) -> Answer:
    one = _part(sim, args)
    return {
        "comment_list": [
            {"external_userid": customer, "create_time": int(at.timestamp())}
            for customer, at in one.comments
        ],
        "like_list": [
            {"external_userid": customer, "create_time": int(at.timestamp())}
            for customer, at in one.likes.items()
        ],
    }


def cancel(sim: Simulation, args: Args) -> Answer:
    """What was published stays; doing it twice is no mistake."""
    moment = _moment(sim, args)
    if not moment.cancelled:
        moment.cancelled = True
        sim.ledger.moments_cancelled.append({"moment_id": moment.moment_id, "at": sim.at})
    return {}


def _content(sim: Simulation, args: Args) -> tuple[str, list[dict[str, Any]]]:
    words, attachments = maybe(part(args, "text"), "content"), parts(args, "attachments")
    if len(words) > TEXT_CHARACTERS or len(words.encode()) > TEXT_BYTES:
        raise Refusal(45002, f"content exceeds {TEXT_CHARACTERS} characters or {TEXT_BYTES} bytes")
    if not words and not attachments:
        raise Refusal(40063, "text and attachments are both empty")
    kinds = {maybe(one, "msgtype") for one in attachments}
    if len(attachments) > (PICTURES if kinds == {"image"} else 1):
        raise Refusal(41064, "9 images, or 1 video, or 1 link")
    for one in attachments:
        _attached(sim, maybe(one, "msgtype"), one)
    return words, attachments


def _attached(sim: Simulation, kind: str, one: Args) -> None:
    body = part(one, kind) if kind else {}
    match kind:
        case "image" | "video":
            media(sim, maybe(body, "media_id"), kind, "moment")
        case "link":
            if len(maybe(body, "title").encode()) > LINK_TITLE_BYTES:
                raise Refusal(45002, f"title exceeds {LINK_TITLE_BYTES} bytes")
            if len(text(body, "url").encode()) > LINK_URL_BYTES:
                raise Refusal(45002, f"url exceeds {LINK_URL_BYTES} bytes")
            media(sim, maybe(body, "media_id"), "image", "moment")
        case _:
            raise Refusal(41065, f"invalid attachment type: {kind}")


def _senders(sim: Simulation, asked: Args) -> tuple[list[str], list[str], list[int]]:
    """Who is asked, whom WeCom does not know, and which departments; with neither everybody."""
    wanted = texts(asked, "user_list", most=SENDERS)
    departments = [int(number) for number in asked.get("department_list") or []]
    if not wanted and not departments:
        return [one.userid for one in sim.company.crew()], [], []
    found: dict[str, None] = {}
    strangers = []
    for userid in wanted:
        known = sim.company.working(userid)
        if known:
            found[known.userid] = None
        else:
            strangers.append(userid)
    for member in sim.company.crew():
        if any(_inside(sim, own, departments) for own in member.departments):
            found[member.userid] = None
    nowhere = [number for number in departments if number not in sim.company.departments]
    return list(found), strangers, nowhere


def _inside(sim: Simulation, own: int, wanted: list[int]) -> bool:
    here: Department | None = sim.company.departments.get(own)
    while here:
        if here.id in wanted:
            return True
        here = sim.company.departments.get(here.parentid)
    return False


def _count(sim: Simulation) -> None:
    made = [moment.asked_at for moment in sim.desk.moments.values()]
    local = sim.now.astimezone(sim.setup.tz)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    minute = sum(at > sim.now - timedelta(minutes=1) for at in made)
    if minute >= sim.limits.moments_per_minute:
        raise Refusal(45009, "api freq out of limit")
    if sum(at >= first for at in made) >= sim.limits.moments_per_month:
        raise Refusal(45009, "api freq out of limit")


def _listed(moment: Moment) -> dict[str, Any]:
    row: dict[str, Any] = {
        "moment_id": moment.moment_id,
        "create_time": int(moment.made_at.timestamp()),
        "create_type": 0,
        "visible_type": 0 if moment.tags else 1,
    }
    if moment.text:
        row["text"] = {"content": moment.text}
    for one in moment.attachments:
        body = one[one["msgtype"]]
        match one["msgtype"]:
            case "image":
                row.setdefault("image", []).append({"media_id": body["media_id"]})
            case "video":
                row["video"] = {"media_id": body["media_id"], "thumb_media_id": body["media_id"]}
            case "link":
                row["link"] = {"title": body.get("title", ""), "url": body["url"]}
    return row


def _moment(sim: Simulation, args: Args) -> Moment:
    moment = sim.desk.moments.get(text(args, "moment_id"))
    if moment is None or moment.refusal or moment.made_at > sim.now:
        raise Refusal(40058, "invalid moment_id")
    return moment


def _part(sim: Simulation, args: Args) -> Part:
    one = _moment(sim, args).parts.get(text(args, "userid"))
    if one is None:
        raise Refusal(40003, "invalid userid: not asked to publish this moment")
    return one


ENDPOINTS = (
    post("externalcontact/add_moment_task", add),
    get("externalcontact/get_moment_task_result", result),
    post("externalcontact/get_moment_list", list_all),
    post("externalcontact/get_moment_task", tasks),
    post("externalcontact/get_moment_customer_list", customers),
    post("externalcontact/get_moment_send_result", seen_by),
    post("externalcontact/get_moment_comments", echo),
    post("externalcontact/cancel_moment_task", cancel),
)
