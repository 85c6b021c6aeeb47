"""What a report is: a table in plain Chinese, and what its figures do not say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class CannotReport(Exception):
    """What was asked for does not exist; the message is one Chinese sentence with a cure."""


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` is the key of a row, in JSON too; ``title`` stands above it on the screen."""

    name: str
    title: str
    share: bool = False  # a fraction of one, 0.64; shown as 64%
    of: str = ""  # the column whose value is the denominator: 12 of 40 is shown as 12（30%）


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which time, split by what, about what."""

    since: datetime
    until: datetime
    by: str = ""  # a tag group, where the report can be split by one
    about: str = ""  # one channel, theme, material …; "" all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``rows`` have a value under every column's name; a value nobody can know is None."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = field(default=())
    """What the figures leave out, one sentence each."""
    now: bool = False  # how things stand, whatever time was asked about
    empty: str = "这段时间没有数据。"
    """Said in place of the table when there are no rows: what to do next."""
