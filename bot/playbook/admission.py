"""Who may be invited into a theme now: its 准入, the gap between invitations, a better theme. Pure.

Every invitation a customer may yet receive, or has received, has its place in one ledger of the
caps, so that two themes never invite them within 邀请间隔.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.model import CapWindow, Contact, Fact
from bot.playbook.audience import Facts, all_hold, explain, holds
from config.book import Book
from config.conditions import AnyOf, Condition, NoneOf, Tagged
from config.phrases import Span, in_words
from config.sop import Sop
from config.themes import Theme, ThemePicker

MOVES = timedelta(days=30)  # a customer is proposed another group at most once in it


def barred(theme: Theme, facts: Facts, now: datetime) -> str | None:
    """准入: why the customer gets no place, naming the condition; None when they may have one."""
    failed = (gate for gate in theme.gates if not holds(gate, facts, now))
    first = next(failed, None)
    return f"不符合“{theme.name}”的准入：{explain(first, facts, now)}" if first else None


def gone(contact: Contact, staff: str, sop: Sop | None, book: Book) -> str | None:
    """Why somebody whose journey reached its end before their turn came is not invited any more.

    While a journey is under way its own 退出 rules say so; None when they may be invited.
    """
    relation = contact.relation(staff)
    if relation and relation.lost:
        return "客户已不是好友"
    asked = (rule.tag for rule in (sop.exits if sop else ()) if rule.kind == "打上标签")
    for tag in filter(None, asked):
        if set(book.full_tags([tag])) & set(contact.tags):
            return f"客户有标签“{tag}”"
    return None


def invitations(subject: str) -> str:
    """The ledger of the invitations a customer gets, by their seats."""
    return f"invite:{subject}"


def gap(theme: Theme, now: datetime) -> CapWindow:
    """邀请间隔: one invitation in it, into whatever theme."""
    span = theme.gap.length if isinstance(theme.gap, Span) else timedelta()
    rule = f"邀请间隔{in_words(theme.gap)}"
    return CapWindow(rule=rule, limit=1, since=now - span, span=span)


def proposals(subject: str) -> str:
    """The ledger of the moves a customer was proposed."""
    return f"move:{subject}"


def proposal_gap(now: datetime) -> CapWindow:
    return CapWindow(rule="30天内最多建议一次换群", limit=1, since=now - MOVES, span=MOVES)


def better(picker: ThemePicker, facts: Facts, now: datetime) -> str | None:
    """The theme whose conditions the customer fulfils; None when only 否则 is left.

    That somebody no longer fits anywhere is no reason to move them into the group for everybody.
    """
    for choice in picker.choices:
        if choice.conditions and all_hold(choice.conditions, facts, now):
            return choice.theme
    return None


def pickers_about(fact: Fact, book: Book) -> list[ThemePicker]:
    """Those with 标签变了: 建议换群 that ask for the tag this fact is about."""
    tag = str(fact.data.get("tag", ""))
    if not tag:
        return []
    return [
        picker
        for picker in book.pickers.values()
        if picker.on_tags == "建议换群"
        and any(tag in _asked(choice.conditions, book) for choice in picker.choices)
    ]


def _asked(conditions: Iterable[Condition], book: Book) -> set[str]:
    found: set[str] = set()
    for condition in conditions:
        if isinstance(condition, Tagged):
            found |= set(book.full_tags(condition.tags))
        elif isinstance(condition, AnyOf | NoneOf):
            found |= _asked(condition.conditions, book)
    return found
