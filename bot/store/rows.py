"""Turn records into documents and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar
from zlib import crc32

from pymongo import ASCENDING, IndexModel

from bot.model import Record

R = TypeVar("R", bound=Record)
Row = dict[str, Any]

SLOTS = 64


_NAMES: dict[type[Record], tuple[str, ...]] = {}


def _names(kind: type[Record]) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(f.name for f in fields(kind) if f.name != "id")
    return _NAMES[kind]


def to_row(record: Record) -> Row:
    """The document of ``record``; what is None is left out."""
    row: Row = {"_id": record.id}
    for name in _names(type(record)):
        value = getattr(record, name)
        if value is not None:
            row[name] = list(value) if isinstance(value, tuple) else value
    return row


def from_row(kind: type[R], row: Mapping[str, Any]) -> R:
    """The record of a document; keys it does not know (``lease``, ``delete_at``) are ignored."""
    known = {
        name: tuple(row[name]) if isinstance(row[name], list) else row[name]
        for name in _names(kind)
        if name in row
    }
    return kind(id=row["_id"], **known)


def by_sop(moment: str) -> IndexModel:
    """For counting what belongs to an SOP, all of it or some slots. None of these ever changes."""
    return IndexModel([("sop", ASCENDING), ("slot", ASCENDING), (moment, ASCENDING)], name="sop")


def slot_of(subject: str) -> int:
    """The part of the key space ``subject`` belongs to, so that workers start apart."""
    return crc32(subject.encode()) % SLOTS
