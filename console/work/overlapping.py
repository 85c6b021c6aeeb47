"""谁同时在几个群: read every roster of the company and count."""

from collections.abc import Mapping
from typing import Any

from bot.context import Context
from bot.reports import overlap
from bot.work import Job, Result

SEE = "/console/groups/overlap"


async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """Only read: doing it twice finds the same."""
    await job.told(0, 1)
    pairs, counts, customers = (report.rows for report in await overlap.every_way(ctx))
    figures = {
        "pairs": [dict(row) for row in pairs[: overlap.MOST_SHOWN]],
        "counts": [dict(row) for row in counts],
        "customers": [dict(row) for row in customers],
    }
    await job.told(1, 1)
    return Result(figures=figures, see=SEE)
