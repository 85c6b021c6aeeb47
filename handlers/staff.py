"""Somebody joined the company, moved inside it or left."""

from bot import sync
from bot.actions.dealing import manager_of, name_of, note
from bot.context import Context
from bot.router import NotForUs, Router
from bot.wecom.errors import Refused
from bot.wecom.events import StaffCreated, StaffDeleted, StaffUpdated

router = Router()

NOT_VISIBLE = (60011, 60111)


@router.on(StaffCreated, StaffUpdated)
async def changed(event: StaffCreated | StaffUpdated, ctx: Context) -> None:
    """The event names ids only, the rest is read. Somebody with a new id is a new person to us."""
    try:
        await sync.read_member(ctx, event.new_staff_id or event.staff_id)
    except Refused as error:
        if error.code not in NOT_VISIBLE:
            raise
        await ctx.store.staff.left(event.staff_id)
        raise NotForUs("该成员不在应用可见范围内") from error
    if event.new_staff_id and event.new_staff_id != event.staff_id:
        await ctx.store.staff.left(event.staff_id)
        await ctx.store.sessions.end_of(event.staff_id)


@router.on(StaffDeleted)
async def left(event: StaffDeleted, ctx: Context) -> None:
    """Whoever answers for the tasks they leave behind learns of them."""
    await ctx.store.staff.left(event.staff_id)
    await ctx.store.sessions.end_of(event.staff_id)
    await ctx.store.ways.wake(ctx.now())  # customers are not sent to them any more
    await ctx.store.tasks.wake_of_staff(event.staff_id, ctx.now())
    open_tasks = await ctx.store.tasks.open_of(event.staff_id)
    if not open_tasks:
        return
    book = (await ctx.releases.head()).book
    manager = await manager_of(ctx, book, open_tasks[0])
    if not manager:
        return
    who = await name_of(ctx, book.team, event.staff_id)
    titles = "\n".join(f"· {task.title}" for task in open_tasks[:10])
    text = f"{who} 已离职，还有 {len(open_tasks)} 项任务没有完成：\n{titles}"
    key = f"text:left:{event.staff_id}:{event.at.isoformat()}"
    await ctx.store.outbox.put([note(ctx, key, manager, text)])
    ctx.hints.ring("outbox")
