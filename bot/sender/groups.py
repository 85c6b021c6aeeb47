"""What concerns one customer group: the QR code by which members join it."""

import contextlib

from bot.sender.hand import (
    Answer,
    Channel,
    Hand,
    as_it_stands,
    is_final,
    may_repeat,
    nothing_to_tell,
)
from bot.wecom.errors import Refused

_SECONDS = 8.0


async def _make(hand: Hand, body: Answer) -> Answer:
    """There is no list of join ways, so what was made is noted before anything else is asked."""
    config_id = str(hand.row.result.get("config_id") or "")
    if not config_id:
        answer = await hand.call("externalcontact/groupchat/add_join_way", body, _SECONDS)
        config_id = str(answer["config_id"])
        await hand.note(config_id=config_id)
    shown = await hand.call(
        "externalcontact/groupchat/get_join_way", {"config_id": config_id}, _SECONDS
    )
    return {
        "config_id": config_id,
        "qr_code": str(shown["join_way"].get("qr_code") or ""),
        "state": str(body.get("state") or ""),
    }


async def _made(hand: Hand, answer: Answer) -> None:
    """The group keeps one join way; seats that wait for it are looked at."""
    ctx, chat_id = hand.ctx, hand.row.about
    group = await ctx.store.groups.get(chat_id)
    known = (group.join_way if group else {}).get("config_id", "")
    if known and known != answer["config_id"]:
        orphan = {"config_id": answer["config_id"]}
        with contextlib.suppress(Refused):  # gone already
            await hand.call("externalcontact/groupchat/del_join_way", orphan, _SECONDS)
    else:
        await ctx.store.groups.join_way_made(chat_id, answer)
    await ctx.store.seats.wake_group(chat_id, ctx.now())


JOIN_WAY = Channel(
    prepare=as_it_stands,
    send=_make,
    learned=_made,
    reconcile=may_repeat,
    refused=is_final,
    gave_up=nothing_to_tell,
    tries=20,
)
