"""Rehearse the coming days with everybody who is there, for the calendar: what, when, how many."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal

from bot.context import Context
from bot.plan.forecast import DAYS, MOMENTS, STAFF, Frame, Run, sent
from bot.plan.outlook import Step, rehearsed
from bot.plan.population import coming, read
from bot.playbook.hours import Hours
from bot.rehearse.record import Push
from bot.store.forecasts import Expected, Forecast
from bot.work import CannotWork, Job, Result

Kind = Literal["customers", "groups", "moments", "tasks"]
_GATHERED = timedelta(minutes=15)
_Key = tuple[date, Kind, str, str]


async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """The next seven days by what is live; nothing is changed but the forecast itself."""
    release, now = await ctx.releases.head(), ctx.now()
    if not release.n:
        raise CannotWork("还没有发布过：先发布一版，再推演接下来的几天。")
    await job.told(0, 3, "读取进行中的客户")
    people = await read(ctx.store, release.n, [release.book], now)
    expected = await coming(ctx.store, now)
    older = {n: await ctx.releases.get(n) for n in people.older_releases}
    await job.told(1, 3, f"推演 {DAYS} 天")
    frame = Frame(now, Hours.of(release.book), people.scale)
    as_it_is = Step(live=release.book, new=release.book, gone={}, older=older)
    walked = await asyncio.to_thread(rehearsed, people, as_it_is, expected, frame)
    await job.told(2, 3, "记下结果")
    forecast = Forecast(
        at=now,
        release=release.n,
        rehearsed=len(people.contacts),
        population=people.whole,
        newcomers_per_day=expected.per_day,
        expected=tuple(counted(walked, frame)),
    )
    await ctx.store.forecasts.keep(forecast)
    count = sum(one.count for one in forecast.expected)
    says = f"接下来 {DAYS} 天预计 {count:,} 项，已标在日历上。"
    return Result(says=says, figures={"count": count}, see="/console/calendar?view=week")


def counted(walked: Run, frame: Frame) -> Iterator[Expected]:
    """By day and step, in that order."""
    counts: Counter[_Key] = Counter()
    first: dict[_Key, datetime] = {}
    for key, at in _happenings(walked, frame):
        counts[key] += 1
        first[key] = min(at, first.get(key, at))
    for key in sorted(counts):
        day, kind, sop, step = key
        whole = frame.whole(counts[key])
        yield Expected(day=day, kind=kind, sop=sop, step=step, count=whole, first=first[key])


def _happenings(walked: Run, frame: Frame) -> Iterable[tuple[_Key, datetime]]:
    for push in sent(walked, frame):
        if push.to != STAFF:
            at = push.planned_at if _is_prompt(push) and push.planned_at else push.at
            yield (frame.day_of(at), _kind(push), push.sop, push.step), at
    for task in walked.tasks:
        if task.given_at and frame.holds(task.given_at):
            key: _Key = (frame.day_of(task.given_at), "tasks", task.sop, task.step)
            yield key, task.given_at


def _is_prompt(push: Push) -> bool:
    """Gathered and confirmed in a few minutes: it stands at the moment that was planned."""
    return push.planned_at is not None and push.at - push.planned_at < _GATHERED


def _kind(push: Push) -> Kind:
    if push.to == MOMENTS:
        return "moments"
    return "groups" if push.to == "客户群" else "customers"
