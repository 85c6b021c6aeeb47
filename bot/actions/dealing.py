"""What a task looks like on a phone: its cards, and what stands on them when it is over."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from bot.context import Context
from bot.model import Outgoing, Task
from bot.playbook import chasing
from bot.playbook.evidence import BUTTON, CHECKLIST
from bot.playbook.ladder import StaffTime
from bot.wecom import cards
from bot.wecom.bodies import Body
from config.book import Book
from config.team import Team

SEEN = "知道了"  # on the card of a task that only WeCom can prove
_QUOTED_BYTES = 1024  # what a card shows of the material
_MESSAGE_BYTES = 2000
CODE_LIVES = timedelta(hours=71)  # WeCom: 72 h


def card_row(task: Task, n: int) -> str:
    """The outbox id of the ``n``-th card of a task."""
    return f"card:{task.id}:{n}"


def card_of(task: Task, n: int) -> str:
    """WeCom's id of that card."""
    return cards.card_id(card_row(task, n))


async def deal(ctx: Context, book: Book, task: Task, n: int, *, reminder: str = "") -> Outgoing:
    """The ``n``-th card of ``task`` for whoever it is with now; the same one however often made."""
    body = await _card(ctx, book, task, n, reminder)
    return Outgoing(
        id=card_row(task, n),
        kind="card",
        body=cards.to_staff(ctx.settings.agent_id, [task.staff], body),
        staff=task.staff,
        subject=task.subject,
        about=task.id,
        due_at=ctx.now(),
    )


def forwardable(ctx: Context, task: Task) -> list[Outgoing]:
    """A material too long for a card, as texts of their own that can be forwarded."""
    if len(task.material.encode()) <= _QUOTED_BYTES:
        return []
    return [
        note(ctx, f"text:{task.id}" + (f":{part}" if part else ""), task.staff, text, task)
        for part, text in enumerate(_pieces(task.material))
    ]


def note(ctx: Context, row: str, staff: str, text: str, task: Task | None = None) -> Outgoing:
    """A text to one member of staff."""
    return Outgoing(
        id=row,
        kind="text",
        body=cards.text(ctx.settings.agent_id, [staff], text),
        staff=staff,
        subject=task.subject if task else "",
        about=task.id if task else "",
        due_at=ctx.now(),
    )


def asking(ctx: Context, task: Task, label: str, at: datetime) -> Outgoing:
    """The question 填写 puts to whoever the task is with; the same one however often made."""
    text = f"任务“{task.title}”还差一项，请直接回复：{label}"
    row = note(ctx, f"ask:{task.id}:{label}:{task.staff}", task.staff, text, task)
    return replace(row, due_at=at)


def tick(ctx: Context, staff: str, code: str, words: str, task: Task | None = None) -> Outgoing:
    """Put ``words`` on the button of a card, in place; each code works once."""
    digest = hashlib.sha256(code.encode()).hexdigest()[:32]
    return Outgoing(
        id=f"tick:{digest}",
        kind="tick",
        lane="urgent",
        body=cards.buttons_replaced(ctx.settings.agent_id, [staff], code, words),
        subject=task.subject if task else "",
        about=task.id if task else "",
        due_at=ctx.now(),
        expires_at=ctx.now() + CODE_LIVES,
    )


async def ask_for_rest(
    ctx: Context, book: Book, task: Task, n: int, code: str, ticked: tuple[str, ...]
) -> Outgoing:
    """The checklist again, in place, with what is done ticked."""
    card = await _card(ctx, book, task, n, f"还差 {len(task.checklist) - len(set(ticked))} 项")
    box = card["checkbox"]
    options = [o | {"is_checked": o["id"] in ticked} for o in box["option_list"]]
    card |= {"checkbox": box | {"option_list": options}}
    body = cards.card_replaced(ctx.settings.agent_id, [task.staff], code, card)
    return replace(tick(ctx, task.staff, code, "", task), body=body)


