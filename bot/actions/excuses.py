"""做不了: take the text of a member of staff for the reason why a task cannot be done."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.actions import tasks
from bot.actions.answers import LONGEST
from bot.actions.dealing import manager_of, name_of, note
from bot.actions.faces import names_of
from bot.context import Context
from bot.crash import crash_point
from bot.model import Task
from bot.playbook import batches
from bot.playbook.ladder import StaffTime
from bot.wecom.events import StaffText

PATIENCE = timedelta(hours=2)  # what somebody writes later means something else
NEVER_MIND = ("算了", "取消")


async def take(ctx: Context, event: StaffText) -> str | None:
    """Cancel what cannot be done, and tell who answers; what to say to it, None: nobody asked."""
    excused = await ctx.store.wishes.excused(event.msg_id)
    if not excused:
        asked = await ctx.store.wishes.asked_of(event.from_user, event.at - PATIENCE)
        if not asked:
            return None
        ids, said = [task.id for task in asked], event.content.strip()
        if said in NEVER_MIND:
            await ctx.store.wishes.forget(ids, event.from_user)
            return "好的，任务还在，做完了点卡片上的按钮。"
        if len(said) > LONGEST:
            return f"这条太长了（{len(said)} 字），请写在 {LONGEST} 字以内再发一次。"
        meant, why = await _meant(ctx, asked, said)
        excused = await ctx.store.wishes.excuse(
            [task.id for task in meant], event.from_user, why, event.msg_id
        )
        await ctx.store.wishes.forget(ids, event.from_user)
    return await give_up(ctx, excused, event.from_user, event.msg_id)


async def give_up(ctx: Context, excused: Sequence[Task], by: str, mark: str) -> str:
    """Cancel what ``by`` cannot do and tell who answers; what to say to them.

    ``mark`` names their words: under the same one nobody is told twice.
    """
    crash_point("excuses.kept")
    for task in excused:
        if task.open:
            await tasks.cancel(ctx, task, f"做不了：{task.cannot}")
    told = await _tell(ctx, excused, by, mark)
    return f"已记下：“{batches.title(excused)}”做不了（{excused[0].cannot}）。{told}"


async def _meant(ctx: Context, asked: Sequence[Task], said: str) -> tuple[Sequence[Task], str]:
    """Who begins with a customer's name means that one only."""
    for task, name in zip(asked, await names_of(ctx, asked), strict=True):
        if len(asked) > 1 and said.startswith(name) and (why := said[len(name) :].strip(" ：:，,")):
            return [task], why
    return asked, said


async def _tell(ctx: Context, excused: Sequence[Task], by: str, mark: str) -> str:
    """One word to everybody who answers for some of it; who that is, for the one who wrote."""
    book = (await ctx.releases.head()).book
    managers: defaultdict[str, list[Task]] = defaultdict(list)
    for task in excused:
        if manager := await manager_of(ctx, book, replace(task, staff=by)):
            managers[manager].append(task)
    who = await name_of(ctx, book.team, by)
    free = StaffTime.of(book.rules).free(ctx.now())
    for manager, theirs in managers.items():
        names = "、".join(await names_of(ctx, theirs[: batches.NAMED]))
        text = (
            f"{who} 说“{batches.title(theirs)}”做不了：{theirs[0].cannot}（{names}）。"
            "任务已取消，需要的话请直接安排别人。"
        )
        row = note(ctx, f"text:cannot:{mark}:{manager}", manager, text, theirs[0])
        await ctx.store.outbox.put([replace(row, about="", due_at=free)])
    ctx.hints.ring("outbox")
    told = [await name_of(ctx, book.team, manager) for manager in managers]
    return f"已告诉 {'、'.join(told)}。" if told else ""
