"""When a task given waits: proofs that came, deadlines that pass, and who is reminded of it."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.actions import tasks
from bot.actions.dealing import (
    Place,
    card_row,
    deal,
    describe,
    manager_of,
    name_of,
    next_place,
    note,
)
from bot.actions.faces import names_of
from bot.actions.handing import follower_of, hand_over
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Task
from bot.playbook import batches, evidence
from bot.playbook.chasing import (
    FOLLOWED,
    LEFT,
    TOGETHER,
    Close,
    Remind,
    Wait,
    is_on_hold,
    look_at,
    pending,
    together_at,
    was_left,
)
from bot.playbook.evidence import judge, question
from bot.playbook.ladder import Climb, StaffTime, is_late
from config.book import Book
from config.rules import Rung

log = logging.getLogger(__name__)

_AFTER_FAILURE = timedelta(minutes=10)
_ON_HOLD = timedelta(hours=1)
_STALE = timedelta(days=1)  # a reminder that could not be sent is worth nothing the next day
_JOINED = "并入 "  # says of a word that another row says it


async def look(ctx: Context) -> bool:
    """See to one batch of tasks; True when there were any."""
    book = (await ctx.releases.head()).book  # who cannot read it must not claim either
    owner, batch = await ctx.store.tasks.claim_given(ctx.now())
    if not batch:
        return False
    exited = await ctx.store.journeys.exited(task.journey for task in batch)
    at_work = await ctx.store.staff.many(task.staff for task in batch)
    round_ = _Round(ctx, owner, book, StaffTime.of(book.rules), ctx.now())
    for task in sorted(batch, key=lambda one: (one.given_at or one.created_at, one.id)):
        known = at_work.get(task.staff)
        try:
            if not task.open:
                await tasks.tell(ctx, task)
            elif task.journey in exited:
                await tasks.cancel(ctx, task, "客户已离开这个SOP")
            elif is_on_hold(book, task):
                await round_.hold(task)
            elif known and not known.active:
                round_.passed_on[LEFT].append(task)
            else:
                await round_.see_to(task)
        except Exception:  # one bad task must not keep the others from being seen to
            log.exception("task %s cannot be seen to now", task.id)
            await ctx.store.tasks.wait_until(owner, task.id, ctx.now() + _AFTER_FAILURE)
    await round_.remind()
    await round_.pass_on()
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
    passed_on: defaultdict[str, list[Task]] = field(default_factory=lambda: defaultdict(list))
    """Why → the tasks somebody else gets."""

    async def hold(self, task: Task) -> None:
        """What proves it counts, but nobody is reminded while its SOP is paused."""
        task = await self._proved(task)
        if task.open:
            await self.ctx.store.tasks.wait_until(self.owner, task.id, self.now + _ON_HOLD)

    async def see_to(self, task: Task) -> None:
        task = await self._proved(task)
        if not task.open:
            return
        if await self._is_to_follow(task):
            self.passed_on[FOLLOWED].append(task)
            return
        look = look_at(task, self._ladder(task), self.staff, self.now)
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

    async def _is_to_follow(self, task: Task) -> bool:
        """Its person left and it went to who answers for it; now somebody knows the customer."""
        return was_left(task) and bool(await follower_of(self.ctx, task))

    async def _remind_or_reassign(self, task: Task, then: Remind) -> None:
        wanted = then.reassign or then.manager
        manager = await manager_of(self.ctx, self.book, task) if wanted else ""
        if then.reassign and manager:
            self.passed_on["转派"].append(task)
            return
        told = manager if then.manager else ""
        if (at := await self._with_others(task, then, told)) > self.now:
            await self.ctx.store.tasks.wait_until(self.owner, task.id, at)
            return
        self.steps.append(_Step(task, then.to, own=then.own, manager=told))

    async def _with_others(self, task: Task, then: Remind, manager: str) -> datetime:
        """When the reminder goes out: now, or soon, in one message with others that are coming."""
        since, soon = then.to.since, self.staff.later(self.now, TOGETHER)
        if since is None or not (then.own or manager):
            return self.now
        moments = [self.now]
        if then.own:
            theirs = await self.ctx.store.tasks.looked_at(self.now, soon, task.staff)
            coming = [self._pending(one, manager=False) for one in theirs]
            moments.append(together_at(since, self.now, filter(None, coming), self.staff))
        if manager:
            every = await self.ctx.store.tasks.looked_at(self.now, soon)
            coming = [self._pending(one, manager=True) for one in every]
            known = [
                when
                for one, when in zip(every, coming, strict=True)
                if when and await manager_of(self.ctx, self.book, one) == manager
            ]
            moments.append(together_at(since, self.now, known, self.staff))
        return max(moments)

    def _pending(self, task: Task, *, manager: bool) -> tuple[datetime, datetime] | None:
        """Since when its person (or who answers for it) waits to be reminded, and until when."""
        if task.due_at is None or is_on_hold(self.book, task):
            return None
        since = pending(task, self._ladder(task), self.staff, task.due_at, manager=manager)
        return (since, task.due_at) if since else None

    def _ladder(self, task: Task) -> Sequence[Rung]:
        return self.book.rules.ladders.get(task.ladder, ())

    async def pass_on(self) -> None:
        for why, given in self.passed_on.items():
            try:
                await hand_over(self.ctx, self.book, given, why)
            except Exception:
                log.exception("%d tasks cannot be passed on now", len(given))
                for task in given:
                    later = self.now + _AFTER_FAILURE
                    await self.ctx.store.tasks.wait_until(self.owner, task.id, later)

    async def remind(self) -> None:
        """The messages first, under the names of their rungs; then the tasks climb."""
        mine: dict[str, list[_Step]] = defaultdict(list)
        managers: dict[str, list[_Step]] = defaultdict(list)
        for step in self.steps:
            if step.own:
                mine[step.task.staff].append(step)
            if step.manager:
                managers[step.manager].append(step)
        carded: dict[str, Place] = {}
        for staff, steps in mine.items():
            await self._to_own(staff, steps, carded)
        for manager, steps in managers.items():
            names = {s.task.staff: await self._name(s.task.staff) for s in steps}
            units = _units(steps)
            lines = [f"{names[unit[0].task.staff]}：{await self._line(unit)}" for unit in units]
            await self._once(manager, units, "这些任务逾期未完成，请跟进：", lines)
        crash_point("reminders.between")
        for step in self.steps:
            await self._climb(step, carded.get(step.task.id))
        if self.steps:
            self.ctx.hints.ring("outbox")

    async def _to_own(self, staff: str, steps: Sequence[_Step], carded: dict[str, Place]) -> None:
        """One card's tasks: a fresh card to tap, or what is missing. Several: one text."""
        fresh = [step for step in steps if not await self._reminded(step, staff, carded)]
        units = _units(fresh)
        theirs = [step.task for step in units[0]] if len(units) == 1 else []
        if theirs and not any(judge(task).told or question(task) for task in theirs):
            await self._card(staff, units[0], carded)
            return
        lines = [await self._line(unit) for unit in units]
        await self._once(staff, units, "还有这些任务没有完成，卡片在之前的消息里：", lines)

    async def _card(self, staff: str, unit: Sequence[_Step], carded: dict[str, Place]) -> None:
        theirs = [step.task for step in unit]
        place = next_place(theirs)
        late = "已逾期" if is_late(theirs[0]) else "提醒"
        row = await deal(self.ctx, self.book, theirs, place, reminder=late)
        marks = [self._joined(step, staff, place.row) for step in unit] if place.shared else []
        await self.ctx.store.outbox.put([replace(row, expires_at=self.now + _STALE), *marks])
        carded.update(dict.fromkeys((task.id for task in theirs), place))

    async def _reminded(self, step: _Step, staff: str, carded: dict[str, Place]) -> bool:
        """This rung was told before a crash: by a card of its own, a shared one, or in a text."""
        place = Place(card_row(step.task, step.task.cards + 1))
        card = await self.ctx.store.outbox.get(place.row)
        if card and card.staff == staff:
            carded[step.task.id] = place
            return True
        told = await self.ctx.store.outbox.get(_rung(step, staff))
        row, _, name = (told.error if told else "").removeprefix(_JOINED).partition(":")
        if row == "card":
            carded[step.task.id] = Place(f"card:{name}", name)
        return told is not None

    async def _once(
        self, who: str, units: Sequence[Sequence[_Step]], head: str, lines: Sequence[str]
    ) -> None:
        """One text for several rungs, each of which counts as sent under its own name.

        A rung told of before a crash is not told of again, in whatever company it comes.
        """
        new: list[tuple[_Step, str]] = []
        for unit, text in zip(units, lines, strict=True):
            known = [await self.ctx.store.outbox.get(_rung(step, who)) for step in unit]
            untold = [step for step, row in zip(unit, known, strict=True) if row is None]
            new += [(step, text if n == 0 else "") for n, step in enumerate(untold)]
        said = [text for _, text in new if text]
        if not new:
            return
        text = "\n".join([head, *(f"· {line}" for line in said)]) if len(said) > 1 else said[0]
        first, *others = (step for step, _ in new)
        row = note(self.ctx, _rung(first, who), who, text, first.task)
        joined = [self._joined(step, who, row.id) for step in others]
        await self.ctx.store.outbox.put([replace(row, expires_at=self.now + _STALE), *joined])

    def _joined(self, step: _Step, who: str, row: str) -> Outgoing:
        """This rung's word is said by ``row``."""
        word = note(self.ctx, _rung(step, who), who, "", step.task)
        return replace(word, state="suppressed", due_at=None, error=f"{_JOINED}{row}")

    async def _climb(self, step: _Step, place: Place | None) -> None:
        task, to = step.task, step.to
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
            cards=task.cards + (1 if place else 0),
            card=place.card if place else task.card,
            shared=place.shared if place else None,
            woken=to.woken,
            entries=entries,
        )
        for _, what, who in entries:
            key = f"{task.id}:rung:{_rung_name(step)}:{what}"
            name = await self._name(who)
            await tasks.log(self.ctx, task, key, f"任务“{task.title}”{what} {name}")

    async def _name(self, staff: str) -> str:
        return await name_of(self.ctx, self.book.team, staff)

    async def _line(self, unit: Sequence[_Step]) -> str:
        """One card's tasks in one line."""
        theirs = [step.task for step in unit]
        first = replace(theirs[0], title=batches.title(theirs))
        line = describe(first, self.staff, self.now)
        missing = "、".join(evidence.in_words(m) for m in judge(first).missing)
        line = f"{line}，还差：{missing}" if missing else line
        if len(theirs) == 1:
            return line
        names = "、".join(await names_of(self.ctx, theirs[: batches.NAMED]))
        return f"{line}（{names}{'…' if len(theirs) > batches.NAMED else ''}）"


def _units(steps: Sequence[_Step]) -> list[list[_Step]]:
    """By the card they are on."""
    units: dict[str, list[_Step]] = {}
    for step in steps:
        told = judge(step.task).told
        name = step.task.shared if step.task.shared and not told else step.task.id
        units.setdefault(name, []).append(step)
    return list(units.values())


def _rung(step: _Step, who: str) -> str:
    return f"rung:{step.task.id}:{_rung_name(step)}:{who}"


def _rung_name(step: _Step) -> str:
    """Its number; a reminder somebody asked for by 稍后 has a name of its own."""
    until = step.task.later_until
    return (
        f"{step.to.rung}:later:{until:%m%d%H%M}" if step.to.woken and until else str(step.to.rung)
    )
