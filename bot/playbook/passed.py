"""Which steps a journey has behind it: whatever is moved or renamed, none is done twice. Pure."""

from bot.model import Journey
from config.sop import Node, Sop


def behind(node: Node, journey: Journey) -> bool:
    """The journey did this step before, or passed over it, under one of its names."""
    return not {node.step.name, *node.step.formerly}.isdisjoint(journey.past)


def with_one_more(sop: Sop, step: str, journey: Journey) -> tuple[str, ...]:
    """What is behind it once it has ``step`` behind it.

    A loop and what is in it comes again. An experiment is not behind anybody either: the arm that
    takes its place has its name for a 曾用名, and is still to come for those who stand before it.
    """
    if step in journey.past or step in sop.flow().repeating:
        return tuple(journey.past)
    return (*journey.past, step)
