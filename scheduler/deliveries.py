"""Gather what is due for customers and groups into mass messages, or say why it has to wait."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.context import Context
from bot.model import Delivery, Sending
from bot.playbook import patience
from bot.playbook.hours import Hours
from bot.playbook.loops import step_ahead
from bot.playbook.patience import Decision, Drop, Go, Postpone
from bot.store.log import line
from bot.store.rows import Row, slot_of
from bot.store.sendings import base_of, part_id
from bot.wecom.bodies import MAX_CUSTOMERS, MAX_GROUPS
from config.book import Book

BATCH = 500


async def look(ctx: Context) -> bool:
    """Decide one batch of due deliveries; False when none was due."""
    book = (await ctx.releases.head()).book  # who cannot read it must not claim either
    owner, due = await ctx.store.deliveries.claim(ctx.now(), BATCH)
    if not due:
        return False
    await _Batch(ctx, owner, ctx.now(), book, Hours.of(book)).settle(due)
    ctx.hints.ring("sendings")
    return True


@dataclass(slots=True)
class _Batch:
    """One claim: what was decided so far."""

    ctx: Context
    owner: str
    now: datetime
    book: Book
    hours: Hours
    going: list[Delivery] = field(default_factory=list)
    weighed: dict[str, str] = field(default_factory=dict)
    later: dict[str, Postpone] = field(default_factory=dict)
    dropped: dict[str, Drop] = field(default_factory=dict)
    lines: list[Row] = field(default_factory=list)
    unused: list[tuple[str, str]] = field(default_factory=list)  # places in the caps
    stopped: set[str] = field(default_factory=set)  # customers who want nothing sent

    async def settle(self, due: Sequence[Delivery]) -> None:
        """Room in the caps is taken before a delivery joins a mass message, never after."""
        exited = await self.ctx.store.journeys.exited(d.journey for d in due)
        customers = (d.subject for d in due if d.subject_type == "contact")
        self.stopped = await self.ctx.store.stops.among(customers)
        seatless = await self._seatless(due)
        service = await self._service_later(due)
        for delivery in patience.first_served(due):
            decision = self._decide(delivery, delivery.journey in exited)
            if reason := seatless.get(delivery.id):
                decision = Drop("suppressed", reason, f"“{delivery.step}”不发了：{reason}")
            if isinstance(decision, Go):
                decision = await self._take_room(delivery, service[delivery.subject])
            self._note(delivery, decision)
        await self._write()

    def _decide(self, delivery: Delivery, exited: bool) -> Decision:
        sop = self.book.sop(delivery.sop)
        return patience.decide(
            delivery,
            now=self.now,
            hours=self.hours,
            exited=exited,
            state=sop.state if sop else None,
            calendar=sop.calendar if sop else None,
            off_day=patience.off_day_of(sop, delivery),
            stopped=delivery.subject in self.stopped,
        )

    async def _seatless(self, due: Sequence[Delivery]) -> dict[str, str]:
        """Invitations whose seat is taken or given up meanwhile, or whose code was seen: why."""
        gone = {}
        for delivery in due:
            seat = await self.ctx.store.seats.get(delivery.seat) if delivery.seat else None
            if seat and seat.own and seat.state == "已邀请":
                gone[delivery.id] = "客户在选群页看到了进群码"
            elif delivery.seat and (seat is None or seat.state != "已占位"):
                gone[delivery.id] = "位子已不再保留"
        return gone

    async def _service_later(self, due: Sequence[Delivery]) -> Counter[str]:
        """How many 服务 messages are still to come today to those who get a 营销 one now."""
        subjects = {d.subject for d in due if patience.class_of(d) == "营销"}
        if not subjects:
            return Counter()
        tonight = patience.day_end(self.now, self.hours.tz)
        coming = await self.ctx.store.deliveries.service_later(subjects, self.now, tonight)
        for journey in await self.ctx.store.journeys.standing_before(subjects, tonight):
            sop = self.book.sop(journey.sop)
            step = step_ahead(sop, journey, self.hours, self.now) if sop else None
            coming[journey.subject] += bool(step and patience.sends_service(step))
        return coming

    async def _take_room(self, delivery: Delivery, service_later: int) -> Decision:
        windows = patience.windows(self.book.rules, delivery.subject_type, self.now)
        ledger = patience.ledger_of(delivery.subject, delivery.subject_type)
        cls = patience.class_of(delivery)
        off_day = patience.off_day_of(self.book.sop(delivery.sop), delivery)
        if cls == "营销" and service_later:
            hits = await self.ctx.store.caps.hits(ledger)
            if not patience.room_for_both(hits, windows, service_later):
                return patience.give_way(delivery, self.now, self.hours, off_day)
        weigh = self.ctx.store.caps.weigh
        full, hits = await weigh(ledger, delivery.id, cls, self.now, windows)
        if full:
            return patience.when_full(delivery, full, self.hours, off_day)
        day = "工作日" if self.hours.is_workday(self.now) else "非工作日"
        return Go(f"{day}、不在免打扰、{patience.weighed(hits, windows, cls)}")

    def _note(self, delivery: Delivery, decision: Decision) -> None:
        match decision:
            case Go(why):
                self.going.append(delivery)
                self.weighed[delivery.id] = why
                return
            case Postpone():
                self.later[delivery.id] = decision
                moment = f"{decision.until:%Y%m%d%H%M}"
            case Drop():
                self.dropped[delivery.id] = decision
                moment = decision.state
        ledger = patience.ledger_of(delivery.subject, delivery.subject_type)
        self.unused.append((ledger, delivery.id))
        about = [delivery.subject, delivery.journey, delivery.id]
        key = f"{delivery.id}:{moment}"
        self.lines.append(line(key, about, self.now, decision.why, step=delivery.step))

    async def _write(self) -> None:
        store = self.ctx.store
        joined = await self._join()
        await store.log.write(self.lines)
        await store.deliveries.gather(self.owner, joined)
        await store.caps.release_all(self.unused)  # taken by an earlier look that did not get on
        await store.deliveries.postpone(
            self.owner,
            {key: postponed.until for key, postponed in self.later.items()},
            {key: postponed.why for key, postponed in self.later.items()},
        )
        await store.deliveries.drop(
            self.owner, {key: (drop.state, drop.reason) for key, drop in self.dropped.items()}
        )

    async def _join(self) -> dict[str, str]:
        """Same sender, same words, same day: one mass message for staff to confirm."""
        together: defaultdict[str, list[Delivery]] = defaultdict(list)
        for delivery in self.going:
            together[self._base(delivery)].append(delivery)
        joined: dict[str, str] = {}
        for base, members in together.items():
            ids = [member.id for member in members]
            limit = MAX_CUSTOMERS if members[0].subject_type == "contact" else MAX_GROUPS
            first = self._opened(base, members)
            joined |= await self.ctx.store.sendings.join(first, ids, limit)
        for delivery in self.going:
            what = f"“{delivery.step}”交给 {delivery.staff} 群发：{self.weighed[delivery.id]}"
            about = [delivery.subject, delivery.journey, delivery.id]
            sending = joined[delivery.id]
            key = f"{delivery.id}:{sending}"
            step = delivery.step
            self.lines.append(line(key, about, self.now, what, step=step, sending=sending))
        return joined

    def _base(self, delivery: Delivery) -> str:
        """Only from what no retry changes, so that a crash finds the same message again."""
        return base_of(*patience.together(delivery, self.hours.tz))

    def _opened(self, base: str, members: Sequence[Delivery]) -> Sending:
        """The message as it is opened, should none be open yet."""
        like = members[0]
        return Sending(
            id=part_id(base, 0),
            base=base,
            staff=like.staff,
            subject_type=like.subject_type,
            message=like.message,
            content_hash=like.content_hash,
            moment=min(member.planned_at for member in members),
            expires_at=min(member.expires_at for member in members),
            due_at=self.now + patience.GATHERING,
            slot=slot_of(like.staff),
        )
