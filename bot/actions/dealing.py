"""The messages a person gets about tasks: cards, what goes with them, and the words on old ones."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.actions.faces import face, names_of
from bot.context import Context
from bot.model import Outgoing, Task
from bot.playbook import batches, chasing
from bot.playbook.evidence import question
from bot.playbook.ladder import StaffTime
from bot.wecom import cards
from config.book import Book
from config.team import Team

_QUOTED_BYTES = 1024  # what a card shows of the material
_MESSAGE_BYTES = 2000
CODE_LIVES = timedelta(hours=71)  # WeCom: 72 h


@dataclass(frozen=True, slots=True)
class Place:
    """A card: its row in the outbox, and the name under which several tasks share it."""

    row: str
    shared: str = ""

    @property
    def card(self) -> str:
        """WeCom's id of it."""
        return cards.card_id(self.row)


def card_row(task: Task, n: int) -> str:
    """The outbox id of the ``n``-th card of a task, when it has it for itself."""
    return f"card:{task.id}:{n}"


def card_of(task: Task, n: int) -> str:
    """WeCom's id of that card."""
    return cards.card_id(card_row(task, n))


def place_now(task: Task) -> Place:
    """The card it is on."""
    return _shared(task.shared) if task.shared else Place(card_row(task, task.cards))


def next_place(tasks: Sequence[Task]) -> Place:
    """The next card of these tasks, which are with one person."""
    first, *others = tasks
    return _shared(batches.name_of(tasks)) if others else Place(card_row(first, first.cards + 1))


def _shared(name: str) -> Place:
    return Place(f"card:{name}", name)


async def deal(
    ctx: Context, book: Book, tasks: Sequence[Task], place: Place, *, reminder: str = ""
) -> Outgoing:
    """The card for whoever they are with now; the same one however often made."""
    first = tasks[0]
    body = await face(ctx, book, tasks, place.card, reminder=reminder)
    return Outgoing(
        id=place.row,
        kind="card",
        body=cards.to_staff(ctx.settings.agent_id, [first.staff], body),
        staff=first.staff,
        subject="" if place.shared else first.subject,
        about=place.shared or first.id,
        due_at=ctx.now(),
    )


async def deal_all(
    ctx: Context,
    book: Book,
    tasks: Sequence[Task],
    place: Place,
    *,
    reminder: str = "",
    again: bool = False,
) -> list[Outgoing]:
    """The card with everything that goes with it; ``again``: for somebody new."""
    first = tasks[0]
    rows = [await deal(ctx, book, tasks, place, reminder=reminder)]
    if len(tasks) > batches.NAMED:
        rows += await _listed(ctx, tasks, place)
    rows += _forwardable(ctx, first, place, again=again)
    if asked := question(first):
        free = StaffTime.of(book.rules).free(ctx.now())
        rows.append(asking(ctx, first, asked, free))
    return rows


async def _listed(ctx: Context, tasks: Sequence[Task], place: Place) -> list[Outgoing]:
    """More customers than a card names, as a text."""
    names = enumerate(await names_of(ctx, tasks), 1)
    text = "\n".join([f"“{batches.title(tasks)}”的名单：", *(f"{n}. {name}" for n, name in names)])
    return [
        replace(note(ctx, f"list:{place.shared}:{part}", tasks[0].staff, piece), about=place.shared)
        for part, piece in enumerate(_pieces(text))
    ]


async def rows_about(ctx: Context, task: Task) -> list[Outgoing]:
    """Every call about a task, those about cards it shared among them."""
    rows = await ctx.store.outbox.about(task.id)
    for name in task.sharing:
        rows += await ctx.store.outbox.about(name)
    return rows


def _forwardable(ctx: Context, task: Task, place: Place, *, again: bool) -> list[Outgoing]:
    """A material too long for a card, as texts of their own that can be forwarded."""
    if len(task.material.encode()) <= _QUOTED_BYTES:
        return []
    about = place.shared or task.id
    name = f"text:{about}" + (f":{task.staff}" if again else "")
    rows = [
        note(ctx, name + (f":{part}" if part else ""), task.staff, text, task)
        for part, text in enumerate(_pieces(task.material))
    ]
    return [replace(row, about=place.shared, subject="") for row in rows] if place.shared else rows


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


async def shown_again(
    ctx: Context,
    book: Book,
    tasks: Sequence[Task],
    card: str,
    code: str,
    hint: str,
    buttons: Sequence[cards.Button] = (),
) -> Outgoing:
    """The tapped card in place, with a word on top and perhaps other buttons."""
    first = tasks[0]
    shown = await face(ctx, book, tasks, card, hint=hint, buttons=buttons)
    body = cards.card_replaced(ctx.settings.agent_id, [first.staff], code, shown)
    return replace(tick(ctx, first.staff, code, "", first), body=body)


async def ask_for_rest(
    ctx: Context, book: Book, task: Task, card_id: str, code: str, ticked: tuple[str, ...]
) -> Outgoing:
    """The checklist again, in place, with what is done ticked."""
    rest = f"还差 {len(task.checklist) - len(set(ticked))} 项"
    card = await face(ctx, book, [task], card_id, reminder=rest)
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


def describe(task: Task, staff_time: StaffTime, now: datetime) -> str:
    """One line about an open task, for its staff."""
    if task.deadline and task.deadline <= now:
        when = f"已超过期限 {staff_time.local(task.deadline)}"
    else:
        when = f"{staff_time.local(task.deadline)} 前" if task.deadline else "不限时间"
    rest = "，等系统核实" if task.state == "已完成" else ""
    return f"{task.title}（{when}{rest}）"


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
