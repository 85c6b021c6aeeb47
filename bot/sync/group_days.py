"""Read what WeCom counted in customer groups on the days that are over."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.context import Context
from bot.sync.counts import Counts
from bot.wecom.errors import WeComError

LOOK_BACK = 30  # days; WeCom keeps 180
BAD_DAYS = 600018
_STATISTIC = "externalcontact/groupchat/statistic"
_OWNERS = 100


async def read_group_days(ctx: Context, counts: Counts) -> None:
    """Every day of the last month that was not read yet, yesterday last.

    groupchat/statistic (P:92133) counts per owner and day; there is nothing per group or person.
    A day that cannot be read is left for the next night.
    """
    tz = ZoneInfo((await ctx.releases.head()).book.rules.timezone)
    owners = sorted({group.owner for group in await ctx.store.groups.all() if group.owner})
    today = ctx.now().astimezone(tz).date()
    first = today - timedelta(days=LOOK_BACK)
    known = await ctx.store.group_days.known(first) if owners else set()
    try:
        for day in _missing(first, today, known) if owners else ():
            items = await _of(ctx, owners, _midnight(day, tz))
            await ctx.store.group_days.keep(day, items, ctx.now())
    except WeComError as error:
        counts.note(_STATISTIC, error)


def _missing(first: date, today: date, known: set[date]) -> Iterable[date]:
    days = (first + timedelta(days=n) for n in range((today - first).days))
    return (day for day in days if day not in known)


async def _of(ctx: Context, owners: Sequence[str], midnight: int) -> list[dict[str, Any]]:
    """A hundred owners at a time are never more than a page."""
    items: list[dict[str, Any]] = []
    for start in range(0, len(owners), _OWNERS):
        some = list(owners[start : start + _OWNERS])
        body = {"day_begin_time": midnight, "owner_filter": {"userid_list": some}, "limit": 1000}
        answer = await ctx.wecom.call(_STATISTIC, body)
        items += [
            {"owner": item["owner"], "data": item["data"]} for item in answer.get("items", ())
        ]
    return items


def _midnight(day: date, tz: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=tz).timestamp())
