"""Is everything in place?  One line per question, and what to do where the answer is no."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from bot.context import Context
from bot.playbook.calendar import WorkCalendar
from bot.publish import decoded, differs, read_folder
from bot.sender.words import refusal
from bot.store.client import MongoError, trouble
from bot.sync.all_groups import OWNER_NEEDED
from bot.sync.group_days import BAD_DAYS
from bot.wecom.crypto import Crypto
from bot.wecom.errors import Unreachable, WeComError
from config.loader import load_texts
from config.mistakes import Mistakes
from config.pages import linked_by
from config.rules import Rules
from config.settings import Settings, SettingsError

_NEXT_YEAR_FROM = timedelta(days=47)  # from 15 November the coming year matters


_ALLOWED = (OWNER_NEEDED, BAD_DAYS)  # it only wants to be asked otherwise


@dataclass(frozen=True, slots=True)
class Finding:
    """``cure`` says in Chinese what to do; empty when all is well."""

    question: str
    good: bool
    cure: str = ""


async def examine(
    settings: Settings, opening: AbstractAsyncContextManager[Context], now: datetime
) -> AsyncIterator[Finding]:
    """Every question in turn; one that cannot be asked is a ✗ of its own. ``now``: machine time."""
    for ask in OFFLINE.values():
        yield ask(settings, now)
    try:
        async with opening as ctx:
            for inquire in ONLINE.values():
                if finding := await inquire(ctx, now):
                    yield finding
    except MongoError as error:
        yield Finding("能连上 MongoDB", good=False, cure=trouble(error))
    except SettingsError as error:
        yield Finding("能连上 MongoDB", good=False, cure=str(error))


async def ask(name: str, ctx: Context, now: datetime) -> Finding | None:
    """One question by its name; None when it is not asked here. KeyError when there is none."""
    if name in OFFLINE:
        return await asyncio.to_thread(OFFLINE[name], ctx.settings, now)
    return await ONLINE[name](ctx, now)


async def _database(ctx: Context, now: datetime) -> Finding:
    """Whoever has a context is connected."""
    return Finding("能连上 MongoDB，写入要多数节点确认", good=True)


async def _released(ctx: Context, now: datetime) -> Finding:
    head = await ctx.store.releases.head()
    return Finding("已经发布过配置", head > 0, "" if head else "运行 qunce apply 发布第一版")


async def _drift(ctx: Context, now: datetime) -> Finding | None:
    head = await ctx.store.releases.head()
    if not head:
        return None
    raw, pictures = await asyncio.to_thread(read_folder, ctx.settings.config_dir)
    try:
        drift = await differs(ctx.store, decoded(raw), pictures)
    except Mistakes:
        drift = True
    cure = "文件夹和线上不同：用 qunce apply 发布，或用 qunce pull 取回线上的" if drift else ""
    return Finding(f"配置文件夹和线上第 {head} 版一致", not drift, cure)


async def _app(ctx: Context, now: datetime) -> Finding:
    return await _asks("应用的 Secret 能调用接口", ctx, "department/simplelist")


async def _contacts(ctx: Context, now: datetime) -> Finding:
    followers = "externalcontact/get_follow_user_list"
    return await _asks("客户联系的 Secret 能调用接口", ctx, followers)


async def _groups(ctx: Context, now: datetime) -> Finding:
    return await _asks("能读取客户群", ctx, "externalcontact/groupchat/list", {"limit": 1})


async def _statistics(ctx: Context, now: datetime) -> Finding:
    yesterday = {"day_begin_time": int((now - timedelta(days=1)).timestamp())}
    statistic = "externalcontact/groupchat/statistic"
    return await _asks("能读取群聊统计", ctx, statistic, yesterday)


async def _acquisition(ctx: Context, now: datetime) -> Finding | None:
    """Only where there are such links."""
    channels = (await ctx.releases.head()).book.channels.values()
    if not any(channel.kind == "获客链接" for channel in channels):
        return None
    return await _asks("能用获客助手", ctx, "externalcontact/customer_acquisition_quota")


async def _pages(ctx: Context, now: datetime) -> Finding | None:
    """Only where customers are sent links of ours."""
    linked = linked_by((await ctx.releases.head()).book)
    if not linked:
        return None
    address = ctx.settings.public_url or ""
    written = f"文案里有 {{{linked[0]}}} 这样的链接"
    cure = f"{written}：把 QUNCE_PUBLIC_URL 设成客户打得开的 https:// 地址"
    good = address.startswith("https://")
    return Finding("发给客户的页面有公网地址", good, "" if good else cure)


async def _no_dead(ctx: Context, now: datetime) -> Finding:
    dead = len(await ctx.store.inbox.dead())
    cure = f"有 {dead} 条，在后台的“运行”页查看" if dead else ""
    return Finding("没有处理失败的回调", not dead, cure)


async def _asks(
    question: str, ctx: Context, path: str, body: Mapping[str, Any] | None = None
) -> Finding:
    try:
        await ctx.wecom.call(path, body)
    except Unreachable:
        cure = f"连不上 {ctx.settings.api_base}：请检查本机网络、代理和 QUNCE_API_BASE"
        return Finding(question, good=False, cure=cure)
    except WeComError as error:
        allowed = error.code in _ALLOWED
        return Finding(question, allowed, "" if allowed else refusal(error))
    return Finding(question, good=True)


def _callback_keys(settings: Settings, now: datetime) -> Finding:
    """The settings hold their form already; this opens what was sealed with them."""
    for route in ("app", "contact", "directory"):
        Crypto(*settings.keys(route), settings.corp_id)
    return Finding("三个回调地址的 Token 和 EncodingAESKey 可用", good=True)


def _production_database(settings: Settings, now: datetime) -> Finding:
    cure = "现在用的是试用版内置 mongod；正式使用请把 QUNCE_MONGO_URL 设为 MongoDB 副本集地址"
    good = settings.mongo_url is not None
    return Finding("使用正式的 MongoDB 副本集", good, "" if good else cure)


def _folder(settings: Settings, now: datetime) -> Finding:
    question = "配置文件夹没有错误"
    try:
        raw, pictures = read_folder(settings.config_dir)
        book = load_texts(decoded(raw), pictures)
    except Mistakes as mistakes:
        cure = f"{len(mistakes.mistakes)} 处错误：运行 qunce check 查看"
        return Finding(question, good=False, cure=cure)
    return Finding(f"{question}（{len(book.sops)} 个 SOP）", good=True)


def _calendar(settings: Settings, now: datetime) -> Finding:
    coming = (now + _NEXT_YEAR_FROM).date()
    estimated = WorkCalendar.of(Rules()).estimated(coming)
    cure = (
        f"{coming.year} 年放假安排还没有：国务院公布后升级 chinesecalendar，"
        "在此之前按周一到周五估算"
    )
    return Finding("放假安排已载入", not estimated, cure if estimated else "")


#: By name, in the order in which they are asked. Those that need no connection come first.
OFFLINE: Mapping[str, Callable[[Settings, datetime], Finding]] = MappingProxyType(
    {
        "keys": _callback_keys,
        "production": _production_database,
        "folder": _folder,
        "calendar": _calendar,
    }
)
ONLINE: Mapping[str, Callable[[Context, datetime], Awaitable[Finding | None]]] = MappingProxyType(
    {
        "database": _database,
        "released": _released,
        "drift": _drift,
        "app": _app,
        "contacts": _contacts,
        "groups": _groups,
        "statistics": _statistics,
        "acquisition": _acquisition,
        "pages": _pages,
        "dead": _no_dead,
    }
)
