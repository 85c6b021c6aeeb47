"""An SOP compiled: its steps by name, and where life goes on after each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from config.steps import Loop, OffDay, Split, Step, all_steps, nested_steps


@dataclass(frozen=True, slots=True)
class Node:
    """A step in the compiled flow."""

    step: Step
    next: str | None
    """Where life goes on once the step, and what is nested in it, is done; None: the end.

    After a step of a loop that is the loop itself.
    """
    off_day: OffDay
    position: int


@dataclass(frozen=True, slots=True)
class Flow:
    """Every step of an SOP by name, nested ones too, in the order written."""

    nodes: Mapping[str, Node]
    entry: str | None
    """Where a journey that begins at entry starts; None when everything recurs."""
    recurring: tuple[str, ...]
    """Steps each of whose occurrences is a journey of its own."""
    repeating: frozenset[str] = frozenset()
    """Loops with what is in them, and experiments: one may come to them again."""

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]


def flow_of(steps: tuple[Step, ...], *, off_day: OffDay, of_groups: bool) -> Flow:
    """``off_day`` where a step says nothing; steps of groups may recur."""
    nodes: dict[str, Node] = {}

    def place(siblings: tuple[Step, ...], after: str | None) -> None:
        for index, step in enumerate(siblings):
            following = siblings[index + 1] if index + 1 < len(siblings) else None
            goes_on = following.name if following else after
            if following and of_groups and following.of_calendar:
                goes_on = None  # an occurrence of its own, not a continuation
            nodes[step.name] = Node(step, goes_on, step.off_day or off_day, len(nodes))
            repeats = any(isinstance(action, Loop) for action in step.actions)
            for nested in nested_steps(step):
                if repeats:  # the loop is asked again which of them comes next
                    for one in nested:
                        place((one,), step.name)
                else:
                    place(nested, goes_on)

    place(steps, None)
    recurring = tuple(step.name for step in steps if of_groups and step.of_calendar)
    first = steps[0].name
    entry = None if first in recurring else first
    return Flow(MappingProxyType(nodes), entry, recurring, _repeating(steps))


def _repeating(steps: tuple[Step, ...]) -> frozenset[str]:
    found = set()
    for step in all_steps(steps):
        if isinstance(step.actions[-1], Split):
            found.add(step.name)
        elif any(isinstance(action, Loop) for action in step.actions):
            found.add(step.name)
            found |= {one.name for nested in nested_steps(step) for one in all_steps(nested)}
    return frozenset(found)
