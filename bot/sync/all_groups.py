"""Compare every customer group with WeCom: who is in it, what it is called, whose it is."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bot.context import Context
from bot.store.log import line
from bot.sync.counts import Counts, each
from bot.sync.groups import NO_SUCH_CHAT, read_group
from bot.wecom.errors import Misconfigured, Refused, WeComError
from bot.wecom.paging import batches

OWNER_NEEDED = 81017
_OWNERS, _PAGE = 100, 1000
_LIST = "externalcontact/groupchat/list"


async def compare_groups(
    ctx: Context, followers: Sequence[str], counts: Counts, at: datetime
) -> None:
    """Read each group WeCom lists, and each we know that it does not: that one may be dismissed.

    The groups of who has left are listed by their old owner: externalcontact/groupchat/list,
    https://developer.work.weixin.qq.com/document/path/92120.
    """
    known = {group.id for group in await ctx.store.groups.all()}
    try:
        listed = await _listed(ctx, followers, counts)
    except Misconfigured as error:  # 48002: each group would be refused like the list
        counts.note(_LIST, error)
        return
    await each(known | listed, lambda chat: _compare(ctx, chat, counts, at))


async def _compare(ctx: Context, chat_id: str, counts: Counts, at: datetime) -> None:
    try:
        await read_group(ctx, chat_id, at)
    except Refused as error:
        if error.code != NO_SUCH_CHAT:
            counts.note(chat_id, error)
        elif await ctx.store.groups.dismissed(chat_id):
            counts.changed += 1
            await ctx.store.log.write([line(f"dismissed:{chat_id}", [chat_id], at, "群已解散")])
    except WeComError as error:
        counts.note(chat_id, error)
    else:
        counts.groups += 1


async def _listed(ctx: Context, followers: Sequence[str], counts: Counts) -> set[str]:
    """All groups in one list; where WeCom wants the owners named (81017), those of each of them."""
    try:
        return await _of(ctx, {})
    except Misconfigured:
        raise
    except WeComError as error:
        if error.code != OWNER_NEEDED:
            counts.note(_LIST, error)
    owners = sorted({*followers, *(group.owner for group in await ctx.store.groups.all())})
    found: set[str] = set()
    for some in _hundreds(owners):
        try:
            found |= await _of(ctx, {"owner_filter": {"userid_list": some}})
        except WeComError as error:
            counts.note(_LIST, error)
    return found


async def _of(ctx: Context, whose: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    async for rows in batches(ctx.wecom, _LIST, {**whose, "limit": _PAGE}, "group_chat_list"):
        found |= {row["chat_id"] for row in rows}
    return found


def _hundreds(owners: Iterable[str]) -> list[list[str]]:
    named = [owner for owner in owners if owner]
    return [named[start : start + _OWNERS] for start in range(0, len(named), _OWNERS)]
