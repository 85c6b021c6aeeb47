"""The QR code of a customer group (进群码): asked for once a day at most, whoever wants it.

add_join_way makes another code each time it is called (P:92229), so its call has an id and a
serial made of the group, and a group that has a code keeps it.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.context import Context
from bot.model import Group, Outgoing
from bot.playbook.hours import Hours
from bot.wecom import bodies

Kind = Literal["join_way", "next_way"]


async def ask(ctx: Context, group: Group) -> None:
    """The group is to have a code of its own; whoever asks twice gets the same one."""
    if group.join_way:
        return
    hours = Hours.of((await ctx.releases.head()).book)
    await ctx.store.outbox.put([own(group, group.theme or group.name, ctx.now(), hours.tz)])
    ctx.hints.ring("outbox")


async def asked(ctx: Context, group: Group) -> Outgoing | None:
    """Today's call for the group's own code; None when nobody has asked today."""
    hours = Hours.of((await ctx.releases.head()).book)
    return await ctx.store.outbox.get(_id("join_way", group.id, ctx.now(), hours.tz))


def own(group: Group, remark: str, now: datetime, tz: ZoneInfo) -> Outgoing:
    """The call that makes the group's own code."""
    body = bodies.add_join_way([group.id], state("join_way", group.id), remark)
    return call("join_way", group.id, body, now, tz)


def state(kind: Kind, chat: str) -> str:
    """It comes back with every member who used the code: which one brought whom."""
    return "q" + hashlib.sha256(f"{kind}:{chat}".encode()).hexdigest()[:20]


def call(kind: Kind, chat: str, body: Mapping[str, Any], now: datetime, tz: ZoneInfo) -> Outgoing:
    """One that failed is tried anew the next day."""
    return Outgoing(
        id=_id(kind, chat, now, tz),
        kind="join_way",
        serial=f"{kind}:{chat}",
        body=dict(body),
        about=chat,
        due_at=now,
    )


def _id(kind: Kind, chat: str, now: datetime, tz: ZoneInfo) -> str:
    return f"{kind}:{chat}:{now.astimezone(tz):%Y-%m-%d}"
