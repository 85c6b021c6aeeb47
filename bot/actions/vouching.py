"""代为确认: who answers for tasks ticks off those they know to be done; never verification."""

import asyncio
import hashlib
from collections.abc import Sequence

from bot.actions import tasks
from bot.actions.dealing import describe, manager_of, name_of
from bot.context import Context
from bot.model import Outgoing, Task
from bot.playbook.ladder import StaffTime
from bot.wecom import cards
from bot.wecom.events import CardTapped, StaffText
from config.book import Book

COMMAND = "代为确认"
NOTHING_TO_CONFIRM = "没有可确认的任务"
_NOTHING = "现在没有等您代为确认的逾期任务。"


async def offer(ctx: Context, event: StaffText) -> str:
    """A card with the overdue tasks this person answers for; the text that goes with it."""
    book = (await ctx.releases.head()).book
    theirs = await answered_by(ctx, book, event.from_user)
    if not theirs:
        return _NOTHING
    shown = theirs[: cards.MAX_ITEMS]
    row = f"card:vouch:{event.msg_id}"
    staff = StaffTime.of(book.rules)
    names = {id: await name_of(ctx, book.team, id) for id in {task.staff for task in shown}}
    body = cards.checklist_card(
        card=cards.card_id(row),
        title="勾选已经做好的任务",
        desc="勾选后点“代为确认”，会记成您的确认，不算系统核实。",
        items=[f"{names[t.staff]}：{describe(t, staff, ctx.now())}" for t in shown],
        ids=[_option(task) for task in shown],
        submit=COMMAND,
    )
    await ctx.store.wishes.choosing([task.id for task in shown], cards.card_id(row))
    await ctx.store.outbox.put(
        [
            Outgoing(
                id=row,
                kind="card",
                lane="urgent",
                body=cards.to_staff(ctx.settings.agent_id, [event.from_user], body),
                staff=event.from_user,
                about=f"vouch:{event.msg_id}",
                due_at=ctx.now(),
            )
        ]
    )
    rest = len(theirs) - len(shown)
    more = f"，先列最早的 {len(shown)} 项" if rest else ""
    return f"有 {len(theirs)} 项逾期任务归您负责{more}，请在卡片上勾选。"


async def confirm(ctx: Context, about: Sequence[Task], event: CardTapped) -> None:
    """Close what was ticked, as the word of who answers for it."""
    book = (await ctx.releases.head()).book
    ticked = {item for chosen in event.selected.values() for item in chosen}
    chosen = [task for task in about if _option(task) in ticked]
    done = await vouch(ctx, book, chosen, event.from_user)
    await tasks.answer(ctx, event, f"已代为确认 {done} 项" if done else NOTHING_TO_CONFIRM)


async def vouch(ctx: Context, book: Book, chosen: Sequence[Task], by: str) -> int:
    """Close those ``by`` answers for; how many are closed by their word, now or before."""
    why, done = f"{COMMAND}：{await name_of(ctx, book.team, by)}", 0
    for task in chosen:
        if task.open and await manager_of(ctx, book, task) == by:
            done += await tasks.close(ctx, task, "已完成", "manager_override", why, by)
        elif task.done_by == by and task.evidence == "manager_override":
            done += 1  # the same word told again
    return done


async def answered_by(ctx: Context, book: Book, manager: str) -> list[Task]:
    """The overdue tasks this person answers for, oldest deadline first."""
    overdue = await ctx.store.tasks.overdue_open(ctx.now())
    alike = {(task.staff, task.sop): task for task in overdue}
    # together: the store asks MongoDB once for what many ask at the same moment
    managers = await asyncio.gather(*(manager_of(ctx, book, task) for task in alike.values()))
    theirs = {about for about, one in zip(alike, managers, strict=True) if one == manager}
    return [task for task in overdue if (task.staff, task.sop) in theirs]


def _option(task: Task) -> str:
    return hashlib.sha256(task.id.encode()).hexdigest()[:32]
