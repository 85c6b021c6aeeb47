"""换群: what a proposed move into another group calls for now. Pure.

Asked of the member of staff, never done by itself: a customer cannot be moved, only invited.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Seat, Task
from bot.playbook import admission
from bot.playbook.audience import Facts
from bot.playbook.evidence import BUTTON
from config.book import Book

OWN = "主题群"  # in place of an SOP's name, for what a theme asks for by itself
STEP = "换群"
STAY = "留在原群"
_ABOUT_THEME = "theme:"
SETTLES = timedelta(minutes=10)  # one tag is taken off before the next is put on
LOOK_DAILY = timedelta(days=1)


def theme_subject(theme: str) -> str:
    """What a task is about that a theme itself asks for."""
    return f"{_ABOUT_THEME}{theme}"


def theme_of_subject(subject: str) -> str:
    """The name of the theme that such a task is about; "" when it is about something else."""
    return subject.removeprefix(_ABOUT_THEME) if subject.startswith(_ABOUT_THEME) else ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Nobody was asked yet."""


@dataclass(frozen=True, slots=True)
class Accept:
    """They are to be invited."""


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a look at a proposal finds."""

    facts: Facts
    in_target: bool  # the customer sits in a group of the proposed theme
    in_origin: bool  # and still in the one they were found in
    invited: bool  # something else gives them a place there
    task: Task | None
    free_at: datetime | None  # 邀请间隔: when an invitation may go out; None: now


def decide(seat: Seat, standing: Standing, book: Book, now: datetime) -> Ask | Accept | Wait | Drop:
    task = standing.task
    if task and not task.open:
        if task.result == accept(seat.theme):
            return Accept()
        return Drop("员工选了留在原群" if task.result else f"没有人答复（{task.state}）")
    if why := _pointless(seat, standing, book, now):
        return Drop(why)
    if task:
        return Wait(now + LOOK_DAILY)
    if standing.free_at and standing.free_at > now:
        late = standing.free_at >= seat.created_at + admission.MOVES
        return Drop("30天内刚邀请过进群") if late else Wait(standing.free_at)
    return Ask()


def accept(theme: str) -> str:
    """The label of the button that says yes."""
    return f"换到{theme}" + ("" if theme.endswith("群") else "群")


def question(seat: Seat, staff: str, name: str, origin: str, now: datetime) -> Task:
    """The task that asks whoever knows the customer; the same one however often made."""
    return Task(
        id=f"{seat.id}:ask",
        journey=seat.id,
        sop=OWN,
        step=STEP,
        subject=seat.subject,
        staff=staff,
        title=f"{name or '客户'} 的标签变了，更适合主题“{seat.theme}”的群，要换群吗？",
        note=f"现在在群“{origin}”。选换群后系统发进群邀请；不会请客户退原来的群，两个群会同时在。",
        buttons=(accept(seat.theme), STAY),
        proofs_wanted=(BUTTON,),
        created_at=now,
        limit="2个工作日",
        due_at=now,
        slot=seat.slot,
    )


def _pointless(seat: Seat, standing: Standing, book: Book, now: datetime) -> str | None:
    theme, picker = book.themes.get(seat.theme), book.pickers.get(seat.picker)
    if theme is None or picker is None or picker.on_tags != "建议换群":
        return "配置里已没有这个主题，或不再建议换群"
    if standing.in_target:
        return "客户已经在这个主题的群里"
    if standing.invited:
        return "客户已在邀请进这个主题的群"
    if not standing.in_origin:
        return "客户已不在原来的群里"
    if admission.better(picker, standing.facts, now) != seat.theme:
        return "标签又变了"
    return admission.barred(theme, standing.facts, now)
