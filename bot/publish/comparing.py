"""Hold a folder against what is live, and write what is live into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot.context import Context
from bot.publish.drift import Side, drift
from bot.publish.folder import (
    Base,
    Contents,
    base_of,
    read_contents,
    remember_base,
    write_contents,
)
from bot.store import Store
from bot.store.releases import Stored, fingerprint
from config.mistakes import Mistakes


class BehindLive(Exception):
    """What is live has changes that the folder does not contain."""

    def __init__(self, sentence: str, apart: Mapping[str, Side]) -> None:
        super().__init__(sentence)
        self.apart = apart


@dataclass(frozen=True, slots=True)
class Pulled:
    """The folder holds release ``n``, but for ``kept``, which were changed only here."""

    n: int
    written: tuple[str, ...]
    deleted: tuple[str, ...]
    kept: tuple[str, ...]
    remembered: bool


async def contents_of(store: Store, n: int) -> Contents:
    """Everything release ``n`` is made of; KeyError when there is none."""
    stored = await store.releases.get(n)
    pictures = {}
    for path, mark in stored.pictures.items():
        content = await store.releases.picture(mark)
        if content is None:
            raise KeyError(f"picture {path} of release {n}")
        pictures[path] = content
    return Contents(stored.files, pictures)


async def compare(store: Store, contents: Contents, base: Base | None) -> dict[str, Side]:
    """Which files of a folder and of what is live are apart, and by whom; empty: none."""
    head = await store.releases.head()
    live = _marks(await store.releases.get(head)) if head else {}
    came_from = await _came_from(store, contents, base)
    return drift(contents.marks, _marks(came_from) if came_from else {}, live)


async def differs(store: Store, files: Mapping[str, str], pictures: Mapping[str, bytes]) -> bool:
    """Whether the folder is not what is live."""
    live = await store.releases.fingerprint(await store.releases.head())
    return live != fingerprint(files, pictures)


async def pull(ctx: Context, folder: Path, *, overwrite: bool = False) -> Pulled:
    """Write what is live into ``folder``, byte for byte; what was changed only there stays.

    Raises BehindLive when a file was changed on both sides (``overwrite``: live wins, everywhere),
    KeyError when nothing is live, OSError when the folder cannot be written to.
    """
    store = ctx.store
    head = await store.releases.head()
    live = await contents_of(store, head)
    here = _as_it_is(folder) if overwrite else read_contents(folder)
    apart = await compare(store, here, base_of(folder))
    if not overwrite:
        _refuse_to_lose(apart, head)
    paths = {
        path: path in live.marks for path, side in apart.items() if overwrite or side == "only-live"
    }
    write_contents(folder, live, paths)
    return Pulled(
        n=head,
        written=tuple(path for path, there in paths.items() if there),
        deleted=tuple(path for path, there in paths.items() if not there),
        kept=tuple(path for path in apart if path not in paths),
        remembered=remember_base(folder, Base(head, live.hash)),
    )


def _as_it_is(folder: Path) -> Contents:
    """Whatever is there is to be replaced, also what cannot be read."""
    try:
        return read_contents(folder)
    except Mistakes as found:
        for path in {mistake.file for mistake in found.mistakes}:
            (folder / path).unlink()
        return read_contents(folder)


def _refuse_to_lose(apart: Mapping[str, Side], head: int) -> None:
    if both := [path for path, side in apart.items() if side == "both"]:
        text = (
            f"这些文件在这里和线上（第 {head} 版）都改过，没有动文件夹：{'、'.join(both)}。"
            "先把自己的改动另存一份，再运行 qunce pull --overwrite"
            f"（以线上为准{_also_lost(apart)}）"
        )
        raise BehindLive(text, apart)


def _also_lost(apart: Mapping[str, Side]) -> str:
    """What only was changed here goes too, when live wins everywhere."""
    ours = [path for path, side in apart.items() if side == "only-folder"]
    return f"，只在这里改过的 {'、'.join(ours)} 也会换掉" if ours else ""


async def refuse_when_behind(
    store: Store, contents: Contents, base: Base | None, head: int
) -> None:
    apart = await compare(store, contents, base)
    theirs = [path for path, side in apart.items() if side != "only-folder"]
    if not theirs:
        return
    ours = [path for path, side in apart.items() if side == "only-folder"]
    known = await _came_from(store, contents, base)
    if known and not ours and all(apart[path] == "only-live" for path in theirs):
        text = f"线上已更新到第 {head} 版，文件夹还是第 {known.n} 版：先 qunce pull。"
        raise BehindLive(text + _listed(apart), apart)
    if known:
        text = f"第 {known.n} 版之后线上又改过（现在是第 {head} 版），文件夹里没有这些改动："
    else:
        text = f"不知道文件夹是从哪一版改来的，它和线上的第 {head} 版不同："
    cure = "先 qunce pull 再发布；确定要以文件夹为准，运行 qunce apply --overwrite（覆盖线上）"
    raise BehindLive(f"{text}{_listed(apart)}{cure}", apart)


def _listed(apart: Mapping[str, Side]) -> str:
    by: dict[Side, list[str]] = {}
    for path, side in apart.items():
        by.setdefault(side, []).append(path)
    said = {"only-live": "线上改了", "both": "两边都改了", "only-folder": "文件夹改了"}
    parts = [f"{words} {'、'.join(by[side])}" for side, words in said.items() if side in by]
    return "；".join(parts) + "。"


async def _came_from(store: Store, contents: Contents, base: Base | None) -> Stored | None:
    """The release a folder was made from: as it says if that is ours, else by its contents."""
    try:
        if base and base.n > 0:
            stored = await store.releases.get(base.n)
            if stored.hash == base.hash:
                return stored
    except KeyError:
        pass  # pulled from another database
    known = await store.releases.number_of(contents.hash)
    return await store.releases.get(known) if known else None


def _marks(stored: Stored) -> dict[str, str]:
    texts = {path: sha256(text.encode()).hexdigest() for path, text in stored.files.items()}
    return texts | dict(stored.pictures)
