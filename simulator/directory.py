"""Changes in the address book and in the list of tags, by an admin's hand."""

from __future__ import annotations

from collections.abc import Sequence

from simulator import contacts, notices
from simulator.company import Staff, Tag, TagGroup
from simulator.refusal import Refusal
from simulator.simulation import Simulation


def staff_joins(
    sim: Simulation, userid: str, name: str, departments: Sequence[int], *, leader: bool = False
) -> None:
    sim.company.staff[userid] = Staff(
        userid=userid, name=name, departments=list(departments), leader=leader
    )
    fields = notices.member("create_user", userid, departments=departments)
    sim.outlet.notify("directory", fields)


def staff_moves(sim: Simulation, userid: str, departments: Sequence[int]) -> None:
    _working(sim, userid).departments = list(departments)
    fields = notices.member("update_user", userid, departments=departments)
    sim.outlet.notify("directory", fields)


def staff_leaves(sim: Simulation, userid: str) -> None:
    leaver = _working(sim, userid)
    leaver.left, leaver.left_at = True, sim.now
    sim.outlet.notify("directory", notices.member("delete_user", userid))


def create_tag(sim: Simulation, group_name: str, name: str) -> str:
    """The tag's id; a new group announces itself too."""
    group = next(
        (g for g in sim.company.tag_groups.values() if g.name == group_name and not g.deleted),
        None,
    )
    if group is None:
        group = TagGroup(
            id=sim.mint.letters("et", "group", group_name),
            name=group_name,
            order=0,
            created_at=sim.now,
        )
        sim.company.tag_groups[group.id] = group
        sim.outlet.notify("contact", notices.tag("create", group.id, "tag_group"))
    tag = Tag(id=sim.mint.letters("et", group_name, name), name=name, order=0, created_at=sim.now)
    group.tags[tag.id] = tag
    sim.outlet.notify("contact", notices.tag("create", tag.id, "tag"))
    return tag.id


def rename_tag(sim: Simulation, tag: str, name: str) -> None:
    """``tag`` is the id of a tag or group, or 组/名."""
    if group := sim.company.tag_groups.get(tag):
        group.name = name
        sim.outlet.notify("contact", notices.tag("update", tag, "tag_group"))
        return
    found = sim.company.tag(contacts.tag_id(sim, tag))
    if found:
        found[1].name = name
        sim.outlet.notify("contact", notices.tag("update", found[1].id, "tag"))


def delete_tag(sim: Simulation, tag: str) -> None:
    """Deleting a group fires once, not per tag."""
    if group := sim.company.tag_groups.get(tag):
        for one in group.living():
            erase(sim, group, one)
        sim.outlet.notify("contact", notices.tag("delete", tag, "tag_group"))
        return
    found = sim.company.tag(contacts.tag_id(sim, tag))
    if found:
        erase(sim, *found)
        sim.outlet.notify("contact", notices.tag("delete", found[1].id, "tag"))


def shuffle_tags(sim: Simulation, group_id: str) -> None:
    """``group_id`` may be empty: all groups."""
    sim.outlet.notify("contact", notices.tag("shuffle", group_id, None))


def erase(sim: Simulation, group: TagGroup, tag: Tag) -> None:
    """Nobody wears it any more; a group goes with its last tag."""
    tag.deleted = True
    group.deleted = not group.living()
    for customer in sim.company.customers.values():
        for relation in customer.relations.values():
            relation.tags.discard(tag.id)


def _working(sim: Simulation, userid: str) -> Staff:
    staff = sim.company.working(userid)
    if staff is None:
        raise Refusal(60111, f"userid not found: {userid}")
    return staff
