"""Who writes how much in which customer group on which day: WeCom counts it, and shows no words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from simulator.company import Group, Member
from simulator.simulation import Simulation

_MOST_A_DAY = 4  # messages of one person


def say(sim: Simulation, group: Group, userid: str, count: int) -> None:
    """They write so many messages today."""
    group.said.setdefault(today(sim), Counter())[userid] += count


def today(sim: Simulation) -> date:
    return local(sim, sim.now)


def local(sim: Simulation, at: datetime) -> date:
    return at.astimezone(sim.setup.tz).date()


def talk(sim: Simulation, group: Group, day: date) -> Counter[str]:
    """Messages by person; in a company that lives by itself people also write unasked."""
    if day in group.talk:
        return group.talk[day]
    said = Counter(group.said.get(day, {}))
    if sim.setup.customers:
        for member in present(sim, group, day):
            if _writes(sim, group, member, day):
                roll = sim.dice.roll(member.userid, f"how much in {group.chat_id}", day)
                said[member.userid] += 1 + int(_MOST_A_DAY * roll)
    if day < today(sim):
        group.talk[day] = said
    return said


def present(sim: Simulation, group: Group, day: date) -> Iterator[Member]:
    """Whoever was inside at some time of that day."""
    for member in group.members.values():
        if local(sim, member.joined_at) <= day:
            yield member
    for member, left_at in group.former:
        if local(sim, member.joined_at) <= day <= local(sim, left_at):
            yield member


def inside(sim: Simulation, group: Group, day: date) -> int:
    """How many were inside when the day was over."""
    gone = sum(
        local(sim, member.joined_at) <= day < local(sim, left_at)
        for member, left_at in group.former
    )
    return gone + sum(local(sim, m.joined_at) <= day for m in group.members.values())


def came(sim: Simulation, group: Group, day: date) -> int:
    """How many customers joined that day."""
    everybody = [*group.members.values(), *(member for member, _ in group.former)]
    return sum(local(sim, m.joined_at) == day and not m.is_staff for m in everybody)


def _writes(sim: Simulation, group: Group, member: Member, day: date) -> bool:
    chance = sim.setup.behaviour.speaks
    return sim.dice.happens(chance, member.userid, f"speaks in {group.chat_id}", day)
