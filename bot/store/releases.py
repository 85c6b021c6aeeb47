"""Releases: the whole folder, numbered; what is live is one document moved by compare-and-swap."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import Binary
from pymongo.errors import DuplicateKeyError

from bot.store.due import Rows
from bot.store.rows import Row

States = Mapping[str, str]  # SOP → the state a command gave it, over its file's own
_PIECE = 8 * 1024 * 1024  # bytes of a file kept in one document
Redirects = Mapping[str, Mapping[str, str]]  # SOP → step that is gone → where one goes on, or ""


@dataclass(frozen=True, slots=True)
class Head:
    """What is live; ``rev`` counts every change of it, ``n`` is 0 before the first release."""

    n: int = 0
    rev: int = 0
    states: States = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One release as it was published; ``pictures`` are path → SHA-256 of the bytes."""

    n: int
    hash: str
    files: Mapping[str, str]
    pictures: Mapping[str, str]
    redirects: Redirects
    recall: bool
    base: int
    author: str
    note: str
    published_at: datetime
    approvals: tuple[Mapping[str, Any], ...]
    materials: tuple[Mapping[str, Any], ...] = ()  # every version of each 素材 up to now


def fingerprint(files: Mapping[str, str], pictures: Mapping[str, bytes]) -> str:
    """The same for equal folders, whatever the order of their files."""
    marks = {path: hashlib.sha256(content).hexdigest() for path, content in pictures.items()}
    return fingerprint_of(files, marks)


