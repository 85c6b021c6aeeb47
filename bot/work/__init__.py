"""Long work: an export, a simulation, a comparison with WeCom … with progress and a way to stop.

    work_id = await begin(ctx, "simulate", {"days": 30}, by=visit.who.user)
    return go(f"/console/work/{work_id}")

Who does it is named in bot/work/kinds.py, and says how far it is:

    async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
        for n, one in enumerate(many):
            await job.told(n, len(many), "…")   # raises Cancelled when somebody cancelled
            …
        return Result(says="…", figures={…}, file=File(name=…, content_type=…, data=…), see="/…")

After a crash it is begun again from the start: do nothing in it that must not be done twice.
"""

from bot.work.doing import HANDS, begin, do_next
from bot.work.job import Cancelled, CannotWork, File, Job, Lost, Result

__all__ = [
    "HANDS",
    "Cancelled",
    "CannotWork",
    "File",
    "Job",
    "Lost",
    "Result",
    "begin",
    "do_next",
]
