"""What WeCom counts about 获客链接: clicks per day, who has written, and what quota is left."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.context import Context
from bot.model import AcquisitionLink
from bot.wecom.paging import batches

_API = "externalcontact/customer_acquisition"
_BACK = timedelta(days=29)
_RECENT = timedelta(days=90)  # older friendships are no news, whatever was missed
_HAS_WRITTEN = 1
_PAGE = 1000


async def read_quota(ctx: Context) -> dict[str, Any]:
    """``balance``, ``used`` and ``at`` (P:97400); raises what a call raises."""
    told = await ctx.wecom.call("externalcontact/customer_acquisition_quota")
    return {"balance": int(told["balance"]), "used": int(told["total"]), "at": ctx.now()}


async def read_clicks(ctx: Context, link: AcquisitionLink, tz: ZoneInfo) -> None:
    """Keep WeCom's figures (P:97400) day by day, from the last day that was not over when read.

    Raises what a call raises; what was read until then is kept.
    """
    for day in _days(link.read_day, ctx.now().astimezone(tz).date()):
        start = datetime.combine(day, time(), tz)
        stamp = int(start.timestamp())
        body = {"link_id": link.link_id, "start_time": stamp, "end_time": stamp}
        told = await ctx.wecom.call(f"{_API}/statistic", body)
        clicks, added = int(told["click_link_customer_cnt"]), int(told["new_customer_cnt"])
        await ctx.store.clicks.read(link.channel, link.link_id, f"{day}", start, clicks, added)
        await ctx.store.links.read_to(link.channel, f"{day}")


def _days(read_day: str, today: date) -> Iterator[date]:
    day = max(date.fromisoformat(read_day), today - _BACK) if read_day else today
    while day <= today:
        yield day
        day += timedelta(days=1)


async def writers(ctx: Context, link: AcquisitionLink) -> AsyncIterator[tuple[str, str]]:
    """Friends by this link, of not long ago, who have written (P:42923): customer and staff.

    Raises what a call raises.
    """
    body = {"link_id": link.link_id, "limit": _PAGE}
    async for page in batches(ctx.wecom, f"{_API}/customer", body, "customer_list"):
        written = [row for row in page if row.get("chat_status") == _HAS_WRITTEN]
        known = await ctx.store.contacts.many(row["external_userid"] for row in written)
        for row in written:
            contact = known.get(row["external_userid"])
            friend = contact.relation(row["userid"]) if contact else None
            if friend and friend.since > ctx.now() - _RECENT:
                yield row["external_userid"], row["userid"]
