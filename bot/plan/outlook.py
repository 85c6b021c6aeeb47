"""Rehearse the coming seven days twice: with what is live, and with what would be."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.context import Context, Release
from bot.plan.forecast import (
    DAYS,
    Frame,
    Load,
    Outlook,
    Run,
    days,
    dropped,
    loads,
    postponed,
    tasks_put_off,
)
from bot.plan.population import Coming, Population, newcomers, read, scaled
from bot.plan.remarks import Remark, beware
from bot.playbook.hours import Hours
from bot.playbook.moves import Redirects
from config.book import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one book to another: the same one where nothing is published."""

    live: Book
    new: Book
    gone: Redirects
    older: Mapping[int, Release]  # those somebody under way still follows


async def look(
    ctx: Context, release: int, live: Book, new: Book, gone: Redirects, expected: Coming
) -> Outlook:
    """What would come of publishing now; nothing is written."""
    now = ctx.now()
    people = await read(ctx.store, release, [live, new], now)
    older = {n: await ctx.releases.get(n) for n in people.older_releases}
    frame = Frame(now, Hours.of(new), people.scale)
    both = Step(live=live, new=new, gone=gone, older=older)
    after = await asyncio.to_thread(rehearsed, people, both, expected, frame)
    as_it_is = replace(both, new=live, gone={})
    before = await asyncio.to_thread(rehearsed, people, as_it_is, expected, frame)
    cap = next((cap.limit for cap in new.rules.caps.staff if cap.days == 1), None)
    names = {one.id: one.name for one in people.staff}
    everybody = loads(after, frame, lambda id: names.get(id) or new.team.name_of(id))
    return Outlook(
        days=days(after, frame),
        before=days(before, frame) if release else (),
        loads=everybody,
        staff_cap=cap,
        tasks_put_off=_too_many(everybody, cap)
        if people.scale > 1
        else tasks_put_off(after, frame),
        postponed=postponed(after, frame),
        dropped=dropped(after, frame),
        newcomers_per_day=expected.per_day,
        rehearsed=len(people.contacts),
        stuck=len(after.stuck),
        population=people.whole,
    )


def _too_many(everybody: Iterable[Load], cap: int | None) -> int:
    """In a part of everybody nobody has too much to do; in the whole they would."""
    return sum(max(0, one.busiest - cap) for one in everybody) if cap else 0


def rehearsed(people: Population, step: Step, expected: Coming, frame: Frame) -> Run:
    """The coming days, walked through in memory; takes seconds, so call it in a thread."""
    new = scaled(step.new, people.scale)
    live = scaled(step.live, people.scale) if people.release else new
    rehearsal = people.rehearsal(live, frame.since, step.older, explains=lambda subject: False)
    if people.release and step.new is not step.live:
        rehearsal.publish(new, step.gone)
    known = {one.id for one in people.staff}
    for number, (at, staff) in enumerate(
        newcomers(expected, people.scale, frame.since, frame.hours, DAYS)
    ):
        if staff in known:
            rehearsal.happen(at, f"新客{number}", "添加好友", staff=staff, name=f"新客{number}")
    rehearsal.run_until(frame.until - timedelta(seconds=1))
    return Run(
        pushes=rehearsal.pushes,
        tasks=rehearsal.tasks,
        put_off=rehearsal.later,
        confirmations=rehearsal.stage.confirmations,
        stuck=tuple(rehearsal.stuck.items()),
    )


def beyond_limit(outlook: Outlook) -> list[Remark]:
    """Pushes WeCom itself will not take."""
    return [
        beware(f"预计 {clash.count:,} 条超过企业微信的接收上限（{clash.why}），多为“{clash.step}”")
        for clash in (*outlook.postponed, *outlook.dropped)
        if "企业微信" in clash.why
    ]