def fingerprint_of(files: Mapping[str, str], pictures: Mapping[str, str]) -> str:
    """As :func:`fingerprint`, from the SHA-256 of the pictures."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{files[path]}\0".encode())
    for path in sorted(pictures):
        digest.update(f"{path}\0{pictures[path]}\0".encode())
    return digest.hexdigest()


class ReleaseShelf:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    # ---- what is live ----------------------------------------------------------------------------

    async def head(self) -> int:
        """The number that is live; 0 before anything was published."""
        return (await self.live()).n

    async def live(self) -> Head:
        row = await self._rows.find_one({"_id": "head"}, {"ids": 0})
        if row is None:
            return Head()
        states = {one["sop"]: one["state"] for one in row.get("states", ())}
        return Head(int(row["n"]), int(row["rev"] if "rev" in row else row["n"]), states)

    async def set_states(self, seen: Head, states: States) -> bool:
        """Give SOPs these states over their files' own; False when head is not as ``seen``."""
        moved = await self._rows.update_one(
            self._as_seen(seen), {"$set": {"states": _listed(states), "rev": seen.rev + 1}}
        )
        return moved.modified_count == 1

    # ---- what was published ----------------------------------------------------------------------

    async def get(self, n: int) -> Stored:
        """Release ``n``; KeyError when there is none."""
        row = await self._release(n)
        redirects: dict[str, dict[str, str]] = {}
        for one in row.get("redirects", ()):
            redirects.setdefault(one["sop"], {})[one["step"]] = one["to"]
        return Stored(
            n=n,
            hash=str(row["hash"]),
            files={f["path"]: f["text"] for f in row["files"]},
            pictures={p["path"]: p["sha"] for p in row["pictures"]},
            redirects=redirects,
            recall=bool(row.get("recall")),
            base=int(row["base"]),
            author=str(row["author"]),
            note=str(row["note"]),
            published_at=row["published_at"],
            approvals=tuple(row.get("approvals", ())),
            materials=tuple(row.get("materials", ())),
        )

    async def files(self, n: int) -> dict[str, str]:
        """The texts of release ``n``; KeyError when there is none."""
        return dict((await self.get(n)).files)

    async def published_at(self, n: int) -> datetime:
        return (await self.get(n)).published_at

    async def fingerprint(self, n: int) -> str:
        """Empty for release 0."""
        return (await self.get(n)).hash if n else ""

    async def number_of(self, mark: str) -> int:
        """The newest release with these contents that was ever live; 0 when there is none."""
        head = await self._rows.find_one({"_id": "head"}, {"ids": 1})
        ids: Mapping[str, str] = (head or {}).get("ids", {})
        return max((int(n) for n, id in ids.items() if id == f"{n}:{mark}"), default=0)

    async def asset(self, path: str) -> bytes | None:
        """The file of this name in what is live; None when there is none."""
        mark = await self.mark(path)
        return await self.picture(mark) if mark else None

    async def mark(self, path: str) -> str:
        """The SHA-256 of the file of this name in what is live; empty when there is none."""
        n = await self.head()
        return (await self.get(n)).pictures.get(path, "") if n else ""

    async def picture(self, mark: str) -> bytes | None:
        """The file with this SHA-256; None when it was never published."""
        row = await self._rows.find_one({"_id": f"asset:{mark}"})
        if row is None:
            return None
        rest = [f"asset:{mark}:{part}" for part in range(1, row.get("parts", 1))]
        more = {
            part["_id"]: part["bytes"] async for part in self._rows.find({"_id": {"$in": rest}})
        }
        return b"".join((bytes(row["bytes"]), *(bytes(more[part]) for part in rest)))

    async def _keep_picture(self, mark: str, content: bytes) -> None:
        """In documents MongoDB takes (16 MB); the first is written last, so it is whole or not."""
        pieces = [content[at : at + _PIECE] for at in range(0, len(content), _PIECE)] or [b""]
        for part in range(len(pieces) - 1, -1, -1):
            id = f"asset:{mark}:{part}" if part else f"asset:{mark}"
            row = {"bytes": Binary(pieces[part]), "parts": len(pieces)}
            await self._rows.replace_one({"_id": id}, row, upsert=True)

    # ---- publishing ------------------------------------------------------------------------------

    async def publish(
        self,
        files: Mapping[str, str],
        pictures: Mapping[str, bytes],
        *,
        base: int,
        author: str,
        note: str,
        at: datetime,
        redirects: Redirects | None = None,
        recall: bool = False,
        keep: Callable[[States], States] = dict,
        materials: Sequence[Mapping[str, Any]] = (),
    ) -> int | None:
        """Make the folder live as release base + 1; None when head has moved on meanwhile.

        The release is complete before head names it, so a crash in between changes nothing.
        ``keep`` says which of the states that commands gave live on.
        """
        marks = {path: hashlib.sha256(content).hexdigest() for path, content in pictures.items()}
        for path, content in pictures.items():
            await self._keep_picture(marks[path], content)
        n, mark = base + 1, fingerprint_of(files, marks)
        release = {
            "_id": f"{n}:{mark}",
            "files": [{"path": path, "text": text} for path, text in sorted(files.items())],
            "pictures": [{"path": path, "sha": sha} for path, sha in sorted(marks.items())],
            "hash": mark,
            "base": base,
            "author": author,
            "note": note,
            "published_at": at,
            "recall": recall,
            "approvals": await self.approvals(mark),
            "materials": [dict(version) for version in materials],
            "redirects": [
                {"sop": sop, "step": step, "to": to}
                for sop, steps in (redirects or {}).items()
                for step, to in steps.items()
            ],
        }
        await self._rows.replace_one({"_id": release["_id"]}, release, upsert=True)
        return n if await self._advance(base, n, f"{n}:{mark}", keep) else None

    async def _advance(
        self, base: int, n: int, release: str, keep: Callable[[States], States]
    ) -> bool:
        """Two publishers of the same number differ by their hash: head says whose it is."""
        while base:
            seen = await self.live()
            if seen.n != base:
                return False
            change = {"n": n, f"ids.{n}": release, "rev": seen.rev + 1}
            change["states"] = _listed(keep(seen.states))
            moved = await self._rows.update_one(self._as_seen(seen), {"$set": change})
            if moved.modified_count:
                return True  # else a state was set meanwhile, or somebody else has published
        try:
            await self._rows.insert_one(
                {"_id": "head", "n": n, "ids": {str(n): release}, "rev": 1, "states": []}
            )
        except DuplicateKeyError:
            return False
        return True

    @staticmethod
    def _as_seen(seen: Head) -> Row:
        rev: Any = seen.rev
        if seen.rev == seen.n:  # written before revisions were counted
            rev = {"$in": [seen.rev, None]}
        return {"_id": "head", "n": seen.n, "rev": rev}

    # ---- approvals -------------------------------------------------------------------------------

    async def approvals(self, mark: str) -> list[Row]:
        """Who approved these contents, oldest first: {who, userid, at, typed_by}."""
        row = await self._rows.find_one({"_id": f"approvals:{mark}"})
        return list(row["by"]) if row else []

    async def approve(
        self, mark: str, *, who: str, userid: str, typed_by: str, at: datetime
    ) -> None:
        """Remember an approval; the same person's second one changes nothing."""
        given = {"who": who, "userid": userid, "at": at, "typed_by": typed_by}
        await self._rows.update_one(
            {"_id": f"approvals:{mark}"}, {"$setOnInsert": {"by": []}}, True
        )
        unknown = {"_id": f"approvals:{mark}", "by.userid": {"$ne": userid}}
        await self._rows.update_one(unknown, {"$push": {"by": given}})

    async def _release(self, n: int) -> Row:
        head = await self._rows.find_one({"_id": "head"}, {f"ids.{n}": 1})
        row = await self._rows.find_one({"_id": (head or {}).get("ids", {}).get(str(n))})
        if row is None:
            raise KeyError(f"release {n}")
        return row


def _listed(states: States) -> list[Row]:
    """As a list: the name of an SOP may hold dots, a key of a document had better not."""
    return [{"sop": sop, "state": state} for sop, state in sorted(states.items())]
