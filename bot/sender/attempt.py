"""One attempt at one row: ready → sending → its end, every write under the lease's token."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from prometheus_client import Counter

from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing
from bot.sender.customers import TAG, WELCOME
from bot.sender.group_welcomes import GROUP_WELCOME
from bot.sender.groups import JOIN_WAY
from bot.sender.hand import IN_DOUBT, Channel, Ended, Hand, Later, NotOurs, OutOfTime
from bot.sender.links import ACQUISITION_LINK
from bot.sender.mass import CANCEL, MASS, REMIND
from bot.sender.moments import MOMENT, MOMENT_CANCEL
from bot.sender.remarks import REMARK
from bot.sender.staff import CARD, TEXT, TICK
from bot.sender.ways import CONTACT_WAY
from bot.sender.words import UNTOLD, log_line, refusal
from bot.store.due import LEASE_SECONDS
from bot.store.outbox import Occupied
from bot.wecom.errors import Busy, OutcomeUnknown, Paced, Refused

log = logging.getLogger(__name__)

OUTBOX = Counter("qunce_outbox", "Calls in the outbox and what became of them", ["kind", "outcome"])

CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {
        "card": CARD,
        "text": TEXT,
        "tick": TICK,
        "welcome": WELCOME,
        "tag": TAG,
        "remark": REMARK,
        "contact_way": CONTACT_WAY,
        "join_way": JOIN_WAY,
        "group_welcome": GROUP_WELCOME,
        "acquisition_link": ACQUISITION_LINK,
        "mass": MASS,
        "remind": REMIND,
        "cancel": CANCEL,
        "moment": MOMENT,
        "moment_cancel": MOMENT_CANCEL,
    }
)
_PAUSES = tuple(timedelta(seconds=s) for s in (1, 2, 5, 15, 60, 180, 600, 1800))
_OCCUPIED = timedelta(seconds=1)
_CRASHES = 5  # attempts that may end without us noting how


@dataclass(frozen=True, slots=True)
class Again:
    """The row waits; ``paced``: so would any other call to the same person."""

    at: datetime
    paced: bool = False


async def attempt(ctx: Context, owner: str, row: Outgoing) -> Again | None:
    """Bring a leased row as far as possible; when it is tried again, None if it ended."""
    again = row.state == "sending"
    hand = Hand(ctx, owner, replace(row, attempts=row.attempts + 1), again=again)
    channel = CHANNELS[row.kind]
    try:
        return await _settle(hand, channel, await _outcome(hand, channel))
    except NotOurs:
        OUTBOX.labels(row.kind, "taken over").inc()
        return None
    except Occupied:
        return await _later(hand, ctx.now() + _OCCUPIED, "同一客户的另一次修改正在进行", free=True)
    except OutOfTime:
        return await _later(hand, ctx.now(), "本次租约剩余时间不够，重新排队", free=True)
    except Paced as error:
        why = f"频率限制，{error.until:%m-%d %H:%M:%S} UTC 之后再发"
        await _later(hand, error.until, why, free=True)
        return Again(error.until, paced=True)
    except OutcomeUnknown as error:
        return await _unknown(hand, channel, error)
    except Busy as error:
        return await _busy(hand, channel, error)
    except Refused as error:
        known = await channel.refused(hand, error)
        # refused this time; but an attempt before, whose answer was lost, may have been carried out
        doubt = {IN_DOUBT: True} if hand.again else {}
        return await _settle(hand, channel, known or Ended("failed", refusal(error), doubt))


async def _outcome(hand: Hand, channel: Channel) -> Ended | Later:
    """What became of it; a WeComError when WeCom did not do it, or did not say."""
    row, ctx = hand.row, hand.ctx
    if row.attempts > channel.tries + _CRASHES:
        return Ended("unknown" if hand.again else "failed", "反复出错，已停止重试，请查看日志")
    if hand.again:
        OUTBOX.labels(row.kind, "reconciled").inc()
        known = await channel.reconcile(hand)
        if isinstance(known, Ended | Later):
            return known
        hand.again = known == "repeat"
    if row.expires_at and row.expires_at <= ctx.now():
        if hand.again:
            return Ended("unknown", "上次发送结果不明，时效已过，不再重发")
        return Ended("expired", "时效已过")
    try:
        body = await channel.prepare(hand)
    except (ValueError, KeyError) as error:  # TooMuch among them: nothing was sent
        log.exception("outbox %s cannot be sent", row.id)
        return Ended("failed", f"内容无法发送：{error}")
    await _start(hand)
    answer = await channel.send(hand, body)
    crash_point("sender.after_call")
    await channel.learned(hand, answer)
    return Ended("sent", result=_kept(answer))


async def _start(hand: Hand) -> None:
    """The deadline is taken before the write that renews the lease, never after."""
    row, ctx = hand.row, hand.ctx
    attempt_at = row.attempt_at if hand.again and row.attempt_at else ctx.now()
    hand.deadline = time.monotonic() + LEASE_SECONDS
    if not await ctx.store.outbox.start(hand.owner, row, attempt_at):
        raise NotOurs
    hand.row = replace(row, attempt_at=attempt_at)
    crash_point("sender.before_call")


def _kept(answer: Mapping[str, object]) -> dict[str, object]:
    """What of an answer is worth keeping."""
    noise = ("errcode", "errmsg", "invaliduser", "invalidparty", "invalidtag", "unlicenseduser")
    return {name: value for name, value in answer.items() if name not in noise}


# ---- what comes of it ---------------------------------------------------------------------------


async def _settle(hand: Hand, channel: Channel, outcome: Ended | Later) -> Again | None:
    if isinstance(outcome, Later):
        return await _later(hand, outcome.at, outcome.why, state="sending", free=True)
    if outcome.state != "sent":
        await channel.gave_up(hand, outcome)
    row, ctx = hand.row, hand.ctx
    ours = await ctx.store.outbox.end(
        hand.owner, row.id, outcome.state, error=outcome.why, result=outcome.result
    )
    crash_point("sender.after_sent")
    OUTBOX.labels(row.kind, outcome.state if ours else "taken over").inc()
    if ours and (outcome.state != "sent" or row.kind not in UNTOLD):
        await ctx.store.log.write([log_line(row, outcome, ctx.now())])
    if outcome.state != "sent":
        log.warning("outbox %s %s: %s", row.id, outcome.state, outcome.why)
    return None


async def _later(
    hand: Hand,
    at: datetime,
    why: str,
    *,
    state: Literal["ready", "sending"] | None = None,
    free: bool = False,
) -> Again:
    """``free``: it does not count as an attempt, WeCom was not really asked."""
    await hand.ctx.store.outbox.later(
        hand.owner,
        hand.row,
        at,
        state=state or ("sending" if hand.again else "ready"),
        error=why,
        attempts=max(hand.row.attempts - 1, 0) if free else hand.row.attempts,
    )
    OUTBOX.labels(hand.row.kind, "later").inc()
    return Again(at)


async def _unknown(hand: Hand, channel: Channel, error: OutcomeUnknown) -> Again | None:
    """It stays sending: what is done next depends on what can be found out."""
    if hand.row.attempts >= channel.tries:
        why = f"发送结果不明：{error.message}，已试 {hand.row.attempts} 次"
        return await _settle(hand, channel, Ended("unknown", why))
    at = hand.ctx.now() + max(channel.ask_again, _pause(hand.row.attempts))
    return await _later(hand, at, f"没有应答：{error.message}", state="sending")


async def _busy(hand: Hand, channel: Channel, error: Busy) -> Again | None:
    if hand.row.attempts >= channel.tries:
        why = f"企业微信一直繁忙：{error.message}（{error.code}），已试 {hand.row.attempts} 次"
        return await _settle(hand, channel, Ended("unknown" if hand.again else "failed", why))
    return await _later(hand, hand.ctx.now() + _pause(hand.row.attempts), refusal(error))


def _pause(attempts: int) -> timedelta:
    return _PAUSES[min(attempts, len(_PAUSES)) - 1]
