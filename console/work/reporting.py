"""Count a report of a large company: that takes longer than anybody waits for a page."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from bot.context import Context
from bot.reports.report import CannotReport
from bot.work import CannotWork, File, Job, Result
from console.language import marked
from console.shown_reports import Wanted, as_csv, as_figures, make

_COUNTING = marked("正在数")


async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """``args`` are the fields of Wanted. Raises CannotWork for what cannot be told."""
    wanted = Wanted(**args)
    await job.told(0, 0, _COUNTING)
    try:
        shown = await make(ctx, wanted)
    except CannotReport as error:
        raise CannotWork(str(error)) from error
    day = shown.at.astimezone(ctx.settings.tz)
    return Result(
        figures=as_figures(shown),
        file=File(
            name=f"{wanted.name}-{day:%Y%m%d-%H%M}.csv",
            content_type="text/csv",
            data=as_csv(shown),
        ),
        see="/console/figures?" + urlencode(args),
    )
