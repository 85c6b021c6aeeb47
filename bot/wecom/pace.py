"""How fast WeCom lets us call, and the share of it this process may use."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.wecom.errors import Paced

# A call counts at WeCom when it arrives, up to one HTTP timeout after we took its permit, so our
# windows are that much longer than WeCom's: what arrives in any of its minutes fits one of ours.
UNDER_WAY = timedelta(seconds=10)

SLICE = timedelta(seconds=1)
FIRST_SLICE = 8  # a few calls in a row are usual, and cost one look at the shared budget
MAX_SLICE = 100

_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most ``limit`` permits in any ``span``, counted in buckets of ``grain``."""

    name: str
    span: timedelta
    limit: int
    grain: timedelta


def _minute(limit: int) -> Window:
    span = timedelta(minutes=1) + UNDER_WAY
    return Window(name="minute", span=span, limit=limit, grain=timedelta(seconds=1))


def _hour(limit: int) -> Window:
    span = timedelta(hours=1) + UNDER_WAY
    return Window(name="hour", span=span, limit=limit, grain=timedelta(minutes=1))


# Per corp and API 10,000 a minute and 150,000 an hour; more blocks the API for a period:
# https://developer.work.weixin.qq.com/document/path/90312
PER_API = (_minute(9_900), _hour(149_000))
# Some allow far less. Of moments 10 a minute and 100,000 a month may be made (P:95094).
_MONTH = Window(name="month", span=timedelta(days=31), limit=100_000, grain=timedelta(days=1))
_TIGHT: Mapping[str, tuple[Window, ...]] = MappingProxyType(
    {"externalcontact/add_moment_task": (_minute(10), _MONTH)}
)
# Per app and member 30 a minute and 1,000 an hour; WeCom drops the surplus without an error.
PER_MEMBER = (_minute(28), _hour(980))


def windows_of(path: str) -> tuple[Window, ...]:
    """What one API allows a corp."""
    return _TIGHT.get(path, PER_API)


_PAUSES = (timedelta(seconds=60), timedelta(minutes=5), timedelta(hours=1))


def pauses(code: int, now: datetime) -> tuple[datetime, ...]:
    """When to try again after WeCom said 45009 or 45036 for the first, second … time in a row.

    WeCom blocks for the period of the limit that was broken (minute, hour, day), not saying which.
    """
    tomorrow = now.astimezone(_SHANGHAI).date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=_SHANGHAI)
    ladder = (*(now + pause for pause in _PAUSES), midnight.astimezone(UTC))
    return ladder if code == 45009 else ladder[2:]


class Grant(Protocol):
    """What the shared budget gave: ``count`` permits, or none before ``until``."""

    @property
    def count(self) -> int: ...
    @property
    def until(self) -> datetime | None: ...
    @property
    def probe(self) -> bool: ...


class Paces(Protocol):
    """The budgets all processes share."""

    async def take(
        self, key: str, windows: Sequence[Window], *, want: int, now: datetime, owner: str
    ) -> Grant: ...
    async def give_back(self, key: str, windows: Sequence[Window], at: datetime) -> None: ...
    async def open_breaker(
        self, key: str, ladder: Sequence[datetime], now: datetime
    ) -> datetime: ...
    async def close_breaker(self, key: str, owner: str) -> None: ...
    async def release_probe(self, key: str, owner: str) -> None: ...


@dataclass(slots=True)
class _Slice:
    """Permits of one API borrowed for a moment, so that not every call asks the database."""

    left: int = 0
    size: int = FIRST_SLICE
    until: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def use(self, now: datetime) -> bool:
        if self.left and self.until and now < self.until:
            self.left -= 1
            return True
        return False

    def next_size(self, now: datetime) -> int:
        """Twice as many when the last slice was used up in its time, else start small again."""
        in_time = self.until is not None and now < self.until
        self.size = min(self.size * 2, MAX_SLICE) if in_time else FIRST_SLICE
        return self.size

    def refill(self, count: int, now: datetime) -> None:
        self.left = count - 1
        self.until = now + SLICE


class Budget:
    """This process's way to the shared budgets; ``owner`` names it in a probe's lease."""

    def __init__(self, paces: Paces, owner: str) -> None:
        self._paces = paces
        self._owner = owner
        self._slices: dict[str, _Slice] = {}

    async def take(self, path: str, members: Sequence[str], now: datetime) -> bool:
        """Take one call of ``path`` to ``members`` or raise Paced; True when it is the probe."""
        taken: list[str] = []
        try:
            for member in members:
                await self._take_member(member, path, now)
                taken.append(member)
            return await self._take_api(path, now)
        except Paced:
            for member in taken:
                await self._paces.give_back(_member_key(member), PER_MEMBER, now)
            raise

    async def over_limit(self, path: str, code: int, now: datetime) -> datetime:
        """WeCom refused for too many calls: nobody calls ``path`` before the answered moment."""
        self._slices.pop(path, None)
        return await self._paces.open_breaker(_api_key(path), pauses(code, now), now)

    async def probed(self, path: str, *, answered: bool) -> None:
        """The probe is back: WeCom answers again, or we learned nothing and another may try."""
        if answered:
            await self._paces.close_breaker(_api_key(path), self._owner)
        else:
            await self._paces.release_probe(_api_key(path), self._owner)

    async def _take_member(self, member: str, path: str, now: datetime) -> None:
        grant = await self._paces.take(
            _member_key(member), PER_MEMBER, want=1, now=now, owner=self._owner
        )
        if grant.until:
            raise Paced(grant.until, path)

    async def _take_api(self, path: str, now: datetime) -> bool:
        piece = self._slices.setdefault(path, _Slice())
        async with piece.lock:
            if piece.use(now):
                return False
            grant = await self._paces.take(
                _api_key(path),
                windows_of(path),
                want=1 if path in _TIGHT else piece.next_size(now),
                now=now,
                owner=self._owner,
            )
            if grant.until:
                raise Paced(grant.until, path)
            piece.refill(grant.count, now)
            return grant.probe


def _api_key(path: str) -> str:
    return f"api:{path}"


def _member_key(member: str) -> str:
    return f"member:{member.lower()}"  # WeCom's userids do not distinguish case
