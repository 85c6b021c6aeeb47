"""The QR codes of channels (联系我): made, sent to others, ended; the row keeps what is known."""

from datetime import timedelta

from bot.crash import crash_point
from bot.sender.hand import (
    Answer,
    Channel,
    Ended,
    Hand,
    Later,
    Repeat,
    as_it_stands,
)
from bot.wecom.errors import Refused
from bot.wecom.paging import pages

GIVE_UP_LOOKING = timedelta(minutes=2)
_LOOK_AGAIN = timedelta(seconds=30)
_CLOCKS = timedelta(minutes=1)  # how far our clock and WeCom's may be apart
NO_SUCH_CODE = 41044
_PATHS = {
    "make": "externalcontact/add_contact_way",
    "change": "externalcontact/update_contact_way",
    "delete": "externalcontact/del_contact_way",
}


async def _send(hand: Hand, kept: Answer) -> Answer:
    """Only a new code has an answer worth having; a code that is gone need not be deleted."""
    if hand.row.result.get("config_id"):  # made before we died
        return dict(hand.row.result)
    try:
        answer = await hand.call(_PATHS[kept["op"]], kept["body"])
    except Refused as error:
        if kept["op"] != "delete" or error.code != NO_SUCH_CODE:
            raise
        answer = {}
    if kept["op"] != "make":
        return {}
    crash_point("ways.made")
    made = {"config_id": str(answer["config_id"]), "qr_code": str(answer.get("qr_code") or "")}
    await hand.note(**made)
    return made


async def _learned(hand: Hand, answer: Answer) -> None:
    """The code's own row is looked at again, now that WeCom has done what it said."""
    ways, now, body = hand.ctx.store.ways, hand.ctx.now(), hand.row.body
    number = int(body["number"])
    told = {
        "users": list(body["body"].get("user", ())),
        "skip_verify": body["body"].get("skip_verify", True),
    }
    match body["op"]:
        case "make":
            made = {"config_id": answer["config_id"], "qr_code": answer["qr_code"]}
            await ways.answered(hand.row.about, number, now, **told, **made, checked_at=now)
        case "change":
            await ways.answered(hand.row.about, number, now, **told)
        case "delete":
            await ways.deleted(hand.row.about, number)
        case other:
            raise ValueError(f"a contact way cannot be told to {other}")
    hand.ctx.hints.ring("channels")


async def _refused(hand: Hand, error: Refused) -> Ended | None:
    """A code that is no longer there is made anew when it is looked at next."""
    if hand.row.body["op"] == "change" and error.code == NO_SUCH_CODE:
        gone = {"config_id": "", "qr_code": "", "users": []}
        number = int(hand.row.body["number"])
        await hand.ctx.store.ways.answered(hand.row.about, number, hand.ctx.now(), **gone)
        return Ended("suppressed", "这个二维码在企业微信里已经没有了，换一个新的")
    return None


async def _gave_up(hand: Hand, ended: Ended) -> None:
    """Whoever tends the code tells who answers for the channel, and tries again later."""
    number = int(hand.row.body["number"])
    await hand.ctx.store.ways.answered(hand.row.about, number, hand.ctx.now(), error=ended.why)
    hand.ctx.hints.ring("channels")


# ---- after a lost answer ------------------------------------------------------------------------


async def _reconcile(hand: Hand) -> Repeat | Ended | Later:
    """To tell it again who takes the customers is harmless; a second code would not be."""
    if hand.row.body["op"] != "make" or hand.row.result.get("config_id"):
        return "repeat"
    if found := await find(hand, hand.row.body["body"]):
        await _learned(hand, found)
        return Ended("sent", result={**found, "reconciled": True})
    now = hand.ctx.now()
    if now < (hand.row.attempt_at or now) + GIVE_UP_LOOKING:
        return Later(now + _LOOK_AGAIN, "创建结果不明，正在企业微信里按渠道名查找")
    return "afresh"


async def find(hand: Hand, wanted: Answer) -> Answer | None:
    """The code with our state and our mark, of those made since the attempt; None: none (yet)."""
    since = (hand.row.attempt_at or hand.ctx.now()) - _CLOCKS
    body = {"start_time": int(since.timestamp()), "limit": 1000}
    path = "externalcontact/list_contact_way"
    async for row in pages(hand.ctx.wecom, path, body, "contact_way"):
        config_id = str(row["config_id"])
        there = await _shown(hand, config_id)
        if there and all(there.get(key) == wanted[key] for key in ("state", "remark")):
            return {"config_id": config_id, "qr_code": str(there.get("qr_code") or "")}
    return None


async def _shown(hand: Hand, config_id: str) -> Answer | None:
    """None when somebody deleted it since it was listed."""
    try:
        answer = await hand.ctx.wecom.call(
            "externalcontact/get_contact_way", {"config_id": config_id}
        )
    except Refused as error:
        if error.code == NO_SUCH_CODE:
            return None
        raise
    return dict(answer["contact_way"])


CONTACT_WAY = Channel(
    prepare=as_it_stands,
    send=_send,
    learned=_learned,
    reconcile=_reconcile,
    refused=_refused,
    gave_up=_gave_up,
    tries=20,
    ask_again=_LOOK_AGAIN,
)
