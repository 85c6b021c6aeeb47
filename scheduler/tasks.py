"""When a task's moment has come: give it to its person as a card, at an hour that suits them.

Tasks of one kind for one person that are due together come on one card.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.actions import tasks
from bot.actions.dealing import Place, deal_all, next_place, place_now, rows_about
from bot.actions.handing import hand_over
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Task
from bot.playbook import batches
from bot.playbook.chasing import LEFT, dealt, disturbs, is_on_hold, no_room
from bot.playbook.evidence import judge
from bot.playbook.ladder import StaffTime, staff_windows
from config.book import Book

log = logging.getLogger(__name__)

_AT_ONCE = 50
_AFTER_FAILURE = timedelta(minutes=10)
_ON_ITS_WAY = timedelta(minutes=1)  # until it is made sure that the card was put
_ARRIVES_WITHIN = timedelta(hours=1)
_ON_HOLD = timedelta(hours=1)
_OTHERS = timedelta(seconds=2)  # how long a card waits for what is about to join it
_HELD = 15  # times at most
_LOST = ("failed", "unknown", "expired")
_TRIED = 3  # people to whom no card could be sent


async def look(ctx: Context) -> bool:
    """Give one batch of new tasks; True when there were any."""
    book = (await ctx.releases.head()).book  # who cannot read it must not claim either
    owner, batch = await ctx.store.tasks.claim_new(ctx.now(), _AT_ONCE)
    if not batch:
        return False
    giving = _Giving(ctx, book, StaffTime.of(book.rules), ctx.now())
    giving.owners.update(dict.fromkeys((task.id for task in batch), owner))
    if len(batch) == _AT_ONCE:
        batch = [*batch, *await giving.claim_mates(batch)]
    await giving.give_all(batch)
    for token in set(giving.owners.values()):
        ids = [id for id, owner in giving.owners.items() if owner == token]
        await ctx.store.tasks.release(token, ids, ctx.now())
    ctx.hints.ring("outbox")
    return True


@dataclass(frozen=True, slots=True)
class _Giving:
    ctx: Context
    book: Book
    staff: StaffTime
    now: datetime
    owners: dict[str, str] = field(default_factory=dict)  # task → the token of our claim

    async def claim_mates(self, batch: Sequence[Task]) -> list[Task]:
        """More was due than one look takes: what belongs onto the same cards comes along."""
        mates: list[Task] = []
        for group in batches.grouped(batch):
            if batches.may_share(group[0]) and len(group) < batches.MOST:
                owner, more = await self.ctx.store.tasks.claim_new(
                    self.now, batches.MOST - len(group), group[0]
                )
                self.owners.update(dict.fromkeys((task.id for task in more), owner))
                mates += more
        return mates

    async def give_all(self, batch: Sequence[Task]) -> None:
        """One bad task must not keep the others from their people."""
        exited = await self.ctx.store.journeys.exited(task.journey for task in batch)
        at_work = await self.ctx.store.staff.many(task.staff for task in batch)
        ready: list[Task] = []
        for task in batch:
            known = at_work.get(task.staff)
            try:
                if task.journey in exited:
                    await tasks.cancel(self.ctx, task, "客户已离开这个SOP")
                elif known and not known.active:
                    await hand_over(self.ctx, self.book, [task], LEFT)
                elif fresh := await self._ready(task):
                    ready.append(fresh)
            except Exception:
                await self._failed([task])
        for group in batches.grouped(ready):
            try:
                await self._begin(group)
            except Exception:
                await self._failed(group)

    async def _ready(self, task: Task) -> Task | None:
        """The task as it stands, if it is to be given now.

        One already proved needs no card; one that was dealt is waited for.
        """
        if task.keys:
            facts = await self.ctx.store.facts.about(task.keys, task.created_at)
            task = await tasks.prove(self.ctx, task, facts)
        if not task.open or judge(task).complete:
            return None
        if is_on_hold(self.book, task):
            await self._later(task, self.now + _ON_HOLD)
            return None
        if task.card and not await self._is_to_be_dealt_again(task):
            return None
        return task

    async def _begin(self, group: Sequence[Task]) -> None:
        if later := disturbs(self.staff, self.now):
            for task in group:
                await self._later(task, later.until, later.why)
        elif await self._others_come(group[0]):
            for task in group:
                owner = self.owners[task.id]
                await self.ctx.store.tasks.hold(owner, task.id, self.now + _OTHERS)
        elif await self._has_room(group):
            await self._deal(group)

    async def _others_come(self, task: Task) -> bool:
        """More of the kind are about to be made: journeys of its SOP are being walked."""
        if not batches.may_share(task) or task.held >= _HELD:
            return False
        return await self.ctx.store.journeys.any_due(task.sop, self.now)

    async def _has_room(self, group: Sequence[Task]) -> bool:
        """A card counts once, however many tasks are on it."""
        windows = staff_windows(self.book.rules, self.now, self.staff.tz)
        if not windows:
            return True
        first = group[0]
        full = await self.ctx.store.caps.reserve(
            f"staff:{first.staff}", f"task:{first.id}", "服务", self.now, windows
        )
        if full:
            later = no_room(full, self.staff, self.now)
            for task in group:
                await self._later(task, later.until, later.why)
        return full is None

    async def _deal(self, group: Sequence[Task]) -> None:
        """The record first and the card second: what has no record would arrive unnoticed."""
        place = next_place(group)
        ladder = self.book.rules.ladders.get(group[0].ladder, ())
        given = [dealt(task, ladder, self.staff, self.now) for task in group]
        rows = await self._rows([one.task for one in given], place)
        ours = await self.ctx.store.tasks.dealt_all(
            self.owners,
            group,
            place.card,
            place.shared,
            deadline=given[0].task.deadline or self.now,
            first_look=given[0].first_look,
            check_at=self.now + _ON_ITS_WAY,
        )
        crash_point("tasks.between")
        if ours == len(group):  # else who has it now finds no card, and puts what is on it then
            await self.ctx.store.outbox.put(rows)

    async def _rows(self, group: Sequence[Task], place: Place) -> list[Outgoing]:
        return await deal_all(self.ctx, self.book, group, place)

    async def _is_to_be_dealt_again(self, task: Task) -> bool:
        """The card was dealt and nobody has told us that it arrived."""
        row = await self.ctx.store.outbox.get(place_now(task).row)
        if row is None:
            await self._put_again(task)
        elif row.state == "sent":
            code = str(row.result.get("response_code", ""))
            about = task.shared or task.id
            await self.ctx.store.tasks.delivered(about, code, row.attempt_at or self.now)
        elif row.state in _LOST and await self._lost(task) >= _TRIED:
            await tasks.cancel(self.ctx, task, f"卡片发不出去（{row.error}）")
        elif row.state in _LOST:
            await hand_over(self.ctx, self.book, [task], f"卡片发不出去（{row.error}）")
        elif row.state == "suppressed" and self._is_stopped(task):
            await tasks.cancel(self.ctx, task, "SOP已停用")
        elif row.state == "suppressed":  # its SOP was on hold then, or another on it not wanted
            return True
        else:
            await self._later(task, self.now + _ARRIVES_WITHIN)
        return False

    async def _put_again(self, task: Task) -> None:
        """Whoever noted this card died before it was put."""
        if (free := self.staff.free(self.now)) > self.now:
            await self._later(task, free, "员工免打扰")
            return
        group = [task]
        if task.shared:
            sharers = await self.ctx.store.tasks.shared(task.shared)
            group = [one for one in sharers if one.open and one.shared == task.shared]
        await self.ctx.store.outbox.put(await self._rows(group, place_now(task)))
        await self._later(task, self.now + _ARRIVES_WITHIN)

    async def _lost(self, task: Task) -> int:
        rows = await rows_about(self.ctx, task)
        return sum(row.kind == "card" and row.state in _LOST for row in rows)

    def _is_stopped(self, task: Task) -> bool:
        sop = self.book.sop(task.sop)
        return sop is not None and sop.state == "停用"

    async def _later(self, task: Task, until: datetime, why: str = "") -> None:
        await self.ctx.store.tasks.wait_until(self.owners[task.id], task.id, until)
        if why:
            what = f"任务“{task.title}”顺延到 {self.staff.local(until)}：{why}"
            await tasks.log(self.ctx, task, f"{task.id}:later:{until:%Y%m%d%H%M}", what)

    async def _failed(self, group: Sequence[Task]) -> None:
        for task in group:
            log.exception("task %s cannot be given now", task.id)
            until = self.now + _AFTER_FAILURE
            await self.ctx.store.tasks.wait_until(self.owners[task.id], task.id, until)
