"""The timetable: how often each kind of due work is looked for.

APScheduler only rings bells. What is due stands in MongoDB, so a bell that never rang costs
nothing but time, and the work itself is never cancelled half-way.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from apscheduler.schedulers.asyncio import (  # noqa: TID251 -- the one clock
    AsyncIOScheduler,
)

from bot import work
from bot.context import Context
from bot.store.workers import BEAT_SECONDS
from bot.worker import Worker
from scheduler import (
    audiences,
    channels,
    deliveries,
    digests,
    echoes,
    entries,
    group_welcomes,
    journeys,
    links,
    media,
    new_groups,
    occurrences,
    openings,
    postings,
    posts,
    pulse,
    reminders,
    seats,
    sendings,
    stops,
    sweep,
    tasks,
    upkeep,
    verdicts,
)

Look = Callable[[Context], Awaitable[bool]]

_ASLEEP_SECONDS = 3600.0  # between bells


@dataclass(frozen=True, slots=True)
class Duty:
    """``look`` does one batch of what is due and says whether there was any."""

    name: str
    look: Look
    every_seconds: float


DUTIES = (
    Duty("journeys", journeys.look, 1),
    Duty("tasks", tasks.look, 1),
    Duty("deliveries", deliveries.look, 1),
    Duty("sendings", sendings.look, 2),
    Duty("posts", posts.look, 1),
    Duty("postings", postings.look, 2),
    Duty("echoes", echoes.look, 20),
    Duty("seats", seats.look, 2),
    Duty("stops", stops.look, 20),
    Duty("channels", channels.look, 2),
    Duty("links", links.look, 10),
    Duty("reminders", reminders.look, 2),
    Duty("entries", entries.look, 1),
    Duty("occurrences", occurrences.look, 20),
    Duty("audiences", audiences.look, 20),
    Duty("openings", openings.look, 20),
    Duty("new groups", new_groups.look, 20),
    Duty("sweep", sweep.look, 2),
    Duty("verdicts", verdicts.look, 20),
    Duty("media", media.look, 60),
    Duty("digests", digests.look, 20),
    Duty("group welcomes", group_welcomes.look, 60),
    Duty("upkeep", upkeep.look, 60),
    Duty("pulse", pulse.look, BEAT_SECONDS),
    *(Duty(hand, work.do_next, 1) for hand in work.HANDS),
)


class Timetable:
    """Every timed duty of one process, rung by the clock and by hints."""

    def __init__(self, ctx: Context) -> None:
        self._clock = AsyncIOScheduler(timezone="UTC")
        self._workers: list[Worker] = []
        self._hints = ctx.hints
        for duty in DUTIES:
            worker = Worker(duty.name, partial(duty.look, ctx), rest_seconds=_ASLEEP_SECONDS)
            ctx.hints.on(duty.name, worker.wake)
            self._workers.append(worker)
            self._clock.add_job(
                worker.wake,
                "interval",
                seconds=duty.every_seconds,
                coalesce=True,
                misfire_grace_time=None,
                max_instances=1,
            )

    def start(self) -> None:
        self._hints.stopping = False
        for worker in self._workers:
            worker.start()
        self._clock.start()

    async def stop(self) -> None:
        """Let every duty finish the batch in hand; long work is left where it is."""
        self._hints.stopping = True
        self._clock.shutdown(wait=False)
        for worker in self._workers:
            await worker.stop()
