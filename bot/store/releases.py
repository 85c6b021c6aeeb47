"""Releases: the whole folder, numbered; what is live is one document moved by compare-and-swap."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from bson import Binary
from pymongo.errors import DuplicateKeyError

from bot.store.due import Rows
from bot.store.rows import Row


def fingerprint(files: Mapping[str, str], pictures: Mapping[str, bytes]) -> str:
    """The same for equal folders, whatever the order of their files."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{files[path]}\0".encode())
    for path in sorted(pictures):
        digest.update(f"{path}\0{hashlib.sha256(pictures[path]).hexdigest()}\0".encode())
    return digest.hexdigest()


class ReleaseShelf:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def head(self) -> int:
        """The number that is live; 0 before anything was published."""
        row = await self._rows.find_one({"_id": "head"})
        return int(row["n"]) if row else 0

    async def files(self, n: int) -> dict[str, str]:
        """The texts of release ``n``; KeyError when there is none."""
        return {f["path"]: f["text"] for f in (await self._release(n))["files"]}

    async def published_at(self, n: int) -> datetime:
        at: datetime = (await self._release(n))["published_at"]
        return at

    async def fingerprint(self, n: int) -> str:
        """Empty for release 0."""
        return str((await self._release(n))["hash"]) if n else ""

    async def asset(self, path: str) -> bytes | None:
        """The picture of this name in what is live; None when there is none."""
        n = await self.head()
        pictures = (await self._release(n))["pictures"] if n else []
        mark = next((p["sha"] for p in pictures if p["path"] == path), None)
        row = await self._rows.find_one({"_id": f"asset:{mark}"}) if mark else None
        return bytes(row["bytes"]) if row else None

    async def publish(
        self,
        files: Mapping[str, str],
        pictures: Mapping[str, bytes],
        *,
        base: int,
        author: str,
        note: str,
        at: datetime,
    ) -> int | None:
        """Make the folder live as release base + 1; None when head has moved on meanwhile.

        The release is complete before head names it, so a crash in between changes nothing.
        """
        marks = {path: hashlib.sha256(content).hexdigest() for path, content in pictures.items()}
        for path, content in pictures.items():
            await self._rows.replace_one(
                {"_id": f"asset:{marks[path]}"}, {"bytes": Binary(content)}, upsert=True
            )
        n, mark = base + 1, fingerprint(files, pictures)
        release = {
            "_id": f"{n}:{mark}",
            "files": [{"path": path, "text": text} for path, text in sorted(files.items())],
            "pictures": [{"path": path, "sha": sha} for path, sha in sorted(marks.items())],
            "hash": mark,
            "base": base,
            "author": author,
            "note": note,
            "published_at": at,
        }
        await self._rows.replace_one({"_id": release["_id"]}, release, upsert=True)
        return n if await self._advance(base, n, f"{n}:{mark}") else None

    async def _advance(self, base: int, n: int, release: str) -> bool:
        """Two publishers of the same number differ by their hash: head says whose it is."""
        change = {"n": n, f"ids.{n}": release}
        if base:
            moved = await self._rows.update_one({"_id": "head", "n": base}, {"$set": change})
            return moved.modified_count == 1
        try:
            await self._rows.insert_one({"_id": "head", "n": n, "ids": {str(n): release}})
        except DuplicateKeyError:
            return False
        return True

    async def _release(self, n: int) -> Row:
        head = await self._rows.find_one({"_id": "head"}, {f"ids.{n}": 1})
        row = await self._rows.find_one({"_id": (head or {}).get("ids", {}).get(str(n))})
        if row is None:
            raise KeyError(f"release {n}")
        return row
