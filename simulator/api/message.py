"""App messages to staff."""

from collections.abc import Callable
from datetime import timedelta

from simulator import phone
from simulator.api.args import Answer, Args, maybe, part, parts, text, whole
from simulator.api.cardcheck import check_card
from simulator.api.content import media
from simulator.api.endpoint import post
from simulator.cards import Card, Copy, can_be_updated
from simulator.dice import canonical, fingerprint
from simulator.refusal import Refusal
from simulator.simulation import SentMessage, Simulation

REPEAT_SECONDS, LONGEST_REPEAT_SECONDS = 1800, 4 * 3600


def send(sim: Simulation, args: Args) -> Answer:
    check_agent(sim, args)
    kind = text(args, "msgtype")
    check = CHECKS.get(kind)
    if check is None:
        raise Refusal(40008, f"invalid msgtype: {kind}")
    body = part(args, kind)
    check(sim, body)
    receivers, invalid = _receivers(sim, args)
    sim.message_budget.take_day(
        sim.now.astimezone(sim.setup.tz).date().isoformat(),
        len(receivers),
        len(sim.company.staff) * sim.limits.messages_per_member_day,
    )
    msgid = sim.mint.letters("", "message", canonical(args), length=64)
    answer: Answer = {
        "invaliduser": "|".join(invalid),
        "invalidparty": "",
        "invalidtag": "",
        "unlicenseduser": "",
        "msgid": msgid,
    }
    if _is_repeat(sim, args):
        for userid in receivers:
            row = {"userid": userid, "msgid": msgid, "at": sim.at}
            sim.ledger.repeats.append(row | {"content_hash": fingerprint(body)})
        return answer
    card = _new_card(sim, body, msgid) if kind == "template_card" else None
    sim.desk.messages[msgid] = SentMessage(sim.now, receivers, card.task_id if card else None)
    for userid in receivers:
        _hand_over(sim, userid, kind, body, msgid, card)
    if card and can_be_updated(card.card):
        answer["response_code"] = phone.new_response_code(sim, card)
    return answer


def recall(sim: Simulation, args: Args) -> Answer:
    msgid = text(args, "msgid")
    sent = sim.desk.messages.get(msgid)
    if sent is None:
        raise Refusal(40058, "invalid msgid")
    if sim.now - sent.at > timedelta(hours=sim.limits.recall_hours):
        raise Refusal(42052, "msgid expired")
    if sent.task_id:
        for copy in sim.desk.cards[sent.task_id].copies.values():
            copy.closed = True
    sim.ledger.recalled.append({"msgid": msgid, "userids": sent.userids, "at": sim.at})
    return {}


def check_agent(sim: Simulation, args: Args) -> None:
    if "agentid" not in args:
        raise Refusal(40056, "invalid agentid")
    if whole(args, "agentid", 0) != sim.setup.agent_id:
        raise Refusal(301002, "not allow operate another agent with this accesstoken")


def _hand_over(
    sim: Simulation, userid: str, kind: str, body: Args, msgid: str, card: Card | None
) -> None:
    """Over a member's limits WeCom says ok and drops the message."""
    if why := sim.message_budget.overflow(userid, sim.now, sim.limits):
        row = {"api": "message/send", "userid": userid, "at": sim.at, "why": why, "msgid": msgid}
        sim.ledger.dropped.append(row)
        return
    if card is None:
        words = _readable(kind, body)
        row = {"userid": userid, "content": words, "at": sim.at, "msgtype": kind, "msgid": msgid}
        sim.ledger.texts.append(row | {"content_hash": fingerprint(body)})
        sim.onlookers.text_arrived(userid, words)
        return
    card.copies[userid] = Copy(card.card)
    sim.ledger.cards.append(
        {
            "task_id": card.task_id,
            "userid": userid,
            "at": sim.at,
            "title": card.title,
            "card_type": card.type,
            "msgid": msgid,
        }
    )
    sim.onlookers.card_arrived(card, userid)


