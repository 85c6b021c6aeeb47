"""The 入群欢迎语 a group's owner may select: made, changed or deleted, as it is wanted at the time.

WeCom has no list of these templates (P:92366). One whose making nobody was told of stays behind in
the company's library of 100; nobody is greeted by it, as no owner is asked to select it.
"""

from datetime import timedelta

from bot.crash import crash_point
from bot.model import GroupWelcome
from bot.sender import pictures, ways
from bot.sender.hand import Answer, Channel, Ended, Hand, may_repeat
from bot.wecom import bodies
from bot.wecom.bodies import Attachment, Message
from bot.wecom.errors import Busy, MediaGone, Misconfigured, Refused

_API = "externalcontact/group_welcome_template"
_WAYS = "externalcontact/add_contact_way", "externalcontact/del_contact_way"
_SECONDS = 6.0
_NOT_WANTED = -410  # ours: another change has taken its place
_CARD_TITLE = "群主 {}"
_CARD_WORDS = "扫码加群主"


async def _wanted(hand: Hand) -> Answer:
    """What the welcome is to be now; an older change is not made any more."""
    row = await hand.ctx.store.group_welcomes.get(hand.row.about)
    if row is None or row.rev != hand.row.body["rev"]:
        raise Refused(_NOT_WANTED, "内容又变了，按新的来")
    return {"row": row, "message": await pictures.message(hand.ctx, row.message)}


async def _send(hand: Hand, ready: Answer) -> Answer:
    """Each step is noted before the next is made, so that none is made twice without need."""
    row: GroupWelcome = ready["row"]
    if not row.message:
        await _delete(hand, row)
        return {"template_id": ""}
    message: Message = ready["message"]
    if row.owner:
        message = _with_card(message, hand.row.body["name"], await _card(hand, row))
    try:
        return {"template_id": await _template(hand, row, message)}
    except MediaGone as error:
        parts = [{"msgtype": a.kind, a.kind: {"media_id": a.media_id}} for a in message.attachments]
        await pictures.forget(hand.ctx, {"attachments": parts})
        raise Busy(error.code, "a picture has expired: upload it again") from error


async def _template(hand: Hand, row: GroupWelcome, message: Message) -> str:
    """The one there is says the new words, so that no owner has to select it again."""
    known = row.template_id or str(hand.row.result.get("template_id") or "")
    if not known:
        answer = await hand.call(f"{_API}/add", bodies.group_welcome(message), _SECONDS)
        crash_point("group_welcomes.made")
        known = str(answer["template_id"])
        await hand.note(template_id=known)
        return known
    try:
        await hand.call(f"{_API}/edit", bodies.group_welcome(message, known), _SECONDS)
    except Refused as error:
        if await _is_there(hand, known):
            raise
        await hand.ctx.store.group_welcomes.lost(row.id, known)
        await hand.note(template_id="")
        raise Busy(error.code, "the template is gone in WeCom: make another") from error
    return known


async def _card(hand: Hand, row: GroupWelcome) -> str:
    """The address of the owner's own QR code; looked for before a second one is made."""
    if row.card_qr:
        return row.card_qr
    body = hand.row.body["body"]
    found = await ways.find(hand, body) if hand.again else None
    if found is None:
        attempt_at, now = hand.row.attempt_at, hand.ctx.now()
        if hand.again and attempt_at and now < attempt_at + ways.GIVE_UP_LOOKING:
            raise Busy(-1, "创建名片的结果不明，正在企业微信里查找", _WAYS[0])
        answer = await hand.call(_WAYS[0], body, _SECONDS)
        crash_point("group_welcomes.card")
        found = {"config_id": str(answer["config_id"]), "qr_code": str(answer.get("qr_code") or "")}
    welcomes = hand.ctx.store.group_welcomes
    await welcomes.card_made(row.id, found["config_id"], found["qr_code"])
    return str(found["qr_code"])


def _with_card(message: Message, owner: str, qr_code: str) -> Message:
    """The code as a link, which is all a welcome may carry beside its words."""
    title = _CARD_TITLE.format(owner)
    card = Attachment(kind="link", title=title, url=qr_code, picurl=qr_code, desc=_CARD_WORDS)
    return Message(text=message.text, attachments=(card,))


async def _delete(hand: Hand, row: GroupWelcome) -> None:
    """What is gone already need not be deleted."""
    if row.template_id:
        try:
            await hand.call(f"{_API}/del", {"template_id": row.template_id}, _SECONDS)
        except Refused:
            if await _is_there(hand, row.template_id):
                raise
    if row.card_id:
        try:
            await hand.call(_WAYS[1], {"config_id": row.card_id}, _SECONDS)
        except Refused as error:
            if error.code != ways.NO_SUCH_CODE:
                raise


async def _is_there(hand: Hand, template_id: str) -> bool:
    """WeCom does not document which code it answers for a template it does not have."""
    try:
        await hand.call(f"{_API}/get", {"template_id": template_id}, _SECONDS)
    except Misconfigured:  # we may not ask: that says nothing about the template
        raise
    except Refused:
        return False
    return True


async def _learned(hand: Hand, answer: Answer) -> None:
    welcomes, rev = hand.ctx.store.group_welcomes, int(hand.row.body["rev"])
    if answer["template_id"]:
        await welcomes.made(hand.row.about, rev, answer["template_id"])
    else:
        await welcomes.deleted(hand.row.about, rev)
    hand.ctx.hints.ring("group welcomes")


async def _refused(hand: Hand, error: Refused) -> Ended | None:
    """What we refused ourselves is not WeCom's failure."""
    return Ended("suppressed", error.message) if error.code == _NOT_WANTED else None


async def _gave_up(hand: Hand, ended: Ended) -> None:
    if ended.state != "suppressed":
        rev = int(hand.row.body["rev"])
        await hand.ctx.store.group_welcomes.troubled(hand.row.about, rev, ended.why)


GROUP_WELCOME = Channel(
    prepare=_wanted,
    send=_send,
    learned=_learned,
    reconcile=may_repeat,
    refused=_refused,
    gave_up=_gave_up,
    tries=10,
    ask_again=timedelta(seconds=10),
)
