"""When a task given waits: proofs that came, deadlines that pass, and who is reminded of it."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.actions import tasks
from bot.actions.dealing import (
    card_of,
    card_row,
    deal,
    describe,
    manager_of,
    name_of,
    note,
)
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Task
from bot.playbook import evidence
from bot.playbook.chasing import Close, Remind, Wait, is_on_hold, look_at
from bot.playbook.evidence import judge, question
from bot.playbook.ladder import Climb, StaffTime, is_late
from config.book import Book

log = logging.getLogger(__name__)

_AFTER_FAILURE = timedelta(minutes=10)
_ON_HOLD = timedelta(hours=1)
_STALE = timedelta(days=1)  # a reminder that could not be sent is worth nothing the next day


async def look(ctx: Context) -> bool:
    """See to one batch of tasks; True when there were any."""
    book = (await ctx.releases.head()).book  # who cannot read it must not claim either
    owner, batch = await ctx.store.tasks.claim_given(ctx.now())
    if not batch:
        return False
    exited = await ctx.store.journeys.exited(task.journey for task in batch)
    at_work = await ctx.store.staff.many(task.staff for task in batch)
    round_ = _Round(ctx, owner, book, StaffTime.of(book.rules), ctx.now())
    for task in batch:
        known = at_work.get(task.staff)
        try:
            if not task.open:
                await tasks.tell(ctx, task)
            elif task.journey in exited:
                await tasks.cancel(ctx, task, "客户已离开这个SOP")
            elif is_on_hold(book, task):
                await round_.hold(task)
            elif known and not known.active:
                await tasks.hand_over(ctx, book, task, "原负责人已离职")
            else:
                await round_.see_to(task)
        except Exception:  # one bad task must not keep the others from being seen to
            log.exception("task %s cannot be seen to now", task.id)
            await ctx.store.tasks.wait_until(owner, task.id, ctx.now() + _AFTER_FAILURE)
    await round_.remind()
    await ctx.store.tasks.release(owner, [task.id for task in batch], ctx.now())
    return True


@dataclass(slots=True)
class _Step:
    """What becomes of a task once its reminders are in the outbox."""

    task: Task
    to: Climb
    own: bool  # its person is reminded
    manager: str = ""  # who is told besides


@dataclass(slots=True)
class _Round:
    """One batch; reminders are collected, so that one person gets one message."""

    ctx: Context
    owner: str
    book: Book
    staff: StaffTime
    now: datetime
    steps: list[_Step] = field(default_factory=list)

    async def hold(self, task: Task) -> None:
        """What proves it counts, but nobody is reminded while its SOP is paused."""
        task = await self._proved(task)
        if task.open:
            await self.ctx.store.tasks.wait_until(self.owner, task.id, self.now + _ON_HOLD)

    async def see_to(self, task: Task) -> None:
        task = await self._proved(task)
        if not task.open:
            return
        ladder = self.book.rules.ladders.get(task.ladder, ())
        look = look_at(task, ladder, self.staff, self.now)
        if look.overdue:
            if not await self.ctx.store.tasks.overdue(self.owner, task, self.now):
                return
            crash_point("reminders.between")
        if look.late:  # told at every look: who noted it may have died before telling
            await tasks.tell_overdue(self.ctx, look.task)
        match look.then:
            case Close(state, quality, what):
                await tasks.close(self.ctx, look.task, state, quality, what)
            case Wait(until):
                await self.ctx.store.tasks.wait_until(self.owner, task.id, until)
            case Remind() as remind:
                await self._remind_or_reassign(look.task, remind)
            case _:
                assert_never(look.then)

    async def _proved(self, task: Task) -> Task:
        if not task.keys:
            return task
        facts = await self.ctx.store.facts.about(task.keys, task.created_at)
        return await tasks.prove(self.ctx, task, facts)

    async def _remind_or_reassign(self, task: Task, then: Remind) -> None:
        wanted = then.reassign or then.manager
        manager = await manager_of(self.ctx, self.book, task) if wanted else ""
        if then.reassign and manager:
            await tasks.hand_over(self.ctx, self.book, task, "转派")
            return
        told = manager if then.manager else ""
        self.steps.append(_Step(task, then.to, own=then.own, manager=told))

    async def remind(self) -> None:
        """The messages first, under the names of their rungs; then the tasks climb."""
        mine: dict[str, list[_Step]] = defaultdict(list)
        managers: dict[str, list[_Step]] = defaultdict(list)
        for step in self.steps:
            if step.own:
                mine[step.task.staff].append(step)
            if step.manager:
                managers[step.manager].append(step)
        carded: dict[str, Outgoing] = {}
        for staff, steps in mine.items():
            await self._to_own(staff, steps, carded)
        for manager, steps in managers.items():
            names = {s.task.staff: await self._name(s.task.staff) for s in steps}
            lines = [f"{names[s.task.staff]}：{self._line(s.task)}" for s in steps]
            await self._once(manager, steps, "这些任务逾期未完成，请跟进：", lines)
        await self.ctx.store.outbox.put(carded.values())
        crash_point("reminders.between")
        for step in self.steps:
            await self._climb(step, step.task.id in carded)
        if self.steps:
            self.ctx.hints.ring("outbox")

    async def _to_own(
        self, staff: str, steps: Sequence[_Step], carded: dict[str, Outgoing]
    ) -> None:
        """One task: a fresh card to tap, or what is missing. Several: one text with their names."""
        fresh = [step for step in steps if not await self._reminded(step, staff, carded)]
        task = fresh[0].task if len(fresh) == 1 else None
        if task and not judge(task).told and not question(task):
            late = "已逾期" if is_late(task) else "提醒"
            row = await deal(self.ctx, self.book, task, task.cards + 1, reminder=late)
            carded[task.id] = replace(row, expires_at=self.now + _STALE)
            return
        lines = [self._line(step.task) for step in fresh]
        await self._once(staff, fresh, "还有这些任务没有完成，请在之前的卡片上点按钮：", lines)

    async def _reminded(self, step: _Step, staff: str, carded: dict[str, Outgoing]) -> bool:
        """This rung was told before a crash: by a card of its own, or in a text."""
        card = await self.ctx.store.outbox.get(card_row(step.task, step.task.cards + 1))
        if card:
            carded[step.task.id] = card
        return bool(card or await self.ctx.store.outbox.get(_rung(step, staff)))

    async def _once(
        self, who: str, steps: Sequence[_Step], head: str, lines: Sequence[str]
    ) -> None:
        """One text for several rungs, each of which counts as sent under its own name.

        A rung told of before a crash is not told of again, in whatever company it comes.
        """
        names = [_rung(step, who) for step in steps]
        known = [await self.ctx.store.outbox.get(name) for name in names]
        new = [i for i, row in enumerate(known) if row is None]
        if not new:
            return
        text = "\n".join([head, *(f"· {lines[i]}" for i in new)]) if len(new) > 1 else lines[new[0]]
        first, *others = (
            replace(
                note(self.ctx, names[i], who, text, steps[i].task), expires_at=self.now + _STALE
            )
            for i in new
        )
        joined = [
            replace(o, state="suppressed", due_at=None, error=f"并入 {first.id}") for o in others
        ]
        await self.ctx.store.outbox.put([first, *joined])

    async def _climb(self, step: _Step, carded: bool) -> None:
        task, to = step.task, step.to
        n = task.cards + (1 if carded else 0)
        entries = [(self.now, "提醒", task.staff)] if step.own else []
        if step.manager:
            entries.append((self.now, "升级", step.manager))
        state = "已升级" if step.manager and is_late(task) else task.state
        await self.ctx.store.tasks.climb(
            self.owner,
            task,
            due_at=max(to.next_at, self.now + timedelta(seconds=1)),
            rung=to.rung,
            state=state,
            cards=n,
            card=card_of(task, n) if carded else task.card,
            entries=entries,
        )
        for _, what, who in entries:
            key = f"{task.id}:rung:{to.rung}:{what}"
            name = await self._name(who)
            await tasks.log(self.ctx, task, key, f"任务“{task.title}”{what} {name}")

    async def _name(self, staff: str) -> str:
        return await name_of(self.ctx, self.book.team, staff)

    def _line(self, task: Task) -> str:
        line = describe(task, self.staff, self.now)
        missing = "、".join(evidence.in_words(m) for m in judge(task).missing)
        return f"{line}，还差：{missing}" if missing else line


def _rung(step: _Step, who: str) -> str:
    return f"rung:{step.task.id}:{step.to.rung}:{who}"
