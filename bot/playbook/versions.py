"""Which version of each material a release has: a new one when what people see of it changes.

Pure. Every release carries the versions of all before it, so that numbers are never used twice
and going back to old words brings back their number.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from config.book import Book
from config.materials import Material

Version = Mapping[str, Any]
"""``name``, ``ver``, ``hash``, ``release`` and ``at`` it first came with, ``live`` in this one."""


def hash_of(material: Material, files: Mapping[str, str]) -> str:
    """The same while customers see the same: not its name, nor what replaces it on holidays."""
    shown = material.model_dump(
        mode="json", exclude={"name", "holiday_version"}, exclude_defaults=True
    )
    paths = (getattr(material, field, None) for field in ("file", "cover"))
    marks = sorted(files.get(path, "") for path in paths if path)
    told = json.dumps([shown, marks], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def versions(
    before: Sequence[Version], book: Book, files: Mapping[str, str], release: int, at: datetime
) -> list[dict[str, Any]]:
    """Every version there ever was, after ``book`` with ``files`` (path → SHA-256) is live."""
    marks = {name: hash_of(material, files) for name, material in book.materials.items()}
    known = [{**one, "live": marks.get(one["name"]) == one["hash"]} for one in before]
    listed = {(one["name"], one["hash"]) for one in known}
    for name, mark in marks.items():
        if (name, mark) not in listed:
            newest = max((int(one["ver"]) for one in known if one["name"] == name), default=0)
            fresh = {"name": name, "ver": newest + 1, "hash": mark, "release": release, "at": at}
            known.append({**fresh, "live": True})
    return known


def live(known: Iterable[Version]) -> dict[str, int]:
    """Material → its version in the release these come from."""
    return {one["name"]: int(one["ver"]) for one in known if one["live"]}
