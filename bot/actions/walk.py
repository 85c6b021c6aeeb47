"""Walk the journeys whose moment has come, in batches that survive any crash.

The order of the writes is the whole guarantee: enter by compare-and-swap, read who really
entered, store the effects of those only, leave by compare-and-swap.
"""

import asyncio
import collections
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from prometheus_client import Counter

from bot.actions import experiments, member_links
from bot.actions.effects import Effects, effects_of
from bot.actions.posting import asked_for, columns_of_posts
from bot.actions.scene import Scene
from bot.context import Context, Release
from bot.crash import crash_point
from bot.model import Contact, Fact, Group, Journey, Staff
from bot.playbook import situation
from bot.playbook.audience import Facts
from bot.playbook.hours import Hours
from bot.playbook.journey import LOOK_AGAIN, Move, Situation, as_it_reads_now, decide, leave
from bot.playbook.moving import finish
from bot.playbook.pages import Pages
from bot.playbook.results import interest
from bot.playbook.split import Ruling, split_of, waits_for
from bot.playbook.waiting import exit_keys
from bot.store.log import line
from bot.store.rows import Row
from config.content import SendGroup
from config.sop import Node, Sop, Split

log = logging.getLogger(__name__)

BATCH = 100  # journeys moved by one write
SIDE_BY_SIDE = 2  # batches in hand at once: one decides while MongoDB writes the other
HOPS = 50  # steps one claim may walk before it lets go
STUCK_AFTER = 5  # claims without progress
STEPS = Counter("qunce_journey_steps", "Steps entered by journeys", ["sop"])
STUCK = Counter("qunce_journeys_stuck", "Journeys set aside because they cannot go on")


async def walk_due(ctx: Context) -> int:
    """Claim due journeys and walk each as far as it goes; how many were claimed."""
    release = await ctx.releases.head()  # who cannot read it must not claim, and count, either
    owner, journeys = await ctx.store.journeys.claim(ctx.now(), BATCH * SIDE_BY_SIDE)
    if not journeys:
        return 0
    crash_point("journeys.claimed")
    if any(journey.looked_rev > release.rev for journey in journeys):
        ctx.releases.forget()  # an edit has moved one of them, and we have not heard of it yet
        release = await ctx.releases.head()
    walk = await _open_walk(ctx, owner, journeys, release)
    hand = await _set_stuck_aside(ctx, owner, journeys)
    batches = (hand[start : start + BATCH] for start in range(0, len(hand), BATCH))
    await asyncio.gather(*(_through(walk, batch) for batch in batches))
    return len(journeys)


async def _through(walk: "_Walk", hand: list[Journey]) -> None:
    for hop in range(HOPS):
        hand = await walk.hop(hand, last=hop == HOPS - 1)
        if not hand:
            return


async def _open_walk(
    ctx: Context, owner: str, journeys: Sequence[Journey], release: Release
) -> "_Walk":
    people = {s.id: s for s in await ctx.store.staff.active()}
    customers = [j.subject for j in journeys if j.subject_type == "contact"]
    groups = [j.subject for j in journeys if j.subject_type == "group"]
    pinned = [j for j in journeys if j.pinned]
    links = await member_links.maker(ctx)
    return _Walk(
        ctx=ctx,
        owner=owner,
        now=ctx.now(),
        release=release,
        kept={j.release_entered: await ctx.releases.get(j.release_entered) for j in pinned},
        staff=people,
        contacts=await ctx.store.contacts.many(customers) if customers else {},
        groups=await ctx.store.groups.many(groups) if groups else {},
        tag_names=await ctx.store.tags.names(),
        pages=links.of if links else None,
    )


async def _set_stuck_aside(ctx: Context, owner: str, journeys: Sequence[Journey]) -> list[Journey]:
    """A journey claimed again and again without a move must not go round for ever."""
    stuck = [j for j in journeys if j.claims > STUCK_AFTER]
    if not stuck:
        return list(journeys)
    STUCK.inc(len(stuck))
    again = ctx.now() + LOOK_AGAIN
    await ctx.store.journeys.set_aside(owner, [j.id for j in stuck], again)
    what = "卡住了：连续多次没能走下去，已停下等人处理"
    await ctx.store.log.write(
        [line(f"{j.id}:{j.rev_no}:stuck", [j.id, j.subject], ctx.now(), what) for j in stuck]
    )
    gone = {j.id for j in stuck}
    return [j for j in journeys if j.id not in gone]


