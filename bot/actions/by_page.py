"""What somebody does with tasks on their page: decided, and told, as a tap of the card is.

Every form is kept before it is acted on; acting on it again changes nothing more.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from bot.actions import colleagues, excuses, menu, tasks, vouching
from bot.actions.tapping import Word, standing, take_word
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Task
from bot.playbook.evidence import BUTTON, CHECKLIST, filled, judge, to_fill, untapped
from bot.playbook.ladder import StaffTime
from bot.router import NotForUs, PageForm
from bot.wecom import cards

Wish = Literal["done", "later", "cannot", "pass", "vouch"]
SUBMIT: Final = "提交"
_DONE: Final = "已完成"


async def do(ctx: Context, form: PageForm) -> None:
    """Raises NotForUs, with what to tell whoever sent it, when it changes nothing."""
    known = await ctx.store.tasks.many(form.tasks)
    about = [known[id] for id in form.tasks if id in known]
    match form.wish:
        case "done":
            await _done(ctx, about, form)
        case "later":
            await _later(ctx, about, form)
        case "cannot":
            await _cannot(ctx, about, form)
        case "pass":
            await _pass(ctx, about, form)
        case "vouch":
            await _vouch(ctx, about, form)
        case unknown:
            raise NotForUs(f"页面不会“{unknown}”")
    ctx.hints.ring("urgent outbox")


def buttons(task: Task) -> tuple[str, ...]:
    """What the worker may press to say it is done; () when there is nothing to say."""
    if not task.open or judge(task).told:
        return ()
    if untapped(task) and CHECKLIST in task.proofs_wanted:
        return (task.buttons[0] if task.buttons else SUBMIT,)
    if untapped(task) and BUTTON in task.proofs_wanted:
        return task.buttons or (_DONE,)
    return (SUBMIT,) if to_fill(task) else ()


def lacking(task: Task, ticked: Collection[str], answers: Collection[str]) -> tuple[int, list[str]]:
    """How many items are not ticked yet, and what is not answered though it must be."""
    unticked = 0
    if untapped(task) and CHECKLIST in task.proofs_wanted:
        unticked = len({str(n) for n in range(len(task.checklist))} - {*ticked})
    rest = [label for label in to_fill(task) if label not in answers]
    if task.any_proof and (untapped(task) or len(rest) < len(to_fill(task))):
        rest = []
    return unticked, rest


async def _done(ctx: Context, about: Sequence[Task], form: PageForm) -> None:
    mine = [task for task in about if task.staff == form.by]
    taken = [task for task in mine if await _took(ctx, task, form)]
    if not taken:
        raise NotForUs(await standing(ctx, await _now(ctx, about), form.by))
    crash_point("by_page.between")
    await _show(ctx, await _now(ctx, taken), form)


async def _took(ctx: Context, task: Task, form: PageForm) -> bool:
    """The answers first: with the last word the task may be over."""
    answered = [
        await _kept(ctx, task, label, str(answer), form)
        for label, answer in form.data.get("answers", {}).items()
        if filled(label) in task.proofs_wanted
    ]
    word = Word(
        by=form.by,
        at=form.at,
        code=form.id,
        result=str(form.data.get("result", "")),
        ticked=tuple(map(str, form.data.get("ticked", ()))),
    )
    if await take_word(ctx, task, word):
        return True
    if not any(answered):
        return False
    now = await ctx.store.tasks.get(task.id)
    if now and now.open and judge(now).told:
        await tasks.settle(ctx, now, form.at)
    return True


async def _kept(ctx: Context, task: Task, label: str, answer: str, form: PageForm) -> bool:
    """The answer of this form stands, now or since an earlier try."""
    name = filled(label)
    won = await ctx.store.tasks.filled(
        task, name, by=form.by, at=form.at, answer=answer, message=form.id
    )
    now = won or await ctx.store.tasks.get(task.id)
    return now is not None and now.proofs.get(name, {}).get("message") == form.id


async def _later(ctx: Context, about: Sequence[Task], form: PageForm) -> None:
    mine = await _undone(ctx, about, form)
    until = datetime.fromtimestamp(int(form.data["until"]), UTC)
    if await menu.put_off(ctx, mine, form.by, until, form.at) is None:
        raise NotForUs(menu.PASSED)


async def _cannot(ctx: Context, about: Sequence[Task], form: PageForm) -> None:
    excused = await ctx.store.wishes.excused(form.id)
    if not excused:
        ids = [task.id for task in await _undone(ctx, about, form)]
        why = str(form.data["why"])
        excused = await ctx.store.wishes.excuse(ids, form.by, why, form.id, asked=False)
    if not excused:  # closed, or somebody else's, since we looked
        raise NotForUs(await standing(ctx, await _now(ctx, about), form.by))
    await excuses.give_up(ctx, excused, form.by, form.id)


async def _pass(ctx: Context, about: Sequence[Task], form: PageForm) -> None:
    mine = await _undone(ctx, about, form)
    book = (await ctx.releases.head()).book
    if not await colleagues.ask(ctx, book, mine, cards.card_id(form.id)):
        raise NotForUs(colleagues.NOBODY)


async def _vouch(ctx: Context, about: Sequence[Task], form: PageForm) -> None:
    book = (await ctx.releases.head()).book
    if not await vouching.vouch(ctx, book, about, form.by):
        raise NotForUs(vouching.NOTHING_TO_CONFIRM)


async def _undone(ctx: Context, about: Sequence[Task], form: PageForm) -> list[Task]:
    if mine := menu.undone(about, form.by):
        return mine
    raise NotForUs(await standing(ctx, about, form.by))


async def _now(ctx: Context, about: Sequence[Task]) -> list[Task]:
    known = await ctx.store.tasks.many(task.id for task in about)
    return [known.get(task.id, task) for task in about]


async def _show(ctx: Context, taken: Sequence[Task], form: PageForm) -> None:
    """Their cards in WeCom say so while WeCom is to show the rest; a task that is over closes its
    own. The words stay true whatever comes: the code of a card works once."""
    waiting = [task for task in taken if task.open and judge(task).told]
    if not waiting:
        return
    rows: dict[str, Outgoing] = {}
    for task in waiting:
        for row in await _cards_of(ctx, task, form.by):
            rows[row.id] = row
    staff = StaffTime.of((await ctx.releases.head()).book.rules)
    words = f"已在任务页提交 · {staff.local(form.at)}"
    shown = tasks.in_place(ctx, waiting[0], rows.values(), lambda _: words)
    await ctx.store.outbox.put(shown)


async def _cards_of(ctx: Context, task: Task, by: str) -> list[Outgoing]:
    """Those that show nothing else they would still have to do."""
    rows = await ctx.store.outbox.about(task.id)
    for name in task.sharing:
        if not menu.undone(await ctx.store.tasks.shared(name), by):
            rows += await ctx.store.outbox.about(name)
    return [row for row in rows if row.staff == by]
