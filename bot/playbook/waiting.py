"""What a journey waits for, whether it has come, and which journeys it begins."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.model import Fact, Journey
from bot.playbook import keys
from bot.playbook.admission import pickers_about
from bot.playbook.audience import HAPPENINGS, Facts
from config.book import Book
from config.phrases import AttributeDate
from config.sop import Node, Sop
from config.triggers import Exit, Trigger


def key_of(trigger: Trigger, subject: str, staff: str, book: Book) -> str:
    """The fact key under which ``trigger`` shows for this subject; "" when none does."""
    match trigger.kind:
        case "打上标签" if trigger.tag:
            return keys.tagged(subject, book.tag(trigger.tag))
        case "打上标签" if trigger.tag_group:
            return keys.tagged_in(subject, trigger.tag_group)
        case "去掉标签" if trigger.tag:
            return keys.untagged(subject, book.tag(trigger.tag))
        case "去掉标签" if trigger.tag_group:
            return keys.untagged_in(subject, trigger.tag_group)
        case "下单" | "到店" | "互动" | "客户回复":
            return keys.happened(subject, HAPPENINGS[trigger.kind])
        case "收到事件" if trigger.event:
            return keys.happened(subject, HAPPENINGS.get(trigger.event, trigger.event))
        case "阶段变化":
            return keys.stage(subject, trigger.system or "", trigger.stage or "")
        case "表单提交":
            return keys.form(subject, trigger.form or "")
        case "客户删除好友":
            return keys.lost(subject, staff)
        case "入群":
            return keys.joined(subject, trigger.theme or "")
        case "退群":
            return keys.left_group(subject, trigger.theme or "")
    return ""


def begun_by(fact: Fact, book: Book) -> list[Sop]:
    """The SOPs for customers that begin with this fact, whatever their state and conditions."""
    staff = str(fact.data.get("staff", ""))
    found = []
    for sop in book.sops.values():
        if sop.entry.kind == "客户删除好友" and fact.data.get("how") != "by_customer":
            continue  # staff who part with a customer, or hand them on, are not left by them
        key = key_of(sop.entry, fact.subject, staff, book)
        if key and key in fact.keys and sop.subject == "客户":
            found.append(sop)
    return found


def to_begin(facts: Iterable[Fact], book: Book, now: datetime) -> list[Fact]:
    """The same facts; those with which something begins are due, and so are looked at for that.

    An SOP, or a proposal to move the customer into another group.
    """
    return [replace(fact, due_at=now) if _begins(fact, book) else fact for fact in facts]


def _begins(fact: Fact, book: Book) -> bool:
    return bool(begun_by(fact, book) or pickers_about(fact, book))


def exit_keys(sop: Sop, subject: str, staff: str, book: Book) -> tuple[str, ...]:
    """The facts that end a journey of this SOP."""
    found = (key_of(rule, subject, staff, book) for rule in sop.exits)
    return tuple(key for key in found if key)


def date_keys(node: Node, subject: str) -> tuple[str, ...]:
    """The facts that move the moment of a step counted from a 客户属性."""
    when = node.step.when
    return (keys.attribute(subject, when.name),) if isinstance(when, AttributeDate) else ()


def exit_taken(sop: Sop, journey: Journey, facts: Iterable[Fact], book: Book) -> Exit | None:
    """The first exit rule one of ``facts`` satisfies since the journey began.

    What it began with does not end it, even when an exit rule asks for the like.
    """
    later = (f for f in facts if f.at >= journey.entered_at and f.id != journey.begun_by)
    seen = {key for fact in later for key in fact.keys}
    for rule in sop.exits:
        if key_of(rule, journey.subject, journey.staff, book) in seen:
            return rule
    return None


def has_come(
    trigger: Trigger,
    journey: Journey,
    since: datetime,
    facts: Iterable[Fact],
    state: Facts,
    book: Book,
) -> bool:
    """Whether the awaited event happened since ``since``.

    What the customer already is counts too: with the tag, without it, or at the stage.
    """
    if _is_so(trigger, state, book):
        return True
    key = key_of(trigger, journey.subject, journey.staff, book)
    seen = (fact for fact in facts if fact.at >= since and fact.id != journey.begun_by)
    return any(key in fact.keys for fact in seen)


def _is_so(trigger: Trigger, state: Facts, book: Book) -> bool:
    match trigger.kind:
        case "打上标签":
            return _carries(trigger, state, book)
        case "去掉标签":
            return not _carries(trigger, state, book)
        case "阶段变化":
            return state.stages.get(trigger.system or "") == trigger.stage
    return False


def _carries(trigger: Trigger, state: Facts, book: Book) -> bool:
    if trigger.tag:
        return book.tag(trigger.tag) in state.tags
    return any(tag.startswith(f"{trigger.tag_group}/") for tag in state.tags)
