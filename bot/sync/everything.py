"""Compare everything with WeCom: at the start, and every night for what no callback told us."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.context import Context
from bot.sync.contacts import read_contact
from bot.sync.groups import read_group
from bot.sync.staff import read_staff
from bot.sync.tags import read_tags
from bot.wecom.errors import NotAContact, WeComError

log = logging.getLogger(__name__)

AT_ONCE = 8
_PAGE = 100
_GROUPS_PAGE = 1000


@dataclass(slots=True)
class Counts:
    """What a sync saw, what of it was not as we thought, and what could not be read."""

    staff: int = 0
    tags: int = 0
    groups: int = 0
    contacts: int = 0
    changed: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)

    def note(self, what: str, error: Exception) -> None:
        self.failed += 1
        if len(self.problems) < 20:
            self.problems.append(f"{what}: {error}")


async def sync_everything(ctx: Context) -> Counts:
    """One bad item is counted and passed over. What is news is kept, and told by whoever asked."""
    counts, at = Counts(), ctx.now()
    followers = await _followers(ctx, counts)
    await _groups(ctx, followers, counts, at)
    for staff in followers:
        await _customers_of(ctx, staff, counts, at)
    log.info("synced: %s", counts, extra={"action": "sync"})
    return counts


async def _followers(ctx: Context, counts: Counts) -> Sequence[str]:
    """Staff first: shops, owners and customers depend on them. Without them there is no sync."""
    counts.staff = len(await read_staff(ctx))
    counts.tags = await read_tags(ctx)
    answer = await ctx.wecom.call("externalcontact/get_follow_user_list")
    return list(answer.get("follow_user", ()))


async def _groups(ctx: Context, owners: Sequence[str], counts: Counts, at: datetime) -> None:
    known, listed = {group.id for group in await ctx.store.groups.all()}, set[str]()
    whole = True
    for start in range(0, len(owners), _PAGE):
        try:
            async for chat in _chats(ctx, owners[start : start + _PAGE]):
                listed.add(chat)
        except WeComError as error:
            counts.note("groupchat/list", error)
            whole = False
    await _all(listed, lambda chat: _read_group(ctx, chat, counts, at))
    for chat in known - listed if whole else ():
        counts.changed += await ctx.store.groups.dismissed(chat)


async def _customers_of(ctx: Context, staff: str, counts: Counts, at: datetime) -> None:
    """Compare page by page; only who is not as we think is read one by one."""
    listed, odd = set[str](), set[str]()
    try:
        async for page in _pages(ctx, staff):
            ids = [row["external_contact"]["external_userid"] for row in page]
            known = await ctx.store.contacts.many(ids)
            for contact_id, row in zip(ids, page, strict=True):
                contact = known.get(contact_id)
                relation = contact.relation(staff) if contact else None
                tags = set(row["follow_info"].get("tag_id", ()))
                if relation is None or relation.lost or set(relation.tags) != tags:
                    odd.add(contact_id)
            listed.update(ids)
    except NotAContact:
        pass  # 84061 here: this member of staff has no customers at all
    except WeComError as error:
        counts.note(staff, error)
        return
    counts.contacts += len(listed)
    odd |= set(await ctx.store.contacts.of_staff(staff)) - listed
    await _all(odd, lambda contact: _read_contact(ctx, contact, counts, at))


async def _read_group(ctx: Context, chat_id: str, counts: Counts, at: datetime) -> None:
    try:
        await read_group(ctx, chat_id, at)
    except WeComError as error:
        counts.note(chat_id, error)
    else:
        counts.groups += 1


async def _read_contact(ctx: Context, contact_id: str, counts: Counts, at: datetime) -> None:
    counts.changed += 1
    try:
        await read_contact(ctx, contact_id, at)
    except NotAContact:
        return
    except WeComError as error:
        counts.note(contact_id, error)


async def _chats(ctx: Context, owners: Sequence[str]) -> AsyncIterator[str]:
    """Asked per owner: with more than 1,000 members an unfiltered list is refused (81017)."""
    body: dict[str, Any] = {"owner_filter": {"userid_list": list(owners)}, "limit": _GROUPS_PAGE}
    while True:
        answer = await ctx.wecom.call("externalcontact/groupchat/list", body)
        for chat in answer.get("group_chat_list", ()):
            yield chat["chat_id"]
        if not (cursor := answer.get("next_cursor")):
            return
        body = {**body, "cursor": cursor}


async def _pages(ctx: Context, staff: str) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """A page may be short or empty; only an empty cursor is the end."""
    body: dict[str, Any] = {"userid_list": [staff], "limit": _PAGE}
    while True:
        answer = await ctx.wecom.call("externalcontact/batch/get_by_user", body)
        yield answer.get("external_contact_list", ())
        if not (cursor := answer.get("next_cursor")):
            return
        body = {**body, "cursor": cursor}


async def _all(ids: Iterable[str], do: Callable[[str], Awaitable[None]]) -> None:
    """A few at a time, in a fixed order."""
    waiting = sorted(ids, reverse=True)

    async def hand() -> None:
        while waiting:
            await do(waiting.pop())

    async with asyncio.TaskGroup() as hands:
        for _ in range(min(AT_ONCE, len(waiting))):
            hands.create_task(hand())
