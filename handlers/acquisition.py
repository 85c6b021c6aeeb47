"""获客助手 told us something: the quota, a link, or somebody who follows one."""

from datetime import timedelta

from bot.actions import channels
from bot.actions.replies import FIRST, heard, hears
from bot.context import Context
from bot.model import AcquisitionLink
from bot.router import NotForUs, NotYet, Router
from bot.wecom.app_events import (
    AcquisitionBalanceExhausted,
    AcquisitionBalanceIncreased,
    AcquisitionBalanceLow,
    AcquisitionChatStarted,
    AcquisitionFriendRequested,
    AcquisitionLinkDeleted,
    AcquisitionLinkUnavailable,
    AcquisitionMessaged,
    AcquisitionProfileOpened,
    AcquisitionQuotaExpiring,
)
from bot.wecom.errors import Refused
from bot.wecom.event import Event

router = Router()

CHAT_KEY_LIVES = timedelta(minutes=30)
SETTLED = timedelta(minutes=10)  # until then their adding may still be in another's hands
_LOOK_AGAIN = timedelta(seconds=10)
_BUY = "请到 企业微信管理后台 → 客户与上下游 → 获客助手 购买。"


@router.on(AcquisitionBalanceLow)
async def low(event: AcquisitionBalanceLow, ctx: Context) -> None:
    what = "获客助手的额度不到 20 人了，用完后客户就不能从获客链接加进来。"
    await _quota(event, ctx, what + _BUY)


@router.on(AcquisitionBalanceExhausted)
async def exhausted(event: AcquisitionBalanceExhausted, ctx: Context) -> None:
    what = "获客助手的额度用完了，客户现在不能从获客链接加进来。"
    await _quota(event, ctx, what + _BUY)


@router.on(AcquisitionQuotaExpiring)
async def expiring(event: AcquisitionQuotaExpiring, ctx: Context) -> None:
    day = f"{event.expires_at.astimezone(ctx.settings.tz):%Y-%m-%d}"
    what = f"获客助手有 {event.quota} 人的额度 {day} 过期，到时没用完就没有了。"
    await _quota(event, ctx, what)


@router.on(AcquisitionBalanceIncreased)
async def increased(event: AcquisitionBalanceIncreased, ctx: Context) -> None:
    await _quota(event, ctx, "获客助手又有额度了，客户可以重新从获客链接加进来。")


@router.on(AcquisitionLinkUnavailable)
async def unavailable(event: AcquisitionLinkUnavailable, ctx: Context) -> None:
    """Customers can no longer come this way, until somebody sees to it."""
    what = "现在不可用，客户加不到人：请看看员工是否都在职、能不能加客户，额度够不够。"
    await _lost(event, ctx, what)


@router.on(AcquisitionLinkDeleted)
async def deleted(event: AcquisitionLinkDeleted, ctx: Context) -> None:
    """The folder still wants it: it is made again, under another address."""
    what = "在企业微信里被删除了，正在重新生成，新地址马上发给你；投放出去的旧地址已经失效。"
    await _lost(event, ctx, what)
    await ctx.store.links.vanished(event.link_id)
    await ctx.store.links.ring(ctx.now())


@router.on(AcquisitionProfileOpened)
async def opened(event: AcquisitionProfileOpened, ctx: Context) -> None:
    link = await _ours(event.link_id, ctx)
    await ctx.store.clicks.step(link.channel, event.link_id, "opened", event.at)


@router.on(AcquisitionFriendRequested)
async def requested(event: AcquisitionFriendRequested, ctx: Context) -> None:
    link = await _ours(event.link_id, ctx)
    await ctx.store.clicks.step(link.channel, event.link_id, "requested", event.at)


@router.on(AcquisitionChatStarted)
async def chat_started(event: AcquisitionChatStarted, ctx: Context) -> None:
    """The customer's first message; that is all WeCom tells of it."""
    await _told(event, ctx, event.contact_id, event.staff_id, FIRST)


@router.on(AcquisitionMessaged)
async def messaged(event: AcquisitionMessaged, ctx: Context) -> None:
    """Who it was has to be asked for, within half an hour (P:101361)."""
    await _must_hear(ctx)
    if ctx.now() >= event.at + CHAT_KEY_LIVES:
        raise NotForUs("会话凭据过了 30 分钟，问不到是谁")
    try:
        told = await ctx.wecom.call(
            "externalcontact/customer_acquisition/get_chat_info", {"chat_key": event.chat_key}
        )
    except Refused as error:
        raise NotForUs(f"企业微信不再告诉是谁：{error.message}") from error
    number = int(told["chat_info"].get("recv_msg_cnt") or FIRST)
    await _told(event, ctx, told["external_userid"], told["userid"], number)


async def _told(
    event: AcquisitionChatStarted | AcquisitionMessaged,
    ctx: Context,
    contact: str,
    staff: str,
    number: int,
) -> None:
    await _must_hear(ctx)
    if await heard(ctx, contact, staff, number, event.at):
        return
    if ctx.now() < event.at + SETTLED:
        raise NotYet(ctx.now() + _LOOK_AGAIN)
    raise NotForUs("不是这位员工的客户")


async def _must_hear(ctx: Context) -> None:
    if not hears((await ctx.releases.head()).book):
        raise NotForUs("全局规则的“客户回复来源”没有写获客助手")


async def _quota(event: Event, ctx: Context, text: str) -> None:
    """One word a day to whoever answers for a channel that needs it."""
    book = (await ctx.releases.head()).book
    links = [channel for channel in book.channels.values() if channel.kind == "获客链接"]
    if not links:
        raise NotForUs("没有类型是获客链接的渠道")
    day = f"{event.at.astimezone(ctx.settings.tz):%Y-%m-%d}"
    for channel in links:
        who = await channels.who_answers(ctx, book, channel)
        await channels.tell(ctx, book, channel, f"{event.kind}:{day}:{who}", text)


async def _lost(
    event: AcquisitionLinkUnavailable | AcquisitionLinkDeleted, ctx: Context, text: str
) -> None:
    """One word to whoever answers for the channel."""
    link = await _ours(event.link_id, ctx)
    book = (await ctx.releases.head()).book
    if channel := book.channels.get(link.channel):
        key = f"{event.kind}:{event.link_id}:{event.at.isoformat()}"
        await channels.tell(ctx, book, channel, key, f"渠道“{channel.name}”的获客链接{text}")


async def _ours(link_id: str, ctx: Context) -> AcquisitionLink:
    link = await ctx.store.links.of_link(link_id)
    if link is None:
        raise NotForUs(f"不是渠道的获客链接：{link_id}")
    return link
