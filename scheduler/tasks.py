"""When a task's moment has come: give it to its person as a card, at an hour that suits them."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.actions import tasks
from bot.actions.dealing import asking, card_of, card_row, deal, forwardable
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Task
from bot.playbook.chasing import dealt, disturbs, is_on_hold, no_room
from bot.playbook.evidence import judge, question
from bot.playbook.ladder import StaffTime, staff_windows
from config.book import Book

log = logging.getLogger(__name__)

_AFTER_FAILURE = timedelta(minutes=10)
_ON_ITS_WAY = timedelta(minutes=1)  # until it is made sure that the card was put
_ARRIVES_WITHIN = timedelta(hours=1)
_ON_HOLD = timedelta(hours=1)
_LOST = ("failed", "unknown", "expired")
_TRIED = 3  # people to whom no card could be sent


async def look(ctx: Context) -> bool:
    """Give one batch of new tasks; True when there were any."""
    book = (await ctx.releases.head()).book  # who cannot read it must not claim either
    owner, batch = await ctx.store.tasks.claim_new(ctx.now())
    if not batch:
        return False
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
        if is_on_hold(self.book, task):
            await self._later(task, self.now + _ON_HOLD)
        elif task.card:
            await self._see_to_card(task)
        else:
            await self._begin(task)

    async def _begin(self, task: Task) -> None:
        if later := disturbs(self.staff, self.now):
            await self._later(task, later.until, later.why)
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
            later = no_room(full, self.staff, self.now)
            await self._later(task, later.until, later.why)
        return full is None

    async def _deal(self, task: Task) -> None:
        """The record first and the card second: what has no record would arrive unnoticed."""
        n = task.cards + 1
        ladder = self.book.rules.ladders.get(task.ladder, ())
        given = dealt(task, ladder, self.staff, self.now)
        rows = await self._rows(given.task, n)
        ours = await self.ctx.store.tasks.dealt(
            self.owner,
            task,
            card_of(task, n),
            n,
            deadline=given.task.deadline or self.now,
            first_look=given.first_look,
            check_at=self.now + _ON_ITS_WAY,
        )
        crash_point("tasks.between")
        if ours:
            await self.ctx.store.outbox.put(rows)

    async def _rows(self, task: Task, n: int) -> list[Outgoing]:
        rows = [await deal(self.ctx, self.book, task, n), *forwardable(self.ctx, task)]
        if asked := question(task):
            rows.append(asking(self.ctx, task, asked, self.now))
        return rows

    async def _see_to_card(self, task: Task) -> None:
        """The card was dealt and nobody has told us that it arrived."""
        row = await self.ctx.store.outbox.get(card_row(task, task.cards))
        if row is None:
            await self._put_again(task)
        elif row.state == "sent":
            code = str(row.result.get("response_code", ""))
            await self.ctx.store.tasks.delivered(task.id, code, row.attempt_at or self.now)
        elif row.state in _LOST and await self._lost(task) >= _TRIED:
            await tasks.cancel(self.ctx, task, f"卡片发不出去（{row.error}）")
        elif row.state in _LOST:
            await tasks.hand_over(self.ctx, self.book, task, f"卡片发不出去（{row.error}）")
        elif row.state == "suppressed" and self._is_stopped(task):
            await tasks.cancel(self.ctx, task, "SOP已停用")
        elif row.state == "suppressed":  # its SOP was on hold then
            await self._begin(task)
        else:
            await self._later(task, self.now + _ARRIVES_WITHIN)

    async def _put_again(self, task: Task) -> None:
        """Whoever noted this card died before it was put."""
        if (free := self.staff.free(self.now)) > self.now:
            await self._later(task, free, "员工免打扰")
            return
        await self.ctx.store.outbox.put(await self._rows(task, task.cards))
        await self._later(task, self.now + _ARRIVES_WITHIN)

    async def _lost(self, task: Task) -> int:
        rows = await self.ctx.store.outbox.about(task.id)
        return sum(row.kind == "card" and row.state in _LOST for row in rows)

    def _is_stopped(self, task: Task) -> bool:
        sop = self.book.sop(task.sop)
        return sop is not None and sop.state == "停用"

    async def _later(self, task: Task, until: datetime, why: str = "") -> None:
        await self.ctx.store.tasks.wait_until(self.owner, task.id, until)
        if why:
            what = f"任务“{task.title}”顺延到 {self.staff.local(until)}：{why}"
            await tasks.log(self.ctx, task, f"{task.id}:later:{until:%Y%m%d%H%M}", what)
