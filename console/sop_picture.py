"""The picture of an SOP: its steps as they are nested, with what happened at each.  Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.model import Experiment
from bot.plan.steps import in_brief
from bot.plan.words import condition, words
from bot.playbook.odds import Seen, interval
from bot.playbook.split import CONTROL, WAITING, shares
from bot.store.flow_figures import StepFigures
from config.nesting import Branch, Loop, WaitEvent
from config.sop import Sop, Split, Step
from console.drawn import Range, ranges


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of an experiment; ``chance`` of being the best: None before the one look."""

    name: str
    share: float
    enrolled: int
    n: int
    hits: int
    low: float
    high: float
    chance: float | None
    drawn: Range | None  # None: nobody's window is over yet


@dataclass(frozen=True, slots=True)
class Trial:
    """One 分流试验; ``kept`` None: nobody was drawn yet."""

    split: Split
    kept: Experiment | None
    arms: Sequence[Arm]
    words: str
    """How long it is observed, as it was written."""
    end: float
    """The share at the right end of the drawn scale."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One step; ``branches`` are what is nested in it, each under its own words."""

    name: str
    brief: str
    only_if: str
    figures: StepFigures
    branches: Sequence[tuple[str, Sequence["Drawn"]]]
    trial: Trial | None = None


def drawn(
    sop: Sop, figures: Mapping[str, StepFigures], experiments: Mapping[str, Experiment]
) -> Sequence[Drawn]:
    """Every step in its place; what was counted under an earlier name is its own."""

    def draw(steps: Sequence[Step]) -> Sequence[Drawn]:
        return [
            Drawn(
                name=step.name,
                brief=in_brief(step),
                only_if="；".join(map(condition, step.conditions)),
                figures=_of(step, figures),
                branches=[(said, draw(nested)) for said, nested in _branches(step)],
                trial=next((_trial(split, experiments) for split in _splits(step)), None),
            )
            for step in steps
        ]

    return draw(sop.steps)


def _of(step: Step, figures: Mapping[str, StepFigures]) -> StepFigures:
    found = StepFigures()
    for name in (step.name, *step.formerly):
        if name in figures:
            found = found.plus(figures[name])
    return found


def _splits(step: Step) -> Iterator[Split]:
    return (action for action in step.actions if isinstance(action, Split))


def _trial(split: Split, experiments: Mapping[str, Experiment]) -> Trial:
    kept = experiments.get(split.name)
    counts = {str(one["arm"]): one for one in kept.counts} if kept else {}
    parts = {name: len(part) for name, part in shares(split).items() if part}
    whole = sum(parts.values())
    seen = {name: _seen(counts.get(name, {})) for name in parts}
    watched = [name for name in parts if seen[name].n and name != WAITING]
    between = {name: interval(seen[name]) for name in watched}
    found, end = ranges([(*between[name], seen[name].rate) for name in watched])
    lines = dict(zip(watched, found, strict=True))
    names = [*(arm.name for arm in split.arms), *(n for n in (CONTROL, WAITING) if n in parts)]
    arms = [
        Arm(
            name=name,
            share=parts.get(name, 0) / whole,
            enrolled=int(counts.get(name, {}).get("enrolled", 0)),
            n=seen[name].n if name in seen else 0,
            hits=seen[name].hits if name in seen else 0,
            low=between[name][0] if name in between else 0.0,
            high=between[name][1] if name in between else 0.0,
            chance=counts.get(name, {}).get("chance"),
            drawn=lines.get(name),
        )
        for name in names
    ]
    return Trial(split, kept, arms, words(split.period), end)


def _seen(count: Mapping[str, int]) -> Seen:
    return Seen(count.get("hits", 0), count.get("n", 0))


def _branches(step: Step) -> Iterator[tuple[str, Sequence[Step]]]:
    """What is nested in a step, with the words that lead there."""
    for action in step.actions:
        match action:
            case WaitEvent():
                yield from _some(("等到了", action.came), ("超时", action.timed_out))
            case Branch():
                for arm in action.arms:
                    said = "；".join(map(condition, arm.conditions))
                    yield (f"如果 {said}" if said else "否则", arm.steps)
            case Loop():
                yield "反复", action.steps
            case Split():
                for way in action.arms:
                    yield f"方案 {way.name}（{way.share:.0%}）", way.then


def _some(*named: tuple[str, Sequence[Step]]) -> Iterator[tuple[str, Sequence[Step]]]:
    yield from ((name, steps) for name, steps in named if steps)
