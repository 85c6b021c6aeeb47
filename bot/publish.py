"""Publish the folder as a release, and keep the compiled releases of this process."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bot.context import Release
from bot.store import Store
from bot.store.releases import fingerprint
from config.book import Book
from config.documents import Folder
from config.documents import decoded as decode
from config.loader import load_texts
from config.mistakes import Mistakes

FRESH_SECONDS = 5.0
TEXTS = {".yaml", ".yml"}
PICTURES = {".png", ".jpg", ".jpeg"}
_KEPT = 8  # compiled releases held in memory


class HeadMoved(Exception):
    """Somebody else published meanwhile; look at what is live before publishing again."""


class LiveReleases:
    """The compiled releases of this process, head re-read at least every five seconds."""

    def __init__(self, store: Store) -> None:
        self._shelf = store.releases
        self._compiled: dict[int, Release] = {}
        self._head = 0
        self._read_at = float("-inf")
        self._compiling = asyncio.Lock()

    async def head(self) -> Release:
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            self._head = await self._shelf.head()
            self._read_at = time.monotonic()
        return await self.get(self._head)

    async def get(self, n: int) -> Release:
        async with self._compiling:
            if n not in self._compiled:
                self._compiled[n] = await self._compile(n)
                for old in sorted(self._compiled)[:-_KEPT]:
                    if old != n:
                        del self._compiled[old]
        return self._compiled[n]

    def forget(self) -> None:
        """Head has moved: look again at once."""
        self._read_at = float("-inf")

    async def _compile(self, n: int) -> Release:
        files = await self._shelf.files(n) if n else {}
        return Release(n, await asyncio.to_thread(load_texts, files))


def read_folder(folder: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The YAML files and the pictures of a folder, by path relative to it."""
    texts: dict[str, bytes] = {}
    pictures: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix in TEXTS:
            texts[name] = path.read_bytes()
        elif path.suffix in PICTURES:
            pictures[name] = path.read_bytes()
    return texts, pictures


def decoded(raw: Mapping[str, bytes]) -> dict[str, str]:
    """The texts of a folder; raises Mistakes for a file that is not UTF-8."""
    folder = Folder()
    texts = {name: decode(name, content, folder) for name, content in raw.items()}
    if folder.mistakes:
        raise Mistakes(folder.mistakes)
    return {name: text for name, text in texts.items() if text is not None}


async def publish(
    store: Store,
    files: Mapping[str, str],
    pictures: Mapping[str, bytes],
    *,
    base: int,
    author: str,
    note: str,
    now: datetime,
) -> tuple[int, Book]:
    """Check the texts and make them live; raises Mistakes, or HeadMoved when ``base`` is old."""
    book = load_texts(files, pictures)
    n = await store.releases.publish(files, pictures, base=base, author=author, note=note, at=now)
    if n is None:
        raise HeadMoved(f"第 {base} 版之后已经有人发布过了：先看线上的内容，再发布一次")
    return n, book


async def differs(store: Store, files: Mapping[str, str], pictures: Mapping[str, bytes]) -> bool:
    """Whether the folder is not what is live."""
    live = await store.releases.fingerprint(await store.releases.head())
    return live != fingerprint(files, pictures)
