"""Gather what members of staff are to publish into moments, or say why it has to wait."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from bot.context import Context
from bot.crash import crash_point
from bot.model import Post, Posting
from bot.playbook import patience, posting
from bot.playbook.hours import Hours
from bot.playbook.patience import Drop, Go, Postpone
from bot.store.log import line
from bot.store.parts import part_id
from bot.store.posts import Ending
from bot.store.rows import Row, slot_of
from bot.store.sendings import base_of
from config.book import Book

BATCH = 500


async def look(ctx: Context) -> bool:
    """Decide one batch of due posts; False when none was due."""
    book = (await ctx.releases.head()).book  # who cannot read it must not claim either
    owner, due = await ctx.store.posts.claim(ctx.now(), BATCH)
    if not due:
        return False
    at_work = {one.id for one in await ctx.store.staff.active()}
    batch = _Batch(ctx, owner, ctx.now(), book, Hours.of(book), at_work)
    await batch.settle(due)
    ctx.hints.ring("postings")
    return True


@dataclass(slots=True)
class _Batch:
    """One claim: what was decided so far."""

    ctx: Context
    owner: str
    now: datetime
    book: Book
    hours: Hours
    at_work: set[str]
    going: list[Post] = field(default_factory=list)
    later: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    dropped: dict[str, tuple[Ending, str]] = field(default_factory=dict)
    lines: list[Row] = field(default_factory=list)

    async def settle(self, due: Sequence[Post]) -> None:
        for post in due:
            self._decide(post)
        joined = await self._join()
        crash_point("posts.joined")
        await self.ctx.store.log.write(self.lines)
        await self.ctx.store.posts.gather(self.owner, joined)
        await self.ctx.store.posts.postpone(self.owner, self.later)
        await self.ctx.store.posts.drop(self.owner, self.dropped)

    def _decide(self, post: Post) -> None:
        sop = self.book.sop(post.sop)
        decision = posting.decide(
            post, now=self.now, hours=self.hours, at_work=self.at_work, sop=sop
        )
        match decision:
            case Go():
                self.going.append(post)
            case Postpone(until, why):
                self.later[post.id] = (until, why)
                self._tell(post, f"{until:%Y%m%d%H%M}", why)
            case Drop(state, reason, why):
                self.dropped[post.id] = (state, reason)
                self._tell(post, state, why)
            case _:
                assert_never(decision)

    async def _join(self) -> dict[str, str]:
        """The same words for the same customers on one occasion: one moment, whoever publishes."""
        together: defaultdict[str, list[Post]] = defaultdict(list)
        for post in self.going:
            together[base_of("moment", *posting.together(post, self.hours.tz))].append(post)
        joined: dict[str, str] = {}
        for base, members in together.items():
            ids = [member.id for member in members]
            first = self._opened(base, members)
            joined |= await self.ctx.store.postings.join(first, ids, posting.MAX_SENDERS)
        for post in self.going:
            where = joined[post.id]
            self._tell(post, where, f"“{post.step}”交给 {post.staff} 发表朋友圈", where)
        return joined

    def _opened(self, base: str, members: Sequence[Post]) -> Posting:
        """The moment as it is opened, should none be open yet."""
        like = members[0]
        return Posting(
            id=part_id(base, 0),
            base=base,
            message=like.message,
            content_hash=like.content_hash,
            tags=like.tags,
            moment=min(member.planned_at for member in members),
            expires_at=min(member.expires_at for member in members),
            due_at=self.now + patience.GATHERING,
            slot=slot_of(base),
        )

    def _tell(self, post: Post, key: str, what: str, where: str = "") -> None:
        about = [post.subject, post.journey, post.id, where]
        self.lines.append(line(f"{post.id}:{key}", about, self.now, what, step=post.step))
