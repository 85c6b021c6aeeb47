"""A customer group was opened, changed or dismissed."""

from datetime import timedelta

from bot import sync
from bot.actions import news, seats
from bot.context import Context
from bot.router import NotForUs, NotYet, Router
from bot.store.log import line
from bot.wecom.errors import Refused
from bot.wecom.events import GroupCreated, GroupDismissed, GroupUpdated

router = Router()

# "建议延迟2秒后再调用" -- group detail follows its event: https://developer.work.weixin.qq.com/document/path/92130
SETTLE = timedelta(seconds=2)
_JUST_NOW = timedelta(minutes=1)


@router.on(GroupCreated)
async def created(event: GroupCreated, ctx: Context) -> None:
    """Learn its name, owner and members; the name may make it one of a theme."""
    await _read(event, ctx)


@router.on(GroupUpdated)
async def updated(event: GroupUpdated, ctx: Context) -> None:
    """Believe a change of members that follows on what we know; else look for ourselves."""
    if event.members and event.detail in ("add_member", "del_member"):
        joined = event.detail == "add_member"
        chained = await sync.apply_delta(
            ctx,
            event.chat_id,
            joined=joined,
            members=event.members,
            scene=event.join_scene if joined else event.quit_scene,
            versions=(event.last_version, event.current_version),
            at=event.at,
        )
        if chained:
            await news.tell_group(ctx, event.chat_id)
            return
    await _read(event, ctx)


@router.on(GroupDismissed)
async def dismissed(event: GroupDismissed, ctx: Context) -> None:
    await _gone(ctx, event.chat_id, event)


async def _read(event: GroupCreated | GroupUpdated, ctx: Context) -> None:
    if ctx.now() < event.at + SETTLE:
        raise NotYet(event.at + SETTLE)
    try:
        group = await sync.read_group(ctx, event.chat_id, event.at, new_since=event.at - _JUST_NOW)
    except Refused as error:
        if error.code != sync.NO_SUCH_CHAT:
            raise
        await _gone(ctx, event.chat_id, event)
        raise NotForUs("群已经不在了") from error
    await seats.room_came_up(ctx, group)
    await news.tell_group(ctx, event.chat_id)


async def _gone(
    ctx: Context, chat_id: str, event: GroupCreated | GroupUpdated | GroupDismissed
) -> None:
    if await ctx.store.groups.dismissed(chat_id):
        await ctx.store.log.write([line(f"dismissed:{chat_id}", [chat_id], event.at, "群已解散")])
