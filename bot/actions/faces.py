"""What stands on the card of one task, or of several of one kind that share it."""

from collections.abc import Iterable, Sequence

from bot.context import Context
from bot.model import Task
from bot.playbook import batches
from bot.playbook.evidence import BUTTON, CHECKLIST
from bot.playbook.ladder import StaffTime
from bot.wecom import cards
from bot.wecom.bodies import Body
from config.book import Book

SEEN = "知道了"  # on the card of a task that only WeCom can prove
LATER, CANNOT, PASS = "qunce:later", "qunce:cannot", "qunce:pass"
#: WeCom has room for a menu on cards with buttons, not on checklists.
MENU = (
    cards.Button(key=LATER, text="稍后"),
    cards.Button(key=CANNOT, text="做不了"),
    cards.Button(key=PASS, text="转给同事"),
)


async def face(
    ctx: Context,
    book: Book,
    tasks: Sequence[Task],
    card: str,
    *,
    reminder: str = "",
    hint: str = "",
    buttons: Sequence[cards.Button] = (),
) -> Body:
    """The card; ``hint`` says what has just become of it, ``buttons`` stand in for its own.

    A tap beside its buttons opens the page where all of this can be done, too.
    """
    card_body = await _face(ctx, book, tasks, card, reminder, hint, buttons)
    page = ctx.settings.public_url
    return cards.opening(card_body, f"{page}/my") if page else card_body


async def _face(
    ctx: Context,
    book: Book,
    tasks: Sequence[Task],
    card: str,
    reminder: str,
    hint: str,
    buttons: Sequence[cards.Button],
) -> Body:
    first = tasks[0]
    title = batches.title(tasks)
    if reminder:
        title = f"【{reminder}】{title}"
    if CHECKLIST in first.proofs_wanted:
        return await _checklist(ctx, book, first, card, title, hint)
    lines = await _lines(ctx, book, tasks)
    deadline = _deadline(book, first)
    room = len(lines) < cards.MAX_LINES
    if deadline and room:
        lines.append(cards.Line(name="截止", value=deadline))
    due = f"截止 {deadline}" if deadline and not room else ""
    steps = "\n".join(f"{i}. {item}" for i, item in enumerate(first.checklist, 1))
    return cards.task_card(
        card=card,
        title=title,
        desc="\n".join(filter(None, [hint, due, first.note])),
        lines=lines,
        material="\n".join(filter(None, [steps, first.material])),
        buttons=buttons or _buttons(first),
        menu=() if buttons else MENU,
    )


async def names_of(ctx: Context, tasks: Iterable[Task]) -> list[str]:
    """The customers or groups these tasks are about, as they are called; their ids otherwise."""
    names = []
    for task in tasks:
        known = (
            await ctx.store.contacts.get(task.subject)
            if task.subject_type == "contact"
            else await ctx.store.groups.get(task.subject)
        )
        names.append(known.name if known and known.name else task.subject)
    return names


def _buttons(task: Task) -> list[cards.Button]:
    labels = task.buttons if BUTTON in task.proofs_wanted else (SEEN,)
    return [
        cards.Button(key=label, text=label, style=1 if i == 0 else 4)
        for i, label in enumerate(labels or ("已完成",))
    ]


async def _checklist(
    ctx: Context, book: Book, task: Task, card: str, title: str, hint: str
) -> Body:
    """What other cards show in lines stands in words here."""
    lines = await _lines(ctx, book, [task])
    if deadline := _deadline(book, task):
        lines.append(cards.Line(name="截止", value=deadline))
    words = "，".join(f"{line.name} {line.value}" for line in lines)
    submit = task.buttons[0] if task.buttons and BUTTON in task.proofs_wanted else "提交"
    return cards.checklist_card(
        card=card,
        title=title,
        desc="\n".join(filter(None, [hint, words, task.note, task.material])),
        items=task.checklist,
        submit=submit,
    )


async def _lines(ctx: Context, book: Book, tasks: Sequence[Task]) -> list[cards.Line]:
    """Whom it is about: by name while there is room, else how many."""
    first = tasks[0]
    label = "客户" if first.subject_type == "contact" else "客户群"
    if len(tasks) > batches.NAMED:
        some = "、".join(await names_of(ctx, tasks[:2]))
        counted = batches.counted(first, len(tasks))
        return [cards.Line(name=label, value=f"{some} 等 {counted}，名单见下一条消息")]
    named = zip(tasks, await names_of(ctx, tasks), strict=True)
    return [cards.Line(name=label, value=name) for task, name in named if name != task.subject]


def _deadline(book: Book, task: Task) -> str:
    return StaffTime.of(book.rules).local(task.deadline) if task.deadline else ""
