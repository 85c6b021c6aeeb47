"""When an experiment is due: count, look once, have the owner decide, put the winner in place."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from bot.actions import experiments
from bot.context import Context
from bot.crash import crash_point
from bot.model import Assignment, Experiment
from bot.playbook.hours import Hours
from bot.playbook.split import experiment_in
from bot.playbook.verdict import (
    COUNT_EVERY,
    Finding,
    Tally,
    counted,
    finding_of,
    is_counted,
    kept,
    measured_by,
    next_look,
)
from bot.publish import promote
from config.book import Book
from config.experiments import Measured
from config.sop import Split

log = logging.getLogger(__name__)

REMIND_AFTER = timedelta(days=1)
_AFTER_FAILURE = timedelta(minutes=10)
_FACTS_OF = 500  # customers asked about at once


async def look(ctx: Context) -> bool:
    """See to one batch of experiments; False when none was due."""
    book = (await ctx.releases.head()).book  # who cannot read it must not claim either
    owner, batch = await ctx.store.experiments.claim(ctx.now())
    if not batch:
        return False
    for experiment in batch:
        crash_point("verdicts.claimed")
        try:
            await _Turn(ctx, owner, book, experiment, ctx.now()).take()
        except Exception:  # one bad experiment must not keep the others from being seen to
            log.exception("experiment %s cannot be seen to now", experiment.id)
            later = ctx.now() + _AFTER_FAILURE
            await ctx.store.experiments.note(owner, experiment, due_at=later)
    await ctx.store.experiments.release(owner, [experiment.id for experiment in batch])
    return True


@dataclass(slots=True)
class _Turn:
    """One experiment in hand."""

    ctx: Context
    owner: str
    book: Book
    experiment: Experiment
    now: datetime

    async def take(self) -> None:
        match self.experiment.state:
            case "running":
                await self._observe()
            case "asking":
                await self._ask()
            case "decided":
                await self._promote()
            case "over":
                await self._note(due_at=None)
            case _:
                assert_never(self.experiment.state)

    async def _note(self, **change: object) -> None:
        await self.ctx.store.experiments.note(self.owner, self.experiment, **change)

    # ---- while it runs -------------------------------------------------------------------------

    async def _observe(self) -> None:
        found = experiment_in(self.book, self.experiment.id)
        if found is None or found[0].state == "停用":  # taken out or stopped; it may come back
            await self._note(due_at=self.now + COUNT_EVERY)
            return
        _, split = found
        tallies = await self._count(split)
        hours = Hours.of(self.book)
        finding = finding_of(split, self.experiment, tallies, hours, self.now)
        rows = kept(split, tallies, finding)
        counts = {"counts": rows, "counted_at": self.now}
        if finding is None:
            look_at = await self._next_look(split)
            await self._note(**counts, due_at=look_at)
        else:
            await self._conclude(split, finding, counts)

    async def _next_look(self, split: Split) -> datetime:
        nth, name = self.ctx.store.experiments.nth_of, self.experiment.id
        enough = [await nth(name, arm.name, split.at_least) for arm in split.arms]
        return next_look(split, self.experiment, enough, Hours.of(self.book), self.now)

    async def _conclude(self, split: Split, finding: Finding, counts: dict[str, object]) -> None:
        """The rule decides, or the owner is asked; an unfair draw is always the owner's."""
        told = {"finding": finding.kind, "why": finding.why, "kept": split.undecided, **counts}
        if split.after == "自动推广" and finding.kind != "不作数":
            arm = finding.arm or split.undecided
            verdict = {"verdict": arm, "decided_at": self.now, "due_at": self.now}
            await self.ctx.store.experiments.decide(self.owner, self.experiment, **verdict, **told)
            what = f"{finding.kind}：{finding.why}；所有人走“{arm}”"
        else:
            n = self.experiment.asked + 1
            card = experiments.card_of(self.experiment.id, n)
            asked = {"asked": n, "asked_at": self.now, "proposed": finding.arm, "due_at": self.now}
            await self.ctx.store.experiments.propose(
                self.owner, self.experiment, card, **asked, **told
            )
            what = f"{finding.kind}：{finding.why}；等负责人决定"
        crash_point("verdicts.concluded")
        key = f"found:{self.experiment.since:%Y%m%d%H%M%S}"
        await experiments.log(self.ctx, self.experiment, key, what)

    # ---- what people did -----------------------------------------------------------------------

    async def _count(self, split: Split) -> dict[str, Tally]:
        tallies: dict[str, Tally] = {}
        async for batch in self.ctx.store.experiments.assignments(self.experiment.id):
            for start in range(0, len(batch), _FACTS_OF):
                people = batch[start : start + _FACTS_OF]
                happened = await _happened(self.ctx, split, people)
                for who in people:
                    before = tallies.get(who.arm, Tally(arm=who.arm))
                    tallies[who.arm] = counted(
                        before, split, who, happened.get(who.subject, {}), self.now
                    )
            await self.ctx.store.experiments.due.renew(self.owner, [self.experiment.id])
        return tallies

    # ---- when the owner has to decide ----------------------------------------------------------

    async def _ask(self) -> None:
        found = experiment_in(self.book, self.experiment.id)
        if found is None:
            await self._note(due_at=self.now + COUNT_EVERY)
            return
        sop, split = found
        remind_at = (self.experiment.asked_at or self.now) + REMIND_AFTER
        await experiments.ask(self.ctx, self.book, sop, split, self.experiment)
        crash_point("verdicts.asked")
        if self.now < remind_at:
            await self._note(due_at=remind_at)
        else:
            await experiments.remind(self.ctx, self.book, sop, self.experiment)
            await self._note(due_at=None)

    # ---- once it is decided --------------------------------------------------------------------

    async def _promote(self) -> None:
        """Everybody walks the arm from the announcement on; the file follows."""
        await experiments.announce(self.ctx, self.experiment)
        crash_point("verdicts.announced")
        release, ended = await promote(self.ctx, self.experiment)
        crash_point("verdicts.published")
        arm, name = self.experiment.verdict, self.experiment.id
        what = f"第 {release} 版：“{arm}”接替了试验" if release else ended
        await experiments.log(self.ctx, self.experiment, "over", what)
        book = (await self.ctx.releases.head()).book
        if sop := book.sop(self.experiment.sop):
            text = f"试验“{name}”结束，所有人走“{arm}”。{what}"
            await experiments.tell_owner(self.ctx, book, sop, self.experiment, text)
        await self._note(state="over", release=release, ended=ended, due_at=None)


async def _happened(
    ctx: Context, split: Split, people: Sequence[Assignment]
) -> dict[str, dict[str, list[datetime]]]:
    """Customer → what is measured → when it happened."""
    asked: list[Measured] = [split.metric.what]
    if split.guardrail:
        asked.append(split.guardrail.what)
    means = {
        measured_by(what, who): (who.subject, what)
        for who in people
        for what in dict.fromkeys(asked)
    }
    since = min(who.at for who in people)
    found: dict[str, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for fact in await ctx.store.facts.about(means, since):
        for key in fact.keys:
            if key in means and is_counted(fact, means[key][1]):
                subject, what = means[key]
                found[subject][what].append(fact.at)
    return found
