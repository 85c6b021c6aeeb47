"""A tap on a card: the first one of the right person counts, every one is answered on the card."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.actions import facts, tasks
from bot.actions.dealing import ask_for_rest, asking, name_of, note, rows_about
from bot.actions.tagging import tag
from bot.context import Context
from bot.crash import crash_point
from bot.model import Task
from bot.playbook import batches, evidence
from bot.playbook.evidence import CHECKLIST, question
from bot.playbook.happenings import REPLY, happening
from bot.playbook.ladder import StaffTime
from bot.wecom import cards
from bot.wecom.events import CardMenuTapped, CardTapped
from config.tasks import CUSTOMER_REPLIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody says of their task: by a tap of its card, or on their page (no ``card``).

    The same ``code`` is the same word told again.
    """

    by: str
    at: datetime
    code: str
    result: str
    ticked: tuple[str, ...] = ()
    card: str = ""


async def tap(ctx: Context, dealt: Sequence[Task], event: CardTapped) -> None:
    """Take the word of the person whose tasks these are, for all of them on the card at once.

    Everybody else, and whoever taps again, gets a polite answer.
    """
    mine = [task for task in dealt if task.staff == event.from_user]
    if len(mine) == 1 and mine[0].open and _unticked(mine[0], event):
        await _ask_for_rest(ctx, mine[0], event)
        return
    words = [await take_word(ctx, task, _word(task, event)) for task in mine]
    if given := [word for word in words if word]:
        said = given[0] if len(dealt) == 1 else await _together(ctx, event.task_id, event)
        await tasks.answer(ctx, event, said, mine[0])
    else:
        await polite(ctx, dealt, event)


async def polite(ctx: Context, dealt: Sequence[Task], event: CardTapped | CardMenuTapped) -> None:
    """The answer to a tap that changes nothing."""
    known = await ctx.store.tasks.many(task.id for task in dealt)
    now = [known.get(task.id, task) for task in dealt]
    words = await standing(ctx, now, event.from_user)
    rows = [row for task in now for row in await rows_about(ctx, task)]
    if event.from_user in {row.staff for row in rows if row.kind == "card"}:
        await tasks.answer(ctx, event, words, now[0])
    else:
        await _tell_stranger(ctx, now, event, words)


async def take_word(ctx: Context, task: Task, word: Word) -> str:
    """What follows for one task; "" when it was not the first word, or none is asked for.

    The same word told again ends what it began.
    """
    words = evidence.spoken(task.proofs_wanted)
    won = words and await ctx.store.tasks.tapped(
        task,
        words,
        by=word.by,
        at=word.at,
        card=word.card,
        code=word.code,
        result=word.result,
        answer=word.ticked,
        page=not word.card,
    )
    crash_point("tapping.between")
    return await _taken(ctx, won, word.at) if won else ""


async def _taken(ctx: Context, task: Task, at: datetime) -> str:
    """The worker has spoken: tags that follow, and the end, unless WeCom is to show something."""
    because = f"任务“{task.title}”的结果是“{task.result}”"
    if task.subject_type == "contact":
        tags = [name for name in task.result_tags.get(task.result, "").split(",") if name]
        await tag(ctx, task.subject, task.staff, tags, because, f"{task.id}:result")
        if task.result == CUSTOMER_REPLIED:
            await _replied(ctx, task, at)
    if asked := question(task):
        await ctx.store.outbox.put([asking(ctx, task, asked, ctx.now())])
        return f"请直接回复：{asked}"
    return await tasks.settle(ctx, task, at)


async def _together(ctx: Context, card: str, event: CardTapped) -> str:
    """What one tap made of everything on a shared card, with what the system has seen of it."""
    now = await ctx.store.tasks.all_of_card(card)
    ended = ("已取消", "已过期")
    mine = [task for task in now if task.staff == event.from_user and task.state not in ended]
    verified = sum(task.evidence == "verified" for task in mine)
    counted = batches.counted(mine[0], len(mine))
    if any(task.open for task in mine):
        return f"{counted}{tasks.WAITING}（已核实 {verified}/{len(mine)}）"
    book = (await ctx.releases.head()).book
    name = await name_of(ctx, book.team, event.from_user)
    seen = f"，系统核实 {verified}" if verified else ""
    return f"{counted}{cards.done(name, event.at, StaffTime.of(book.rules).tz)}{seen}"


async def _replied(ctx: Context, task: Task, at: datetime) -> None:
    """The worker says that the customer has written: WeCom does not tell an app of it."""
    id, staff = f"reply:{task.id}", task.staff
    await ctx.store.contacts.happened(task.subject, REPLY, id, at)
    said = happening(id, REPLY, task.subject, at, evidence.OWN_TAP, {"staff": staff})
    await facts.record(ctx, [said])


def _word(task: Task, event: CardTapped) -> Word:
    """The button as people read it; a checklist's 提交 says nothing more than that."""
    submitted = task.buttons[0] if task.buttons else ""
    return Word(
        by=event.from_user,
        at=event.at,
        code=event.response_code,
        result=submitted if event.button == cards.SUBMIT else event.button,
        ticked=tuple(item for ticked in event.selected.values() for item in ticked),
        card=event.task_id,
    )


# ---- checklists ---------------------------------------------------------------------------------


def _unticked(task: Task, event: CardTapped) -> bool:
    if CHECKLIST not in task.proofs_wanted:
        return False
    ticked = {item for chosen in event.selected.values() for item in chosen}
    return any(str(number) not in ticked for number in range(len(task.checklist)))


async def _ask_for_rest(ctx: Context, task: Task, event: CardTapped) -> None:
    ticked = tuple(item for chosen in event.selected.values() for item in chosen)
    book = (await ctx.releases.head()).book
    row = await ask_for_rest(ctx, book, task, event.task_id, event.response_code, ticked)
    await ctx.store.outbox.put([row])
    ctx.hints.ring("urgent outbox")


# ---- taps that change nothing -------------------------------------------------------------------


async def _tell_stranger(
    ctx: Context, dealt: Sequence[Task], event: CardTapped | CardMenuTapped, words: str
) -> None:
    """There is no card of theirs to change: WeCom updates only the copies it sent."""
    about = f"text:tap:{cards.card_id(event.response_code)}"
    row = note(ctx, about, event.from_user, f"“{batches.title(dealt)}”：{words}", dealt[0])
    await ctx.store.outbox.put([replace(row, lane="urgent")])
    ctx.hints.ring("urgent outbox")


async def standing(ctx: Context, dealt: Sequence[Task], by: str) -> str:
    """How things are with these tasks, for whoever can change nothing about them."""
    book = (await ctx.releases.head()).book
    still = [task for task in dealt if task.open]
    mine = [task for task in still if task.staff == by]
    if not still:
        return await tasks.final(ctx, book, dealt, by)
    if mine:
        return _mine(mine, dealt)
    name = await name_of(ctx, book.team, still[0].staff)
    had_it = any(entry.get("from") == by for task in still for entry in task.log)
    return cards.moved_to(name) if had_it else f"这个任务属于 {name}"


def _mine(mine: Sequence[Task], dealt: Sequence[Task]) -> str:
    first = mine[0]
    if asked := question(first):
        return f"请直接回复：{asked}"
    verified = sum(task.evidence == "verified" for task in dealt)
    seen = f"（已核实 {verified}/{len(dealt)}）" if len(dealt) > 1 else ""
    waiting = all(task.state == "已完成" for task in mine)
    return (tasks.WAITING if waiting else "系统看到结果后自动完成") + seen
