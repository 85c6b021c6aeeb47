"""Keep our copy of a customer group: by the change WeCom tells, or by reading it whole."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.context import Context
from bot.model import Fact, Group
from bot.wecom.errors import Busy
from config.book import Book

STAFF, CUSTOMER = 1, 2
NO_SUCH_CHAT = 40050
HISTORY = 500  # joins and leaves remembered by their time
_TRIES = 5
_CUSTOMERS = ("wm", "wo")
# QuitScene: https://developer.work.weixin.qq.com/document/path/92130
_WHY_LEFT: Mapping[int | None, str] = {0: "自己退群", 1: "被移出群"}


async def read_group(
    ctx: Context, chat_id: str, at: datetime, *, new_since: datetime | None = None
) -> Group:
    """Our copy is what WeCom says now; who came and left since our last look is news of ``at``.

    Of a group seen for the first time, only who came after ``new_since`` is news.
    """
    for _ in range(_TRIES):
        old, seen = await ctx.store.groups.read(chat_id)
        answer = await ctx.wecom.call("externalcontact/groupchat/get", {"chat_id": chat_id})
        group, news = merged(old, answer["group_chat"], at=at, new_since=new_since)
        group = await _placed(ctx, group)
        if await ctx.store.groups.store(group, seen, news):
            return group
    raise Busy(-1, f"{chat_id} changes faster than it can be read", "groupchat/get")


async def apply_delta(
    ctx: Context,
    chat_id: str,
    *,
    joined: bool,
    members: Iterable[str],
    scene: int | None,
    versions: tuple[str, str],
    at: datetime,
) -> bool:
    """Apply a change that follows on our copy; False when it does not, so read the group.

    ``scene`` is how they joined or left, as WeCom numbers it.
    """
    last, current = versions
    old, seen = await ctx.store.groups.read(chat_id)
    if old is None or not last or old.version not in (last, current):
        return False
    if old.version == current:
        return True  # told before; what was not yet done about it is among the group's news
    staff = await ctx.store.staff.many(members)
    if any(_is_unheard_of(member) for member in members if member not in staff):
        return False
    group, news = changed(old, members, set(staff), joined=joined, scene=scene, at=at)
    news = [replace(fact, id=f"{fact.id}:{current}") for fact in news]
    return await ctx.store.groups.store(replace(group, version=current), seen, news)


def _is_unheard_of(member: str) -> bool:
    """A member of staff nobody told us of: ids of customers begin with wm or wo."""
    return not member.startswith(_CUSTOMERS)


async def place_groups(ctx: Context) -> int:
    """Give every known group the theme, capacity and shop the live release says."""
    placed = 0
    for group in await ctx.store.groups.all():
        now = await _placed(ctx, group)
        if now != group:
            await ctx.store.groups.place(group.id, theme=now.theme, cap=now.cap, shop=now.shop)
            placed += 1
    return placed


def merged(
    old: Group | None, answer: Mapping[str, Any], *, at: datetime, new_since: datetime | None
) -> tuple[Group, list[Fact]]:
    """Our copy after reading the group whole, and who came and left since."""
    roster = {member["userid"]: _member(member) for member in answer.get("member_list", ())}
    version = answer.get("member_version", "")
    before = old or Group(id=answer["chat_id"])
    came = {m: who for m, who in roster.items() if m not in before.roster and _is_customer(who)}
    if old is None:
        came = {m: who for m, who in came.items() if new_since and who["at"] >= new_since}
    gone = [m for m, who in before.roster.items() if m not in roster and _is_customer(who)]
    group = replace(
        before,
        name=answer.get("name", ""),
        owner=answer.get("owner", ""),
        open=True,
        members=len(roster),
        roster=roster,
        version=version,
        joined=(*before.joined, *(who["at"] for who in came.values()))[-HISTORY:],
        left=(*before.left, *(at for _ in gone))[-HISTORY:],
    )
    mark = version or at.isoformat()
    joins = [_join(group.id, m, who["at"], who["state"], mark) for m, who in came.items()]
    return group, [*joins, *(_leave(group.id, m, at, mark) for m in gone)]


def changed(
    old: Group,
    members: Iterable[str],
    staff: set[str],
    *,
    joined: bool,
    scene: int | None,
    at: datetime,
) -> tuple[Group, list[Fact]]:
    """Our copy after some came or left; facts still lack the version at the end of their id."""
    roster, news = dict(old.roster), list[Fact]()
    for member in members:
        if joined and member not in roster:
            kind = STAFF if member in staff else CUSTOMER
            roster[member] = {"type": kind, "at": at, "state": "", "scene": scene or 0}
            if kind == CUSTOMER:
                news.append(_join(old.id, member, at, "", ""))
        elif not joined and (who := roster.pop(member, None)) and _is_customer(who):
            news.append(_leave(old.id, member, at, "", _WHY_LEFT.get(scene, "")))
    times = tuple(fact.at for fact in news)
    group = replace(old, roster=roster, members=len(roster))
    if joined:
        group = replace(group, joined=(*old.joined, *times)[-HISTORY:])
    else:
        group = replace(group, left=(*old.left, *times)[-HISTORY:])
    return group, news


async def _placed(ctx: Context, group: Group) -> Group:
    book: Book = (await ctx.releases.head()).book
    theme = book.theme_of_group(group.id, group.name)
    owner = await ctx.store.staff.get(group.owner)
    shop = book.team.shop_of(owner.departments) if owner else None
    return replace(
        group,
        theme=theme.name if theme else "",
        cap=theme.capacity if theme else 0,
        shop=shop or "",
    )


def _member(member: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": member.get("type", CUSTOMER),
        "at": datetime.fromtimestamp(member.get("join_time", 0), UTC),
        "state": member.get("state", ""),
        "scene": member.get("join_scene", 0),
    }


def _is_customer(who: Mapping[str, Any]) -> bool:
    return bool(who["type"] == CUSTOMER)


def _join(chat_id: str, member: str, at: datetime, state: str, mark: str) -> Fact:
    return _moved("join", chat_id, member, at, mark, {"chat": chat_id, "state": state})


def _leave(chat_id: str, member: str, at: datetime, mark: str, why: str = "") -> Fact:
    return _moved("leave", chat_id, member, at, mark, {"chat": chat_id, "why": why})


def _moved(
    what: str, chat_id: str, member: str, at: datetime, mark: str, data: dict[str, Any]
) -> Fact:
    parts = [what, member, chat_id, mark] if mark else [what, member, chat_id]
    return Fact(id=":".join(parts), keys=(), subject=member, at=at, source="wecom", data=data)
