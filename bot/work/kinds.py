"""Which kinds of long work there are, and who does each."""

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, Final

from bot.context import Context
from bot.work.job import Job, Result

Run = Callable[[Context, Mapping[str, Any], Job], Awaitable[Result]]

#: Kind → where it is done, "module:function" with
#: ``async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result``.
#: Named and not imported: those who do it may stand above this package. Whatever is begun again
#: after a crash begins from the start, so each of them may be done twice. The title people read
#: stands in console/pages/work.py.
KINDS: Final[Mapping[str, str]] = {
    "simulate": "console.work.simulating:run",
    "sync": "console.work.syncing:run",
    "import": "console.work.importing:run",
    "inbox again": "console.work.again:callbacks",
    "outbox again": "console.work.again:calls",
    "reassign": "console.work.reassigning:run",
    "overlap": "console.work.overlapping:run",
    "export tasks": "console.work.exporting:run",
    "report": "console.work.reporting:run",
    "forecast": "bot.plan.ahead:run",
}


def run_of(kind: str) -> Run:
    """Who does this kind; KeyError when there is none of this name."""
    module, _, function = KINDS[kind].partition(":")
    run: Run = getattr(import_module(module), function)
    return run
