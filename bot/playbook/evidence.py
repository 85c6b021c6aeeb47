"""What the proofs at hand make of a task; a worker's own word is never verification."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from bot.model import Fact, Task
from bot.playbook.audience import HAPPENINGS

BUTTON = "按钮"
CHECKLIST = "清单"
_ON_CARD = frozenset({BUTTON, CHECKLIST})
_FILLED = "填写:"
#: What is_own_word goes by, for queries.
OWN_WORDS, OWN_WORDS_BEGIN = _ON_CARD, _FILLED
Quality: TypeAlias = Literal["", "acknowledged", "self_reported", "verified"]


def filled(label: str) -> str:
    """The name of the proof 填写 asks for."""
    return f"{_FILLED}{label}"


def is_own_word(wanted: str) -> bool:
    """What the worker says, on the card or in the chat; everything else is the key of a fact."""
    return wanted in _ON_CARD or wanted.startswith(_FILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``complete``: nothing more is wanted. ``evidence`` is how good what we have is."""

    complete: bool
    evidence: Quality
    told: bool  # the worker has given every word we asked for
    missing: tuple[str, ...]


def judge(task: Task) -> Verdict:
    """Weigh the proofs ``task`` has."""
    on_page = {name for name, proof in task.proofs.items() if proof.get("page")}
    return weigh(task.proofs_wanted, task.any_proof, task.proofs, on_page)


def weigh(
    wanted: Sequence[str],
    any_proof: bool,
    proofs: Collection[str],
    on_page: Collection[str] = (),
) -> Verdict:
    """Verified takes at least one proof that is not the worker's own word, and all it takes.

    ``on_page``: words given on the worker's page. They count as what is typed, not as the tap of a
    card that WeCom tells us of.
    """
    found = [name for name in wanted if name in proofs]
    missing = tuple(name for name in wanted if name not in proofs)
    complete = bool(found) and (any_proof or not missing)
    words = [name for name in found if is_own_word(name)]
    told = bool(words) and (any_proof or not any(is_own_word(name) for name in missing))
    if complete and len(words) < len(found):
        evidence: Quality = "verified"
    elif any(name not in _ON_CARD or name in on_page for name in words):
        evidence = "self_reported"
    else:
        evidence = "acknowledged" if words else ""
    return Verdict(complete=complete, evidence=evidence, told=told, missing=missing)


def question(task: Task) -> str | None:
    """What the worker is asked to answer in the chat now.

    None: nothing, or something else comes first: their tap, or what WeCom is to show while there
    is no tap to wait for.
    """
    asked = to_fill(task)
    if not asked or (untapped(task) and not task.any_proof):
        return None
    return asked[0]


def to_fill(task: Task) -> tuple[str, ...]:
    """What the worker may be asked to answer beside their tap, in the order written.

    Nothing while something else has to come first: what WeCom is to show, when there is no tap.
    """
    verdict = judge(task)
    asked = [name for name in verdict.missing if name.startswith(_FILLED)]
    if not task.open or verdict.complete:
        return ()
    taps = spoken(task.proofs_wanted)
    if not task.any_proof and not taps and len(asked) < len(verdict.missing):
        return ()
    return tuple(name.removeprefix(_FILLED) for name in asked)


def untapped(task: Task) -> bool:
    """The worker is still to say on the card that it is done."""
    return any(word not in task.proofs for word in spoken(task.proofs_wanted))


def spoken(wanted: Iterable[str]) -> tuple[str, ...]:
    """What the worker is to say on the card: 按钮, 清单, both or nothing at all."""
    return tuple(name for name in wanted if name in _ON_CARD)


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


_HAPPENED = {kind: name for name, kind in HAPPENINGS.items()}
OWN_CALL = "mark_tag"
OWN_TAP = "tap"
#: Sources of facts that are the echo of our own calls, or of a worker's word on some card.
OUR_OWN = frozenset({OWN_CALL, OWN_TAP})


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
            return f"客户进入“{what}”的群" if what else "客户进群"
        case "按钮":
            return "在卡片上点按钮"
        case "清单":
            return "在卡片上勾完清单"
        case "填写":
            return f"在这里回复“{rest}”"
        case "新群":
            return f"企业微信里出现“{rest}”的新群"
        case "群发" | "":
            return "系统看到结果"
    return f"系统收到“{_HAPPENED.get(kind, kind)}”"


def _second(moment: datetime) -> datetime:
    """WeCom's events carry whole seconds."""
    return moment.replace(microsecond=0)