@dataclass(slots=True)
class _Walk:
    """One claimed batch and everything its decisions look at, read once."""

    ctx: Context
    owner: str
    now: datetime
    release: Release
    kept: Mapping[int, Release]  # 按旧版走完
    staff: Mapping[str, Staff]
    contacts: Mapping[str, Contact]
    groups: Mapping[str, Group]
    tag_names: Mapping[str, str]
    pages: Pages | None
    used: dict[tuple[str, str], collections.Counter[str]] = field(default_factory=dict)
    posted: dict[tuple[str, str], collections.Counter[str]] = field(default_factory=dict)
    clocks: dict[int, Hours] = field(default_factory=dict)
    drawn: dict[str, dict[str, str]] = field(default_factory=dict)  # journey → experiment → arm
    verdicts: dict[str, Ruling] = field(default_factory=dict)

    async def hop(self, journeys: Sequence[Journey], *, last: bool) -> list[Journey]:
        """Move every journey once; those that are due again and still in our hand."""
        facts = await self._facts_of(journeys)
        await self._ask_for_verdicts(waits_for(journey) for journey in journeys)
        decided = [(j, move) for j in journeys if (move := self._decide(j, facts[j.id]))]
        moved = await self._write(decided, last=last)
        crash_point("journeys.entered")
        inside = [moved[j.id] for j, move in decided if move.enters and j.id in moved]
        if exited := [j.id for j, move in decided if is_exit(move) and j.id in moved]:
            await self.ctx.store.tasks.wake_of_journeys(exited, self.now)
        _, left = await asyncio.gather(
            self._log(decided, moved), self._do(inside, facts, last=last)
        )
        passed = [moved[j.id] for j, move in decided if not move.enters and j.id in moved]
        return [] if last else [j for j in (*passed, *left) if self._in_hand(j)]

    async def _facts_of(self, journeys: Sequence[Journey]) -> dict[str, tuple[Fact, ...]]:
        wanted = {j.id: interest(j) | self._exits(j) for j in journeys}
        everything = set().union(*wanted.values())
        since = min((j.entered_at for j in journeys), default=self.now)
        by_key: dict[str, list[Fact]] = {}
        for fact in await self.ctx.store.facts.about(everything, since):
            for key in fact.keys:
                by_key.setdefault(key, []).append(fact)
        return {
            id: tuple({f.id: f for key in keys for f in by_key.get(key, ())}.values())
            for id, keys in wanted.items()
        }

    def _decide(self, journey: Journey, facts: tuple[Fact, ...]) -> Move | None:
        text, sop = self._text(journey)
        if sop is None:
            return Move({"state": "done", "exit_reason": "SOP已删除", "due_at": None, "keys": None})
        if reason := _no_group_of(sop, self.groups.get(journey.subject)):
            return finish(f"退出：{reason}")
        try:
            return decide(sop, journey, self._situation(journey, facts, text))
        except Exception:
            # One poisoned journey must not stop the other ninety-nine; its claims are counted.
            log.exception("journey %s cannot be decided", journey.id)
            return None

    async def _write(
        self, decided: Sequence[tuple[Journey, Move]], *, last: bool
    ) -> dict[str, Journey]:
        """Enter, park or finish; a step we died in is entered already and needs no write."""
        again = {j.id: j for j, move in decided if move.enters and not move.change}
        moves = [
            (j, dict(move.change) | self._entering(j, move), self._lets_go(move, last))
            for j, move in decided
            if move.change
        ]
        return again | await self.ctx.store.journeys.move(self.owner, moves, self.now)

    def _entering(self, journey: Journey, move: Move) -> Row:
        return {"release_step": self._text(journey)[0].n} if move.enters else {}

    def _lets_go(self, move: Move, last: bool) -> bool:
        if move.enters:
            return False
        due = move.change.get("due_at")
        return last or due is None or due > self.now

    def _in_hand(self, journey: Journey) -> bool:
        return journey.due_at is not None and journey.due_at <= self.now

    async def _do(
        self,
        inside: Sequence[Journey],
        facts: Mapping[str, tuple[Fact, ...]],
        *,
        last: bool,
    ) -> list[Journey]:
        """Store the effects of the steps entered, then leave them."""
        if not inside:
            return []
        releases = {n: await self.ctx.releases.get(n) for n in {j.release_step for j in inside}}
        await self._count_pieces(inside, releases)
        await self._draw(inside, releases)
        made, leaving = Effects(), []
        for journey in inside:
            try:
                sop = _sop(releases, journey)
                made += self._effects(sop, journey, facts[journey.id], releases)
                text = releases[journey.release_step]
                move = leave(sop, journey, self._situation(journey, facts[journey.id], text))
                move = self._as_it_reads_now(move, journey, sop, facts[journey.id])
            except Exception:
                log.exception("step %s of %s cannot be done", journey.step, journey.id)
                continue
            leaving.append((journey, move))
            STEPS.labels(journey.sop).inc()
        await self._store(made)
        crash_point("journeys.effects")
        moved = await self._write(leaving, last=last)
        crash_point("journeys.left")
        await self._log(leaving, moved)
        return list(moved.values())

    def _effects(
        self,
        sop: Sop,
        journey: Journey,
        facts: tuple[Fact, ...],
        releases: Mapping[int, Release],
    ) -> Effects:
        book = releases[journey.release_step].book
        scene = Scene(
            now=self.now,
            agent_id=self.ctx.settings.agent_id,
            book=book,
            hours=self._hours(releases[journey.release_step]),
            contact=self.contacts.get(journey.subject),
            group=self.groups.get(journey.subject),
            staff=self.staff,
            facts=self._state(journey),
            tag_names=self.tag_names,
            pages=self.pages,
            used={c: had for (subject, c), had in self.used.items() if subject == journey.subject},
            posted={c: had for (id, c), had in self.posted.items() if id == journey.id},
        )
        made = effects_of(sop, sop.flow()[journey.step], journey, scene)
        for delivery in made.deliveries:
            if delivery.column:  # the next one in this claim takes the next piece
                self.used[delivery.subject, delivery.column][delivery.piece] += 1
        return made

    async def _store(self, made: Effects) -> None:
        store = self.ctx.store
        await store.log.write(asked_for(made.posts, self.now))
        await store.tasks.put(made.tasks)
        await store.deliveries.put(made.deliveries)
        await store.posts.put(made.posts)
        await store.seats.put(made.seats)
        await store.outbox.put(made.outgoing)
        if made.outgoing:
            self.ctx.hints.ring("outbox")

    async def _count_pieces(
        self, inside: Iterable[Journey], releases: Mapping[int, Release]
    ) -> None:
        """Which pieces of a 栏目 a group has had; only steps that take turns ask."""
        for journey in inside:
            for column in _columns(_sop(releases, journey).flow()[journey.step]):
                where = (journey.subject, column)
                if where not in self.used:
                    had = await self.ctx.store.deliveries.used(journey.subject, column)
                    self.used.setdefault(where, had)
            for column, occasion in columns_of_posts(_sop(releases, journey), journey):
                had = await self.ctx.store.posts.used(column, occasion)
                self.posted[journey.id, column] = had

    async def _draw(self, inside: Iterable[Journey], releases: Mapping[int, Release]) -> None:
        """Keep the arms of those who came to an experiment, before anybody walks one."""
        coming: dict[str, tuple[Split, Journey]] = {}
        for journey in inside:
            sop = _sop(releases, journey)
            if split := split_of(sop.flow()[journey.step]):
                coming[journey.id] = (split, journey)
        if not coming:
            return
        await self._ask_for_verdicts(split.name for split, _ in coming.values())
        arms = await experiments.draw_all(self.ctx, coming.values(), self.verdicts, self.now)
        self.drawn |= {
            id: {split.name: arms[split.name, journey.subject]}
            for id, (split, journey) in coming.items()
            if (split.name, journey.subject) in arms
        }
        crash_point("journeys.drawn")

    async def _ask_for_verdicts(self, names: Iterable[str]) -> None:
        """After the key that waits is stored: a verdict from before wakes nobody any more."""
        if asked := {name for name in names if name}:
            self.verdicts |= await self.ctx.store.experiments.verdicts(asked)

    async def _log(
        self, done: Sequence[tuple[Journey, Move]], moved: Mapping[str, Journey]
    ) -> None:
        lines = [
            line(
                f"{journey.id}:{journey.rev_no + 1}",
                [journey.id, journey.subject],
                self.now,
                "；".join(move.why),
                step=moved[journey.id].step,
                release=self.release.n,
            )
            for journey, move in done
            if move.why and journey.id in moved
        ]
        await self.ctx.store.log.write(lines)

    def _text(self, journey: Journey) -> tuple[Release, Sop | None]:
        return followed(journey, self.release, self.kept)

    def _exits(self, journey: Journey) -> set[str]:
        """The keys of the exit rules as they read now; those it registered may be older."""
        text, sop = self._text(journey)
        return set(exit_keys(sop, journey.subject, journey.staff, text.book)) if sop else set()

    def _as_it_reads_now(
        self, move: Move, journey: Journey, was: Sop, facts: tuple[Fact, ...]
    ) -> Move:
        text, sop = self._text(journey)
        if sop is None or text.n == journey.release_step:
            return move
        return as_it_reads_now(move, journey, was, sop, self._situation(journey, facts, text))

    def _situation(self, journey: Journey, facts: tuple[Fact, ...], text: Release) -> Situation:
        sop = text.book.sop(journey.sop)
        return Situation(
            self.now,
            text.book,
            self._hours(text),
            self._state(journey),
            facts,
            text.redirects.get(sop.name, {}) if sop else {},
            self.drawn.get(journey.id, {}),
            self.verdicts,
        )

    def _hours(self, text: Release) -> Hours:
        if text.n not in self.clocks:
            self.clocks[text.n] = Hours.of(text.book)
        return self.clocks[text.n]

    def _state(self, journey: Journey) -> Facts:
        subject = journey.subject
        contact, group = self.contacts.get(subject), self.groups.get(subject)
        return state_of(journey, contact, group, self.tag_names)


