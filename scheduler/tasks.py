"""When a task's moment has come: give it to its person as a card, at an hour that suits them."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.actions import tasks
from bot.actions.dealing import card_of, card_row, deal, forwardable
from bot.context import Context
from bot.model import Task
from bot.playbook.evidence import judge
from bot.playbook.ladder import StaffTime, first_look, staff_windows
from config.book import Book

log = logging.getLogger(__name__)

_AFTER_FAILURE = timedelta(minutes=10)
_ARRIVES_WITHIN = timedelta(hours=1)
_TRIED = 3  # people to whom no card could be sent


async def look(ctx: Context) -> bool:
    """Give one batch of new tasks; True when there were any."""
    owner, batch = await ctx.store.tasks.claim_new(ctx.now())
    if not batch:
        return False
    book = (await ctx.releases.head()).book
    exited = await ctx.store.journeys.exited(task.journey for task in batch)
    at_work = await ctx.store.staff.many(task.staff for task in batch)
    giving = _Giving(ctx, owner, book, StaffTime.of(book.rules), ctx.now())
    for task in batch:
        known = at_work.get(task.staff)
        try:
            if task.journey in exited:
                await tasks.cancel(ctx, task, "客户已离开这个SOP")
            elif known and not known.active:
                await tasks.hand_over(ctx, book, task, "原负责人已离职")
            else:
                await giving.give(task)
        except Exception:  # one bad task must not keep the others from their people
            log.exception("task %s cannot be given now", task.id)
            await ctx.store.tasks.wait_until(owner, task.id, ctx.now() + _AFTER_FAILURE)
    await ctx.store.tasks.release(owner, [task.id for task in batch], ctx.now())
    ctx.hints.ring("outbox")
    return True


@dataclass(frozen=True, slots=True)
class _Giving:
    ctx: Context
    owner: str
    book: Book
    staff: StaffTime
    now: datetime

    async def give(self, task: Task) -> None:
        """A task already proved needs no card; one that was dealt is waited for."""
        if task.keys:
            facts = await self.ctx.store.facts.about(task.keys, task.created_at)
            task = await tasks.prove(self.ctx, task, facts)
        if not task.open or judge(task).complete:
            return
        if task.card:
            await self._see_to_card(task)
        elif (free := self.staff.free(self.now)) > self.now:
            await self._later(task, free, "员工免打扰")
        elif await self._has_room(task):
            await self._deal(task)

    async def _has_room(self, task: Task) -> bool:
        windows = staff_windows(self.book.rules, self.now, self.staff.tz)
        if not windows:
            return True
        full = await self.ctx.store.caps.reserve(
            f"staff:{task.staff}", f"task:{task.id}", "服务", self.now, windows
        )
        if full:
            await self._later(task, max(self.staff.next_day(self.now), full.free_at), full.rule)
        return full is None

    async def _deal(self, task: Task) -> None:
        """The card first and the record of it second: both have names of their own."""
        n = task.cards + 1
        deadline = task.deadline or self.staff.deadline(self.now, task.limit)
        dealt = replace(task, deadline=deadline, given_at=self.now)
        ladder = self.book.rules.ladders.get(task.ladder, ())
        rows = [await deal(self.ctx, self.book, dealt, n), *forwardable(self.ctx, task)]
        await self.ctx.store.outbox.put(rows)
        await self.ctx.store.tasks.dealt(
            self.owner,
            task,
            card_of(task, n),
            n,
            deadline=deadline,
            first_look=first_look(dealt, ladder, self.staff),
            check_at=self.now + _ARRIVES_WITHIN,
        )

    async def _see_to_card(self, task: Task) -> None:
        """The card was dealt and nobody has told us that it arrived."""
        row = await self.ctx.store.outbox.get(card_row(task, task.cards))
        if row and row.state == "sent":
            code = str(row.result.get("response_code", ""))
            await self.ctx.store.tasks.delivered(task.id, code, row.attempt_at or self.now)
        elif row and row.state == "failed" and task.cards >= _TRIED:
            await tasks.cancel(self.ctx, task, f"卡片发不出去（{row.error}）")
        elif row and row.state == "failed":
            await tasks.hand_over(self.ctx, self.book, task, f"卡片发不出去（{row.error}）")
        else:
            await self._later(task, self.now + _ARRIVES_WITHIN)

    async def _later(self, task: Task, until: datetime, why: str = "") -> None:
        await self.ctx.store.tasks.wait_until(self.owner, task.id, until)
        if why:
            what = f"任务“{task.title}”顺延到 {self.staff.local(until)}：{why}"
            await tasks.log(self.ctx, task, f"{task.id}:later:{until:%Y%m%d%H%M}", what)
