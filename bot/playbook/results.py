"""What came of the tasks a journey gave, for conditions that ask."""

from collections.abc import Iterable
from dataclasses import replace

from bot.model import Fact, Journey
from bot.playbook import keys
from bot.playbook.audience import Facts, awaited_tasks
from config.conditions import Condition

PENDING = "待定"  # the result of a task that has not ended


def interest(journey: Journey) -> set[str]:
    """The keys of every fact a decision about this journey may look at."""
    pending = (step for step, result in journey.results.items() if result == PENDING)
    return {*journey.keys, *(keys.task_closed(journey.id, step) for step in pending)}


def with_results(state: Facts, journey: Journey, facts: Iterable[Fact]) -> Facts:
    """The subject's state with the results of this journey's tasks."""
    if not journey.results:
        return state
    results = dict(journey.results)
    step_of = {keys.task_closed(journey.id, step): step for step in results}
    for fact in facts:
        for key in fact.keys:
            if key in step_of and _of_newest(fact, journey, step_of[key]):
                results[step_of[key]] = fact.data.get("result", "")
    return replace(state, task_results=results)


def _of_newest(fact: Fact, journey: Journey, step: str) -> bool:
    """A loop gives the task of a step again, named after its visit; the end of an earlier one,
    perhaps told late, says nothing about it."""
    task, visit = fact.data.get("task"), journey.given.get(step)
    return task is None or visit is None or task.startswith(f"{journey.id}:{visit}:")


def open_tasks(conditions: Iterable[Condition], state: Facts) -> tuple[str, ...]:
    """Steps whose task is asked about and has not ended yet."""
    asked = sorted(awaited_tasks(conditions))
    return tuple(step for step in asked if state.task_results.get(step) == PENDING)
