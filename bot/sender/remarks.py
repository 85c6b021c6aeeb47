"""The name under which staff keep a customer (备注): put once, never over one of their own."""

from bot.sender.hand import (
    Answer,
    Channel,
    Ended,
    Hand,
    as_it_stands,
    may_repeat,
    nothing_to_tell,
)
from bot.wecom import bodies
from bot.wecom.errors import Refused

_KEPT = -411  # ours: staff have named the customer themselves


async def _put(hand: Hand, wanted: Answer) -> Answer:
    """What WeCom fills in by itself, the nickname, is nobody's own remark."""
    staff, customer = wanted["userid"], wanted["external_userid"]
    params = {"external_userid": customer}
    known = await hand.ctx.wecom.call("externalcontact/get", params=params)
    nickname = known["external_contact"].get("name", "")
    remarks = {f["userid"]: f.get("remark") for f in known.get("follow_user", ())}
    own = str(remarks.get(staff) or "")
    if own not in ("", nickname, wanted["remark"]):
        raise Refused(_KEPT, f"员工已经自己写了备注“{own}”，不改", "externalcontact/remark")
    body = bodies.remark(staff, customer, name=wanted["remark"])
    await hand.call("externalcontact/remark", body)
    return {"remark": wanted["remark"]}


async def _refused(hand: Hand, error: Refused) -> Ended | None:
    return Ended("suppressed", error.message) if error.code == _KEPT else None


REMARK = Channel(
    prepare=as_it_stands,
    send=_put,
    learned=nothing_to_tell,
    reconcile=may_repeat,
    refused=_refused,
    gave_up=nothing_to_tell,
    tries=20,
)
