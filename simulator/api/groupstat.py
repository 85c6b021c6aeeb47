"""What WeCom counts in customer groups: per owner and per day, never per group or person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from simulator import chatter
from simulator.api.args import Answer, Args, part, texts, whole
from simulator.api.endpoint import post
from simulator.api.groupchat import VISIBLE_WITHOUT_FILTER
from simulator.company import Group
from simulator.refusal import Refusal
from simulator.simulation import Simulation

KEPT_DAYS, LONGEST = 180, 30
_ORDER = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}


def by_owner(sim: Simulation, args: Args) -> Answer:
    days, owners = _days(sim, args), _owners(sim, args)
    order = whole(args, "order_by", 1)
    limit, offset = whole(args, "limit", 500), whole(args, "offset", 0)
    if order not in _ORDER or not 1 <= limit <= 1000 or offset < 0:
        raise Refusal(40058, "order_by 1 to 4, limit 1 to 1000")
    items: list[dict[str, Any]] = [
        {"owner": owner, "data": _data(sim, [owner], days)} for owner in owners
    ]
    falling = not whole(args, "order_asc", 0)
    items.sort(key=lambda item: item["owner"])
    items.sort(key=lambda item: item["data"][_ORDER[order]], reverse=falling)
    shown = items[offset : offset + limit]
    return {"total": len(items), "next_offset": offset + len(shown), "items": shown}


def by_day(sim: Simulation, args: Args) -> Answer:
    owners = _owners(sim, args)
    items = [
        {"stat_time": _midnight(sim, day), "data": _data(sim, owners, [day])}
        for day in _days(sim, args)
    ]
    return {"items": items}


def _data(sim: Simulation, owners: Sequence[str], days: Sequence[date]) -> dict[str, Any]:
    """News of the days; everything else as it stood when the last of them was over."""
    last = days[-1]
    groups = [
        group
        for group in sim.company.groups.values()
        if not group.dismissed
        and group.owner in owners
        and chatter.local(sim, group.created_at) <= last
    ]
    spoken = [_spoken(sim, group, last) for group in groups]
    return {
        "new_chat_cnt": sum(chatter.local(sim, group.created_at) in days for group in groups),
        "chat_total": len(groups),
        "chat_has_msg": sum(messages > 0 for messages, _ in spoken),
        "new_member_cnt": sum(chatter.came(sim, group, day) for group in groups for day in days),
        "member_total": sum(chatter.inside(sim, group, last) for group in groups),
        "member_has_msg": sum(people for _, people in spoken),
        "msg_total": sum(messages for messages, _ in spoken),
        "migrate_trainee_chat_cnt": 0,
    }


def _spoken(sim: Simulation, group: Group, last: date) -> tuple[int, int]:
    """Messages and people up to that day, 截至当天, as WeCom's page has it."""
    day, messages, people = chatter.local(sim, group.created_at), 0, set[str]()
    while day <= last:
        talk = chatter.talk(sim, group, day)
        messages += talk.total()
        people |= talk.keys()
        day += timedelta(days=1)
    return messages, len(people)


def _days(sim: Simulation, args: Args) -> list[date]:
    """Yesterday at the latest, 180 days back at most, 30 at a time."""
    first = _day(sim, whole(args, "day_begin_time", 0))
    last = _day(sim, whole(args, "day_end_time", whole(args, "day_begin_time", 0)))
    today = chatter.today(sim)
    if not today - timedelta(days=KEPT_DAYS) <= first <= last < today:
        raise Refusal(600018, "invalid begin or end time")
    if (last - first).days >= LONGEST:
        raise Refusal(600018, f"at most {LONGEST} days")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _owners(sim: Simulation, args: Args) -> list[str]:
    named = texts(part(args, "owner_filter"), "userid_list", most=100)
    if not named and len(sim.company.crew()) > VISIBLE_WITHOUT_FILTER:
        raise Refusal(81017, "owner_filter needed")
    owners = {group.owner for group in sim.company.groups.values() if not group.dismissed}
    return sorted(owners & set(named) if named else owners)


def _day(sim: Simulation, seconds: int) -> date:
    return datetime.fromtimestamp(seconds, sim.setup.tz).date()


def _midnight(sim: Simulation, day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=sim.setup.tz).timestamp())


ENDPOINTS = (
    post("externalcontact/groupchat/statistic", by_owner),
    post("externalcontact/groupchat/statistic_group_by_day", by_day),
)
