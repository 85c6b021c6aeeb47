"""Which group a customer is offered: their own shop's first, then in the theme's order. Pure."""

import re
from collections.abc import Iterable

from bot.model import Group
from config.themes import Theme


def has_room(group: Group) -> bool:
    """Whether a seat is free; only the hold itself, on the document, decides."""
    return room(group) > 0


def choices(groups: Iterable[Group], shop: str, *, only_first: bool = False) -> list[Group]:
    """Groups with room, best first: the customer's shop, then nobody's, then other shops'.

    ``only_first``: without 下一个群 nobody is moved on to another group when the first is full.
    """

    def rank(group: Group) -> tuple[int, str, str]:
        return _far(group, shop), group.name, group.id

    ranked = sorted((group for group in groups if group.open), key=rank)
    return [group for group in (ranked[:1] if only_first else ranked) if has_room(group)]


def room(group: Group) -> int:
    """How many more may be given a place."""
    return max(0, group.cap - group.members - len(group.held)) if group.open else 0


def base_of(groups: Iterable[Group], shop: str, theme: Theme) -> Group | None:
    """自动建群: the full group behind which WeCom is to open the next one; None: no such group.

    One that has the code for it already comes first, so that the numbers of the groups go on;
    then the fullest, because WeCom opens another only once nobody fits into that one.
    """
    if not theme.opens_groups or "自动建群" in _behind_waiting(theme):
        return None

    def rank(group: Group) -> tuple[int, bool, int, str]:
        return _far(group, shop), not group.next_way, -group.members, group.id

    owned = (group for group in groups if group.open and group.owner)
    return min((g for g in owned if len(g.next_held) < g.cap), key=rank, default=None)


def next_number(groups: Iterable[Group], theme: Theme, shop: str) -> int:
    """{序号} of the next group: one more than the last that is numbered so, else than there are."""
    here = [group for group in groups if group.shop == shop]
    named = re.compile(re.escape(theme.base_name(shop)) + r"\s*(\d+)")
    numbers = [int(found[1]) for group in here if (found := named.match(group.name))]
    return max(numbers, default=len(here)) + 1


def follows(base: Group, group: Group) -> bool:
    """Whether WeCom opened ``group`` because ``base`` was full: the code's name and a number."""
    name = base.next_way.get("base", "")
    return bool(name and group.id != base.id and re.fullmatch(re.escape(name) + r"\d+", group.name))


def _behind_waiting(theme: Theme) -> tuple[str, ...]:
    """候补 takes everybody: what is written behind it never comes to its turn."""
    where = theme.overflow.index("候补") if "候补" in theme.overflow else len(theme.overflow)
    return theme.overflow[where + 1 :]


def _far(group: Group, shop: str) -> int:
    return 0 if shop and group.shop == shop else 1 if not group.shop else 2
