"""How much of what WeCom allows is used: calls of every API, app messages, moments, 获客助手."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.context import Context
from bot.reports.names import people
from bot.store.paces import Spent
from bot.wecom.pace import PER_MEMBER, windows_of

_SHOWN = 3
Of = Literal["api", "member"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One budget; ``span`` is minute, hour or month."""

    of: Of
    name: str
    used: int
    limit: int
    span: str
    shut_until: datetime | None = None
    """WeCom has refused it for too many calls; nobody calls before then."""

    @property
    def share(self) -> float:
        return self.used / self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    apis: tuple[Used, ...]
    """Those nearest to their limit, and all that are shut."""
    members: tuple[Used, ...]
    full: int
    """Customers and groups that may receive no more this month, as WeCom said."""
    friends: Mapping[str, object] | None
    """获客助手: ``balance`` and ``at``; None when it was never asked."""


async def quota(ctx: Context) -> Quota:
    now, names = ctx.now(), await people(ctx)
    apis = _nearest("api", await ctx.store.paces.spent("api"), now)
    members = _nearest("member", await ctx.store.paces.spent("member"), now)
    by_key = {userid.lower(): name for userid, name in names.items()}
    return Quota(
        apis=tuple(one for n, one in enumerate(apis) if n < _SHOWN or one.shut_until),
        members=tuple(_named(one, by_key.get(one.name, one.name)) for one in members[:_SHOWN]),
        full=await ctx.store.caps.shut_now(now),
        friends=await ctx.store.links.quota(),
    )


def _nearest(of: Of, spent: Mapping[str, Spent], now: datetime) -> list[Used]:
    """What was used at all or is shut, each by its tightest window, the fullest first."""
    found = [_tightest(of, name, one, now) for name, one in spent.items()]
    used = [one for one in found if one.used or one.shut_until]
    return sorted(used, key=lambda one: (one.shut_until is None, -one.share, one.name))


def _tightest(of: Of, name: str, spent: Spent, now: datetime) -> Used:
    shut = spent.shut_until if spent.shut_until and spent.shut_until > now else None
    return max(_windows(of, name, spent, now, shut), key=lambda one: (one.share, one.limit))


def _windows(
    of: Of, name: str, spent: Spent, now: datetime, shut: datetime | None
) -> Iterator[Used]:
    for window in windows_of(name) if of == "api" else PER_MEMBER:
        yield Used(
            of=of,
            name=name,
            used=spent.within(window, now),
            limit=window.limit,
            span=window.name,
            shut_until=shut,
        )


def _named(one: Used, name: str) -> Used:
    return Used(of=one.of, name=name, used=one.used, limit=one.limit, span=one.span)
