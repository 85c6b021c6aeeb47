"""Make a folder live, and bring back an earlier release."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.context import Context
from bot.playbook import versions
from bot.playbook.moves import redirects
from bot.publish.approval import NotApproved
from bot.publish.approving import missing_approval
from bot.publish.comparing import contents_of, refuse_when_behind
from bot.publish.drift import drift
from bot.publish.folder import Base, Contents
from bot.publish.frozen import refuse_frozen
from bot.store import Store
from bot.store.releases import Redirects, States
from config.book import Book
from config.loader import load_texts
from config.mistakes import Mistakes

log = logging.getLogger(__name__)


class HeadMoved(Exception):
    """Somebody else published meanwhile; look at what is live before publishing again."""


class Emptied(Exception):
    """Every SOP that is live would be gone: an empty folder is rarely meant."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What is live now; ``changed``: it is a new release."""

    n: int
    book: Book
    changed: bool


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Release ``n`` has the contents of release ``to``; ``paths`` are the files that differ."""

    n: int
    to: int
    book: Book
    paths: tuple[str, ...]


async def publish(
    store: Store,
    files: Mapping[str, str],
    pictures: Mapping[str, bytes],
    *,
    base: int,
    author: str,
    note: str,
    now: datetime,
    recall: bool = False,
) -> tuple[int, Book]:
    """Check the texts and make them live; raises Mistakes, or HeadMoved when ``base`` is old.

    Nobody is asked for approval here: :func:`apply` does.
    """
    book = load_texts(files, pictures)
    was, gone = await _before(store, base)
    materials = await _versions(store, book, pictures, base, now)
    n = await store.releases.publish(
        files,
        pictures,
        base=base,
        author=author,
        note=note,
        at=now,
        redirects=redirects(was, book, gone),
        recall=recall,
        keep=lambda states: still_meant(states, was, book),
        materials=materials,
    )
    if n is None:
        raise HeadMoved(f"第 {base} 版之后已经有人发布过了：先看线上的内容，再发布一次")
    await store.materials.learn(materials)
    await store.sweeps.ring(now)
    await store.ways.ring(now)
    await store.links.ring(now)
    await store.media.ring(now)
    return n, book


async def apply(
    ctx: Context,
    contents: Contents,
    base: Base | None,
    *,
    author: str,
    note: str,
    overwrite: bool = False,
    recall: bool = False,
) -> Applied:
    """Publish a folder that comes from ``base``; contents that are live already are left alone.

    Raises Mistakes, BehindLive unless ``overwrite``, Frozen, NotApproved, or HeadMoved.
    """
    store = ctx.store
    book = load_texts(contents.files, contents.pictures)
    head = await store.releases.head()
    if head:
        if await store.releases.fingerprint(head) == contents.hash:
            return Applied(head, book, changed=False)
        if not overwrite:
            await refuse_when_behind(store, contents, base, head)
        was, _ = await _before(store, head)
        if not overwrite:
            refuse_emptied(was, book, "--overwrite")
        await refuse_frozen(store, was, book)
        if approval := await missing_approval(ctx, contents, book):
            raise NotApproved(approval)
    n, book = await publish(
        store,
        contents.files,
        contents.pictures,
        base=head,
        author=author,
        note=note,
        now=ctx.now(),
        recall=recall,
    )
    return Applied(n, book, changed=True)


def refuse_emptied(was: Book, book: Book, option: str) -> None:
    if was.sops and not book.sops:
        text = f"这份内容里一个 SOP 也没有，线上的 {len(was.sops)} 个都会停掉：没有发布。"
        raise Emptied(f"{text}先看看文件夹对不对；真要全部去掉，加上 {option}")


async def roll_back(ctx: Context, to: int | None, *, author: str, sure: bool = False) -> RolledBack:
    """Publish an earlier release once more: ``to``, or the one before head.

    KeyError when there is none; ``n`` is head's own when it has these contents already. Undoing
    the last release needs no approval, going further back does. Raises NotApproved, Emptied unless
    ``sure``, Mistakes when it cannot be read any more, or HeadMoved.
    """
    releases = ctx.store.releases
    head = await releases.head()
    to = head - 1 if to is None else to
    if not 0 < to <= head:
        raise KeyError(f"release {to}")
    now_live, then = await contents_of(ctx.store, head), await contents_of(ctx.store, to)
    apart = tuple(drift(then.marks, now_live.marks, now_live.marks))
    if not apart:
        return RolledBack(head, to, load_texts(then.files), ())
    book = load_texts(then.files)
    if not sure:
        refuse_emptied((await _before(ctx.store, head))[0], book, "--yes")
    if to != head - 1 and (approval := await missing_approval(ctx, then, book)):
        raise NotApproved(approval)
    n, book = await publish(
        ctx.store,
        then.files,
        then.pictures,
        base=head,
        author=author,
        note=f"回到第 {to} 版",
        now=ctx.now(),
    )
    return RolledBack(n, to, book, apart)


async def _before(store: Store, base: int) -> tuple[Book, Redirects]:
    """What a new release takes the place of; empty when no version of today can read it."""
    if not base:
        return Book(), {}
    stored = await store.releases.get(base)
    try:
        return load_texts(stored.files), stored.redirects
    except Mistakes:
        log.warning("release %s cannot be read any more: its steps are found by name alone", base)
        return Book(), stored.redirects


async def _versions(
    store: Store, book: Book, pictures: Mapping[str, bytes], base: int, now: datetime
) -> list[dict[str, Any]]:
    """With the release itself: there is no moment at which it is live without them."""
    before = (await store.releases.get(base)).materials if base else ()
    marks = {path: hashlib.sha256(content).hexdigest() for path, content in pictures.items()}
    return versions.versions(before, book, marks, base + 1, now)


def still_meant(states: States, was: Book, book: Book) -> dict[str, str]:
    """The states given by commands that a release leaves: its own change of 状态 goes before."""
    kept = {}
    for name, state in states.items():
        before, now = was.sops.get(name), book.sop(name)
        if now and (before is None or before.state == now.state):
            kept[now.name] = state
    return kept
