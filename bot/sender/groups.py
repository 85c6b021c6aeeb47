"""What concerns one customer group: the QR codes by which members join it or the next one."""

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
    """There is no list of join ways, so what was made is noted before anything else is asked.

    add_join_way, get_join_way, del_join_way: P:92229.
    """
    if "config_id" in body:
        await _delete(hand, str(body["config_id"]))
        return body
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


async def _delete(hand: Hand, config_id: str) -> None:
    with contextlib.suppress(Refused):  # gone already
        gone = {"config_id": config_id}
        await hand.call("externalcontact/groupchat/del_join_way", gone, _SECONDS)


async def _made(hand: Hand, answer: Answer) -> None:
    """The group keeps one of each kind; seats that wait for it are looked at."""
    ctx, chat_id, asked = hand.ctx, hand.row.about, hand.row.body
    if "config_id" in asked:
        await ctx.store.groups.next_way_gone(chat_id, str(asked["config_id"]))
        return
    opens, group = bool(asked.get("auto_create_room")), await ctx.store.groups.get(chat_id)
    way = (group.next_way if opens else group.join_way) if group else {}
    known = way.get("config_id", "")
    if known and known != answer["config_id"]:
        await _delete(hand, answer["config_id"])
    elif opens:
        named = answer | {"base": str(asked.get("room_base_name") or "")}
        await ctx.store.groups.next_way_made(chat_id, named)
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
