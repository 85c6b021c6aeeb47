"""A member of staff wrote to the app."""

from dataclasses import replace

from bot.actions import answers, excuses, vouching
from bot.actions.dealing import describe, note
from bot.context import Context
from bot.playbook.ladder import StaffTime
from bot.router import Router
from bot.wecom.events import StaffText

router = Router()

SHOWN = 10
HELP = """可以对我说：
任务：看看我还有哪些任务没完成
代为确认：店长勾选已经做好的逾期任务
帮助：看这段说明
其他时候等我派任务就好，做完了点任务卡片上的按钮；请你回复什么的时候，直接回复就行。"""
UNKNOWN = "没听懂。回复“任务”看待办，回复“帮助”看说明。"


@router.on(StaffText)
async def wrote(event: StaffText, ctx: Context) -> None:
    """Answer at once, by a message of the app."""
    match event.content.strip():
        case "任务":
            text = await _tasks(event.from_user, ctx)
        case "帮助":
            text = HELP
        case vouching.COMMAND:
            text = await vouching.offer(ctx, event)
        case _:
            text = await excuses.take(ctx, event) or await answers.take(ctx, event) or UNKNOWN
    answer = note(ctx, f"text:answer:{event.msg_id}", event.from_user, text)
    await ctx.store.outbox.put([replace(answer, lane="urgent")])
    ctx.hints.ring("urgent outbox")


async def _tasks(staff: str, ctx: Context) -> str:
    tasks = await ctx.store.tasks.open_of(staff)
    if not tasks:
        return "现在没有待办任务，辛苦了！"
    hours = StaffTime.of((await ctx.releases.head()).book.rules)
    lines = [f"{n}. {describe(task, hours, ctx.now())}" for n, task in enumerate(tasks[:SHOWN], 1)]
    more = f"\n…还有 {len(tasks) - SHOWN} 项" if len(tasks) > SHOWN else ""
    page = ctx.settings.public_url
    there = f"\n在任务页里做：{page}/my" if page else ""
    return f"你有 {len(tasks)} 项待办任务：\n" + "\n".join(lines) + more + there
