"""A customer or a group as conditions see them."""

from collections.abc import Mapping
from datetime import date

from bot.model import Contact, Group
from bot.playbook.audience import Facts


def of_contact(contact: Contact, names: Mapping[str, str], staff: str = "") -> Facts:
    """``names`` is the tag catalogue (id → "组/名"); own tags are those ``staff`` gave."""
    relation = contact.relation(staff)
    own = (names[tag] for tag in relation.tags if tag in names) if relation else ()
    return Facts(
        tags=frozenset(contact.tags),
        own_tags=frozenset(own),
        shop=contact.shop or None,
        happened=contact.happened,
        scores=contact.scores,
        stages=contact.stages,
        attributes={name: date.fromisoformat(day) for name, day in contact.attributes.items()},
        friends_since=friend.since if (friend := contact.newest_friend) else None,
        channel=friend.state if friend else "",
    )


def of_customer(contact: Contact, names: Mapping[str, str]) -> Facts:
    """A customer outside of any journey: 跟进人 is whoever has known them for the shortest time."""
    friend = contact.newest_friend
    return of_contact(contact, names, friend.staff if friend else "")


def of_group(group: Group) -> Facts:
    return Facts(shop=group.shop or None, group_size=group.members, group_marketing=group.marketing)
