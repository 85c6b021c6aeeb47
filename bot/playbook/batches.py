"""Which tasks of one person go onto one card, and how it names them. Pure."""

import hashlib
from collections.abc import Iterable, Sequence

from bot.model import Task
from bot.playbook.evidence import spoken

SLOT = "{}"  # where the customer's or group's name stands in the words of a title
NAMED = 6  # so many are named on the card itself
MOST = 100  # on one card


def may_share(task: Task) -> bool:
    """One tap, or none at all, answers for several: nothing is asked about each of them."""
    return bool(task.together)


def grouped(tasks: Iterable[Task]) -> list[tuple[Task, ...]]:
    """Tasks that are due together, by the card they go onto; who waits longest comes first."""
    groups: dict[object, list[Task]] = {}
    for task in sorted(tasks, key=lambda one: (one.created_at, one.id)):
        groups.setdefault(_key(task), []).append(task)
    return [
        tuple(group[start : start + MOST])
        for group in groups.values()
        for start in range(0, len(group), MOST)
    ]


def _key(task: Task) -> object:
    """Equal for tasks that differ in nothing but whom they are about."""
    if not may_share(task):
        return task.id
    about = (task.staff, task.sop, task.step, task.subject_type, task.together)
    asked = (spoken(task.proofs_wanted), len(task.proofs_wanted), task.any_proof, task.buttons)
    files = tuple(file["sha"] for file in task.files)
    rest = (task.note, task.material, files, task.limit, task.ladder, *task.result_tags.items())
    return (*about, *asked, *rest)


def name_of(tasks: Sequence[Task]) -> str:
    """The next card of these tasks in this person's hands: the same however often it is made."""
    first, *_ = tasks
    about = "|".join(sorted(f"{task.id}:{task.cards + 1}" for task in tasks))
    digest = hashlib.sha256(f"{first.staff}|{about}".encode()).hexdigest()
    return f"batch:{digest[:32]}"


def title(tasks: Sequence[Task]) -> str:
    """和 3 位客户 打个招呼; the title itself for a single one."""
    first, *others = tasks
    if not others:
        return first.title
    count = counted(first, len(tasks))
    before, named, after = first.together.partition(SLOT)
    if not named:
        return f"{first.together}（{count}）"
    gap = " " if before and before[-1].isalnum() else ""
    return f"{before}{gap}{count}{after.replace(SLOT, count)}"


def counted(like: Task, count: int) -> str:
    """3 位客户, 2 个群."""
    return f"{count} {'位客户' if like.subject_type == 'contact' else '个群'}"
