"""进程: which processes live, what each has in hand, and how late every duty is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from aiohttp import web

from bot.backlog import LATE
from console.language import marked
from console.site import Route, Visit

_WEEK: Final = timedelta(days=7)

#: Duties and what is leased, as people call them.
WORDS: Final[Mapping[str, str]] = {
    "urgent inbox": marked("回调（加急）"),
    "inbox": marked("回调"),
    "urgent outbox": marked("调用企业微信（加急）"),
    "outbox": marked("调用企业微信"),
    "journeys": marked("旅程"),
    "tasks": marked("派任务"),
    "reminders": marked("催办"),
    "deliveries": marked("推送"),
    "sendings": marked("群发"),
    "posts": marked("朋友圈"),
    "postings": marked("朋友圈发布"),
    "echoes": marked("朋友圈互动"),
    "seats": marked("群席位"),
    "stops": marked("停止推送"),
    "links": marked("获客链接"),
    "channels": marked("渠道活码"),
    "entries": marked("进入 SOP"),
    "occurrences": marked("日历 SOP"),
    "audiences": marked("检查人群"),
    "sweep": marked("改版后整理旅程"),
    "verdicts": marked("试验结论"),
    "media": marked("素材上传"),
    "work": marked("后台工作"),
}


async def page(visit: Visit) -> web.StreamResponse:
    """Lags are of business time, lives of machine time: in the demo the two differ."""
    ctx = visit.ctx
    now, dues = ctx.now(), await ctx.store.agenda.next_dues()
    lags = [(name, at, _lag(now - at)) for name, at in dues.items() if at <= now]
    processes = await ctx.store.workers.all()
    return visit.page(
        "workers.html",
        processes=processes,
        alive=[one for one in processes if one.alive],
        held=await ctx.store.workers.held(now),
        late=[(name, at, lag, now - at >= LATE) for name, at, lag in lags],
        next=sorted((at, name) for name, at in dues.items() if now < at < now + _WEEK),
        words=WORDS,
    )


def _lag(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


ROUTES: Final = (Route("GET", "/console/running/workers", "operate", page),)
