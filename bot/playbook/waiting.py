"""What a journey waits for, and whether it has come."""

from collections.abc import Iterable
from datetime import datetime

from bot.model import Fact, Journey
from bot.playbook import keys
from bot.playbook.audience import Facts
from config.book import Book
from config.sop import Sop
from config.triggers import Exit, Trigger

_KINDS = {"下单": "order", "到店": "visit"}


def key_of(trigger: Trigger, subject: str, staff: str, book: Book) -> str:
    """The fact key under which ``trigger`` shows for this subject; "" when none does."""
    match trigger.kind:
        case "打上标签" if trigger.tag:
            return keys.tagged(subject, book.tag(trigger.tag))
        case "打上标签" if trigger.tag_group:
            return keys.tagged_in(subject, trigger.tag_group)
        case "下单" | "到店":
            return keys.happened(subject, _KINDS[trigger.kind])
        case "客户删除好友":
            return keys.lost(subject, staff)
        case "入群":
            return keys.joined(subject, trigger.theme or "")
    return ""


def exit_keys(sop: Sop, subject: str, staff: str, book: Book) -> tuple[str, ...]:
    """The facts that end a journey of this SOP."""
    found = (key_of(rule, subject, staff, book) for rule in sop.exits)
    return tuple(key for key in found if key)


def exit_taken(sop: Sop, journey: Journey, facts: Iterable[Fact], book: Book) -> Exit | None:
    """The first exit rule one of ``facts`` satisfies since the journey began."""
    seen = {key for fact in facts if fact.at >= journey.entered_at for key in fact.keys}
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
    """Whether the awaited event happened since ``since``; a tag already there counts too."""
    if trigger.kind == "打上标签" and _carries(trigger, state, book):
        return True
    key = key_of(trigger, journey.subject, journey.staff, book)
    return any(key in fact.keys and fact.at >= since for fact in facts)


def _carries(trigger: Trigger, state: Facts, book: Book) -> bool:
    if trigger.tag:
        return book.tag(trigger.tag) in state.tags
    return any(tag.startswith(f"{trigger.tag_group}/") for tag in state.tags)
