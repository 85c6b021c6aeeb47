"""填写: take the text of a member of staff for the answer they were asked for."""

from bot.actions import tasks
from bot.context import Context
from bot.crash import crash_point
from bot.model import Task
from bot.playbook.evidence import filled, question
from bot.wecom.events import StaffText

LONGEST = 500  # characters of one answer


async def take(ctx: Context, event: StaffText) -> str | None:
    """Keep a text as the answer somebody waits for; what to say to it, None when nobody does.

    The oldest task that waits for one gets it. The same text told again is kept once.
    """
    answer = event.content.strip()
    task = await ctx.store.tasks.of_message(event.msg_id)
    if task is None:
        if len(answer) > LONGEST and await _waiting(ctx, event.from_user):
            return f"这条太长了（{len(answer)} 字），请写在 {LONGEST} 字以内再发一次。"
        task = await _kept(ctx, event, answer)
    if task is None:
        return None
    crash_point("answers.kept")
    next_one = question(task)
    if task.open and not next_one:
        await tasks.settle(ctx, task, event.at)
    return await _said(ctx, event, task, next_one)


async def _kept(ctx: Context, event: StaffText, answer: str) -> Task | None:
    """Should somebody else's text be quicker, the next one that waits is tried."""
    for task in await _waiting(ctx, event.from_user):
        while label := question(task):
            won = await ctx.store.tasks.filled(
                task,
                filled(label),
                by=event.from_user,
                at=event.at,
                answer=answer,
                message=event.msg_id,
            )
            if won:
                return won
            task = await ctx.store.tasks.get(task.id) or task
            if task.staff != event.from_user:
                break
    return None


async def _waiting(ctx: Context, staff: str) -> list[Task]:
    """Their tasks that wait for an answer, oldest first."""
    asked = [task for task in await ctx.store.tasks.open_of(staff) if question(task)]
    return sorted(asked, key=lambda task: (task.given_at or task.created_at, task.id))


async def _said(ctx: Context, event: StaffText, task: Task, next_one: str | None) -> str:
    """Which task it was taken for, and what is asked next."""
    proof = next(n for n, p in task.proofs.items() if p.get("message") == event.msg_id)
    label, answer = proof.partition(":")[2], task.proofs[proof]["answer"]
    said = f"已记到任务“{task.title}”：{label} {answer}"
    if next_one:
        return f"{said}\n请接着回复：{next_one}"
    rest = await _waiting(ctx, event.from_user)
    if not rest:
        return said
    return (
        f"{said}\n还有 {len(rest)} 项在等你回复，下一条会记到“{rest[0].title}”：{question(rest[0])}"
    )
