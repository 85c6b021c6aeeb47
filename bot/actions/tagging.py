"""Put tags on a customer, through the member of staff who knows them."""

from collections.abc import Sequence
from dataclasses import replace

from bot.context import Context
from bot.model import Outgoing
from bot.store.log import line


def tag_call(
    id: str, contact: str, staff: str, tags: Sequence[str], *, remove: Sequence[str] = ()
) -> Outgoing:
    """One mark_tag in the outbox; tags are "组/名". One customer's calls are made one by one."""
    body = {
        "userid": staff,
        "external_userid": contact,
        "add": list(tags),
        "remove": list(remove),
    }
    return Outgoing(id=id, kind="tag", body=body, subject=contact)


async def tag(
    ctx: Context, contact: str, staff: str, tags: Sequence[str], because: str, id: str
) -> None:
    """Tag a customer once under ``id``; nothing to do without tags."""
    if not tags:
        return
    now = ctx.now()
    await ctx.store.outbox.put([replace(tag_call(id, contact, staff, tags), due_at=now)])
    what = f"打标签“{'、'.join(tags)}”：{because}"
    await ctx.store.log.write([line(f"{id}:asked", [contact], now, what, staff=staff)])
    ctx.hints.ring("outbox")