def state_of(
    journey: Journey, contact: Contact | None, group: Group | None, tag_names: Mapping[str, str]
) -> Facts:
    """The subject of a journey as its conditions see it."""
    if journey.subject_type == "group":
        return situation.of_group(group or Group(id=journey.subject))
    known = contact or Contact(id=journey.subject)
    state = situation.of_contact(known, tag_names, journey.staff)
    return replace(state, entered_at=journey.entered_at)


def followed(
    journey: Journey, live: Release, kept: Mapping[int, Release]
) -> tuple[Release, Sop | None]:
    """What a journey follows: head, or for good the release it began with.

    The state is always head's, so that a stop stops everybody. None: there is no such SOP.
    """
    now = live.book.sop(journey.sop)
    if now is None or not journey.pinned:
        return live, now
    release = kept[journey.release_entered]
    sop = release.book.sop(journey.sop)
    return release, sop.model_copy(update={"state": now.state}) if sop else None


def _sop(releases: Mapping[int, Release], journey: Journey) -> Sop:
    """The SOP as it read when the step in hand was entered."""
    sop = releases[journey.release_step].book.sop(journey.sop)
    if sop is None:
        raise KeyError(f"{journey.sop} in release {journey.release_step}")
    return sop


def _no_group_of(sop: Sop, group: Group | None) -> str:
    """Why a group has left the SOP by itself; "" while it is what the SOP is for."""
    if group is None:
        return ""
    if not group.open:
        return "群已解散"
    return "" if group.theme == sop.entry.theme else f"群不再属于主题“{sop.entry.theme}”"


def _columns(node: Node) -> list[str]:
    return [a.column for a in node.step.actions if isinstance(a, SendGroup) and a.column]


def is_exit(move: Move) -> bool:
    """By a 退出 rule or with its SOP: what it still asks of people is to be cancelled."""
    return str(move.change.get("exit_reason", "")).startswith(("退出", "SOP已停用", "SOP已删除"))