def _new_card(sim: Simulation, body: Args, msgid: str) -> Card:
    task_id = maybe(body, "task_id") or sim.mint.letters("card-", canonical(body))
    card = Card(task_id=task_id, msgid=msgid, sent_at=sim.now, card=body)
    sim.desk.cards[task_id] = card
    return card


def _receivers(sim: Simulation, args: Args) -> tuple[list[str], list[str]]:
    """Unknown ones come back in lower case."""
    if maybe(args, "touser") == "@all":
        return [staff.userid for staff in sim.company.crew()], []
    asked = [userid for userid in maybe(args, "touser").split("|") if userid]
    departments = {int(p) for p in maybe(args, "toparty").split("|") if p.isdecimal()}
    if len(asked) > 1000 or len(departments) > 100:
        raise Refusal(82001, "too many receivers")
    good, invalid = [], []
    for userid in asked:
        staff = sim.company.working(userid)
        if staff:
            good.append(staff.userid)
        else:
            invalid.append(userid.lower())
    good += [s.userid for s in sim.company.crew() if departments & set(s.departments)]
    if not good:
        raise Refusal(81013, "user & party & tag all invalid")
    return list(dict.fromkeys(good)), invalid


def _is_repeat(sim: Simulation, args: Args) -> bool:
    """enable_duplicate_check: the same request inside the interval is not delivered again."""
    if not whole(args, "enable_duplicate_check", 0):
        return False
    seconds = whole(args, "duplicate_check_interval", REPEAT_SECONDS)
    seconds = min(seconds, LONGEST_REPEAT_SECONDS)
    key = fingerprint(args)
    last = sim.desk.repeats.get(key)
    if last and (sim.now - last).total_seconds() < seconds:
        return True
    sim.desk.repeats[key] = sim.now
    return False


def _readable(kind: str, body: Args) -> str:
    match kind:
        case "text" | "markdown":
            return maybe(body, "content")
        case "news":
            return " ".join(maybe(article, "title") for article in parts(body, "articles"))
        case "textcard":
            return f"{maybe(body, 'title')} {maybe(body, 'description')}"
        case _:
            return maybe(body, "media_id")


def _check_text(sim: Simulation, body: Args) -> None:
    content = maybe(body, "content")
    if not content:
        raise Refusal(44004, "text content is empty")
    if len(content.encode()) > 2048:
        raise Refusal(45002, "content exceeds 2048 bytes")


def _check_media(sim: Simulation, body: Args) -> None:
    if not maybe(body, "media_id"):
        raise Refusal(41006, "missing media_id")
    media(sim, maybe(body, "media_id"))


def _check_news(sim: Simulation, body: Args) -> None:
    articles = parts(body, "articles")
    if not 1 <= len(articles) <= 8:
        raise Refusal(45008, "1 to 8 articles")
    for article in articles:
        if not maybe(article, "title"):
            raise Refusal(41016, "missing title")


def _check_textcard(sim: Simulation, body: Args) -> None:
    for key, code in (("title", 41016), ("description", 41033), ("url", 41010)):
        if not maybe(body, key):
            raise Refusal(code, f"missing {key}")


def _check_card(sim: Simulation, body: Args) -> None:
    if sim.setup.callbacks.app is None:
        raise Refusal(43012, "the app has no callback url")
    check_card(body)
    if maybe(body, "task_id") in sim.desk.cards:
        raise Refusal(42014, "taskid has existed")


CHECKS: dict[str, Callable[[Simulation, Args], None]] = {
    "text": _check_text,
    "markdown": _check_text,
    "image": _check_media,
    "voice": _check_media,
    "video": _check_media,
    "file": _check_media,
    "news": _check_news,
    "textcard": _check_textcard,
    "template_card": _check_card,
}

ENDPOINTS = (
    post("message/send", send, "agent token"),
    post("message/recall", recall, "agent token"),
)
