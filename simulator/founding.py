"""Bring the company of a Setup into being."""

from datetime import UTC, timedelta

from simulator.company import (
    Company,
    Customer,
    Department,
    Group,
    Member,
    Quota,
    Relation,
    Staff,
    Tag,
    TagGroup,
)
from simulator.dice import Mint
from simulator.setup import FriendsSeed, GroupSeed, Setup, TagSeed


def found(setup: Setup, mint: Mint) -> Company:
    company = Company(quota=Quota(balance=setup.acquisition_quota))
    for seed in setup.departments:
        company.departments[seed.id] = Department(
            id=seed.id, name=seed.name, parentid=seed.parentid
        )
    for person in setup.staff:
        company.staff[person.userid] = Staff(
            userid=person.userid,
            name=person.name,
            departments=list(person.department),
            leader=person.leader,
            position=person.position,
        )
    for tags in setup.tag_groups:
        _found_tags(company, tags, setup, mint)
    for friends in setup.friends:
        _found_friends(company, friends, setup, mint)
    for group in setup.groups:
        _found_group(company, group, setup, mint)
    return company


def _found_tags(company: Company, seed: TagSeed, setup: Setup, mint: Mint) -> None:
    start = setup.start.astimezone(UTC)
    group = TagGroup(
        id=mint.letters("et", "group", seed.name), name=seed.name, order=0, created_at=start
    )
    for name in seed.tags:
        tag = Tag(id=mint.letters("et", seed.name, name), name=name, order=0, created_at=start)
        group.tags[tag.id] = tag
    company.tag_groups[group.id] = group


def _found_friends(company: Company, seed: FriendsSeed, setup: Setup, mint: Mint) -> None:
    since = setup.start.astimezone(UTC) - timedelta(days=seed.days)
    for n in range(seed.count):
        id = mint.letters("wm", "friend", seed.staff, n)
        relation = Relation(staff_id=seed.staff, customer_id=id, added_at=since, state="")
        company.customers[id] = Customer(
            id=id, name=f"老客{n + 1}", age="", relations={seed.staff: relation}
        )


def _found_group(company: Company, seed: GroupSeed, setup: Setup, mint: Mint) -> None:
    """Its first members are strangers: in the group, but nobody's customer."""
    start = setup.start.astimezone(UTC)
    group = Group(
        chat_id=mint.letters("wr", "chat", seed.name),
        name=seed.name,
        owner=seed.owner,
        created_at=start,
        version=mint.hexes("version", seed.name),
        notice=seed.notice,
    )
    group.members[seed.owner] = Member(userid=seed.owner, is_staff=True, joined_at=start, scene=1)
    for n in range(seed.members):
        customer = Customer(id=mint.letters("wm", seed.name, n), name=f"群友{n + 1}", age="")
        company.customers[customer.id] = customer
        group.members[customer.id] = Member(
            userid=customer.id, is_staff=False, joined_at=start, scene=3
        )
    company.groups[group.chat_id] = group
