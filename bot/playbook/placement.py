"""Which group a customer is offered: their own shop's first, then in the theme's order."""

from collections.abc import Iterable

from bot.model import Group


def has_room(group: Group) -> bool:
    """Whether a seat is free; only the hold itself, on the document, decides."""
    return room(group) > 0


def choices(groups: Iterable[Group], shop: str, *, only_first: bool = False) -> list[Group]:
    """Groups with room, best first: the customer's shop, then nobody's, then other shops'.

    ``only_first``: without 下一个群 nobody is moved on to another group when the first is full.
    """

    def rank(group: Group) -> tuple[int, str, str]:
        near = 0 if shop and group.shop == shop else 1 if not group.shop else 2
        return near, group.name, group.id

    ranked = sorted((group for group in groups if group.open), key=rank)
    return [group for group in (ranked[:1] if only_first else ranked) if has_room(group)]


def room(group: Group) -> int:
    """How many more may be given a place."""
    return max(0, group.cap - group.members - len(group.held)) if group.open else 0
