"""Corp tags; nothing here produces a callback."""

from typing import Any

from simulator import contacts, directory
from simulator.api.args import Answer, Args, maybe, parts, text, texts, whole
from simulator.api.endpoint import post
from simulator.company import Tag, TagGroup
from simulator.refusal import Refusal
from simulator.simulation import Simulation

NAME_LENGTH = 30


def list_tags(sim: Simulation, args: Args) -> Answer:
    """Deleted ones only when asked for by id; group ids win over tag ids."""
    tag_ids, group_ids = texts(args, "tag_id"), texts(args, "group_id")
    if not tag_ids and not group_ids:
        groups = [g for g in sim.company.tag_groups.values() if not g.deleted]
        return {"tag_group": [_shown(group, group.living()) for group in groups]}
    if group_ids:
        found = [g for i in group_ids if (g := sim.company.tag_groups.get(i))]
        return {"tag_group": [_shown(group, list(group.tags.values())) for group in found]}
    return {
        "tag_group": [
            _shown(group, wanted)
            for group in sim.company.tag_groups.values()
            if (wanted := [tag for tag in group.tags.values() if tag.id in tag_ids])
        ]
    }


def add_tags(sim: Simulation, args: Args) -> Answer:
    """An existing group name is reused, an existing tag is not made twice."""
    wanted = parts(args, "tag")
    if not wanted:
        raise Refusal(40063, "missing tag")
    names = [_named(seed, "name") for seed in wanted]
    if sum(1 for _ in sim.company.living_tags()) + len(names) > sim.limits.tags_total:
        raise Refusal(40126, "tag limit exceeded")
    group = _group(sim, args)
    old = {tag.name: tag for tag in group.living()}
    answered = []
    for seed, name in zip(wanted, names, strict=True):
        tag = old.get(name) or Tag(
            id=sim.mint.letters("et", group.name, name),
            name=name,
            order=whole(seed, "order", 0),
            created_at=sim.now,
        )
        old[name] = group.tags[tag.id] = tag
        answered.append(tag)
    return {"tag_group": _shown(group, answered)}


def edit_tag(sim: Simulation, args: Args) -> Answer:
    wanted = text(args, "id")
    name = _named(args, "name") if "name" in args else ""
    group = sim.company.tag_groups.get(wanted)
    if group and not group.deleted:
        _must_be_free(name, [g for g in sim.company.tag_groups.values() if not g.deleted], wanted)
        group.name = name or group.name
        group.order = whole(args, "order", group.order)
        return {}
    home, tag = _tag(sim, wanted)
    _must_be_free(name, home.living(), wanted)
    tag.name = name or tag.name
    tag.order = whole(args, "order", tag.order)
    return {}


def delete_tags(sim: Simulation, args: Args) -> Answer:
    tag_ids, group_ids = texts(args, "tag_id"), texts(args, "group_id")
    if not tag_ids and not group_ids:
        raise Refusal(40063, "missing tag_id and group_id")
    doomed = [_tag(sim, tag_id) for tag_id in tag_ids]
    for group_id in group_ids:
        group = sim.company.tag_groups.get(group_id)
        if group is None or group.deleted:
            raise Refusal(40068, "invalid tag group id")
        doomed += [(group, tag) for tag in group.living()]
    for home, tag in doomed:
        directory.erase(sim, home, tag)
    return {}


def mark(sim: Simulation, args: Args) -> Answer:
    add, remove = texts(args, "add_tag"), texts(args, "remove_tag")
    staff_id, customer_id = text(args, "userid"), text(args, "external_userid")
    if not add and not remove:
        raise Refusal(40063, "missing add_tag and remove_tag")
    staff = sim.company.working(staff_id)
    if staff is None:
        raise Refusal(60111, "userid not found")
    relation = sim.company.relation(staff.userid, customer_id)
    if relation is None:
        raise Refusal(84061, "not external contact")
    for tag_id in (*add, *remove):
        _tag(sim, tag_id)
    if len(relation.tags | set(add)) > sim.limits.tags_per_pair:
        raise Refusal(40126, "too many tags on this customer")
    contacts.change_tags(sim, relation, add, remove, "api")
    return {}


def _pair(args: Args) -> str:
    return f"tags of {maybe(args, 'external_userid')} by {maybe(args, 'userid').lower()}"


def _group(sim: Simulation, args: Args) -> TagGroup:
    group_id = maybe(args, "group_id")
    if group_id:
        group = sim.company.tag_groups.get(group_id)
        if group is None or group.deleted:
            raise Refusal(40068, "invalid tag group id")
        return group
    name = _named(args, "group_name")
    for group in sim.company.tag_groups.values():
        if group.name == name and not group.deleted:
            return group
    group = TagGroup(
        id=sim.mint.letters("et", "group", name),
        name=name,
        order=whole(args, "order", 0),
        created_at=sim.now,
    )
    sim.company.tag_groups[group.id] = group
    return group


def _named(args: Args, key: str) -> str:
    name = maybe(args, key)
    if not 0 < len(name) <= NAME_LENGTH:
        raise Refusal(40072, f"{key}: 1 to {NAME_LENGTH} characters")
    return name


def _must_be_free(name: str, others: list[Tag] | list[TagGroup], own_id: str) -> None:
    if any(other.name == name and other.id != own_id for other in others):
        raise Refusal(40071, "tag name exists already")


def _tag(sim: Simulation, tag_id: str) -> tuple[TagGroup, Tag]:
    found = sim.company.tag(tag_id)
    if found is None:
        raise Refusal(40068, "invalid tag id")
    return found


def _shown(group: TagGroup, tags: list[Tag]) -> dict[str, Any]:
    return {
        "group_id": group.id,
        "group_name": group.name,
        "create_time": int(group.created_at.timestamp()),
        "order": group.order,
        **({"deleted": True} if group.deleted else {}),
        "tag": [
            {
                "id": tag.id,
                "name": tag.name,
                "create_time": int(tag.created_at.timestamp()),
                "order": tag.order,
                **({"deleted": True} if tag.deleted else {}),
            }
            for tag in tags
        ],
    }


ENDPOINTS = (
    post("externalcontact/get_corp_tag_list", list_tags),
    post("externalcontact/add_corp_tag", add_tags),
    post("externalcontact/edit_corp_tag", edit_tag),
    post("externalcontact/del_corp_tag", delete_tags),
    post("externalcontact/mark_tag", mark, exclusive=_pair),
)
