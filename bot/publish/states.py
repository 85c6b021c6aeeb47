"""qunce pause, resume and stop: states over those in the files, moved with head."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.context import Context
from bot.publish.live import with_states
from bot.store.releases import Head
from config.book import Book
from config.sop import Sop

Verb = Literal["pause", "resume", "stop"]
_TO: Mapping[Verb, str] = {"pause": "暂停", "resume": "启用", "stop": "停用"}
_FROM: Mapping[Verb, tuple[str, ...]] = {
    "pause": ("启用",),
    "resume": ("暂停", "停用"),
    "stop": ("启用", "暂停"),
}


class Unswitchable(Exception):
    """The message says in Chinese why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Switched:
    """One SOP and its state before and now."""

    sop: str
    before: str
    now: str


async def switch(ctx: Context, verb: Verb, name: str | None) -> list[Switched]:
    """Give one SOP, or all that it makes sense for (None), another state; those that changed.

    Raises Unswitchable when there is no such SOP, or its state does not allow it.
    """
    releases = ctx.store.releases
    while True:
        head = await releases.live()
        written = (await ctx.releases.get(head.n)).book
        changed = _all(verb, head, written) if name is None else _one(verb, head, written, name)
        if not changed:
            return []
        states = {**head.states, **{one.sop: one.now for one in changed}}
        spoken = {
            sop: state
            for sop, state in states.items()
            if sop in written.sops and written.sops[sop].state != state
        }
        if await releases.set_states(head, spoken):
            await ctx.store.sweeps.ring(ctx.now())
            await ctx.store.media.ring(ctx.now())
            ctx.releases.forget()
            return changed


def _one(verb: Verb, head: Head, written: Book, name: str) -> list[Switched]:
    sop = with_states(written, head.states).sop(name)
    if sop is None:
        known = "、".join(written.sops) or "还没有发布过 SOP"
        raise Unswitchable(f"线上没有 SOP“{name}”。有：{known}")
    if sop.state == _TO[verb]:
        return []
    if sop.state not in _FROM[verb]:
        raise Unswitchable(_why_not(verb, sop))
    return [Switched(sop.name, sop.state, _TO[verb])]


def _all(verb: Verb, head: Head, written: Book) -> list[Switched]:
    """``resume`` undoes only what ``pause`` did: not a stop, and not what files say."""
    book = with_states(written, head.states)
    found = [sop for sop in book.sops.values() if sop.state in _FROM[verb]]
    if verb == "resume":
        found = [sop for sop in found if head.states.get(sop.name) == "暂停"]
    return [Switched(sop.name, sop.state, _TO[verb]) for sop in found]


def _why_not(verb: Verb, sop: Sop) -> str:
    if sop.state == "草稿":
        return f"“{sop.name}”还是草稿：在文件里把 状态 改成 启用，再 qunce apply"
    return f"“{sop.name}”现在是“{sop.state}”，不能{'暂停' if verb == 'pause' else '停用'}"