async def name_of(ctx: Context, team: Team, staff: str) -> str:
    """As colleagues call them."""
    known = await ctx.store.staff.get(staff)
    return known.name if known and known.name else team.name_of(staff)


async def manager_of(ctx: Context, book: Book, task: Task) -> str:
    """Who answers for the shop of the task's staff, else for its SOP; "" when that is nobody else.

    A manager's own task goes to the SOP's owner.
    """
    own = await ctx.store.staff.get(task.staff)
    shop = chasing.shop_of(book, own)
    leaders = await ctx.store.staff.leaders_of([shop.department]) if shop else []
    candidates = chasing.answering(book, task, own, leaders)
    return chasing.takes_over(candidates, task, await ctx.store.staff.many(candidates))


async def next_card(ctx: Context, task: Task, to: str) -> int:
    """The number of its next card: those put for somebody else before a crash keep theirs."""
    n = task.cards + 1
    while (taken := await ctx.store.outbox.get(card_row(task, n))) and taken.staff != to:
        n += 1
    return n


def describe(task: Task, staff_time: StaffTime, now: datetime) -> str:
    """One line about an open task, for its staff."""
    if task.deadline and task.deadline <= now:
        when = f"已超过期限 {staff_time.local(task.deadline)}"
    else:
        when = f"{staff_time.local(task.deadline)} 前" if task.deadline else "不限时间"
    rest = "，等系统核实" if task.state == "已完成" else ""
    return f"{task.title}（{when}{rest}）"


async def _card(ctx: Context, book: Book, task: Task, n: int, reminder: str) -> Body:
    card = card_of(task, n)
    title = f"【{reminder}】{task.title}" if reminder else task.title
    if CHECKLIST in task.proofs_wanted:
        hints = [await _lines_in_words(ctx, book, task), task.note, task.material]
        desc = "\n".join(filter(None, hints))
        submit = task.buttons[0] if task.buttons and BUTTON in task.proofs_wanted else "提交"
        return cards.checklist_card(
            card=card, title=title, desc=desc, items=task.checklist, submit=submit
        )
    steps = "\n".join(f"{i}. {item}" for i, item in enumerate(task.checklist, 1))
    labels = task.buttons if BUTTON in task.proofs_wanted else (SEEN,)
    return cards.task_card(
        card=card,
        title=title,
        desc=task.note,
        lines=await _lines(ctx, book, task),
        material="\n".join(filter(None, [steps, task.material])),
        buttons=[
            cards.Button(key=label, text=label, style=1 if i == 0 else 4)
            for i, label in enumerate(labels or ("已完成",))
        ],
    )


async def _lines(ctx: Context, book: Book, task: Task) -> list[cards.Line]:
    lines = []
    if task.subject_type == "contact":
        contact = await ctx.store.contacts.get(task.subject)
        if contact and contact.name:
            lines.append(cards.Line(name="客户", value=contact.name))
    else:
        group = await ctx.store.groups.get(task.subject)
        if group and group.name:
            lines.append(cards.Line(name="客户群", value=group.name))
    if task.deadline:
        lines.append(cards.Line(name="截止", value=StaffTime.of(book.rules).local(task.deadline)))
    return lines


async def _lines_in_words(ctx: Context, book: Book, task: Task) -> str:
    return "，".join(f"{line.name} {line.value}" for line in await _lines(ctx, book, task))


def _pieces(text: str) -> list[str]:
    """``text`` in messages WeCom does not cut, split at line ends where there are any."""
    pieces, piece = [], ""
    for line in text.splitlines(keepends=True):
        for part in _short(line):
            if len((piece + part).encode()) > _MESSAGE_BYTES and piece:
                pieces.append(piece.rstrip("\n"))
                piece = ""
            piece += part
    return [*pieces, piece.rstrip("\n")]


def _short(line: str) -> list[str]:
    """At most 600 characters are at most 2,400 bytes, of Chinese 1,800."""
    size = 500
    return [line[i : i + size] for i in range(0, len(line), size)]
