"""The task a step gives: its words, and what is to prove it."""

from collections.abc import Sequence
from typing import assert_never

from bot.actions import content
from bot.actions.content import Wording
from bot.actions.scene import Scene
from bot.model import Journey, Task
from bot.playbook import keys
from bot.playbook.audience import HAPPENINGS
from bot.playbook.batches import SLOT
from bot.playbook.evidence import BUTTON, CHECKLIST, filled, is_own_word
from bot.playbook.wording import fill
from bot.store.rows import slot_of
from config.book import Book
from config.phrases import in_words
from config.sop import Node
from config.tasks import (
    CUSTOMER_REPLIED,
    AnyEvidence,
    Button,
    ChecklistDone,
    CustomerReplied,
    CustomerTagged,
    CustomerTaggedInGroup,
    DataChecked,
    Evidence,
    FilledIn,
    GiveTask,
    JoinedGroup,
    MassSent,
)


def task_of(
    action: GiveTask, id: str, node: Node, journey: Journey, scene: Scene, wording: Wording
) -> Task:
    rules = action.evidence
    any_proof = len(rules) == 1 and isinstance(rules[0], AnyEvidence)
    wanted = [_proof(rule, journey, scene.book) for rule in _flat(rules)]
    names = scene.book.full_tags
    forward = content.of_material(action.material, wording) if action.material else None
    return Task(
        id=id,
        journey=journey.id,
        sop=journey.sop,
        step=node.step.name,
        subject=journey.subject,
        subject_type=journey.subject_type,
        staff=scene.receiver(action.to, journey),
        title=fill(action.title, wording.values),
        note=action.reason,
        material=content.in_words(forward) if forward else "",
        files=content.files_of(forward) if forward else (),
        buttons=action.buttons,
        checklist=tuple(fill(item, wording.values) for item in action.checklist),
        proofs_wanted=tuple(wanted),
        any_proof=any_proof,
        keys=tuple(proof for proof in wanted if not is_own_word(proof)),
        created_at=scene.now,
        limit=in_words(action.due),
        ladder=action.ladder or "",
        result_tags={button: ",".join(names(tags)) for button, tags in action.result_tags.items()},
        together=_together(action, wording),
        due_at=scene.now,
        slot=slot_of(journey.subject),
    )


def _together(action: GiveTask, wording: Wording) -> str:
    """The title with nobody's name in it, when one tap can answer for several; "" otherwise."""
    asks_each = any(isinstance(rule, ChecklistDone | FilledIn) for rule in action.all_evidence())
    if asks_each or action.checklist or len(action.buttons) > 1:
        return ""
    if CUSTOMER_REPLIED in action.buttons:  # not all of them at one moment
        return ""
    return fill(action.title, {**wording.values, "客户昵称": SLOT, "群名": SLOT})


def _flat(rules: Sequence[Evidence]) -> list[Evidence]:
    return [one for rule in rules for one in (rule.of if isinstance(rule, AnyEvidence) else [rule])]


def _proof(rule: Evidence, journey: Journey, book: Book) -> str:
    """What the task waits for: the worker's own word, or the key of a fact."""
    match rule:
        case Button():
            return BUTTON
        case ChecklistDone():
            return CHECKLIST
        case CustomerTagged():
            return keys.tagged(journey.subject, book.tag(rule.tag))
        case CustomerTaggedInGroup():
            return keys.tagged_in(journey.subject, rule.tag_group)
        case JoinedGroup():
            return keys.joined(journey.subject, rule.theme or "")
        case FilledIn():
            return filled(rule.label)
        case DataChecked():
            return keys.happened(journey.subject, HAPPENINGS.get(rule.event, rule.event))
        case CustomerReplied():
            return keys.happened(journey.subject, HAPPENINGS["客户回复"])
        case MassSent():
            return keys.mass_sent(journey.id)
        case AnyEvidence():
            raise ValueError("任一 inside 任一")
        case _:
            assert_never(rule)
