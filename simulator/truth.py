"""The company as it really is, all of it, for whoever compares a copy with it."""

from __future__ import annotations

from typing import Any

from simulator.company import Customer, Group, Staff
from simulator.simulation import Simulation

Row = dict[str, Any]


def whole(sim: Simulation) -> Row:
    """Staff, tags, customers with their friends, and groups with their members."""
    company = sim.company
    return {
        "staff": {member.userid: _staff(member) for member in company.staff.values()},
        "tags": {tag.id: f"{group.name}/{tag.name}" for group, tag in company.living_tags()},
        "customers": {one.id: _customer(one) for one in company.customers.values()},
        "groups": {
            group.chat_id: _group(group) for group in company.groups.values() if not group.dismissed
        },
    }


def _staff(member: Staff) -> Row:
    return {
        "name": member.name,
        "departments": member.departments,
        "leader": member.leader,
        "left": member.left,
    }


def _customer(customer: Customer) -> Row:
    return {
        "name": customer.name,
        "friends": {
            relation.staff_id: {
                "since": int(relation.added_at.timestamp()),
                "state": relation.state,
                "tags": sorted(relation.tags),
            }
            for relation in customer.friends()
        },
    }


def _group(group: Group) -> Row:
    return {
        "name": group.name,
        "owner": group.owner,
        "version": group.version,
        "members": {
            member.userid: {
                "is_staff": member.is_staff,
                "joined_at": int(member.joined_at.timestamp()),
                "scene": member.scene,
                "state": member.state,
            }
            for member in group.members.values()
        },
    }
