"""谁同时在几个群: each group more is another red dot on the same phone.

Of a company with few groups it is counted while one waits; of a large one as long work, whose
last result stays on the page.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from bot.reports import overlap
from bot.work import begin
from console.language import marked
from console.site import Route, Visit, go

_FEW: Final = 200  # groups, of at most 500 members
_KIND: Final = "overlap"

Found = Mapping[str, Sequence[Mapping[str, Any]]]


async def page(visit: Visit) -> web.StreamResponse:
    found, at = await _found(visit)
    most = max((row["people"] for row in found["counts"]), default=0) if found else 0
    return visit.page("overlap.html", found=found, at=at, most=most, notes=overlap.NOTES)


async def count(visit: Visit) -> web.StreamResponse:
    """Count again; asked for twice it is done once."""
    work = await begin(visit.ctx, _KIND, {}, by=visit.who.user)
    return go(f"/console/work/{work}")


async def _found(visit: Visit) -> tuple[Found | None, datetime | None]:
    """What is known and since when (None: right now); nothing when nobody has counted yet."""
    ctx = visit.ctx
    totals = await ctx.store.group_lists.totals(None)
    if sum(one.groups for one in totals.values()) <= _FEW:
        pairs, counts, customers = (report.rows for report in await overlap.every_way(ctx))
        return {"pairs": pairs, "counts": counts, "customers": customers}, None
    for work in await ctx.store.work.latest_of(_KIND, visit.who.user, 5):
        if work.state == "完成" and (whole := await ctx.store.work.get(work.id)):
            return whole.result, work.ended_at
    return None, None


ROUTES: Final = (
    Route("GET", "/console/groups/overlap", "figures", page),
    Route("POST", "/console/groups/overlap", "figures", count, did=marked("算谁同时在几个群")),
)
