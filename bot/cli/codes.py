"""What `qunce list 渠道` adds to the names: the codes and links, and who stands behind."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.app import open_context
from bot.model import AcquisitionLink, Way
from bot.store.client import MongoError, trouble
from bot.wecom import bodies
from config import settings as deployment
from config.settings import Settings, SettingsError

_WHY = {"当班": "当班", "不排班": "轮流", "备用": "备用顶上", "都满了": "今天都加满了"}

#: Channel → its codes and links: ``kind``, ``person``, ``url``, ``staff``, ``standing``.
Codes = Mapping[str, Sequence[Mapping[str, Any]]]


def codes_here() -> tuple[Codes, str]:
    """What is deployed here, and why that cannot be said; nothing and "" where nothing is."""
    try:
        settings = deployment.load()
    except SettingsError:
        return {}, ""
    try:
        return asyncio.run(_codes(settings)), ""
    except MongoError as error:
        return {}, trouble(error)


def in_words(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """One line per code or link."""
    for row in rows:
        where, who = row["url"] or "还没有生成", "、".join(row["staff"])
        if row["kind"] == "获客链接":
            yield f"获客链接：{where}"
        elif row["standing"] == "没有人":
            whose = f"{row['person']}自己的码" if row["person"] else "二维码"
            yield f"{whose}（员工和备用都不在职，扫码加不到人）：{where}"
        elif row["person"]:
            instead = f"（现在由{who}接）" if who and who != row["person"] else ""
            yield f"{row['person']}自己的码{instead}：{where}"
        else:
            why = _WHY.get(row["standing"], "")
            yield f"二维码（{why}：{who}）：{where}" if who else f"二维码：{where}"


async def _codes(settings: Settings) -> Codes:
    """By channel, the code all share first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    async with open_context(settings) as ctx:
        names = {member.id: member.name for member in await ctx.store.staff.everybody()}
        for way in await ctx.store.ways.of():
            found.setdefault(way.channel, []).append(_of_way(way, names))
        for link in await ctx.store.links.all():
            users = [names.get(user) or user for user in link.users]
            row = {"kind": "获客链接", "person": "", "url": _address(link), "staff": users}
            found.setdefault(link.channel, []).append({**row, "standing": ""})
    return found


def _of_way(way: Way, names: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "kind": "活码",
        "person": names.get(way.person) or way.person,
        "url": way.qr_code,
        "staff": [names.get(user) or user for user in way.users],
        "standing": way.standing,
    }


def _address(link: AcquisitionLink) -> str:
    """ "" while WeCom has not made it."""
    return bodies.link_address(link.url, link.channel) if link.url else ""
