"""Whose turn it is in a 栏目, so that nobody gets one piece again before all the others. Pure."""

from collections.abc import Mapping, Sequence


def next_piece(order: Sequence[str], used: Mapping[str, int]) -> int:
    """The place of the piece used least, the first of several.

    By name, not by counting: a piece that was never delivered comes back, one added in the middle
    is not skipped, and what was moved is not repeated.
    """
    return min(range(len(order)), key=lambda place: (used.get(order[place], 0), place))


def fresh_left(order: Sequence[str], used: Mapping[str, int]) -> int | None:
    """How many new pieces are left after the next one; None when that is not new itself."""
    fresh = len({name for name in order if not used.get(name)})
    return fresh - 1 if fresh else None
