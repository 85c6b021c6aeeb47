"""The lines of a story, in order and with names for ids."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.context import Context
from bot.store.rows import Row

_QUOTED = re.compile("(“[^”]*”)")
_ACCOUNT = re.compile(r"[A-Za-z0-9][\w.@-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Story:
    title: str
    lines: tuple[Line, ...]


def story(title: str, lines: Iterable[Line], names: Mapping[str, str]) -> Story:
    """What was told twice is told once; what happened at one moment keeps its order."""
    told = {Line(line.at, by_name(line.what, names)): None for line in lines}
    return Story(by_name(title, names), tuple(sorted(told, key=lambda line: line.at)))


def logged(rows: Sequence[Row]) -> Iterable[Line]:
    return (Line(row["at"], str(row["what"])) for row in rows)


async def people(ctx: Context) -> dict[str, str]:
    """The names of staff by their accounts: WeCom's, else the folder's."""
    team = (await ctx.releases.head()).book.team
    known = {staff.id: staff.name for staff in await ctx.store.staff.everybody() if staff.name}
    return {userid: name for name, userid in team.people.items()} | known


def by_name(what: str, names: Mapping[str, str]) -> str:
    """The line with names for ids; what stands in “” is left as it was written."""
    parts = _QUOTED.split(what)
    parts[::2] = [_ACCOUNT.sub(lambda m: names.get(m[0], m[0]), part) for part in parts[::2]]
    return "".join(parts)
