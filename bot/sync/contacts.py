"""Read one customer from WeCom and remember what is new about them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.context import Context
from bot.model import Contact, Fact, Relation, Staff
from bot.playbook import keys
from bot.playbook.happenings import tagged, untagged
from bot.playbook.masking import masked
from bot.wecom.client import TIMEOUT_SECONDS
from bot.wecom.errors import Busy, NotAContact
from config.book import Book

# WeCom shows a new friendship a moment after it has told us; until then absence means nothing.
SETTLED = timedelta(minutes=5)
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What externalcontact/get said, all pages together."""

    name: str
    kind: int
    friends: tuple[Relation, ...]
    tag_names: Mapping[str, str]  # id → "组/名"


NOBODYS = Reading("", 1, (), {})


async def read_contact(
    ctx: Context, contact_id: str, at: datetime, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> Contact:
    """Our copy is what WeCom says now; tags new since our last look are facts of ``at``.

    Raises NotAContact when they are nobody's customer, or not yet confirmed.
    """
    for _ in range(_TRIES):
        old, seen = await ctx.store.contacts.read(contact_id)
        try:
            reading = await _ask(ctx, contact_id, timeout_seconds)
        except NotAContact:
            if old:
                await _keep(ctx, contact_id, old, seen, NOBODYS, at)
            raise
        if contact := await _keep(ctx, contact_id, old, seen, reading, at):
            return contact
    raise Busy(-1, f"{contact_id} changes faster than it can be read", "externalcontact/get")


async def _keep(
    ctx: Context, contact_id: str, old: Contact | None, seen: int, reading: Reading, at: datetime
) -> Contact | None:
    """None when somebody changed our copy while we were reading."""
    known = old or Contact(id=contact_id)
    names = {**await ctx.store.tags.names(), **reading.tag_names}
    contact, news = merged(known, reading, names, at=at, now=ctx.now())
    staff = await ctx.store.staff.many(r.staff for r in contact.relations)
    contact = replace(contact, shop=shop_of(contact, staff, (await ctx.releases.head()).book))
    return contact if await ctx.store.contacts.store(contact, seen, news) else None


async def _ask(ctx: Context, contact_id: str, timeout_seconds: float) -> Reading:
    friends, names, person = list[Relation](), dict[str, str](), dict[str, Any]()
    async for answer in _pages(ctx, contact_id, timeout_seconds):
        for follower in answer.get("follow_user", ()):
            friends.append(_relation(follower))
            names |= _tag_names(follower)
        person = answer["external_contact"]
    return Reading(person.get("name", ""), person.get("type", 1), tuple(friends), names)


async def phones_of(ctx: Context, contact_id: str) -> tuple[str, ...]:
    """The whole numbers staff noted (remark_mobiles, P:92114), asked of WeCom and not kept.

    Raises NotAContact when they are nobody's customer any more.
    """
    noted: dict[str, None] = {}
    async for answer in _pages(ctx, contact_id, TIMEOUT_SECONDS):
        for follower in answer.get("follow_user", ()):
            noted |= dict.fromkeys(follower.get("remark_mobiles", ()))
    return tuple(noted)


async def _pages(
    ctx: Context, contact_id: str, timeout_seconds: float
) -> AsyncIterator[Mapping[str, Any]]:
    """Followers come in pages of 500."""
    params = {"external_userid": contact_id}
    while True:
        answer = await ctx.wecom.call(
            "externalcontact/get", params=params, timeout_seconds=timeout_seconds
        )
        yield answer
        if not (cursor := answer.get("next_cursor")):
            return
        params = {"external_userid": contact_id, "cursor": cursor}


def merged(
    old: Contact, reading: Reading, names: Mapping[str, str], *, at: datetime, now: datetime
) -> tuple[Contact, list[Fact]]:
    """Our copy after a reading, and what happened since the copy was made."""
    listed = {friend.staff: friend for friend in reading.friends}
    relations: list[Relation] = []
    news: list[Fact] = []
    bare: list[tuple[str, str]] = []
    for known in old.relations:
        friend = listed.pop(known.staff, None)
        relations.append(_still(known, friend, now))
        if friend and not known.lost:
            fresh = [names[t] for t in friend.tags if t not in known.tags and t in names]
            news += [tagged(old.id, tag, known.staff, at, "wecom") for tag in fresh]
            gone = [names[t] for t in known.tags if t not in friend.tags and t in names]
            bare += [(tag, known.staff) for tag in gone]
        elif relations[-1].lost and not known.lost:
            news.append(parted(old.id, known.staff, "by_staff", at))
    relations += listed.values()
    tags = tag_names(relations, names)
    news += [untagged(old.id, tag, by, at, "wecom") for tag, by in bare if tag not in tags]
    contact = replace(
        old,
        name=reading.name or old.name,
        kind=reading.kind,
        relations=tuple(relations),
        tags=tags,
    )
    return contact, news


def parted(contact_id: str, staff: str, how: str, at: datetime) -> Fact:
    """The fact that a customer and a member of staff are no longer friends."""
    return Fact(
        id=f"lost:{contact_id}:{staff}:{at.isoformat()}",
        keys=(keys.lost(contact_id, staff),),
        subject=contact_id,
        at=at,
        source="wecom",
        data={"staff": staff, "how": how},
    )


def tag_names(relations: Iterable[Relation], names: Mapping[str, str]) -> tuple[str, ...]:
    """The tags ("组/名") anybody who is their friend has given them."""
    worn = {names[t]: None for r in relations if not r.lost for t in r.tags if t in names}
    return tuple(worn)


def shop_of(contact: Contact, staff: Mapping[str, Staff], book: Book) -> str:
    """The channel's shop, else that of the member of staff; the newest friend decides."""
    for relation in sorted(contact.relations, key=lambda r: r.since, reverse=True):
        if relation.lost:
            continue
        if (channel := book.channels.get(relation.state)) and channel.shop:
            return channel.shop
        member = staff.get(relation.staff)
        if member and (shop := book.team.shop_of(member.departments)):
            return shop
    return ""


def _still(known: Relation, friend: Relation | None, now: datetime) -> Relation:
    if friend is None:
        settled = (known.version or known.since) < now - SETTLED
        return replace(known, lost="by_staff") if settled and not known.lost else known
    if _stays_lost(known, friend, now):
        return known
    again = friend.since - known.since > SETTLED  # lost and found: what brought them then is over
    state = friend.state or ("" if again else known.state)
    return replace(friend, state=state, version=known.version)


def _stays_lost(known: Relation, friend: Relation, now: datetime) -> bool:
    """WeCom goes on listing a customer who deleted the member of staff.

    One whom staff deleted or gave away it lists no longer than it takes to settle; so is one who
    had only been added half (that looked like a loss) and is a friend now.
    """
    if not known.lost or not known.version or friend.since > known.version:
        return False
    return known.lost == "by_customer" or known.version > now - SETTLED


def _relation(follower: Mapping[str, Any]) -> Relation:
    return Relation(
        staff=follower["userid"],
        since=datetime.fromtimestamp(follower.get("createtime", 0), UTC),
        state=follower.get("state", ""),
        tags=tuple(tag["tag_id"] for tag in _corp_tags(follower)),
        phones=masks(follower),
    )


def masks(follower: Mapping[str, Any]) -> tuple[str, ...]:
    """The phone numbers a member of staff noted, as far as we keep them."""
    return tuple(masked(phone) for phone in follower.get("remark_mobiles", ()) if phone)


def _tag_names(follower: Mapping[str, Any]) -> dict[str, str]:
    return {tag["tag_id"]: f"{tag['group_name']}/{tag['tag_name']}" for tag in _corp_tags(follower)}


def _corp_tags(follower: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Personal tags (type 2) have no id and are nobody else's business."""
    return [tag for tag in follower.get("tags", ()) if tag.get("tag_id")]
