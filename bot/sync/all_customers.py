"""Compare every customer with WeCom, page by page; only who is not as we think is read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bot.context import Context
from bot.model import Contact, Staff
from bot.sync.contacts import masks, read_contact, shop_of, tag_names
from bot.sync.counts import Counts, each
from bot.wecom.errors import NotAContact, WeComError
from bot.wecom.paging import batches
from config.book import Book

_PAGE = 100
_LEAVERS_PAGE = 1000


@dataclass(slots=True)
class _Comparison:
    ctx: Context
    counts: Counts
    at: datetime
    book: Book
    staff: Mapping[str, Staff]
    names: Mapping[str, str]  # tag id → "组/名"
    read: set[str] = field(default_factory=set)  # nobody needs to be read twice
    listed: set[str] = field(default_factory=set)  # whom somebody who works here knows

    def derived(self, contact: Contact) -> Contact:
        """The customer with what follows from their friends."""
        shop = shop_of(contact, self.staff, self.book)
        return replace(contact, shop=shop, tags=tag_names(contact.relations, self.names))

    def is_stale(self, contact: Contact) -> bool:
        fresh = self.derived(contact)
        return contact.shop != fresh.shop or set(contact.tags) != set(fresh.tags)

    async def look_at(self, contact_ids: set[str]) -> None:
        fresh = contact_ids - self.read
        self.read |= fresh
        await each(fresh, self._read)

    async def _read(self, contact_id: str) -> None:
        self.counts.changed += 1
        try:
            await read_contact(self.ctx, contact_id, self.at)
        except NotAContact:
            return
        except WeComError as error:
            self.counts.note(contact_id, error)


async def _nobody(n: int) -> None:
    """Nobody watches."""


async def compare_customers(
    ctx: Context,
    followers: Sequence[str],
    counts: Counts,
    at: datetime,
    seen: Callable[[int], Awaitable[None]] = _nobody,
) -> None:
    """Everybody's customers, those of who has left included; ``seen``: of so many by now."""
    staff = {member.id: member for member in await ctx.store.staff.everybody()}
    book = (await ctx.releases.head()).book
    comparison = _Comparison(ctx, counts, at, book, staff, await ctx.store.tags.names())
    for n, follower in enumerate(followers, 1):
        await _customers_of(comparison, follower)
        await seen(n)
    await _of_leavers(comparison, set(staff) - set(followers))


async def _customers_of(here: _Comparison, staff: str) -> None:
    """batch/get_by_user: https://developer.work.weixin.qq.com/document/path/92994."""
    listed, odd = set[str](), set[str]()
    try:
        async for page in _pages(here.ctx, staff):
            rows = {row["external_contact"]["external_userid"]: row for row in page}
            known = await here.ctx.store.contacts.many(rows)
            odd |= {one for one, row in rows.items() if not _same(known.get(one), staff, row)}
            for contact in known.values():
                await _keep_derived(here, contact)
            listed.update(rows)
    except NotAContact:
        pass  # 84061 here: this member of staff has no customers at all
    except WeComError as error:
        here.counts.note(staff, error)
        return
    here.counts.contacts += len(listed)
    here.listed |= listed
    odd |= set(await here.ctx.store.contacts.of_staff(staff)) - listed
    await here.look_at(odd)


def _same(contact: Contact | None, staff: str, row: Mapping[str, Any]) -> bool:
    """Whether our copy says what this row of WeCom's says."""
    relation = contact.relation(staff) if contact else None
    if contact is None or relation is None or relation.lost:
        return False
    told = row["follow_info"]
    since = datetime.fromtimestamp(told.get("createtime", 0), UTC)
    return (
        row["external_contact"].get("name", "") in ("", contact.name)
        and set(relation.tags) == set(told.get("tag_id", ()))
        and relation.since == since
        and told.get("state", relation.state) == relation.state
        and relation.phones == masks(told)
    )


async def _keep_derived(here: _Comparison, contact: Contact) -> None:
    """What follows from the rest: tags as they are called now, and the shop of the newest friend.

    A member of staff who moved to another shop takes their customers along.
    """
    if not here.is_stale(contact):
        return
    old, seen = await here.ctx.store.contacts.read(contact.id)
    while old and here.is_stale(old):
        if await here.ctx.store.contacts.store(here.derived(old), seen):
            return
        old, seen = await here.ctx.store.contacts.read(contact.id)


async def _of_leavers(here: _Comparison, leavers: set[str]) -> None:
    """Who has left still has customers until somebody is given them; no other list names them.

    This one says who, and no more: whoever knows nobody else here is read each time.

    externalcontact/get_unassigned_list: https://developer.work.weixin.qq.com/document/path/92124.
    """
    waiting: dict[str, set[str]] = {}
    try:
        async for rows in batches(
            here.ctx.wecom,
            "externalcontact/get_unassigned_list",
            {"page_size": _LEAVERS_PAGE},
            "info",
        ):
            for row in rows:
                waiting.setdefault(row["handover_userid"], set()).add(row["external_userid"])
    except WeComError as error:
        here.counts.note("externalcontact/get_unassigned_list", error)
        return
    for leaver in sorted(leavers | set(waiting)):
        ours = set(await here.ctx.store.contacts.of_staff(leaver))
        theirs = waiting.get(leaver, set())
        await here.look_at((ours ^ theirs) | (theirs - here.listed))


async def _pages(ctx: Context, staff: str) -> AsyncIterator[list[dict[str, Any]]]:
    path = "externalcontact/batch/get_by_user"
    async for page in batches(
        ctx.wecom, path, {"userid_list": [staff], "limit": _PAGE}, "external_contact_list"
    ):
        yield page
