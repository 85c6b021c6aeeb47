"""获客助手: people follow a link, become friends, write; WeCom counts and tells the bot."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from simulator import contacts, notices
from simulator.company import Link, LinkFriend, Relation
from simulator.refusal import Refusal
from simulator.simulation import Simulation

CHANNEL_BYTES = 64  # of customer_channel; what is longer is cut
LOW = 20
CHAT_KEY_MINUTES = 30


def link_of(sim: Simulation, name: str) -> Link:
    """By its id or the whole address somebody clicked."""
    link_id = name.partition("?")[0].rsplit("/", 1)[-1]
    link = sim.company.links.get(link_id)
    if link is None or link.deleted:
        raise Refusal(40058, f"invalid link_id: {link_id}")
    return link


def opens(sim: Simulation, link: Link, visitor: str, channel: str) -> None:
    """Somebody comes to the profile of a member of staff; WeCom does not say who."""
    link.clicks.append((sim.now, visitor))
    _tell(sim, "open_profile", link, State=_cut(channel) or None)


def requests(sim: Simulation, link: Link, channel: str) -> None:
    """They ask to be friends: told only where the link was followed with a channel."""
    if state := _cut(channel):
        _tell(sim, "friend_request", link, State=state)


def befriends(sim: Simulation, link: Link, channel: str, wish: dict[str, Any]) -> Relation:
    """One more friend by this link, which uses up one of the company's quota."""
    quota = sim.company.quota
    if not quota.balance:
        raise Refusal(40058, "no acquisition quota left")
    staff = wish.get("staff") or _next_of(sim, link)
    relation, _ = contacts.add(
        sim,
        staff,
        wish.get("contact"),
        name=wish.get("name", ""),
        age=wish.get("age", ""),
        state=_cut(channel),
    )
    link.friends[(relation.customer_id, staff)] = LinkFriend(state=relation.state, at=sim.now)
    quota.balance -= 1
    quota.used += 1
    if quota.balance == LOW - 1:
        _tell(sim, "balance_low")
    if quota.balance == 0:
        _tell(sim, "balance_exhausted")
    return relation


def writes(sim: Simulation, staff: str, customer: str) -> str:
    """A friend by a link writes to the member of staff; the ChatKey, "" for their first word."""
    link, friend = _friendship(sim, staff, customer)
    friend.messages += 1
    if friend.messages == 1:
        _tell(sim, "customer_start_chat", link, UserID=staff, ExternalUserID=customer)
        return ""
    key = sim.mint.letters("", "chat", staff, customer, length=43)
    until = sim.now + timedelta(minutes=CHAT_KEY_MINUTES)
    sim.desk.chat_keys[key] = (until, link.link_id, staff, customer, friend.messages)
    _tell(sim, "message_from_customer", link, ChatKey=key)
    return key


def removed(sim: Simulation, link: Link) -> None:
    """An admin deletes the link in the console."""
    link.deleted = True
    _tell(sim, "delete_link", link)


def unavailable(sim: Simulation, link: Link) -> None:
    """Nobody in its range can take customers any more."""
    _tell(sim, "link_unavailable", link)


def buys_quota(sim: Simulation, count: int) -> None:
    quota = sim.company.quota
    was, quota.balance = quota.balance, quota.balance + count
    if not was and quota.balance:
        _tell(sim, "balance_increased")


def quota_expires(sim: Simulation, count: int, at: datetime) -> None:
    """WeCom warns 14, 7, 3, 2 and 1 days before."""
    _tell(sim, "quota_expire_soon", ExpireTime=int(at.timestamp()), ExpireQuotaNum=count)


def _tell(sim: Simulation, change: str, link: Link | None = None, **more: Any) -> None:
    fields = {"LinkId": link.link_id} if link else {}
    sim.outlet.notify("contact", notices.acquisition(change, {**fields, **more}))


def _next_of(sim: Simulation, link: Link) -> str:
    """In turn, those of its range who still work here."""
    members = [*link.users]
    for member in sim.company.crew():
        if set(member.departments) & set(link.departments) and member.userid not in members:
            members.append(member.userid)
    serving = [userid for userid in members if sim.company.working(userid)]
    if not serving:
        raise Refusal(40058, "nobody in the range of this link")
    link.turn += 1
    return serving[(link.turn - 1) % len(serving)]


def _friendship(sim: Simulation, staff: str, customer: str) -> tuple[Link, LinkFriend]:
    for link in sim.company.links.values():
        if friend := link.friends.get((customer, staff)):
            return link, friend
    raise Refusal(84061, "not a friend by any link")


def _cut(channel: str) -> str:
    return channel.encode()[:CHANNEL_BYTES].decode("utf-8", "ignore")
