"""What goes to members of staff: cards, texts and the change of a card that was tapped."""

from datetime import timedelta
from zlib import crc32

from bot.sender.hand import (
    Answer,
    Channel,
    Ended,
    Hand,
    Later,
    Repeat,
    as_it_stands,
    is_final,
    may_repeat,
    nothing_to_tell,
)
from bot.sender.pictures import in_text
from bot.wecom.errors import AlreadySent, CardSpent, Refused

DUPLICATE_CHECK = timedelta(seconds=1800)
_MARGIN = timedelta(seconds=60)
_NOBODY = 81013


async def _send_to_staff(hand: Hand, body: Answer) -> Answer:
    answer = await hand.call("message/send", body)
    lost = {name.lower() for name in str(answer.get("invaliduser") or "").split("|") if name}
    wanted = {name.lower() for name in str(body.get("touser", "")).split("|") if name}
    if wanted and wanted <= lost:
        raise Refused(_NOBODY, "invaliduser", "message/send")
    return answer


# ---- cards --------------------------------------------------------------------------------------


async def _card_arrived(hand: Hand, answer: Answer) -> None:
    row = hand.row
    if row.about:
        code = str(answer.get("response_code") or "")
        await hand.ctx.store.tasks.delivered(row.about, code, hand.ctx.now())


async def _card_refused(hand: Hand, error: Refused) -> Ended | None:
    """ "taskid has existed": the send whose answer we lost was carried out.

    Its response_code is lost with the answer; the next tap brings a new one.
    """
    if not isinstance(error, AlreadySent):
        return None
    await _card_arrived(hand, {})
    return Ended("sent")


CARD = Channel(
    prepare=as_it_stands,
    send=_send_to_staff,
    learned=_card_arrived,
    reconcile=may_repeat,
    refused=_card_refused,
    gave_up=nothing_to_tell,
)


# ---- texts --------------------------------------------------------------------------------------


async def _text_body(hand: Hand) -> Answer:
    """Checked by WeCom for repeats, which are the same bytes within the interval.

    Rows that happen to say the same are no repeats, so each has an interval of its own.
    """
    interval = int(DUPLICATE_CHECK.total_seconds()) + crc32(hand.row.id.encode()) % 1800
    body = await in_text(hand.ctx, hand.row.body)
    return {**body, "enable_duplicate_check": 1, "duplicate_check_interval": interval}


async def _text_again(hand: Hand) -> Repeat | Ended | Later:
    row, now = hand.row, hand.ctx.now()
    if row.attempt_at and now < row.attempt_at + DUPLICATE_CHECK - _MARGIN:
        return "repeat"
    return Ended("unknown", "发送结果不明：企业微信没有应答，再发可能重复，请向员工确认是否收到")


TEXT = Channel(
    prepare=_text_body,
    send=_send_to_staff,
    learned=nothing_to_tell,
    reconcile=_text_again,
    refused=is_final,
    gave_up=nothing_to_tell,
    tries=8,
)


# ---- the tick on a tapped card ------------------------------------------------------------------


async def _tick(hand: Hand, body: Answer) -> Answer:
    return await hand.call("message/update_template_card", body)


async def _tick_refused(hand: Hand, error: Refused) -> Ended | None:
    """A response_code works once: spent after a lost answer means that it worked."""
    return Ended("sent") if isinstance(error, CardSpent) and hand.again else None


TICK = Channel(
    prepare=as_it_stands,
    send=_tick,
    learned=nothing_to_tell,
    reconcile=may_repeat,
    refused=_tick_refused,
    gave_up=nothing_to_tell,
    tries=6,
)
