"""What the proofs at hand make of a task; a worker's own word is never verification."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.model import Fact, Task

BUTTON = "按钮"
CHECKLIST = "清单"
_OWN_WORD = frozenset({BUTTON, CHECKLIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``complete``: nothing more is wanted. ``evidence`` is how good what we have is."""

    complete: bool
    evidence: Literal["", "acknowledged", "verified"]
    told: bool  # the worker has given the word we asked for
    missing: tuple[str, ...]


def judge(task: Task) -> Verdict:
    """Weigh the proofs ``task`` has."""
    return weigh(task.proofs_wanted, task.any_proof, task.proofs)


def weigh(wanted: Sequence[str], any_proof: bool, proofs: Collection[str]) -> Verdict:
    """Verified takes at least one proof that is not the worker's own word, and all it takes."""
    found = [name for name in wanted if name in proofs]
    missing = tuple(name for name in wanted if name not in proofs)
    complete = bool(found) and (any_proof or not missing)
    seen_by_us = any(name not in _OWN_WORD for name in found)
    told = any(name in _OWN_WORD for name in found)
    if complete and seen_by_us:
        evidence: Literal["", "acknowledged", "verified"] = "verified"
    else:
        evidence = "acknowledged" if told else ""
    return Verdict(complete=complete, evidence=evidence, told=told, missing=missing)


def spoken(wanted: Iterable[str]) -> tuple[str, ...]:
    """What the worker is to say on the card: 按钮, 清单, both or nothing at all."""
    return tuple(name for name in wanted if name in _OWN_WORD)


def proved_by(task: Task, facts: Iterable[Fact]) -> dict[str, dict[str, Any]]:
    """The proofs these facts add: what was wanted, seen after the task was made, not by us.

    A tag we put ourselves, say for the button of this very task, says nothing about the work.
    """
    added: dict[str, dict[str, Any]] = {}
    for fact in facts:
        if fact.at < _second(task.created_at) or fact.source in OUR_OWN:
            continue
        for key in fact.keys:
            if key in task.keys and key not in task.proofs and key not in added:
                added[key] = {"at": fact.at, "by": fact.source, "fact": fact.id}
    return added


#: Sources of facts that are the echo of our own calls.
OUR_OWN = frozenset({"mark_tag"})


def in_words(wanted: str) -> str:
    """What a missing proof asks for, for the person who is to bring it."""
    kind, _, rest = wanted.partition(":")
    _, _, what = rest.partition(":")
    match kind:
        case "标签":
            return f"给客户打上标签“{what}”"
        case "标签组":
            return f"给客户打上“{what}”的标签"
        case "入群":
            return f"客户进入“{what}”的群"
        case "按钮":
            return "在卡片上点按钮"
        case "清单":
            return "在卡片上勾完清单"
    return "系统看到结果"


def _second(moment: datetime) -> datetime:
    """WeCom's events carry whole seconds."""
    return moment.replace(microsecond=0)
