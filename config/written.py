"""The models of an SOP side by side with what was written, so that a finding has its place."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from config.conditions import AnyOf, Condition, NoneOf
from config.experiments import Split
from config.kinds import spellings
from config.nesting import Branch, Loop, WaitEvent
from config.reading import Map, Place
from config.steps import Step


@dataclass(frozen=True, slots=True)
class Written:
    """A step and the block in which it was written."""

    step: Step
    block: Map
    before: Step | None
    """The step before it in the same list."""


def steps_in(steps: Sequence[Step], blocks: Any) -> Iterator[Written]:
    """Every step beside what was written, nested ones too."""
    before: Step | None = None
    for step, block in zip(steps, blocks or (), strict=False):
        yield Written(step, block, before)
        before = step
        for action in step.actions:
            written = get(block, action.do)
            match action:
                case WaitEvent():
                    yield from steps_in(action.came, get(written, "等到了"))
                    yield from steps_in(action.timed_out, get(written, "超时"))
                case Branch():
                    for arm, arm_block in zip(action.arms, written, strict=False):
                        inside = get(arm_block, "则") or get(arm_block, "否则")
                        yield from steps_in(arm.steps, inside)
                case Loop():
                    yield from steps_in(action.steps, get(written, "步骤"))
                case Split():
                    for one, arm_block in zip(action.arms, get(written, "方案"), strict=False):
                        yield from steps_in(one.then, get(arm_block, "则"))


def conditions_in(conditions: Iterable[Condition], items: Any) -> Iterator[tuple[Condition, Place]]:
    """Every condition and where it begins, those under 任一 and 都不 too."""
    for condition, item in zip(conditions, items or (), strict=False):
        if not isinstance(item, Map):
            continue
        ((name, value),) = item.items()
        yield condition, item.keys_at.get(name, item.at)
        if isinstance(condition, AnyOf | NoneOf):
            yield from conditions_in(condition.conditions, value)


def conditions_of(written: Written) -> Iterator[tuple[Condition, Place]]:
    """The conditions of a step, and of its branches."""
    yield from conditions_in(written.step.conditions, get(written.block, "如果"))
    for action in written.step.actions:
        if isinstance(action, Branch):
            for arm, block in zip(action.arms, get(written.block, "分支"), strict=False):
                yield from conditions_in(arm.conditions, get(block, "如果"))


def get(block: Any, name: str) -> Any:
    """What stands under a key, in either language; None when nothing does."""
    if not isinstance(block, Map):
        return None
    return next((block[key] for key in _spelt(name) if key in block), None)


def key_at(block: Map, name: str) -> Place:
    """Where a key stands; where the block begins when it is not there."""
    found = (block.keys_at[key] for key in _spelt(name) if key in block.keys_at)
    return next(found, block.at)


def value_at(block: Map, name: str) -> Place:
    """Where the value of a key begins; its key when it is a block of its own."""
    return getattr(get(block, name), "at", None) or key_at(block, name)


def _spelt(name: str) -> tuple[str, ...]:
    return (name, *spellings().get(name, ()))
